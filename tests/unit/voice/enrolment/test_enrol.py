"""What people send: what is taken, and a sentence for everything that is not."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from avatar.errors import AudioError, AvatarError
from avatar.media import SPEECH_RATE, Samples, resample, wav_bytes
from avatar.voice.enrolment.enrol import Enroller
from avatar.voice.enrolment.reading import GAP_S, read_recordings
from avatar.voice.enrolment.spans import LONGEST_S, spans
from tests.unit.voice.clonery import Clonery, clonery, speech
from tests.unit.voice.enrolment.sounds import chords, echoed, file_of, float_wav, noise, syllables

VOICE = syllables(8.0) * 2 + noise(8.0, 0.0005)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Clonery:
    return clonery(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def enroller(house: Clonery) -> Enroller:
    return house.cloning._enroller


def test_an_enrolment_says_what_fitting_needs(enroller: Enroller) -> None:
    found = enroller.enrol([wav_bytes(VOICE)])
    assert found.language == "zh"
    assert 90 < found.pitch_hz < 160
    assert np.linalg.norm(found.embedding) == pytest.approx(1.0, abs=1e-5)
    assert found.windows
    assert all(each.samples.dtype == np.float32 and each.seconds <= LONGEST_S + 0.5 for each in found.windows)
    assert all(each.text for each in found.windows)
    assert found.seconds == pytest.approx(sum(each.seconds for each in found.windows))
    assert found.report.speakers == 1
    assert {"high_pass", "trimmed"} <= set(found.report.done)
    assert "short" in [each.code for each in found.report.findings]


@pytest.mark.parametrize(
    ("container", "codec", "name"),
    [
        ("wav", "pcm_s16le", "a.wav"),
        ("mp3", "libmp3lame", "a.mp3"),
        ("ipod", "aac", "a.m4a"),
        ("flac", "flac", "a.flac"),
        ("ogg", "libopus", "a.ogg"),
        ("webm", "libopus", "wrong.txt"),
    ],
)
def test_every_kind_of_file_is_read(container: str, codec: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(file_of(VOICE, container, codec))
    sound, total_s = read_recordings([path])
    assert total_s == pytest.approx(8.0, abs=0.15)
    assert float(np.std(sound)) == pytest.approx(float(np.std(VOICE)), rel=0.15)


def test_several_files_are_one_recording(enroller: Enroller) -> None:
    sound, total_s = read_recordings([speech(4.0), speech(3.0, seed=2)])
    assert total_s == pytest.approx(7.0, abs=0.01)
    assert sound.size / SPEECH_RATE == pytest.approx(7.0 + GAP_S, abs=0.01)
    assert enroller.check([speech(4.0), speech(4.0, seed=2)]).usable


def _nan() -> bytes:
    sound = VOICE.copy()
    sound[5000:5010] = np.nan
    return float_wav(sound)


BAD = {
    "audio_empty": wav_bytes(VOICE[:0]),
    "no_speech": wav_bytes(np.zeros(8 * SPEECH_RATE, dtype=np.float32)),
    "only_music": wav_bytes(chords(8.0) * 0.1),
    "music": wav_bytes(VOICE + chords(8.0)),
    "two_speakers": wav_bytes(np.concatenate([VOICE, syllables(8.0, 240.0) * 2])),
    "too_short": wav_bytes(VOICE[: 3 * SPEECH_RATE]),
    "audio_not_finite": _nan(),
    "invalid_audio": b"RIFF\x10\x00\x00\x00WAVEfmt is no sound at all" * 9,
    "audio_truncated": wav_bytes(VOICE)[:200_000],
    "noisy": wav_bytes(VOICE + noise(8.0, 0.08)),
    "little_speech": wav_bytes(np.concatenate([VOICE[: 2 * SPEECH_RATE], noise(6.0, 0.0005)])),
}


@pytest.mark.parametrize("code", list(BAD))
def test_what_cannot_be_used_gets_a_sentence_and_leaves_nothing(house: Clonery, code: str) -> None:
    if not house.consents.all():
        house.agreed()
    consent = house.consents.all()[0].id
    with pytest.raises(AvatarError) as caught:
        house.cloning.create("张三", [BAD[code]], consent)
    assert caught.value.code == code
    assert len(caught.value.en) > 20
    assert any("一" <= sign <= "鿿" for sign in caught.value.zh)
    assert house.left() == []


def test_three_hours_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    path.write_bytes(file_of(np.zeros(11 * 60 * SPEECH_RATE, dtype=np.float32), "flac", "flac"))
    with pytest.raises(AudioError) as caught:
        read_recordings([path])
    assert caught.value.code == "audio_too_long"
    short = speech(4.0)
    with pytest.raises(AudioError) as caught:
        read_recordings([short] * 33)
    assert caught.value.code == "recordings_count"
    with pytest.raises(AudioError):
        read_recordings([tmp_path / "absent.wav"])
    with pytest.raises(AudioError):
        read_recordings([tmp_path])


@pytest.mark.parametrize(
    ("sound", "code"),
    [
        (resample(resample(VOICE, SPEECH_RATE, 8000), 8000, SPEECH_RATE), "narrow"),
        (np.clip(VOICE * 8, -0.5, 0.5), "clipped"),
        (VOICE + noise(8.0, 0.015), "noisy"),
        (echoed(VOICE, 1.3) * 0.5, "echoing"),
    ],
)
def test_what_will_be_heard_is_told(enroller: Enroller, sound: Samples, code: str) -> None:
    checked = enroller.check([wav_bytes(sound.astype(np.float32))])
    found = {each.code: each for each in checked.report.findings}
    assert found[code].weight == "warning"
    assert checked.usable


def test_doubtful_words_are_told(house: Clonery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.ear, "text", "")
    with pytest.raises(AvatarError) as caught:
        house.cloning._enroller.enrol([wav_bytes(VOICE)])
    assert caught.value.code == "no_words"


def test_long_speech_is_cut_at_its_least_likely_place() -> None:
    speech_probabilities = np.full(700, 0.9, dtype=np.float32)
    speech_probabilities[250] = 0.5
    found = spans(speech_probabilities, 700 * 768)
    assert len(found) >= 2
    assert all(each.seconds <= LONGEST_S + 0.2 for each in found)
    assert found[0].end == pytest.approx(250 * 768, abs=3000)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert spans(np.zeros(100, dtype=np.float32), 76_800) == ()
