"""When each token sounds in a recording: a stock voice says the same words, and time is bent until both agree.

Dynamic time warping (Sakoe and Chiba, 1978) over cepstra with the mean and variance of each coefficient taken out,
which leaves what is said and little of who says it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.speaking.graph import LATENT_HOP, UNIT
from avatar.voice.speaking.passes import compiled

Floats = NDArray[np.float32]
Counts = NDArray[np.int64]

_POINTS = 1024
_BANDS, _COEFFICIENTS = 40, 20
_STRAIGHT = 0.6
"""What a step that lets one side stand still costs beyond the distance, against a mean distance of about 5."""


def cepstra(sound: Samples) -> Floats:
    """Mel cepstra every 12.5 ms, float32 [n // LATENT_HOP, 20], each coefficient of mean 0 and variance 1."""
    power = frame_powers(sound)
    bank = _bank()
    logs = np.log(power @ bank.T + 1e-6)
    order = np.arange(1, _COEFFICIENTS + 1)[:, None]
    turns = np.cos(np.pi * order * (np.arange(_BANDS) + 0.5) / _BANDS)
    found = logs @ turns.T
    return np.asarray((found - found.mean(axis=0)) / (found.std(axis=0) + 1e-3), dtype=np.float32)


def loudness(sound: Samples) -> Floats:
    """The logarithm of the level every 12.5 ms, float32 [n // LATENT_HOP]."""
    return np.asarray(0.5 * np.log(frame_powers(sound).sum(axis=1) + 1e-4), dtype=np.float32)


def frame_powers(sound: Samples) -> Floats:
    """Power spectra every 12.5 ms, float32 [n // LATENT_HOP, 513]."""
    count = sound.size // LATENT_HOP
    padded = np.pad(sound, _POINTS // 2)
    middle = LATENT_HOP // 2
    windows = np.lib.stride_tricks.sliding_window_view(padded, _POINTS)[middle::LATENT_HOP][:count]
    return np.asarray(np.abs(np.fft.rfft(windows * np.hanning(_POINTS), axis=1)) ** 2, dtype=np.float32)


def token_units(owners: Counts, tokens: int, spoken: Samples, recorded: Samples) -> Counts | None:
    """How many units of 25 ms each token has in a recording.

    Args:
        owners: int64 [t], the token that sounds in each unit of `spoken`, 0..tokens - 1, rising.
        tokens: how many there are, borders included; those that own nothing get nothing.
        spoken: what a stock voice said, float32 [600 t].
        recorded: the same words by somebody else, float32 [600 u].

    Returns:
        int64 [tokens] whose sum is u and of which each that owns a unit has one at least; None where the recording is
        too short for its words.
    """
    place = warped(cepstra(spoken), cepstra(recorded))
    heard, starts = np.unique(owners, return_index=True)
    total = recorded.size // UNIT
    if total < heard.size:
        return None
    borders = np.rint(place[starts * 2] / 2).astype(np.int64)
    borders[0] = 0
    for index in range(1, heard.size):
        borders[index] = max(borders[index], borders[index - 1] + 1)
    last = total
    for index in range(heard.size - 1, 0, -1):
        last = borders[index] = min(borders[index], last - 1)
    units = np.zeros(tokens, dtype=np.int64)
    units[heard] = np.diff([*borders, total])
    return units


def warped(one: Floats, other: Floats) -> Floats:
    """Where each frame of one, [n, c], lies in the other, [m, c]: float32 [n], rising, in frames."""
    distance = np.sqrt(np.maximum(0, (one**2).sum(1)[:, None] + (other**2).sum(1) - 2 * one @ other.T))
    return np.asarray(_path(distance.astype(np.float32)), dtype=np.float32)


@compiled
def _path(distance: Any) -> Any:
    rows, columns = distance.shape
    total = np.full((rows, columns), np.float32(1e9))
    back = np.zeros((rows, columns), np.int8)
    total[0, 0] = distance[0, 0]
    for row in range(rows):
        for column in range(columns):
            if row == 0 and column == 0:
                continue
            best, way = np.float32(1e9), 0
            if row and column:
                best = total[row - 1, column - 1]
            if row and total[row - 1, column] + _STRAIGHT < best:
                best, way = total[row - 1, column] + _STRAIGHT, 1
            if column and total[row, column - 1] + _STRAIGHT < best:
                best, way = total[row, column - 1] + _STRAIGHT, 2
            total[row, column] = best + distance[row, column]
            back[row, column] = way
    place, seen = np.zeros(rows), np.zeros(rows)
    row, column = rows - 1, columns - 1
    while row >= 0 and column >= 0:
        place[row] += column
        seen[row] += 1
        way = back[row, column]
        if way != 2:
            row -= 1
        if way != 1:
            column -= 1
    return place / np.maximum(seen, 1)


def _bank() -> Floats:
    top = 2595 * np.log10(1 + 8000 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, _BANDS + 2) / 2595) - 1)
    bins = np.linspace(0, SPEECH_RATE / 2, _POINTS // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), dtype=np.float32)
