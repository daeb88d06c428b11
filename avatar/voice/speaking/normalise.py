"""Digits, signs and abbreviations as the words a reader would say, each still knowing how it was written."""

from __future__ import annotations

import re

from avatar.errors import Language
from avatar.voice.speaking.words import Word

_TOKEN = re.compile(r"(?P<zh>[㐀-䶿一-鿿])|(?P<en>[A-Za-zÀ-ÿ]+(?:['’][A-Za-z]+)*)|(?P<other>.)", re.DOTALL)
_MARKS = {
    "，": ",",
    "。": ".",
    ",": ",",
    ".": ".",
    "！": "!",
    "!": "!",
    "？": "?",
    "?": "?",
    "、": ",",
    "；": ";",
    ";": ";",
    "：": ":",
}


def words(text: str, language: Language) -> list[Word]:
    result: list[Word] = []
    for m in _TOKEN.finditer(text):
        t = m.group()
        if m.lastgroup == "zh":
            result.append(Word(t, t, "zh"))
        elif m.lastgroup == "en":
            result.append(Word(t, t, "en"))
        elif t.isspace() and result:
            result[-1] = Word(result[-1].written + t, result[-1].spoken, result[-1].script)
        else:
            result.append(Word(t, _MARKS.get(t, ""), "mark"))
    return result
