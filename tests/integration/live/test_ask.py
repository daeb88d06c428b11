"""The whole path on the real models: a spoken question in, a film of the answer out, and the film examined."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
import pytest
from pypinyin import lazy_pinyin

from avatar.cli.talk import answer_recording
from avatar.dialog.conversation import Conversation
from avatar.dialog.persona import load_persona
from avatar.engines import Engines
from avatar.errors import Language
from avatar.face.landmarks import FaceFinder
from avatar.face.measure import correlation, film_frames, lip_apertures
from avatar.live.host import SessionHost
from avatar.live.recording import Recording, film, voice_of
from avatar.media import FPS, HEARING_RATE, SPEECH_RATE, Samples, read_audio, resample
from avatar.settings import Settings
from avatar.stages import HearingHints, Transcript

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Answered:
    """One question, asked and answered."""

    transcript: Transcript
    recording: Recording
    film: Path
    apertures: np.ndarray
    engines: Engines


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    built = Engines(Settings(data_dir=tmp_path_factory.mktemp("data")))
    yield built
    built.close()


@pytest.fixture(scope="module", params=["zh", "en"])
def answered(
    request: pytest.FixtureRequest, engines: Engines, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Answered:
    host = SessionHost(engines)
    persona = load_persona("luxun", engines.settings.data_dir)
    conversation = Conversation(persona, host.knowledge(persona), engines.generator, seed=1)
    conversation.knowledge.embed()
    sound = read_audio(shared_data / "speech" / f"{request.param}_question_01.wav", HEARING_RATE)
    speak = voice_of(engines.synthesizer, conversation.persona.voice)
    transcript, recording = asyncio.run(answer_recording(host, conversation, sound, None, speak))
    out = tmp_path_factory.mktemp("film") / "answer.mp4"
    animator = engines.animator.animator(conversation.persona.portrait_file, size=512)
    apertures = film(recording, animator, out, title="test", progress=lambda count: None)
    return Answered(transcript, recording, out, apertures, engines)


def test_the_question_is_understood_in_its_language(answered: Answered, request: pytest.FixtureRequest) -> None:
    expected: Language = "zh" if "zh" in request.node.name else "en"
    assert answered.transcript.language == expected
    assert answered.recording.language == expected
    assert len(answered.transcript.text) > 10


def test_the_answer_cites_a_passage(answered: Answered) -> None:
    assert answered.recording.citations
    assert all(citation.quote and citation.work for citation in answered.recording.citations)


def test_the_film_says_what_was_written(answered: Answered) -> None:
    sound = read_audio(answered.film, HEARING_RATE)
    hints = HearingHints(language=answered.recording.language)
    heard = answered.engines.recognizer.transcribe(sound, hints).text
    assert _error(answered.recording.text, heard, answered.recording.language) <= 0.10


def test_the_lips_follow_what_was_meant(answered: Answered, models_dir: Path) -> None:
    detected = lip_apertures(film_frames(answered.film), FaceFinder(models_dir / "face-landmarks"))
    agreement = correlation(detected, answered.apertures)
    assert agreement.r >= 0.8
    assert abs(agreement.lag) <= 1


def test_sound_and_picture_stay_together(answered: Answered) -> None:
    """The film's sound lies where the recording has it, within a frame, and its pictures begin with it."""
    frames = sum(1 for _ in film_frames(answered.film))
    assert frames == answered.apertures.size
    late = _delay(read_audio(answered.film, SPEECH_RATE), answered.recording.sound)
    assert abs(late) <= 0.040
    assert frames / FPS >= answered.recording.sound.size / SPEECH_RATE


def _error(written: str, heard: str, language: Language) -> float:
    """Pinyin error rate in Chinese, word error rate in English; signs and case do not count."""
    if language == "zh":
        return float(jiwer.wer(" ".join(_syllables(written)), " ".join(_syllables(heard))))
    return float(jiwer.wer(_words(written), _words(heard)))


def _syllables(text: str) -> list[str]:
    return [part for part in lazy_pinyin(text, errors="ignore") if part]


def _words(text: str) -> str:
    return " ".join("".join(c if c.isalnum() or c == "'" else " " for c in text.lower().replace("’", "'")).split())


def _delay(found: Samples, meant: Samples) -> float:
    """Seconds by which one sound lies after the other: the peak of their cross-correlation, at 8 kHz."""
    one, other = resample(found, SPEECH_RATE, 8000), resample(meant, SPEECH_RATE, 8000)
    size = 1 << int(np.ceil(np.log2(one.size + other.size)))
    spectrum = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    peak = int(np.argmax(np.fft.irfft(spectrum, size)))
    return (peak - size if peak > size // 2 else peak) / 8000
