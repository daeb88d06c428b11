"""What XTTS knows of each voice, and the engine without its packages. Its own code is tested in integration."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from avatar.errors import EngineError, InputError, NotFoundError
from avatar.media import SPEECH_RATE, Samples
from avatar.voice.profiles import VoiceProfile
from avatar.voice.speaking.xtts import XttsSynthesizer
from avatar.voice.speaking.xtts_model import Latents, XttsModel
from avatar.voice.speaking.xtts_voices import XttsVoices


class Model:
    """Hears the number of recordings."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.speakers = {"claribel-dervla": latents(9)}

    def language(self, language: str) -> str:
        return language

    def latents(self, recordings: Sequence[Path]) -> Latents:
        self.heard.append(len(recordings))
        return latents(len(recordings))

    def speak(self, *_: Any, **__: Any) -> Iterator[Samples]:
        yield (0.1 * np.sin(np.arange(SPEECH_RATE) / 10)).astype(np.float32)


def latents(value: int) -> Latents:
    return Latents(np.full((1, 2, 3), value, dtype=np.float32), np.full((1, 4, 1), value, dtype=np.float32))


class Recordings:
    """One voice, whose recordings lie in a folder."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        two = {"zh": "甲", "en": "A"}
        told = {
            "id": "anna", "name": two, "description": two, "notice": two, "languages": ("zh",), "sex": "female",
            "blend": {"zh": {"a": 1.0}}, "licence": "x", "origin": "x", "kind": "own", "consent": "cons_1",
            "speed": 1.1, "gain_db": 2.0,
        }  # fmt: skip
        self.profile = VoiceProfile.model_validate({**told, **changes})
        self.folder = folder
        self.revoked = False

    def get(self, voice: str) -> VoiceProfile:
        if self.revoked or voice != "anna":
            raise NotFoundError("gone", "没有", code="consent_not_found" if self.revoked else "voice_not_found")
        return self.profile

    def references(self, profile: VoiceProfile) -> tuple[Path, ...]:
        return tuple(sorted(self.folder.glob("*.wav")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(20):
        (tmp_path / f"{number:02}.wav").touch()
    return tmp_path


def voices(model: Model, recordings: Recordings, checkpoint: str = "0123") -> XttsVoices:
    return XttsVoices(cast(XttsModel, model), checkpoint, recordings)


def test_a_voice_is_heard_once(folder: Path) -> None:
    model = Model()
    known = voices(model, Recordings(folder))
    first = known.get("anna")
    assert known.get("anna") is first
    assert (first.speed, first.gain_db) == (1.1, 2.0)
    again = voices(model, Recordings(folder)).get("anna")
    assert np.array_equal(again.latents.gpt, first.latents.gpt)
    assert again.loudness == first.loudness
    assert model.heard == [16]
    assert [path.name for path in folder.glob("*.npz")] == ["xtts-0123.npz"]


def test_another_checkpoint_and_another_revision_hear_anew(folder: Path) -> None:
    model = Model()
    voices(model, Recordings(folder)).get("anna")
    voices(model, Recordings(folder), "4567").get("anna")
    assert model.heard == [16, 16]
    recordings = Recordings(folder)
    known = voices(model, recordings)
    first = known.get("anna")
    recordings.profile = recordings.profile.model_copy(update={"revision": 2})
    assert known.get("anna") is not first


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x03\x04 breaks off", None])
def test_what_is_damaged_is_made_again(folder: Path, damage: bytes | None) -> None:
    path = folder / "xtts-0123.npz"
    if damage is None:
        np.savez(path, gpt=np.full((1, 2, 3), np.nan, dtype=np.float32), speaker=np.zeros((1, 4, 1)), loudness=1.0)
    else:
        path.write_bytes(damage)
    model = Model()
    assert voices(model, Recordings(folder)).get("anna").latents.gpt[0, 0, 0] == 16
    assert model.heard == [16]
    voices(model, Recordings(folder)).get("anna")
    assert model.heard == [16]


def test_what_was_heard_of_a_voice_is_not_kept_beside_the_one_that_took_its_place(folder: Path) -> None:
    class Slow(Model):
        def latents(self, recordings: Sequence[Path]) -> Latents:
            told.profile = told.profile.model_copy(update={"consent": "cons_2"})
            return super().latents(recordings)

    told = Recordings(folder)
    voices(Slow(), told).get("anna")
    assert not list(folder.glob("*.npz"))


def test_a_folder_that_cannot_be_written_is_no_hindrance(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("avatar.voice.speaking.xtts_voices.np.savez", full)
    assert voices(Model(), Recordings(folder)).get("anna")
    assert not [path for path in folder.iterdir() if path.suffix != ".wav"]


def test_a_voice_that_was_revoked_is_not_spoken_from_memory(folder: Path) -> None:
    recordings = Recordings(folder)
    known = voices(Model(), recordings)
    known.get("anna")
    recordings.revoked = True
    with pytest.raises(NotFoundError) as caught:
        known.get("anna")
    assert caught.value.code == "consent_not_found"


def test_the_checkpoints_own_voices(tmp_path: Path) -> None:
    known = voices(Model(), Recordings(tmp_path))
    assert known.get("claribel-dervla").latents.gpt[0, 0, 0] == 9
    with pytest.raises(NotFoundError):
        known.get("nobody")


@pytest.mark.parametrize(
    ("changes", "code", "what"),
    [
        ({}, "samples_not_kept", "Clone it again"),
        ({"kind": "stock", "consent": ""}, "voice_without_recording", "claribel"),
    ],
)
def test_a_voice_without_recordings_is_refused(tmp_path: Path, changes: dict[str, str], code: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        voices(Model(), Recordings(tmp_path, **changes)).get("anna")
    assert caught.value.code == code
    assert "anna" in caught.value.zh


def test_without_its_packages_the_engine_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "TTS.tts.configs.xtts_config", None)
    monkeypatch.setitem(sys.modules, "TTS", None)
    with pytest.raises(EngineError, match=r"avatar-server\[xtts\]") as caught:
        XttsSynthesizer(tmp_path, Recordings(tmp_path))
    assert caught.value.code == "xtts_not_installed"
