"""Whatever is heard, sent or kept, the answer is a comparison, a parcel or a sentence."""

from __future__ import annotations

import sys
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.errors import InputError
from avatar.voice.consent.record import plain_name
from avatar.voice.consent.statement import compare, statement
from avatar.voice.own import as_toml
from avatar.voice.portable import unpacked
from avatar.voice.profiles import Bilingual, VoiceProfile

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WORDS = ("月亮", "面包", "火车", "苹果")
TEXT = statement("张明", "personal", WORDS, "zh")


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_any_transcript_is_compared(heard: str) -> None:
    found = compare(TEXT, WORDS, heard, "zh")
    assert 0.0 <= found.error <= 1.0
    assert not (found.fresh and found.same)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=12), st.text(max_size=12))
def test_the_statement_is_found_in_the_midst_of_anything(before: str, after: str) -> None:
    found = compare(TEXT, WORDS, before + TEXT + after, "zh")
    assert found.same
    assert found.fresh


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_with_a_sentence(data: bytes) -> None:
    with suppress(InputError):
        unpacked(data)
        raise AssertionError


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=70), st.floats(-1e6, 1e6), st.text(max_size=60))
def test_a_profile_survives_its_file(name: str, score: float, sample: str) -> None:
    try:
        tidy = plain_name(name)
    except InputError:
        return
    assert not set(tidy) & set('/\\<>"\x00\n\r\t')
    profile = VoiceProfile(
        id="a",
        name=Bilingual(zh=tidy, en=tidy),
        description=Bilingual(zh="", en=""),
        languages=("zh",),
        sex="male",
        blend={"zh": {"zm_yunxi": 1.0}, "en": {"am_adam": 0.5, "am_echo": 0.5}},
        licence="x",
        origin="x",
        notice=Bilingual(zh="", en=""),
        kind="own",
        consent="cons_" + "0" * 20,
        made=("high_pass",),
        scores={"similarity": score},
        sample_text=sample.encode("utf-8", "replace").decode(),
    )
    assert VoiceProfile.model_validate(tomllib.loads(as_toml(profile).decode("utf-8"))) == profile
