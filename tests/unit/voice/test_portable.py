""".voice files: out, in, and what is no such file."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.errors import AvatarError, InputError, NotFoundError
from avatar.media import SPEECH_RATE, wav_bytes
from avatar.voice.portable import MAX_FILE, unpacked
from tests.unit.voice.clonery import Clonery, clonery, speech
from tests.unit.voice.enrolment.sounds import syllables


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str, str]:
    """A .voice file, what its statement says, and its consent."""
    house = clonery(tmp_path_factory.mktemp("from"))
    consent = house.agreed()
    house.cloning.create("张三", [speech(8.0)], consent)
    statement = house.consents.get(consent).statement
    assert statement is not None
    return house.cloning.export("zhang-san"), statement.text, consent


@pytest.fixture
def there(tmp_path: Path, exported: tuple[bytes, str, str]) -> Clonery:
    house = clonery(tmp_path)
    house.ear.text = exported[1]
    return house


def changed(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_voice_travels_with_its_consent(there: Clonery, exported: tuple[bytes, str, str]) -> None:
    voice = there.cloning.take_in(exported[0])
    assert voice.id == "zhang-san"
    assert there.consents.valid(exported[2]).name == "张三"
    assert there.cloning.fit("zhang-san", lambda share: None, lambda: False).stage == "fitted"
    assert there.cloning.take_in(exported[0]).id == "zhang-san-2"
    assert sorted(there.cloning.revoke(exported[2])) == ["zhang-san", "zhang-san-2"]
    assert there.left() == []
    with pytest.raises(InputError) as caught:
        there.cloning.take_in(exported[0])
    assert caught.value.code == "consent_over"
    assert there.left() == []


def test_the_statement_is_heard_again(there: Clonery, exported: tuple[bytes, str, str]) -> None:
    there.ear.text = "今天天气很好。"
    with pytest.raises(InputError) as caught:
        there.cloning.take_in(exported[0])
    assert caught.value.code == "consent_words"
    assert there.left() == []
    assert there.consents.all() == []


def other_voice(entries: dict[str, bytes]) -> None:
    entries["consent/statement.wav"] = wav_bytes(syllables(6.0, 240.0) * 2)


def without_statement(entries: dict[str, bytes]) -> None:
    del entries["consent/statement.wav"]


def without_consent(entries: dict[str, bytes]) -> None:
    del entries["consent/consent.json"]


def expired(entries: dict[str, bytes]) -> None:
    record = json.loads(entries["consent/consent.json"])
    entries["consent/consent.json"] = json.dumps({**record, "until": "2026-01-01"}).encode()


def stranger(entries: dict[str, bytes]) -> None:
    record = json.loads(entries["consent/consent.json"])
    entries["consent/consent.json"] = json.dumps({**record, "id": "cons_" + "0" * 20}).encode()


def climbing(entries: dict[str, bytes]) -> None:
    entries["../../evil.sh"] = b"#!"


def absolute(entries: dict[str, bytes]) -> None:
    entries["/etc/evil"] = b"x"


def stock(entries: dict[str, bytes]) -> None:
    entries["profile.toml"] = entries["profile.toml"].replace(b'kind = "own"', b'kind = "stock"')


def wrong_pack(entries: dict[str, bytes]) -> None:
    entries["pack.bin"] = b"\xff" * len(entries["pack.bin"])


def short_pack(entries: dict[str, bytes]) -> None:
    entries["pack.bin"] = b"\0" * 17


def no_sound(entries: dict[str, bytes]) -> None:
    entries["sample.wav"] = b"<script>"


def no_embedding(entries: dict[str, bytes]) -> None:
    entries["consent/voice.npy"] = b"\x93NUMPY\x01\x00"


def any_speech(entries: dict[str, bytes]) -> None:
    """The recording says the record's text, but the text agrees to nothing."""
    record = json.loads(entries["consent/consent.json"])
    words = record["statement"]["words"]
    record["statement"]["text"] = record["statement"]["text"].replace("同意", "反对")
    assert len(words) == 4
    entries["consent/consent.json"] = json.dumps(record).encode()


def no_words(entries: dict[str, bytes]) -> None:
    record = json.loads(entries["consent/consent.json"])
    record["statement"]["words"] = []
    entries["consent/consent.json"] = json.dumps(record).encode()


def without_end(entries: dict[str, bytes]) -> None:
    record = json.loads(entries["consent/consent.json"])
    entries["consent/consent.json"] = json.dumps({**record, "until": "9999-01-01"}).encode()


def of_the_future(entries: dict[str, bytes]) -> None:
    record = json.loads(entries["consent/consent.json"])
    entries["consent/consent.json"] = json.dumps({**record, "created_at": 4_000_000_000}).encode()


def of_no_time(entries: dict[str, bytes]) -> None:
    record = json.loads(entries["consent/consent.json"])
    record = {**record, "ground": "family", "statement": None, "words": "x" * 30, "died": 1936, "created_at": 10**30}
    entries["consent/consent.json"] = json.dumps(record).encode()


def like_everybody(entries: dict[str, bytes]) -> None:
    entries["consent/voice.npy"] = npy(np.full(256, 9.0, np.float32))


def archive_for_embedding(entries: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.zeros(3))
    entries["consent/voice.npy"] = buffer.getvalue()


def samples_of_another(entries: dict[str, bytes]) -> None:
    entries["reference/00.wav"] = wav_bytes(syllables(6.0, 240.0) * 2)


def blocked_in_english(entries: dict[str, bytes]) -> None:
    entries["profile.toml"] = entries["profile.toml"].replace('en = "张三"'.encode(), b'en = "Elon Musk"')


def no_number(entries: dict[str, bytes]) -> None:
    entries["profile.toml"] = entries["profile.toml"].replace(b"similarity = 0.61", b"similarity = nan")
    assert b"nan" in entries["profile.toml"]


def long_profile(entries: dict[str, bytes]) -> None:
    entries["profile.toml"] = entries["profile.toml"].replace(b'licence = "', b'licence = "' + b"x" * 70_000)


def deltas_that_swell(entries: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **{"decode.0.norm1.fc": np.zeros(1 << 24, np.float32)})
    assert len(buffer.getvalue()) < 1 << 20
    entries["deltas.npz"] = buffer.getvalue()


def no_deltas(entries: dict[str, bytes]) -> None:
    entries["deltas.npz"] = b"PK"


def endless_sample(entries: dict[str, bytes]) -> None:
    entries["sample.wav"] = wav_bytes(np.zeros(SPEECH_RATE * 130, np.float32))


def loud_pack(entries: dict[str, bytes]) -> None:
    entries["pack.bin"] = np.full(len(entries["pack.bin"]) // 4, 1e30, np.float32).tobytes()


def cancelling_blend(entries: dict[str, bytes]) -> None:
    entries["profile.toml"] = entries["profile.toml"].replace(b"[blend.zh]", b"[blend.zh]\nzm_a = 1e9\nzm_b = -1e9")
    assert b"1e9" in entries["profile.toml"]


def blocked_in_the_statement(entries: dict[str, bytes]) -> None:
    record = json.loads(entries["consent/consent.json"])
    record["statement"]["text"] = record["statement"]["text"].replace("张三", "Elon Musk")
    entries["consent/consent.json"] = json.dumps(record).encode()


def npy(value: NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, value)
    return buffer.getvalue()


def blocked(entries: dict[str, bytes]) -> None:
    entries["profile.toml"] = entries["profile.toml"].replace("张三".encode(), b"Elon Musk")


HOSTILE = [
    other_voice, without_statement, without_consent, expired, stranger, climbing, absolute, stock, wrong_pack,
    short_pack, no_sound, no_embedding, blocked, any_speech, no_words, without_end, of_the_future, of_no_time,
    like_everybody, archive_for_embedding, samples_of_another, blocked_in_english, no_number, long_profile,
    loud_pack, cancelling_blend, blocked_in_the_statement,
    deltas_that_swell, no_deltas, endless_sample,
]  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE, ids=lambda change: str(change.__name__))
def test_what_was_tampered_with_stays_out(
    there: Clonery, exported: tuple[bytes, str, str], change: Callable[[dict[str, bytes]], None]
) -> None:
    with pytest.raises(AvatarError) as caught:
        there.cloning.take_in(changed(exported[0], change))
    assert caught.value.http_status == 400
    assert there.left() == []
    assert not list(there.folder.rglob("evil*"))


def test_what_is_no_voice_file(exported: tuple[bytes, str, str]) -> None:
    for data in (b"", b"PK\x03\x04", b"not a zip", exported[0][:1000], exported[0][:-30]):
        with pytest.raises(InputError) as caught:
            unpacked(data)
        assert caught.value.code == "voice_file_unusable"
    with pytest.raises(InputError, match="64 MB"):
        unpacked(b"\0" * (MAX_FILE + 1))


def test_a_bomb_is_stopped() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pack.bin", b"\0" * (MAX_FILE + 10))
    with pytest.raises(InputError, match="larger than 64 MB"):
        unpacked(buffer.getvalue())
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(130):
            archive.writestr(f"reference/{number:02}.wav", b"")
    with pytest.raises(InputError, match="too many"):
        unpacked(many.getvalue())


def test_only_ones_own_voices_are_exported(there: Clonery) -> None:
    for voice in ("af_heart", "../x", "nobody"):
        with pytest.raises(NotFoundError):
            there.cloning.export(voice)


def test_a_known_consent_is_not_replaced_by_another_record(there: Clonery, exported: tuple[bytes, str, str]) -> None:
    def as_ground(entries: dict[str, bytes]) -> None:
        record = json.loads(entries["consent/consent.json"])
        record = {
            **record,
            "ground": "family",
            "statement": None,
            "words": "祖父的遗愿,家人一致同意,有信为证,供家里人听。",
        }
        entries["consent/consent.json"] = json.dumps({**record, "died": 1936}).encode()

    there.cloning.take_in(exported[0])
    with pytest.raises(InputError) as caught:
        there.cloning.take_in(changed(exported[0], as_ground))
    assert caught.value.code == "voice_damaged"
    assert [each.id for each in there.cloning.own.all()] == ["zhang-san"]


def test_samples_that_may_not_be_kept_are_left_out(there: Clonery, exported: tuple[bytes, str, str]) -> None:
    def unkept(entries: dict[str, bytes]) -> None:
        record = json.loads(entries["consent/consent.json"])
        entries["consent/consent.json"] = json.dumps({**record, "keep": False}).encode()

    there.cloning.take_in(changed(exported[0], unkept))
    assert not [name for name in there.left() if "reference" in name or name.endswith("voice.npy")]
