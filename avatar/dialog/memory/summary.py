"""The running summary: what the oldest turns of a talk came to, once they no longer stand in the prompt.

The language model writes it; rules see to it that it is short, in one language, and gives no orders. Where the model
gives nothing that can be used, the questions themselves stand in for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import aclosing

from avatar.dialog.orders import without_orders
from avatar.dialog.prompt import Turn, estimate_tokens
from avatar.errors import Language
from avatar.stages import Generator, Message

SUMMARY_TOKENS = 120
"""Of the summary in the prompt."""

WRITTEN_TOKENS = 110
"""That the model may write."""

ANSWER_CHARACTERS = 90
"""Of one answer that the model reads."""

_TASK: dict[Language, str] = {
    "zh": (
        "你是记录员。把客人和{name}的谈话概括成一小段，不超过八十个字：客人说了自己的什么事，问了什么，{name}怎么答。"
        "只写谈过的事，写成陈述句，不评论，不添加。"
    ),
    "en": (
        "You are a secretary. Sum up the talk between the guest and {name} in at most sixty words: what the guest told "
        "about themselves, what they asked, what {name} answered. Only what was said, in plain statements, no comments."
    ),
}
_ASK: dict[Language, str] = {"zh": "现在写概括。", "en": "Now write the summary."}
_WHO: dict[Language, str] = {"zh": "客人", "en": "Guest"}
_BEFORE: dict[Language, str] = {"zh": "更早谈过", "en": "Earlier"}
_ONLY_QUESTIONS: dict[Language, str] = {"zh": "客人说过、问过：", "en": "The guest said and asked: "}

_QUOTED = re.compile(r"^(?:〔[^〕]*〕|\[[^\]]*\])\n", re.MULTILINE)
_UNFIT = re.compile(r"[〔〕<>|{}\[\]*#]|https?:|记得[:：]|背景[:：]")
_BLANK = re.compile(r"\s+")
_REPEATS = re.compile(r"(.{4,30}?)\1{2,}")


def plain_question(asked: str) -> str:
    """What a user said, without the quotations that were put before it and without orders, on one line."""
    return _BLANK.sub(" ", without_orders(_QUOTED.sub("", asked))).strip()


def request(before: str, turns: Sequence[Turn], name: str, language: Language) -> list[Message]:
    """The prompt that asks for a summary; more turns stand at its end, so that what was read of it stays of use."""
    lines = [f"{_BEFORE[language]}：{before}"] if before else []
    for turn in turns:
        if question := plain_question(turn.asked):
            lines.append(f"{_WHO[language]}：{question[:ANSWER_CHARACTERS]}")
        lines.append(f"{name}：{_BLANK.sub(' ', turn.answered)[:ANSWER_CHARACTERS]}")
    talk = "\n".join([*lines, _ASK[language]])
    return [Message("system", _TASK[language].format(name=name)), Message("user", talk)]


async def summarize(
    generator: Generator,
    before: str,
    turns: Sequence[Turn],
    name: str,
    language: Language,
    *,
    seed: int | None = None,
) -> str:
    """The summary of what was summed up before and of these turns, at most SUMMARY_TOKENS long.

    Raises:
        EngineError: the model is out of reach.
    """
    messages = request(before, turns, name, language)
    stream = generator.stream(messages, max_tokens=WRITTEN_TOKENS, seed=seed)
    async with aclosing(stream) as pieces:  # type: ignore[type-var]
        written = "".join([piece async for piece in pieces])
    return fit(written, language) or _questions(before, turns, language)


def fit(written: str, language: Language) -> str:
    """What a model wrote, as a summary; empty where it cannot be used."""
    text = _BLANK.sub(" ", written).strip()
    text = re.sub(r"^(?:概括|总结|摘要|[Ss]ummary)\s*[:：]\s*", "", text)
    text = without_orders(text)
    han = len(re.findall(r"[\u3400-\u9fff]", text))
    foreign = han * 2 < len(re.findall(r"[A-Za-z]", text)) if language == "zh" else han > 6
    if foreign or _UNFIT.search(text) or _REPEATS.search(text):
        return ""
    return _clipped(text)


def _questions(before: str, turns: Sequence[Turn], language: Language) -> str:
    """The summary without a model: the beginnings of what the guest said, the latest as far as there is room."""
    said = [question[:40] for turn in turns if (question := plain_question(turn.asked))]
    parts = [before, _ONLY_QUESTIONS[language] + "；".join(said)] if said else [before]
    while len(said) > 1 and estimate_tokens("".join(parts)) > SUMMARY_TOKENS:
        said.pop(0)
        parts[-1] = _ONLY_QUESTIONS[language] + "；".join(said)
    return _clipped(" ".join(filter(None, parts)))


def _clipped(text: str) -> str:
    """As many whole sentences as there is room for."""
    if estimate_tokens(text) <= SUMMARY_TOKENS:
        return text
    kept = ""
    for sentence in re.findall(r"[^。！？!?]*?(?:[。！？!?]+|\.(?=\s|$)|$)\s*", text):
        if estimate_tokens(kept + sentence) > SUMMARY_TOKENS:
            break
        kept += sentence
    while not kept and estimate_tokens(text) > SUMMARY_TOKENS:
        text = text[: len(text) * 9 // 10]
    return (kept or text).strip()
