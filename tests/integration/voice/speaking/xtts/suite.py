"""XTTS-v2 on a tiny checkpoint: the package's own loading and inference, through the settings, to sound.

Runs in an environment that has the extra `xtts` (../test_xtts.py makes one), and on a graphics card where there is one:

AVATAR_TEST_DEVICE=cuda python -m pytest tests/integration/voice/speaking/xtts/suite.py
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if importlib.util.find_spec("torchaudio") is None:
    sys.path.insert(0, str(Path(__file__).resolve().parent / "standins"))

import torch
from TTS.tts.models import xtts

from avatar.engines import Engines
from avatar.errors import EngineError, InputError, NotFoundError, WeightsError
from avatar.media import SPEECH_RATE, Samples, wav_bytes
from avatar.models import Store
from avatar.models.files import sha256_of
from avatar.settings import Settings
from avatar.voice.own import as_toml
from avatar.voice.profiles import VoiceLibrary, VoiceProfile, stock_voices_dir
from avatar.voice.speaking import xtts_model
from avatar.voice.speaking.xtts import XttsSynthesizer
from tests.integration.voice.speaking.xtts.tiny_xtts import small_decoder, write_checkpoint
from tests.unit.voice.speaking.contract import Subject, SynthesizerContract, whole

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("default")]

DEVICE = os.environ.get("AVATAR_TEST_DEVICE", "cpu")
ALIKE = 0.0 if DEVICE == "cpu" else 1e-3
STOCK = "claribel-dervla"


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """One thread, which is quickest for so small a network, and its vocoder."""
    threads, decoder = torch.get_num_threads(), xtts.HifiDecoder
    torch.set_num_threads(1)
    xtts.HifiDecoder = small_decoder()
    yield
    xtts.HifiDecoder = decoder
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("weights") / "tiny")


def profile(voice: str) -> VoiceProfile:
    """A voice of a person's."""
    two = {"zh": voice, "en": voice}
    return VoiceProfile.model_validate(
        {
            "id": voice, "name": two, "description": two, "notice": two, "languages": ("zh",), "sex": "female",
            "blend": {"zh": {"zf_xiaoxiao": 1.0}}, "licence": "LicenseRef-consent", "origin": "a test", "kind": "own",
            "consent": "cons_00000000000000000000", "created_at": 1,
        }
    )  # fmt: skip


def humming(pitch: float) -> Samples:
    times = np.arange(SPEECH_RATE // 2) / SPEECH_RATE
    return (0.3 * np.sin(2 * np.pi * pitch * times) * np.sin(2 * np.pi * 3 * times)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Voices: of "anna" two recordings were kept, of "bert" none."""
    voices = tmp_path_factory.mktemp("voices")
    for voice in ("anna", "bert"):
        (voices / voice / "reference").mkdir(parents=True)
        (voices / voice / "profile.toml").write_bytes(as_toml(profile(voice)))
    for number, pitch in enumerate((180.0, 220.0)):
        (voices / "anna" / "reference" / f"0{number}.wav").write_bytes(wav_bytes(humming(pitch)))
    return voices


def build(checkpoint: Path, folder: Path, **more: Any) -> XttsSynthesizer:
    library = VoiceLibrary([folder, stock_voices_dir()], Path(), lambda voice: None)
    return XttsSynthesizer(checkpoint, library, DEVICE, **more)


@pytest.fixture(scope="module")
def synthesizer(checkpoint: Path, folder: Path) -> XttsSynthesizer:
    return build(checkpoint, folder, names={"luxun": STOCK})


@pytest.fixture(scope="module")
def warmed(synthesizer: XttsSynthesizer) -> XttsSynthesizer:
    synthesizer.warm([STOCK])
    return synthesizer


class TestContract(SynthesizerContract):
    alike = ALIKE

    @pytest.fixture
    def subject(self, warmed: XttsSynthesizer, monkeypatch: pytest.MonkeyPatch) -> Subject:
        decoder = warmed._model._model.hifigan_decoder
        computed: list[int] = []
        monkeypatch.setattr(decoder, "forward", _counted(decoder.forward, computed))
        return Subject(warmed, STOCK, {"zh": "你好,先生。", "en": "Good morning."}, lambda: len(computed))


def _counted(forward: Any, computed: list[int]) -> Any:
    def counting(*args: Any, **more: Any) -> Any:
        computed.append(1)
        return forward(*args, **more)

    return counting


def test_it_speaks_through_the_settings(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_CONFIG", str(tmp_path / "avatar.toml"))
    (tmp_path / "avatar.toml").write_text(
        f'[speaking]\nsynthesizer = "xtts"\nmodel = "{checkpoint}"\ndevice = "{DEVICE}"\nwatermark = false\nseed = 3\n'
        f'voices = {{ luxun = "{STOCK}" }}\n'
    )
    settings = Settings(models_dir=tmp_path / "models", data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")
    engines = Engines(settings)
    with pytest.raises(WeightsError) as caught:
        _ = engines.synthesizer
    assert caught.value.code == "licence_not_accepted"
    assert "non-commercial" in caught.value.en
    assert "非商业" in caught.value.zh
    Store(settings.models_dir).accept("xtts-v2")
    assert engines.synthesizer.device.startswith(DEVICE)
    assert whole(engines.synthesizer.speak("你好。", "luxun", language="zh")).size > SPEECH_RATE // 2
    engines.close()


def test_the_checkpoint_stays_as_it_was(checkpoint: Path, folder: Path) -> None:
    before = sha256_of(checkpoint / "model.pth")
    build(checkpoint, folder)
    assert sha256_of(checkpoint / "model.pth") == before


def test_a_voice_is_heard_once_and_kept_beside_its_recordings(
    checkpoint: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    listen = xtts.Xtts.get_conditioning_latents
    monkeypatch.setattr(xtts.Xtts, "get_conditioning_latents", _counted_method(listen, heard))
    first = build(checkpoint, folder)
    said = [whole(first.speak("你好。", "anna", language="zh")) for _ in range(2)]
    said.append(whole(build(checkpoint, folder).speak("你好。", "anna", language="zh")))
    assert len(heard) == 1
    assert all(np.allclose(each, said[0], rtol=0, atol=ALIKE) for each in said)
    (kept,) = (folder / "anna" / "reference").glob("xtts-*.npz")
    assert kept.name == f"xtts-{sha256_of(checkpoint / 'model.pth')[:16]}.npz"


def _counted_method(listen: Any, heard: list[int]) -> Any:
    def counting(self: Any, *args: Any, **more: Any) -> Any:
        heard.append(1)
        return listen(self, *args, **more)

    return counting


def test_what_xtts_cannot_follow_is_refused(synthesizer: XttsSynthesizer) -> None:
    with pytest.raises(InputError, match=r"Clone it again") as caught:
        synthesizer.speak("你好。", "bert", language="zh")
    assert caught.value.code == "samples_not_kept"
    with pytest.raises(InputError, match=r"another engine.*claribel-dervla") as caught:
        synthesizer.speak("你好。", "zf_xiaoxiao", language="zh")
    assert caught.value.code == "voice_without_recording"


def test_a_voice_without_consent_is_silent(checkpoint: Path, folder: Path) -> None:
    synthesizer = XttsSynthesizer(checkpoint, VoiceLibrary([folder], Path()), DEVICE)
    with pytest.raises(NotFoundError) as caught:
        synthesizer.speak("你好。", "anna", language="zh")
    assert caught.value.code == "consent_not_found"


def test_clauses_that_take_turns_sound_as_if_alone(synthesizer: XttsSynthesizer) -> None:
    clauses = ["你好,先生。", "再见。"]
    alone = [whole(synthesizer.speak(clause, "luxun", language="zh")) for clause in clauses]
    turns = [synthesizer.speak(clause, "luxun", language="zh").chunks for clause in clauses]
    blocks: list[list[Samples]] = [[], []]
    for _ in range(20):
        for chunks, found in zip(turns, blocks, strict=True):
            found += [block for block in [next(chunks, None)] if block is not None]
    for found, expected in zip(blocks, alone, strict=True):
        assert np.allclose(np.concatenate(found), expected, rtol=0, atol=ALIKE)


def test_the_seed_tells_the_sound(checkpoint: Path, folder: Path, synthesizer: XttsSynthesizer) -> None:
    other = build(checkpoint, folder, seed=1)
    torch.manual_seed(7)
    state = torch.get_rng_state()
    first, again, third = (
        whole(each.speak("你好。", STOCK, language="zh")) for each in (synthesizer, synthesizer, other)
    )
    assert torch.equal(torch.get_rng_state(), state), "nobody else's lots are drawn"
    assert np.allclose(first, again, rtol=0, atol=ALIKE)
    assert third.shape != first.shape or not np.allclose(third, first, atol=0.01)


def test_seventeen_languages(synthesizer: XttsSynthesizer) -> None:
    assert whole(synthesizer.speak("Bonjour, j'ai 3 amis.", STOCK, language="fr")).size
    assert len(synthesizer._model._model.config.languages) == 17
    with pytest.raises(InputError, match="fr") as caught:
        synthesizer.speak("Saluton.", STOCK, language="eo")
    assert caught.value.code == "language_not_spoken"


def test_a_long_text_is_said_in_parts(synthesizer: XttsSynthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def speak(self: Any, text: str, *rest: Any, **more: Any) -> Iterator[Samples]:
        said.append(text)
        yield np.zeros(1, dtype=np.float32)

    monkeypatch.setattr(xtts_model.XttsModel, "speak", speak)
    whole(synthesizer.speak('春天来了,花都开了。<break time="500ms"/>' * 12, STOCK, language="zh"))
    assert len(said) == 12
    said.clear()
    whole(synthesizer.speak("春天来了,花都开了,鸟也叫了,人都出来了," * 8, STOCK, language="zh"))
    assert 2 <= len(said) <= 16
    assert "".join(said).count("春") == 8


def test_no_checkpoint_and_no_such_card(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        xtts_model.XttsModel(tmp_path, "cpu")
    assert caught.value.code == "xtts_checkpoint"
    with pytest.raises(EngineError, match="cuda:99") as caught:
        xtts_model.XttsModel(checkpoint, "cuda:99")
    assert caught.value.code == "device_not_there"
