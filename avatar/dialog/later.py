"""What came after a persona's time.

A language model has heard of everything, and lets a man who died in 1936 explain the telephone of today. So a question
that names a later year, or something that is known to have come later, or asks how the world stands today, is met with
the persona's not knowing, unless its texts speak of the matter: whoever uploads a text about telephones wants to hear
what the persona makes of it. A large model is told so in the prompt; a small one explains the telephone nevertheless,
and the sentence is said for it.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib.resources import files

from avatar.errors import Language

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_ENDED = 2020
"""A persona that knows the world until a later year may take it for today's."""

LATEST = 2100
"""Years after this one are quantities rather than dates."""

_YEAR = re.compile(
    r"(?<!\d)(1\d{3}|20\d{2})(?=\s*年)|(?:\b(?:in|since|after|until|of|the year)\s+)(1\d{3}|20\d{2})\b", re.I
)
_CENTURY = re.compile(r"(二十一|21)\s*世纪|\b(?:21st|twenty-first) century\b", re.IGNORECASE)

_NOW = re.compile(
    r"(?:现在|目前|当前|如今|今天|今年|最近|最新|昨天|上周|本届|现任)[^，。？！]{0,8}?"
    r"(?:总统|主席|总理|首相|国王|皇帝|股市|股票|股价|行情|汇率|油价|金价|房价|物价|天气|气温|新闻|热搜|票房|冠军|"
    r"比赛|比分|疫情|局势)"
    r"[^，。？！]{0,6}?(?:[？?吗怎谁几]|什么|多少|如何|哪)|"
    r"(?:今天|现在)(?:是)?(?:几号|几月|几点|星期几|哪一?年|什么日子)|"
    r"\b(?:current|latest|today['’]s|this (?:year|week|month)['’]s|newest)\b[^.?!]{0,20}"
    r"\b(?:presidents?|prime minister|chancellor|king|queen|news|weather|prices?|stocks?|markets?|score|champions?)\b|"
    r"\bwho is (?:now )?(?:the )?(?:\w+ )?(?:president|prime minister|chancellor|king|"
    r"queen)\b[^.?!]{0,30}\b(?:now|today|currently)\b|"
    r"\bwhat (?:day|year|time|date) is it\b|\bwhat['’]s (?:the (?:date|weather|news)|today)\b",
    re.IGNORECASE,
)
"""How the world stands today: whoever died long ago cannot tell."""


def later(question: str, year: int) -> str:
    """The later year that a question names, or the thing of which nobody had heard by then; empty where there is none.

    Args:
        question: in Chinese or English.
        year: the last that is known.
    """
    for found in _YEAR.finditer(question):
        if year < int(found[1] or found[2]) <= LATEST:
            return found[1] or found[2]
    if (century := _CENTURY.search(question)) and year <= 2000:
        return century[0]
    if (now := _NOW.search(question)) and year <= _ENDED:
        return now[0]
    things = (thing.search(question) for came, thing in _things() if year < came)
    return next((found[0] for found in things if found), "")


def unheard_of(thing: str, language: Language) -> str:
    """What a persona says of it.

    Args:
        thing: as `later` gives it.
        language: of the answer.
    """
    if _NOW.fullmatch(thing):
        return {
            "zh": "如今的事，我没有听说，不能乱讲。你们那里是怎样的，倒可以说给我听。",
            "en": "What goes on today has not reached me, and I will not make it up. Tell me how it stands.",
        }[language]
    if thing.isdigit():
        return {
            "zh": f"{thing}年？那么远的事，我没有听说过，不能乱讲。",
            "en": f"{thing}? That is after my time. I have heard nothing of it, and I will not make it up.",
        }[language]
    return {
        "zh": f"{thing}？没有听说过，不懂的我不乱讲。你倒说说看，那是做什么用的？",
        "en": f"{thing[:1].upper()}{thing[1:]}? I have never heard of that. Tell me, what is it for?",
    }[language]


@cache
def _things() -> tuple[tuple[int, re.Pattern[str]], ...]:
    """What came in which year, from later.toml."""
    table = tomllib.loads(files("avatar.dialog").joinpath("later.toml").read_text(encoding="utf-8"))
    return tuple((int(year), _words(words)) for year, words in table.items())


def _words(words: list[str]) -> re.Pattern[str]:
    parts = (rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word) for word in words)
    return re.compile("|".join(parts), re.IGNORECASE | re.ASCII)
