"""Where an answer comes from, said aloud when somebody asks for it and only then.

The page shows what an answer rests on while it is spoken, so titles are no part of it. Whoever asks for them
("这是哪篇文章里写的？", "Which book is that from?") gets them: the quotation before the question has its title, and
an answer that names none is completed with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from avatar.dialog.orders import key, orders
from avatar.dialog.passage import Found
from avatar.errors import Language

_TITLE_CHARACTERS = 30
"""Of a title and of a place, as they are said; longer ones are cut."""

_KIND_ZH = r"(?:一?[本篇部卷章页段节回首]|书|文章|作品|小说)"
_KIND_EN = r"(?:book|story|essay|text|chapter|page|work|novel|letter|passage|source)"
_ASKS_ZH = (
    r"出处|出自|引自|见于|[话句法]的?来源|根据是?什么|[有什]么?依据|"
    rf"[哪何什]么?{_KIND_ZH}[^。！？，]{{0,8}}(?:写|说|讲|提|来)(?![得作书给])|[哪何]里[^。！？，]{{0,4}}(?:说|讲|提)过?的|"
    rf"(?:写|说|讲|提|引|来|见)[^。！？，]{{0,3}}[自在于到][哪何什]么?{_KIND_ZH}|[这那][是在]?[哪什]么?{_KIND_ZH}"
)
_ASKS_EN = (
    rf"\b(?:which|what) {_KIND_EN}\b[^.!?]{{0,40}}\b(?:from|say|says|said|written|wrote|stands?|mention(?:s|ed)?)\b|"
    rf"\b(?:which|what) {_KIND_EN} (?:is|was) (?:that|this|it)\b|\b(?:from|in) (?:which|what) {_KIND_EN}\b|"
    r"\bwhere (?:did|do|have) you (?:ever )?(?:say|said|read)\b|\b(?:your|the) sources?\b|\bcite\b|"
    r"\bwhere (?:is|was|does|did) (?:that|this)(?: \w+)? (?:from|written|stand|come)\b"
)
_ASKS = re.compile(f"{_ASKS_ZH}|{_ASKS_EN}", re.IGNORECASE)
_POINTING = re.compile(
    rf"刚才|刚刚|前面|上面|可以|告诉|{_KIND_ZH}|一?篇|\b{_KIND_EN}\b|"
    r"[这那您你他她它写说讲提引的过话句段是在有呢吗啊呀了里请问能我出来哪什么一些儿]|"
    r"\b(?:what|which|where|this|that|it|you|your|he|she|is|was|are|did|do|does|from|in|of|the|a|an|just|now|please|tell|me|"
    r"can|could|said|say|wrote|write|written|read|come|comes|stand|stands|words?|sentence|line|quote|for|and|so|then|to|i)\b",
    re.IGNORECASE,
)
"""Words that only point at what was said."""


def asks_source(question: str) -> bool:
    """Whether a question wants to know where something is written."""
    return _ASKS.search(question) is not None


def about_the_last(question: str) -> bool:
    """Whether such a question names nothing of its own, so that it is about the last answer."""
    left = _POINTING.sub(" ", _ASKS.sub(" ", question))
    return len(re.sub(r"[\W_]+", "", left)) <= 1


def named_quotes(passages: Sequence[Found], language: Language) -> tuple[Found, ...]:
    """The passages of the user's texts with their title before the quotation; of none where there are none.

    A Chinese title is not put before a model that answers in English, where it could only say it wrongly.
    """
    named = []
    for found in passages:
        if (told := reference(found, language)) and _sayable(found, language):
            named.append(
                replace(found, quote=f"{told}：{found.quote}" if language == "zh" else f"{told}: {found.quote}")
            )
        else:
            named.append(found)
    return tuple(named)


def reference(found: Found, language: Language) -> str:
    """A passage's title and place, as one would say them; empty for a note about the person, which is no source."""
    work, place = found.work[:_TITLE_CHARACTERS].strip(), found.place[:_TITLE_CHARACTERS].strip()
    if found.source != "text" or not work or orders(work) or orders(place):
        return ""
    if language == "zh":
        return f"《{work}》，{place}" if place else f"《{work}》"
    return f"“{work}”, {place}" if place else f"“{work}”"


def told_source(passages: Sequence[Found], answer: str, language: Language) -> str:
    """The sentence that tells where an answer comes from; empty where it names that itself, or it is from no text."""
    told = [(found, name) for found in passages if (name := reference(found, language))]
    said = key(answer)
    if not told or any(key(name) in said for found, _ in told for name in _names(found)):
        return ""
    return f"出自{told[0][1]}。" if language == "zh" else f"It is from {told[0][1]}."


def no_source(language: Language) -> str:
    """What stands in place of a quotation where what was said is from no text."""
    return "那句话没有出处，不是书里的。" if language == "zh" else "Those words are from no book."


def _names(found: Found) -> list[str]:
    """By which a passage's text can be named: its title, and the parts of its place that are names."""
    parts = [found.work, *re.split(r" · ", found.place)]
    return [part for part in parts if len(key(part)) > 1 and not key(part).isdigit()]


def _sayable(found: Found, language: Language) -> bool:
    return language == "zh" or not re.search(r"[\u3400-\u9fff]", found.work + found.place)
