"""What a style does to a face: seen where it belongs, in good time, without a jump, and gone when it is over."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.face.head import HEAD, Head
from avatar.face.mood import CHANNELS, LOOKS, Mood
from avatar.face.motion import MAX_STEP, Motion
from avatar.face.params import INDEX, NAMES
from avatar.media import FPS, SAMPLES_PER_FRAME, SPEECH_RATE, PhoneSpan
from avatar.stages import STYLES, Style

Track = NDArray[np.float32]


def worn(style: Style, seconds: float = 3.0, phones: tuple[PhoneSpan, ...] = ()) -> Track:
    """float32 [frames, len(NAMES)] of a face that is told to feel so, against its own calm twin."""
    tracks = []
    for feeling in (style, "calm"):
        motion = Motion(3)
        motion.attend("speaking")
        motion.begin()
        motion.feel(feeling)
        motion.hear(np.zeros(round(seconds * SPEECH_RATE), dtype=np.float32), phones, 0)
        tracks.append(np.stack([motion.step().vector() for _ in range(round(seconds * FPS))]))
    return np.asarray(tracks[0] - tracks[1])


def last(track: Track, name: str) -> float:
    return float(track[-10:, INDEX[name]].mean())


def test_each_style_shows_where_it_belongs() -> None:
    warm, sad, stern, amused = (worn(style) for style in STYLES[1:])
    assert last(amused, "smile") > last(warm, "smile") > 0.3
    assert last(sad, "smile") < last(stern, "smile") < 0.0
    assert last(sad, "brow_inner") > 0.3 > last(warm, "brow_inner")
    assert last(stern, "brow_down") > 0.4
    assert abs(last(sad, "brow_down")) < 0.05
    assert min(last(amused, "squint"), last(amused, "brow_up")) > 0.15
    assert last(sad, "gaze_y") < -0.03


def test_calm_is_the_face_as_it_was() -> None:
    assert not worn("calm").any()
    assert not LOOKS["calm"].worn
    assert set(LOOKS) == set(STYLES)


@pytest.mark.parametrize("style", STYLES[1:])
def test_a_mood_comes_within_a_second_and_goes_within_two(style: Style) -> None:
    mood = Mood()
    whole = LOOKS[style].values()
    came = [mood.step(style).copy() for _ in range(FPS)][-1]
    assert np.abs(came - whole).max() < 0.1 * np.abs(whole).max()
    went = [mood.step("calm").copy() for _ in range(2 * FPS)]
    assert not went[-1].any()
    assert np.abs(np.diff(np.stack([came, *went]), axis=0)).max() < 0.06


@pytest.mark.parametrize("first", STYLES)
@pytest.mark.parametrize("second", STYLES)
def test_one_mood_turns_into_another_without_a_jump(first: Style, second: Style) -> None:
    motion = Motion(1)
    motion.begin()
    motion.feel(first)
    motion.feel(second, 2 * SPEECH_RATE)
    track = np.stack([motion.step().vector() for _ in range(4 * FPS)])
    assert (np.abs(np.diff(track, axis=0)) <= MAX_STEP + 1e-6).all()
    assert (np.abs(np.diff(track[:, INDEX["smile"]])) < 0.08).all()


def test_the_face_is_a_little_ahead_of_the_words() -> None:
    motion = Motion(0, liveliness=0.0)
    motion.begin()
    motion.feel("warm", 2 * SPEECH_RATE)
    smile = np.array([motion.step().smile for _ in range(3 * FPS)])
    begins = int(np.flatnonzero(smile > 0)[0]) * SAMPLES_PER_FRAME / SPEECH_RATE
    assert 1.6 < begins < 1.9


def test_a_mood_ends_with_the_reply_and_the_next_one_begins_calm() -> None:
    motion = Motion(0, liveliness=0.0)
    motion.begin()
    motion.feel("amused")
    for _ in range(2 * FPS):
        motion.step()
    motion.stop()
    motion.feel("sad")
    fading = np.array([motion.step().smile for _ in range(2 * FPS)])
    assert fading[0] > 0.4
    assert (np.diff(fading) <= 0).all()
    assert fading[-1] == 0.0
    motion.begin()
    assert not any(motion.step().vector()[INDEX["smile"]] for _ in range(FPS))


def test_what_is_told_later_about_an_earlier_moment_counts() -> None:
    motion = Motion(0, liveliness=0.0)
    motion.begin()
    motion.feel("sad", 4 * SPEECH_RATE)
    motion.feel("warm", 0)
    smiles = [motion.step().smile for _ in range(6 * FPS)]
    assert smiles[-1] > 0.4


def test_rounded_lips_smile_less() -> None:
    seconds = 2
    rounded = worn("warm", seconds, (PhoneSpan("u", 0, seconds * SPEECH_RATE),))
    assert 0.1 < last(rounded, "smile") < 0.95 * last(worn("warm", seconds), "smile")


@pytest.mark.parametrize("style", ["sad", "stern"])
def test_a_grave_speaker_nods_and_sways_less(style: Style) -> None:
    def head(manner: Style) -> NDArray[np.float64]:
        moving = Head(np.random.default_rng(5))
        told = [
            moving.step(
                "speaking", (0.0, 0.0), stress=0.9 * (k % 20 == 0), phrase_end=k % 50 == 0, manner=LOOKS[manner]
            )
            for k in range(60 * FPS)
        ]
        return np.stack(told)

    grave, usual = head(style), head("calm")
    for name in ("yaw", "pitch"):
        assert grave[:, HEAD.index(name)].std() < 0.95 * usual[:, HEAD.index(name)].std()


def test_every_channel_is_a_parameter_or_the_lids() -> None:
    assert set(CHANNELS) - {"lids"} <= set(NAMES)
    for look in LOOKS.values():
        assert set(look.worn) <= set(CHANNELS)
