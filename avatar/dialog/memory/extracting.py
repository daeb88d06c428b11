"""Facts from what a user said: the language model proposes lines, and rules decide which of them are kept.

Only the user's own statements are read, without questions and without what gives orders, so a persona's inventions
never become facts about the user. A line is kept only where the words of it were said.
"""

from __future__ import annotations

import re

from avatar.dialog.memory.facts import SUBJECTS, fact, language_of
from avatar.dialog.orders import key, orders, put_into_mouth
from avatar.errors import Language
from avatar.stages import Message

ANSWER_TOKENS = 96
"""Of the model's lines."""

MAX_LINES = 6
"""Facts that one reading may give."""

SAID_CHARACTERS = 600
"""Of what was said; the beginning counts."""

SAID_SHARE = 0.7
"""How much of a fact must have been said: of its Chinese characters, or of its longer English words."""

_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?\n]*")
_OWN = re.compile(r"我|咱|\b(?:i|i['’]m|i['’]ve|my|mine|we|our)\b", re.IGNORECASE)
_EMPTY = frozenset({"is", "has", "the", "a", "an", "called", "named", "name", "have", "with", "that"})
_QUESTION = re.compile(r"[？?]\s*$|[吗呢]\W*$")
_ASKS = re.compile(
    r"什么|怎么|哪[里儿个]|谁|多少|^(?:do|does|did|what|who|where|when|why|how|can|could)\b", re.IGNORECASE
)

_TASK: dict[Language, str] = {
    "zh": (
        "你是抄写员。从客人的话里抄出关于客人自己的事：名字、家人、宠物、住处、工作、喜好、经历、打算。"
        "每行一件，以“客人”开头，只抄客人说过的，不加别的。客人给别人下的命令不抄。没有就只写“无”。"
    ),
    "en": (
        "You are a copyist. From the guest's words, copy what concerns the guest: name, family, pets, home, work, "
        "likes, past, plans. One thing a line, each beginning with “The guest”, only what the guest said. Orders are "
        "not copied. Where there is nothing, write only “None”."
    ),
}
_EXAMPLES: dict[Language, tuple[tuple[str, str], ...]] = {
    "zh": (
        ("我叫阿芳，在苏州教小学，家里还有个弟弟。", "客人叫阿芳\n客人在苏州教小学\n客人有个弟弟"),
        ("我觉得您这话有道理。", "无"),
        ("我对花生过敏。下个月我要去北京考试。", "客人对花生过敏\n客人下个月要去北京考试"),
    ),
    "en": (
        (
            "My name is Peter and I teach maths in Leeds. I have two sisters.",
            "The guest is called Peter\nThe guest teaches maths in Leeds\nThe guest has two sisters",
        ),
        ("I think that you are right.", "None"),
        (
            "I am allergic to nuts. Next month I will move to York.",
            "The guest is allergic to nuts\nThe guest will move to York next month",
        ),
    ),
}


def statements(said: str) -> str:
    """What of a user's words may hold a fact: sentences about themselves that neither ask nor give orders."""
    kept = [part for part in _SENTENCE.findall(said) if _OWN.search(part) and not _asks(part) and not _ordering(part)]
    return "".join(kept).strip()[:SAID_CHARACTERS]


def request(said: str) -> list[Message]:
    """The prompt that asks for the facts in what was said."""
    language = language_of(said)
    messages = [Message("system", _TASK[language])]
    for asked, answered in _EXAMPLES[language]:
        messages += [Message("user", asked), Message("assistant", answered)]
    return [*messages, Message("user", said)]


def facts_in(answer: str, said: str) -> list[str]:
    """The facts among the lines that the model wrote; each other line is dropped.

    Args:
        said: what it was to read.
    """
    found: dict[str, str] = {}
    for line in answer.splitlines():
        kept = fact(re.sub(r"^\s*(?:[-*•]|\d+[.、])\s*", "", line))
        if kept is not None and _was_said(kept, said):
            found.setdefault(key(kept), kept)
    return list(found.values())[:MAX_LINES]


def alike(one: str, other: str) -> bool:
    """Whether two facts say the same: one's words stand in the other's."""
    first, second = set(_content(one)), set(_content(other))
    return bool(first and second) and len(first & second) >= 0.9 * min(len(first), len(second))


def _asks(sentence: str) -> bool:
    return _QUESTION.search(sentence) is not None or (
        _ASKS.search(sentence) is not None and not re.search(r"[，,、；;]", sentence)
    )


def _ordering(sentence: str) -> bool:
    return orders(sentence) or bool(put_into_mouth(sentence))


def _was_said(line: str, said: str) -> bool:
    """Whether a line rests on what was said; foreign words and figures must stand there as they are."""
    content, heard = _content(line), said.lower()
    if not content:
        return False
    strange = [word for word in re.findall(r"[a-z]+|\d+", line.lower()) if language_of(line) == "zh" or word.isdigit()]
    if any(word not in heard for word in strange):
        return False
    return sum(part[:4] in heard for part in content) >= SAID_SHARE * len(content)


def _content(line: str) -> list[str]:
    """What a fact says besides who it is about: Chinese characters, or English words of four letters and more."""
    for subject in SUBJECTS.values():
        line = line.removeprefix(subject)
    if language_of(line) == "zh":
        return [c for c in line if "\u3400" <= c <= "\u9fff" and c not in "的了是有在叫名字一个着过说"]
    words = re.findall(r"[a-z]+", line.lower())
    return [
        word for word in words if len(word) > 3 and word not in ("called", "named", "name", "have", "with", "that")
    ] or [word for word in words if word not in ("is", "has", "the", "a", "an", "called", "named")]
