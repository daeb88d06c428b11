"""The real encoder, ear and voice: who speaks, what was said, and whether the consent is that person's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar.errors import AudioError, InputError
from avatar.media import SPEECH_RATE, Samples, read_audio, wav_bytes
from avatar.voice.consent.record import PhraseWish
from avatar.voice.consent.store import ConsentStore
from avatar.voice.consent.witness import SAME_PERSON, Witness, demand_same_person, embedding_of
from avatar.voice.enrolment.enrol import Enroller
from avatar.voice.hearing.recognizer import FasterWhisperRecognizer
from avatar.voice.hearing.vad import SileroVoiceActivity
from avatar.voice.profiles import VoiceLibrary, stock_voices_dir
from avatar.voice.speaker import SpeakerEncoder, likeness
from avatar.voice.speaking.kokoro import KokoroSynthesizer

pytestmark = pytest.mark.integration

LONG = ("cosy_cross_lingual_prompt.wav", "jfk.flac", "openvoice_demo_speaker0.mp3")


@pytest.fixture(scope="module")
def ear(models_dir: Path) -> FasterWhisperRecognizer:
    return FasterWhisperRecognizer(models_dir / "whisper-base")


@pytest.fixture(scope="module")
def encoder(models_dir: Path) -> SpeakerEncoder:
    return SpeakerEncoder(models_dir / "speaker-encoder")


@pytest.fixture(scope="module")
def enroller(encoder: SpeakerEncoder, ear: FasterWhisperRecognizer) -> Enroller:
    return Enroller(SileroVoiceActivity(), encoder, ear)


def test_the_encoder_knows_people_again(encoder: SpeakerEncoder, shared_data: Path) -> None:
    halves = []
    for name in LONG:
        sound = read_audio(shared_data / "voices" / name, SPEECH_RATE)
        middle = sound.size // 2
        halves.append([encoder.embed(part, SPEECH_RATE) for part in (sound[:middle], sound[middle:])])
    for index, (first, second) in enumerate(halves):
        assert likeness(first, second) > SAME_PERSON
        assert all(likeness(first, other) < 0.7 for at, pair in enumerate(halves) if at != index for other in pair)


def test_an_old_recording_is_enrolled(enroller: Enroller, shared_data: Path) -> None:
    found = enroller.enrol([shared_data / "voices" / "jfk.flac"])
    assert "country" in " ".join(window.text for window in found.windows)
    assert found.language == "en"
    assert found.sex == "male"
    assert 200 < found.pitch_hz < 300
    assert found.report.speakers == 1
    assert found.report.music == 0.0
    assert not [each for each in found.report.findings if each.weight == "error"]


def test_two_people_are_noticed(enroller: Enroller, shared_data: Path) -> None:
    checked = enroller.check([shared_data / "voices" / name for name in LONG[:2]])
    assert checked.report.speakers == 2
    with pytest.raises(AudioError) as caught:
        checked.demand()
    assert caught.value.code == "two_speakers"


@pytest.fixture(scope="module")
def voice(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> KokoroSynthesizer:
    folder = models_dir / "kokoro-82m"
    library = VoiceLibrary([stock_voices_dir()], models_dir / "kokoro-voices")
    cache = tmp_path_factory.mktemp("graphs")
    return KokoroSynthesizer(folder / "kokoro-v1.0.int8.onnx", folder / "vocab.json", library, cache, "cpu", 1)


def said(voice: KokoroSynthesizer, text: str) -> Samples:
    return np.concatenate(list(voice.speak(text, "zm_yunxi", language="zh").chunks))


def test_right_speaker_and_sentence_pass_and_nothing_else(
    enroller: Enroller, ear: FasterWhisperRecognizer, voice: KokoroSynthesizer, shared_data: Path, tmp_path: Path
) -> None:
    consents = ConsentStore(tmp_path, lambda consent: [])
    phrase = consents.issue(PhraseWish(name="张明", language="zh"))
    statement = wav_bytes(said(voice, phrase.text))
    sample = wav_bytes(said(voice, "那天早晨我很早就出门了，街上没有什么人。风很凉，桥边的柳树刚刚发芽。"))
    witness = Witness(enroller, ear)

    heard = witness.hear(statement, [phrase])
    assert heard.statement.words_found >= 3
    assert heard.statement.error < 0.2
    known = embedding_of(heard.files["voice.npy"])
    assert demand_same_person(known, enroller.check([sample]).embedding) > 0.85

    other = enroller.check([shared_data / "voices" / LONG[0]])
    with pytest.raises(InputError) as caught:
        demand_same_person(known, other.embedding)
    assert caught.value.code == "another_speaker"

    later = phrase.model_copy(update={"words": ("骆驼", "邮局", "钢琴", "雨伞")})
    with pytest.raises(InputError) as caught:
        witness.hear(statement, [later])
    assert caught.value.code == "consent_words"
    with pytest.raises(InputError):
        witness.hear(sample, [phrase])
