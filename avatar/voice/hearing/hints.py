"""The prompt that tells the recognizer what the talk is about, which names may fall, and how to write."""

from __future__ import annotations

import re

from avatar.errors import Language
from avatar.stages import HearingHints

PROMPT_CHARACTERS: dict[Language, int] = {"zh": 50, "en": 160}
"""How long a prompt may be: about 60 of Whisper's 224 tokens. Longer ones were slower and no better (decision 004)."""

_HANZI = re.compile(r"[㐀-鿿]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f<>|]+")
_PLAIN: dict[Language, str] = {"zh": "以下是普通话的句子，有标点。", "en": ""}


def prompt(hints: HearingHints, language: Language) -> str:
    """One or two sentences of `language`, in simplified characters where it is Chinese.

    The names are cut off where the prompt grows too long, so the likeliest ought to come first.
    """
    topic = _clean(hints.topic_zh if language == "zh" else hints.topic_en)[: PROMPT_CHARACTERS[language]]
    names = _fitting(hints.names, language, PROMPT_CHARACTERS[language] - len(topic))
    if language == "zh":
        mention = f"会提到{'、'.join(names)}。" if names else ""
    else:
        mention = f"It mentions {', '.join(names)}." if names else ""
    parts = [part for part in (topic, mention) if part]
    return ("" if language == "zh" else " ").join(parts) or _PLAIN[language]


def _fitting(names: tuple[str, ...], language: Language, room: int) -> list[str]:
    """The first names that are written in the language and fit."""
    fitting: list[str] = []
    for name in map(_clean, names):
        if not name or bool(_HANZI.search(name)) != (language == "zh"):
            continue
        room -= len(name) + 2
        if room < 0:
            break
        fitting.append(name)
    return fitting


def _clean(text: str) -> str:
    """Without line breaks and what could pass for one of Whisper's own marks."""
    return _CONTROL.sub(" ", text).strip()
