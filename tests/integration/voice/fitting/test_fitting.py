"""Real weights: a few steps bring a voice nearer, and what was fitted speaks through the engine beside stock voices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from avatar.media import Samples
from avatar.voice.deltas import packed
from avatar.voice.enrolment.windows import Enrolment, Report, Window
from avatar.voice.fitting import Fitted, Studio, fit_instant
from avatar.voice.fitting.inversion import Inversion, Inverted, Recipe
from avatar.voice.fitting.inverted import shared
from avatar.voice.fitting.lessons import CROP, Lesson, lesson
from avatar.voice.fitting.library import REACH, read_library
from avatar.voice.fitting.network import read_network
from avatar.voice.fitting.studio import TIMBRE
from avatar.voice.hearing.recognizer import FasterWhisperRecognizer
from avatar.voice.profiles import VoiceLibrary, stock_voices_dir
from avatar.voice.speaker import SpeakerEncoder, likeness
from avatar.voice.speaking.generator import quickest
from avatar.voice.speaking.graph import UNIT
from avatar.voice.speaking.kokoro import KokoroSynthesizer

pytestmark = pytest.mark.integration

TEXT = "The weather is fine today, so let us walk."
PROFILE = """
id = "guest"
name = { zh = "客人", en = "Guest" }
languages = ["en"]
sex = "male"
licence = "CC0-1.0"
origin = "a test"
[description]
zh = "测试。"
en = "A test."
[blend.en]
guest = 1.0
[notice]
zh = "合成语音。"
en = "A synthetic voice."
"""


@pytest.fixture(scope="module")
def studio(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    folder, packs = models_dir / "kokoro-82m", models_dir / "kokoro-voices"
    model = folder / "kokoro-v1.0.int8.onnx"
    voices = VoiceLibrary([stock_voices_dir()], packs)
    synthesizer = KokoroSynthesizer(
        model, folder / "vocab.json", voices, tmp_path_factory.mktemp("cache"), device="cpu", threads=1
    )
    recognizer = FasterWhisperRecognizer(models_dir / "whisper-base", threads=1)
    return Studio(synthesizer, SpeakerEncoder(models_dir / "speaker-encoder"), recognizer, packs, model)


@pytest.fixture(scope="module")
def enrolment(studio: Studio) -> Enrolment:
    """A person: a stock voice, spoken higher than its pack has it, which the library knows nothing of."""
    sound = studio.say(TEXT, studio.pack("am_eric"), "en", pitch=1.15)[: CROP * UNIT]
    report = Report(2.0, 2.0, 40.0, 0.0, None, 12_000.0, 0.0, 1, 0.9)
    pitch_hz = 1.15 * studio.natural_hz(studio.pack("am_eric"), TEXT, "en")
    return Enrolment((Window(sound, TEXT, "en"),), studio.embedding([sound]), pitch_hz, "male", "en", 2.0, report)


@pytest.fixture(scope="module")
def instant(studio: Studio, enrolment: Enrolment) -> Fitted:
    return fit_instant(enrolment, studio)


@pytest.fixture(scope="module")
def taught(studio: Studio, enrolment: Enrolment, instant: Fitted) -> Lesson:
    made = lesson(enrolment.windows[0], instant.style, studio)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def found(studio: Studio, enrolment: Enrolment, instant: Fitted, taught: Lesson) -> Inverted:
    torch.set_num_threads(1)
    network = read_network(studio.model, quickest(torch.device("cpu")))
    recipe = Recipe(style_steps=1, all_steps=4, style_rate=0.06, bias_rate=0.02)
    inversion = Inversion(network, studio.encoder.network, read_library().space(), recipe)
    return inversion.run([taught], [], np.array(instant.style[0, :TIMBRE]), enrolment.embedding)


def test_the_first_rung_sounds_more_like_the_person_than_another_voice(
    studio: Studio, enrolment: Enrolment, instant: Fitted
) -> None:
    other = studio.embedding([studio.say(TEXT, studio.pack("am_adam"), "en")])
    mine = studio.embedding([studio.say(TEXT, instant.style, "en", instant.pitch)])
    assert likeness(mine, enrolment.embedding) > likeness(other, enrolment.embedding)
    assert read_library().space().distance(instant.style[0, :TIMBRE]) <= REACH * 1.001
    assert instant.style.shape == (510, 256)
    assert 0.5 <= instant.pitch <= 2.0


def test_a_few_steps_make_the_loss_smaller(found: Inverted) -> None:
    assert found.losses[-1] < found.losses[0]
    assert np.isfinite(found.timbre).all()
    assert sum(delta.size for delta in found.deltas.values()) == 37_396


def test_a_fitted_voice_speaks_beside_stock_voices(
    studio: Studio, enrolment: Enrolment, instant: Fitted, found: Inverted, tmp_path: Path
) -> None:
    fitted = shared(instant, found, 1.0, enrolment, studio)
    (tmp_path / "guest").mkdir()
    (tmp_path / "guest" / "profile.toml").write_text(PROFILE, encoding="utf-8")
    fitted.style.astype("<f4").tofile(tmp_path / "guest.bin")
    own = studio.synthesizer.speaking_with(VoiceLibrary([tmp_path], tmp_path))

    def said(engine: KokoroSynthesizer, voice: str) -> Samples:
        return np.concatenate(list(engine.speak("Good morning.", voice, language="en").chunks))

    plain = said(own, "guest")
    (tmp_path / "guest" / "deltas.npz").write_bytes(packed(fitted.deltas))
    before = said(studio.synthesizer, "af_heart")
    moved = said(own, "guest")
    assert moved.size == plain.size
    assert np.isfinite(moved).all()
    assert float(np.abs(moved).max()) > 0.02
    assert float(np.abs(moved - plain).max()) > 1e-3
    assert np.array_equal(before, said(studio.synthesizer, "af_heart"))
