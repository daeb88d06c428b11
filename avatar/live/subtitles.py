"""A transcript in sentences with times, and as subtitles (SubRip; W3C WebVTT)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from avatar.media import WordSpan, seconds
from avatar.stages import HeardWord, Transcript

SENTENCE_MARKS = frozenset("。!?！？….;；")

LONGEST_S = 8.0
"""A subtitle that lasts longer is cut between two words."""

LONG_PAUSE_S = 1.0
"""A pause after which another subtitle begins."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a transcript; start and end in seconds."""

    start: float
    end: float
    text: str
    avg_logprob: float


def segments_of(transcript: Transcript, duration: float) -> list[Segment]:
    """The transcript in sentences; as one, where the recognizer gave no times. Joined, their texts are the transcript.

    Args:
        duration: of the recording, in seconds.
    """
    if not transcript.text:
        return []
    groups: list[list[HeardWord]] = [[]]
    starts, at = [0], 0
    for word in transcript.words:
        found = transcript.text.find(word.text, at)
        place = found if found >= 0 else at
        if groups[-1] and _breaks(groups[-1], word, transcript.text[starts[-1] : place]):
            groups.append([])
            starts.append(place)
        groups[-1].append(word)
        at = place + len(word.text) if found >= 0 else at
    ends = [*starts[1:], len(transcript.text)]
    return [
        _segment(group, transcript.text[start:end], duration)
        for group, start, end in zip(groups, starts, ends, strict=True)
    ]


def segments_of_lines(lines: Sequence[WordSpan]) -> list[Segment]:
    """Spoken lines, counted in samples at SPEECH_RATE, as segments."""
    return [Segment(round(seconds(line.start), 3), round(seconds(line.end), 3), line.text, 0.0) for line in lines]


def srt(segments: Sequence[Segment]) -> str:
    """SubRip."""
    blocks = [
        f"{index}\n{_stamp(each.start, ',')} --> {_stamp(each.end, ',')}\n{each.text.strip()}\n"
        for index, each in enumerate(segments, 1)
    ]
    return "\n".join(blocks)


def vtt(segments: Sequence[Segment]) -> str:
    """WebVTT. What a person said may hold the signs of a tag or of an arrow."""
    blocks = [
        f"{_stamp(each.start, '.')} --> {_stamp(each.end, '.')}\n{_escaped(each.text.strip())}\n" for each in segments
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _breaks(group: Sequence[HeardWord], word: HeardWord, text: str) -> bool:
    """Whether another segment begins with a word."""
    ended = bool(text.rstrip()) and text.rstrip()[-1] in SENTENCE_MARKS
    return ended or word.start - group[-1].end > LONG_PAUSE_S or word.end - group[0].start > LONGEST_S


def _segment(group: Sequence[HeardWord], text: str, duration: float) -> Segment:
    if not group:
        return Segment(0.0, round(duration, 3), text, 0.0)
    logs = [math.log(max(word.probability, 1e-6)) for word in group]
    return Segment(round(group[0].start, 3), round(group[-1].end, 3), text, round(sum(logs) / len(logs), 4))


def _stamp(time: float, mark: str) -> str:
    milliseconds = round(time * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{mark}{rest % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
