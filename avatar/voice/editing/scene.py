"""The surroundings of one change: what the person and the voice say there, and how the one becomes the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from avatar.errors import TextError
from avatar.media import SPEECH_RATE, Samples
from avatar.voice.editing.aligning import Window, close_times, path
from avatar.voice.editing.features import HOP, Features, features
from avatar.voice.editing.matching import Likening, Same, filtered, likening, pace, pitch_factor, room_tone
from avatar.voice.editing.phrases import Phrase, Span, Speaker
from avatar.voice.editing.seams import Border, Seam, seam
from avatar.voice.editing.texts import Change, Token

_NEAR = 6
"""Tokens on either side that pace, pitch and level are taken from."""

_SHORTEST = SPEECH_RATE // 10
"""Samples of the least that can be compared."""

_MOST_DB = 6.0
"""By which the level of the nearest words may differ from that of the whole."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A change's surroundings.

    Attributes:
        window: where they lie in the recording and in the old text.
        recorded: float32 [n] at SPEECH_RATE, the window's sound.
        seen: its features.
        there: when each token of the window sounds in it.
        phrase: the window's old text in the voice.
        liken: brings the voice's spectrum to the recording's.
        noise: the recording's background.
    """

    window: Window
    recorded: Samples
    seen: Features = field(repr=False)
    there: tuple[Span, ...]
    phrase: Phrase
    liken: Likening = field(repr=False)
    noise: NDArray[np.float64] = field(repr=False)

    def same(self, change: Change, near: int) -> list[Same]:
        """The tokens that stay, at most so many on either side of a change."""
        start, end = change.start - self.window.first, change.end - self.window.first
        kept = [*range(max(0, start - near), start), *range(end, min(len(self.there), end + near))]
        pairs = [Same(self.there[at], self.phrase.spans[at]) for at in kept]
        return [each for each in pairs if min(each.lengths) > 0]


@dataclass(frozen=True, slots=True)
class Take:
    """New words, ready to be put in.

    Attributes:
        sound: float32 [n] at SPEECH_RATE, the whole phrase; empty where words were only taken out.
        left, right: from the recording to the sound, and back; where words were only taken out both are the one seam.
    """

    sound: Samples
    left: Seam
    right: Seam


def scene(window: Window, row: Sequence[Token], speech: Samples, noise: NDArray[np.float64], speaker: Speaker) -> Scene:
    """Look at a window of a recording.

    Args:
        row: the old text.
        speech: float32 [n] at SPEECH_RATE, the recording.

    Raises:
        TextError: there is no sound where the words should be.
    """
    recorded = speech[window.start : window.end]
    phrase = speaker.say(row[window.first : window.last])
    if min(recorded.size, phrase.samples.size) < _SHORTEST:
        raise TextError(
            "The words around the change are not found in the recording. Give its --transcript as it is spoken.",
            "在录音里找不到改动处的词。请用 --transcript 给出与录音一致的文字稿。",
            code="edit_wrong_transcript",
        )
    way = path(phrase, recorded)
    there = close_times(phrase, way, recorded.size)
    liken = likening(recorded, phrase.samples, way, noise)
    return Scene(window, recorded, features(recorded), there, phrase, liken, noise)


def take(seen: Scene, change: Change, new: Sequence[Token], speaker: Speaker, slower: float = 1.0) -> Take:
    """Make the words of a change, or find where words can be taken out.

    Args:
        change: counts in the old and the new text.
        new: the new text.
        slower: 1.1 is a tenth slower than the recording.
    """
    start, end = change.start - seen.window.first, change.end - seen.window.first
    before, after = _border(seen.there, start, seen.recorded.size), _border(seen.there, end, seen.recorded.size)
    if change.first == change.last:
        found = seam(seen.seen, seen.seen, before, after)
        return Take(np.zeros(0, dtype=np.float32), found, found)
    first = change.first - start
    row = new[first : change.last + seen.window.last - change.end]
    sound, phrase = _matched(seen, change, row, speaker, slower)
    heard = features(sound)
    inside = start + change.last - change.first
    left = seam(seen.seen, heard, before, _border(phrase.spans, start, sound.size))
    right = seam(heard, seen.seen, _border(phrase.spans, inside, sound.size), after)
    if right.right < left.left:
        right = replace(right, right=left.left)
    return Take(sound, left, right)


def _matched(
    seen: Scene, change: Change, row: Sequence[Token], speaker: Speaker, slower: float
) -> tuple[Samples, Phrase]:
    """The window's new text in the voice, brought to the recording."""
    near = seen.same(change, _NEAR)
    speed = pace(near) / slower
    pitch = pitch_factor(seen.recorded, seen.phrase, near)
    phrase = speaker.say(row, speed=speed, pitch=pitch)
    sound = filtered(phrase.samples, seen.liken(phrase.samples))
    sound = sound * np.float32(10 ** (_level_change(seen, change, phrase, sound) / 20))
    return sound + room_tone(seen.noise, sound.size), phrase


def _level_change(seen: Scene, change: Change, phrase: Phrase, sound: Samples) -> float:
    """By how many dB the nearest words are louder in the recording than in the matched phrase."""
    start, end = change.start - seen.window.first, change.end - seen.window.first
    moved = len(phrase.spans) - len(seen.there)
    kept = [*range(max(0, start - _NEAR), start), *range(end, min(len(seen.there), end + _NEAR))]
    heard = features(sound)
    differences = [
        _loudness(seen.seen, seen.there[at]) - _loudness(heard, phrase.spans[at if at < start else at + moved])
        for at in kept
    ]
    known = [each for each in differences if np.isfinite(each)]
    return float(np.clip(np.median(known), -_MOST_DB, _MOST_DB)) if known else 0.0


def _loudness(heard: Features, span: Span) -> float:
    """The level of a word's louder half in dB; NaN for one without length."""
    levels = heard.level[span[0] // HOP : span[1] // HOP]
    return float(np.mean(np.sort(levels)[levels.size // 2 :])) if levels.size else float("nan")


def _border(spans: Sequence[Span], at: int, size: int) -> Border:
    """Before the token of that number."""
    return Border.between(spans[at - 1] if at else None, spans[at] if at < len(spans) else None, size)
