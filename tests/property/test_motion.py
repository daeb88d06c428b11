"""Whatever it is told, and whenever: the face never jumps, never leaves its range, and comes to rest."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.face.head import LIMITS
from avatar.face.motion import MAX_STEP, Motion
from avatar.face.params import HIGHEST, INDEX, LOWEST, MOUTH, NAMES
from avatar.face.visemes import SYMBOLS
from avatar.media import PhoneSpan
from avatar.stages import STYLES, Presence, Style

PRESENCES: tuple[Presence, ...] = ("idle", "listening", "thinking", "speaking")

spans = st.builds(
    lambda phone, start, length: PhoneSpan(phone, start, start + length),
    st.one_of(st.sampled_from(["sil", *SYMBOLS]), st.text(max_size=3)),
    st.integers(-4_000, 60_000),
    st.integers(-500, 9_000),
)
calls = st.one_of(
    st.tuples(st.just("frames"), st.integers(1, 25)),
    st.tuples(st.just("attend"), st.sampled_from(PRESENCES)),
    st.tuples(st.just("begin"), st.none()),
    st.tuples(st.just("stop"), st.none()),
    st.tuples(st.just("feel"), st.tuples(st.sampled_from(STYLES), st.integers(-1_000, 60_000))),
    st.tuples(st.just("hear"), st.tuples(st.integers(0, 12_000), st.lists(spans, max_size=8), st.integers(0, 50_000))),
)


def loudness(count: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.asarray(np.random.default_rng(seed).normal(0, 0.2, count), dtype=np.float32)


@settings(max_examples=40, deadline=None)
@given(st.lists(calls, max_size=14), st.integers(0, 2**31))
def test_no_sequence_of_calls_makes_the_face_jump(script: list[tuple[str, object]], seed: int) -> None:
    motion = Motion(seed)
    rows = [np.zeros(len(NAMES), np.float32)]
    for name, value in script:
        _call(motion, name, value, rows)
    motion.stop()
    rows += [motion.step().vector() for _ in range(60)]
    track = np.stack(rows)
    assert np.isfinite(track).all()
    assert (np.abs(np.diff(track, axis=0)) <= MAX_STEP + 1e-6).all()
    assert (track[:, : len(MOUTH)] >= LOWEST[: len(MOUTH)]).all()
    assert (track[:, : len(MOUTH)] <= HIGHEST[: len(MOUTH)]).all()
    assert (track[-1, : len(MOUTH)] == 0.0).all()
    assert (np.abs(track[:, INDEX["yaw"] : INDEX["roll"] + 1]) <= LIMITS[:3] + 1e-6).all()


def _call(motion: Motion, name: str, value: object, rows: list[np.ndarray[tuple[int], np.dtype[np.float32]]]) -> None:
    match name, value:
        case "frames", int(count):
            rows += [motion.step().vector() for _ in range(count)]
        case "attend", ("idle" | "listening" | "thinking" | "speaking") as presence:
            motion.attend(presence)
        case "feel", (("calm" | "warm" | "sad" | "stern" | "amused") as style, int(at)):
            motion.feel(style, at)
        case "hear", (int(count), list(phones), int(at)):
            motion.hear(loudness(count, at), phones, at)
        case "begin", _:
            motion.begin()
        case _:
            motion.stop()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(STYLES), st.integers(0, 40)), max_size=5),
    st.integers(0, 2**31),
)
def test_a_calm_face_is_the_same_before_and_after_any_moods(moods: list[tuple[Style, int]], seed: int) -> None:
    still = Motion(seed, liveliness=0.0)
    still.begin()
    for style, frames in moods:
        still.feel(style)
        for _ in range(frames):
            still.step()
    still.stop()
    last = [still.step().vector() for _ in range(60)][-1]
    assert (last == 0.0).all()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "i", "u", "t", "s", "f", "ʂ", "sil"]), min_size=1, max_size=4),
    st.sampled_from(["p", "b", "m"]),
    st.lists(st.sampled_from(["a", "i", "u", "t", "s", "f", "ʂ", "sil"]), min_size=1, max_size=4),
    st.integers(55, 160),
)
def test_a_bilabial_closes_in_any_neighbourhood(before: list[str], stop: str, after: list[str], ms: int) -> None:
    length = ms * 24
    phones = [PhoneSpan(p, place * length, (place + 1) * length) for place, p in enumerate([*before, stop, *after])]
    motion = Motion(0, liveliness=0.0)
    motion.begin()
    motion.hear(loudness(length * len(phones), ms), phones, 0)
    frames = [motion.step() for _ in range(length * len(phones) // 960 + 1)]
    centre = len(before) * length + (length / 2 if stop == "m" else 0)
    closest = min(range(len(frames)), key=lambda number: abs(number * 960 + 720 - centre))
    assert frames[closest].close >= 0.97
