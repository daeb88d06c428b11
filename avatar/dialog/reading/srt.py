"""Subtitles (SubRip, WebVTT) as text: the lines joined, a heading every five minutes, so that a citation says when."""

from __future__ import annotations

import re

from avatar.dialog.cutting import language_of
from avatar.dialog.reading.document import Blocks, Document, damaged
from avatar.dialog.texts import decode

_TIME = re.compile(r"^[ \t]*(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,]\d{1,3}[ \t]*-->[ \t]*\S.*$", re.MULTILINE)
_TAGS = re.compile(r"<[^<>\n]{0,100}>|\{\\[^{}\n]{0,100}\}")
_SPAN_S = 300


def read_srt(data: bytes, name: str) -> Document:
    """Subtitles as text.

    Raises:
        TextError: not text, or without a single time.
    """
    parts = _TIME.split(decode(data, name))
    if len(parts) < 5:
        raise damaged(name, "SRT")
    blocks, span = Blocks(name), -1
    lines: list[str] = []
    for at in range(1, len(parts), 4):
        hours, minutes, seconds, words = parts[at : at + 4]
        now = (int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)) // _SPAN_S
        if now != span:
            blocks.paragraph(_joined(lines))
            lines, span = [], now
            blocks.heading(2, f"{now * _SPAN_S // 3600:02d}:{now * _SPAN_S % 3600 // 60:02d}:00")
        lines += _lines(words)
    blocks.paragraph(_joined(lines))
    return Document(blocks.text)


def _lines(words: str) -> list[str]:
    """A subtitle's lines, without the number of the next."""
    lines = [_TAGS.sub("", line).strip() for line in words.strip().split("\n")]
    while lines and (lines[-1].isdigit() or not lines[-1]):
        lines.pop()
    return [line for line in lines if line]


def _joined(lines: list[str]) -> str:
    text = " ".join(lines)
    return "".join(lines) if language_of(text) == "zh" else text
