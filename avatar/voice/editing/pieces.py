"""A take in its recording: at its rate, in its channels, marked as synthetic and cross-faded at both ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples, resample
from avatar.voice.editing.recording import Recording, as_raw, as_waves
from avatar.voice.editing.scene import Scene, Take
from avatar.voice.editing.seams import FADE_S, Waves, crossfaded, in_step
from avatar.voice.watermark import Marker, MarkNetwork

_SHIFT_S = 0.006
"""A cross-fade is moved by at most so much to bring two voices into step: the longest half period."""

_MOST_GAIN = 4.0
_CEILING = 0.99


@dataclass(frozen=True, slots=True)
class Piece:
    """What comes in place of a stretch of a recording.

    Attributes:
        start, end: samples of the recording that it stands for.
        raw: [n, channels], of the recording's kind.
        seams: where in `raw` sounds meet.
        made: whether any of it is synthetic.
    """

    start: int
    end: int
    raw: NDArray[Any]
    seams: tuple[int, ...]
    made: bool


def marked(sound: Samples, network: MarkNetwork | None) -> Samples:
    """Speech with the watermark in it, float32 [n]; as it was without a network."""
    if network is None:
        return sound
    marker = Marker(network)
    return np.concatenate([marker.push(sound), marker.flush()])


def piece(taken: Take, seen: Scene, recording: Recording, network: MarkNetwork | None) -> Piece:
    """Fit a take into its recording."""
    fade = round(FADE_S * recording.rate)
    left = _inside(recording.at(seen.window.start + taken.left.left), fade, recording)
    right = max(left, _inside(recording.at(seen.window.start + taken.right.right), fade, recording))
    before, after = (_cut(recording, place, fade) for place in (left, right))
    if not taken.sound.size:
        return _joined(recording, left, right, fade)
    sound = resample(marked(taken.sound, network), SPEECH_RATE, recording.rate)
    scale = recording.rate / SPEECH_RATE
    sound = np.pad(sound, (fade, fade))
    first = _stepped(before, sound, round(taken.left.right * scale) + fade - fade // 2, recording.rate)
    last = _stepped(after, sound, round(taken.right.left * scale) + fade - fade // 2, recording.rate)
    last = min(max(last, first + fade), sound.size - fade)
    waves = _spread(sound[first : last + fade], seen, recording)
    mixed = np.concatenate([
        crossfaded(before, waves[:fade]), waves[fade:-fade], crossfaded(waves[-fade:], after),
    ])  # fmt: skip
    raw = as_raw(mixed, recording.raw)
    return Piece(left - fade // 2, right - fade // 2 + fade, raw, (fade // 2, len(raw) - fade // 2), made=True)


def _joined(recording: Recording, left: int, right: int, fade: int) -> Piece:
    """A piece that leads from one place of a recording to a later one."""
    before = _cut(recording, left, fade)
    waves = recording.waves.mean(axis=1)
    at = right - fade // 2
    moved = at + in_step(before.mean(axis=1), waves, at, round(_SHIFT_S * recording.rate), fade)
    moved = min(max(moved, left - fade // 2), len(waves) - fade)
    mixed = crossfaded(before, as_waves(recording.raw[moved : moved + fade]))
    return Piece(left - fade // 2, moved + fade, as_raw(mixed, recording.raw), (fade // 2,), made=False)


def _inside(place: int, fade: int, recording: Recording) -> int:
    """The place, with room for a cross-fade on either side."""
    return min(max(place, fade), len(recording.raw) - fade)


def _cut(recording: Recording, place: int, fade: int) -> Waves:
    """What is cross-faded around a place: float32 [fade, channels]."""
    start = place - fade // 2
    return as_waves(recording.raw[start : start + fade])


def _stepped(beside: Waves, sound: Samples, at: int, rate: int) -> int:
    """Where in the sound a cross-fade begins so that both swing together."""
    at = min(max(at, 0), sound.size - len(beside))
    return at + in_step(beside.mean(axis=1), sound, at, round(_SHIFT_S * rate), len(beside))


def _spread(sound: Samples, seen: Scene, recording: Recording) -> Waves:
    """The sound in every channel, as loud beside the others as the recording's speech is there."""
    around = as_waves(recording.raw[recording.at(seen.window.start) : recording.at(seen.window.end)])
    mono = float(np.sqrt(np.mean(around.mean(axis=1).astype(np.float64) ** 2))) + 1e-9
    gains = np.sqrt(np.mean(around.astype(np.float64) ** 2, axis=0)) / mono
    waves = sound[:, None] * np.minimum(gains, _MOST_GAIN).astype(np.float32)[None, :]
    return np.asarray(waves * min(1.0, _CEILING / max(float(np.abs(waves).max(initial=0.0)), 1e-9)), dtype=np.float32)
