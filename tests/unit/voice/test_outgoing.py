"""What synthetic speech goes through on its way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.errors import Language
from avatar.media import SPEECH_RATE, ClauseSpeech, Samples
from avatar.stages import Pronouncer, Synthesizer
from avatar.voice.limiter import CEILING, DELAY, Limiter
from avatar.voice.loudness import TARGET_TRUE_PEAK, integrated, true_peak
from avatar.voice.outgoing import finished


def tone(hertz: float, seconds: float = 1.0, size: float = 0.2) -> Samples:
    return (size * np.sin(2 * np.pi * hertz * np.arange(int(seconds * SPEECH_RATE)) / SPEECH_RATE)).astype(np.float32)


def limited(pieces: list[Samples]) -> Samples:
    limiter = Limiter()
    return np.concatenate([*(limiter.push(piece) for piece in pieces), limiter.flush()])


@st.composite
def loud_sounds(draw: st.DrawFn) -> Samples:
    """Noise, clicks, bursts, square waves and random signs, up to eight times too loud."""
    size, loud = draw(st.integers(0, 9000)), draw(st.floats(0.1, 8.0))
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    noise, places = random.normal(0, loud / 3, size), np.arange(size)
    turns = 2 * np.pi * random.uniform(50, 11_900) / SPEECH_RATE * places
    envelope = np.repeat(random.random(size // 100 + 1) ** 4, 100)[:size]
    kinds = {
        "noise": noise,
        "clicks": 3 * noise * (random.random(size) < 0.01),
        "burst": noise * (places > size // 2),
        "square": loud * np.sign(np.sin(turns)),
        "sine": loud * np.sin(turns),
        "signs": loud * random.choice([-1, 1], size) * envelope,
    }
    return np.asarray(kinds[draw(st.sampled_from(sorted(kinds)))], dtype=np.float32)


@settings(max_examples=60)
@given(sound=loud_sounds())
def test_no_peak_passes_the_ceiling_nor_any_between_the_samples(sound: Samples) -> None:
    got = limited([sound])
    assert got.size == sound.size
    assert float(np.abs(got).max(initial=0.0)) <= CEILING * (1 + 1e-6)
    assert true_peak(got) <= TARGET_TRUE_PEAK


@settings(max_examples=40)
@given(sizes=st.lists(st.integers(0, 3000), max_size=6), seed=st.integers(0, 2**16), loud=st.floats(0.1, 8.0))
def test_the_output_does_not_depend_on_how_the_sound_is_cut(sizes: list[int], seed: int, loud: float) -> None:
    noise = np.random.default_rng(seed).normal(0, loud / 3, sum(sizes)).astype(np.float32)
    pieces = list(np.split(noise, np.cumsum(sizes)))
    np.testing.assert_array_equal(limited(pieces), limited([noise]))
    limiter, taken, given_back = Limiter(), 0, 0
    for piece in pieces:
        taken, given_back = taken + piece.size, given_back + limiter.push(piece).size
        assert 0 <= taken - given_back <= DELAY


def test_what_is_quiet_enough_stays_as_it_is() -> None:
    quiet = tone(300, size=0.8)
    np.testing.assert_array_equal(limited([quiet]), quiet)


def test_a_peak_lowers_only_what_is_near_and_without_a_step() -> None:
    sound = tone(200, size=0.5)
    sound[12_000] = 2.0
    got = limited([sound])
    np.testing.assert_array_equal(got[:11_500], sound[:11_500])
    assert np.abs(got[20_000:] - sound[20_000:]).max() < 0.02
    gain = np.delete(got, 12_000)[11_000:14_000] / np.where(
        np.abs(s := np.delete(sound, 12_000)[11_000:14_000]) > 0.1, s, np.nan
    )
    steps = np.abs(np.diff(gain))
    assert np.nanmax(steps) < 0.01


@pytest.mark.parametrize(("hertz", "lufs"), [(997, -23.01), (100, -24.8), (3000, -19.8)])
def test_loudness_is_the_standards(hertz: float, lufs: float) -> None:
    assert integrated(tone(hertz, 5.0, 0.1)) == pytest.approx(lufs, abs=0.1)


def test_pauses_do_not_make_speech_less_loud() -> None:
    speech, pause = tone(997, 5.0), np.zeros(SPEECH_RATE * 5, dtype=np.float32)
    assert integrated(np.concatenate([speech, pause])) == pytest.approx(integrated(speech), abs=0.3)
    assert integrated(pause) == integrated(speech[:100]) == -np.inf


def test_a_peak_between_samples_is_seen() -> None:
    between = np.sin(np.pi / 2 * np.arange(4800) + np.pi / 4).astype(np.float32)
    assert np.abs(between).max() < 0.71
    assert true_peak(between[1000:-1000]) == pytest.approx(0.0, abs=0.6)
    assert true_peak(np.zeros(10, dtype=np.float32)) == -np.inf


class Speaker:
    """Speaks a tone in two pieces, far too loud."""

    name, device = "tone", "cpu"

    def __init__(self) -> None:
        self.closed = 0

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        return ClauseSpeech(clause, (), (), 2 * SPEECH_RATE, self._chunks())

    def _chunks(self) -> Iterator[Samples]:
        try:
            yield tone(300, size=3.0)
            yield tone(300, size=3.0)
        finally:
            self.closed += 1


class Reader(Speaker):
    def pronouncing(self, readings: Mapping[str, str]) -> Synthesizer:
        return Speaker()


def test_every_synthesizer_is_limited_with_all_that_it_can_be() -> None:
    plain, reader = finished(Speaker(), None), finished(Reader(), None)
    assert not isinstance(plain, Pronouncer)
    assert isinstance(reader, Pronouncer)
    for synthesizer in (plain, reader, reader.pronouncing({"a": "b"})):
        speech = synthesizer.speak("…", "v", language="zh")
        sound = np.concatenate(list(speech.chunks))
        assert sound.size == speech.length
        assert 0.5 < float(np.abs(sound).max()) <= CEILING * (1 + 1e-6)
        assert (synthesizer.name, synthesizer.device) == ("tone", "cpu")


def test_closing_stops_the_rendering() -> None:
    speaker = Speaker()
    chunks = finished(speaker, None).speak("…", "v", language="zh").chunks
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert speaker.closed == 1
