"""Voice profiles and the packs they are mixed from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar.errors import NotFoundError, SettingsError, WeightsError
from avatar.media import SPEECH_RATE, read_audio
from avatar.voice.loudness import TARGET_LUFS, integrated
from avatar.voice.profiles import PACK_SHAPE, VoiceLibrary, load_profile, stock_voices_dir

PROFILE = """
id = "{id}"
name = {{ zh = "甲", en = "A" }}
description = {{ zh = "一个声音", en = "a voice" }}
languages = ["zh"]
sex = "male"
licence = "CC0-1.0"
origin = "made for a test"
notice = {{ zh = "合成", en = "synthetic" }}
"""
BLEND = "[blend.zh]\none = 0.25\ntwo = 0.75\n[blend.en]\ntwo = 1.0\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name / "profile.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def library(tmp_path: Path) -> VoiceLibrary:
    write(tmp_path / "own", "mine", PROFILE.format(id="mine") + BLEND)
    packs = tmp_path / "packs"
    packs.mkdir()
    np.full(PACK_SHAPE, 1.0, dtype="<f4").tofile(packs / "one.bin")
    np.full(PACK_SHAPE, 5.0, dtype="<f4").tofile(packs / "two.bin")
    return VoiceLibrary([tmp_path / "own", stock_voices_dir()], packs)


def test_a_blend_is_the_weighted_mean(library: VoiceLibrary) -> None:
    profile = library.get("mine")
    assert library.style(profile, "zh").shape == PACK_SHAPE
    assert (library.style(profile, "zh") == 4.0).all()
    assert (library.style(profile, "en") == 5.0).all()


def test_a_language_without_packs_takes_the_others(library: VoiceLibrary) -> None:
    assert library.get("zm_yunxi").packs("en") == {"zm_yunxi": 1.0}


def test_an_unknown_voice_names_its_neighbours(library: VoiceLibrary) -> None:
    with pytest.raises(NotFoundError) as caught:
        library.get("zm_yunxe")
    assert "zm_yunxi" in caught.value.en
    assert "zm_yunxi" in caught.value.zh


@pytest.mark.parametrize("name", ["", "../packs", "a/b", "A", "x" * 500, "..", "mine\n"])
def test_a_hostile_name_is_only_unknown(library: VoiceLibrary, name: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        library.get(name)
    assert len(caught.value.en) < 250


def test_the_first_folder_wins(tmp_path: Path) -> None:
    write(tmp_path, "af_heart", PROFILE.format(id="af_heart") + BLEND)
    assert VoiceLibrary([tmp_path, stock_voices_dir()], tmp_path).get("af_heart").origin == "made for a test"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("not toml", "TOML"),
        (PROFILE.format(id="mine"), "blend"),
        (PROFILE.format(id="other") + BLEND, "folder"),
        (PROFILE.format(id="mine") + "speed = 9.0\n" + BLEND, "speed"),
        (PROFILE.format(id="mine") + "colour = 1\n" + BLEND, "colour"),
        (PROFILE.format(id="mine") + "[blend.zh]\none = 0.5\n", "add up to 1"),
        (PROFILE.format(id="mine") + '[blend.zh]\n"../one" = 1.0\n', "named in lower case"),
        (PROFILE.format(id="mine") + BLEND + "#" * 70_000, "64 KB"),
    ],
)
def test_a_damaged_profile_says_what_is_wrong(tmp_path: Path, text: str, wrong: str) -> None:
    path = write(tmp_path, "mine", text)
    with pytest.raises(SettingsError, match=wrong):
        load_profile(path)


def test_a_profile_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "mine" / "profile.toml"
    path.parent.mkdir()
    path.write_bytes(PROFILE.encode("gbk"))
    with pytest.raises(SettingsError, match="UTF-8"):
        load_profile(path)


@pytest.mark.parametrize("content", [None, b"", b"\x00" * 17, np.full(PACK_SHAPE, np.nan, dtype="<f4").tobytes()])
def test_a_missing_or_damaged_pack(tmp_path: Path, content: bytes | None) -> None:
    library = VoiceLibrary([stock_voices_dir()], tmp_path)
    if content is not None:
        (tmp_path / "zm_yunxi.bin").write_bytes(content)
    with pytest.raises(WeightsError, match="zm_yunxi"):
        library.style(library.get("zm_yunxi"), "zh")


def test_every_stock_profile_is_sound() -> None:
    profiles = VoiceLibrary([stock_voices_dir()], Path()).list()
    ids = {profile.id for profile in profiles}
    assert sum(name[:2] in ("zf", "zm") for name in ids) == 8
    assert sum(name[:2] in ("af", "am", "bf", "bm") for name in ids) == 28
    assert {"luxun", "host"} <= ids
    for profile in profiles:
        assert profile.licence == "Apache-2.0"
        assert all(text.strip() for text in (profile.notice.zh, profile.notice.en, profile.description.zh))
        assert profile.accent == ("en-gb" if profile.id.startswith("b") else "en-us")


@pytest.mark.parametrize("voice", ["luxun", "host"])
def test_the_projects_own_blends_bring_a_sample_and_scores(voice: str) -> None:
    folder = stock_voices_dir() / voice
    profile = load_profile(folder / "profile.toml")
    assert profile.kind == "blend" and profile.sample_text
    assert set(profile.scores) == {"zh_pinyin_error", "en_wer"}
    assert all(0 <= share < 0.15 for share in profile.scores.values())
    sound = read_audio(folder / "sample.ogg", SPEECH_RATE)
    assert 2.0 < sound.size / SPEECH_RATE < 10.0
    assert integrated(sound) == pytest.approx(TARGET_LUFS, abs=2.0)
