"""A wish that no rule knows, put to the language model, and what it writes held to a strict form.

The model writes one sentence for the card, in both languages, as a small JSON object. A small model often writes
something else: a copy of an example, the other language, half an object, a sentence about the user. What does not pass
every check is asked for once more, twice at most; then the wish itself, turned to the persona, is the sentence.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal

from avatar.dialog.cutting import language_of
from avatar.errors import EngineError, Language, WeightsError
from avatar.stages import Generator, Message

log = logging.getLogger(__name__)

Field = Literal["manner", "biography", "limits"]

ATTEMPTS = 3
"""How often the model is asked."""

MAX_TOKENS = 140
MAX_SIGNS = {"zh": 90, "en": 240}
"""Characters of one sentence."""

_TASK = """\
你替人修改人物卡。把要求改写成一句对人物说的规定，只输出一个 JSON 对象，不要别的话：
{"field": "manner", "zh": "中文一句，以“你”开头", "en": "the same in English, beginning with You"}
field 只能是 manner（怎样说话）、biography（是谁、经历、喜好）、limits（不说、不做、不知道什么）。"""

_SHOWN: tuple[tuple[str, str], ...] = (
    (
        "多打些比方",
        '{"field": "manner", "zh": "你爱打比方，用身边的东西。", "en": "You like comparisons with things at hand."}',
    ),
    ("她年轻时当过兵", '{"field": "biography", "zh": "你年轻时当过兵。", "en": "You were a soldier when young."}'),
    ("don't let him talk about money", '{"field": "limits", "zh": "你不谈钱。", "en": "You do not talk about money."}'),
)
_OBJECT = re.compile(r"\{[^{}]*\}", re.DOTALL)
_BAD = re.compile(r"[{}\[\]〔〕<>|]|json|field|人物卡|规定|要求|提示词|\bcard\b|\brule\b", re.IGNORECASE)
_COMMON_ZH = frozenset("的了是有在不要别让请他她它你我们这那也都就和很再更多少说话")
_COMMON_EN = frozenset(
    (
        "the",
        "and",
        "let",
        "make",
        "him",
        "her",
        "them",
        "his",
        "that",
        "this",
        "with",
        "you",
        "your",
        "should",
        "not",
        "more",
    )
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is added to a card.

    Attributes:
        field: where.
        texts: by language; one where nothing gave the other.
        by_model: whether the model wrote it.
    """

    field: Field
    texts: dict[Language, str]
    by_model: bool


async def sentence_for(wish: str, languages: Sequence[Language], generator: Generator | None) -> Sentence:
    """The sentence that says a wish.

    Args:
        wish: one thing that is wished.
        languages: of the persona, the first one first.
        generator: None leaves the model out.
    """
    for attempt in range(ATTEMPTS if generator is not None else 0):
        try:
            written = await _asked(wish, generator, attempt) if generator is not None else ""
        except (EngineError, WeightsError) as error:
            log.warning("studio_without_model", extra={"code": error.code})
            break
        found = checked(written, wish)
        if found is not None:
            return found
    log.info("studio_wish_taken_as_it_is")
    return taken_as_it_is(wish, languages)


async def _asked(wish: str, generator: Generator, attempt: int) -> str:
    """What the model makes of a wish."""
    messages = [Message("system", _TASK)]
    for asked, answered in _SHOWN:
        messages += [Message("user", asked), Message("assistant", answered)]
    return await written_object([*messages, Message("user", wish)], generator, MAX_TOKENS, attempt)


async def written_object(messages: Sequence[Message], generator: Generator, max_tokens: int, seed: int) -> str:
    """What the model writes, up to the end of its first object.

    Raises:
        EngineError: the model is out of reach, refused or too slow.
    """
    written = ""
    stream = generator.stream(messages, max_tokens=max_tokens, seed=seed)
    try:
        async for piece in stream:
            written += piece
            if "}" in piece:
                break
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
    return written


def checked(written: str, wish: str) -> Sentence | None:
    """What a model wrote, if it is a sentence for the card that has to do with the wish."""
    match = _OBJECT.search(written)
    try:
        found = json.loads(match[0]) if match else None
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("field") not in ("manner", "biography", "limits"):
        return None
    zh, en = found.get("zh"), found.get("en")
    if not isinstance(zh, str) or not isinstance(en, str):
        return None
    zh, en = _turned(zh.strip(), "zh"), en.strip()
    if not (_good(zh, "zh") and _good(en, "en") and zh.startswith("你") and en.startswith("You")):
        return None
    if any(text in shown for text in (zh, en) for _, shown in _SHOWN) or not _bears_on(wish, zh, en):
        return None
    return Sentence(found["field"], {"zh": _ended(zh, "zh"), "en": _ended(en, "en")}, by_model=True)


def taken_as_it_is(wish: str, languages: Sequence[Language]) -> Sentence:
    """The wish itself, turned to the persona, in the language that it is in."""
    spoken = language_of(wish)
    text = _turned(wish, "zh") if spoken == "zh" else _addressed(wish)
    target = spoken if spoken in languages else languages[0]
    return Sentence(_field_of(wish), {target: _ended(text, spoken)}, by_model=False)


def _good(text: str, language: Language) -> bool:
    """Whether a text is one short sentence in a language."""
    if not text or len(text) > MAX_SIGNS[language] or _BAD.search(text) or not text.isprintable():
        return False
    han = any("\u3400" <= c <= "\u9fff" for c in text)
    return han if language == "zh" else not han


def _bears_on(wish: str, zh: str, en: str) -> bool:
    """Whether the sentence in the wish's language has its words."""
    if language_of(wish) == "zh":
        signs = {c for c in wish if "\u3400" <= c <= "\u9fff"} - _COMMON_ZH
        return not signs or len(signs & set(zh)) * 2 >= len(signs)
    stems = {word[:4] for word in re.findall(r"[a-z]{3,}", wish.lower()) if word not in _COMMON_EN}
    kept = {word[:4] for word in re.findall(r"[a-z]{3,}", en.lower())}
    return not stems or len(stems & kept) * 2 >= len(stems)


def _turned(text: str, language: Language) -> str:
    """A Chinese sentence that speaks to the persona."""
    text = re.sub(r"^(?:请|麻烦|希望|我想|我希望|我要|最好|能不能|可以)+", "", text.strip())
    text = re.sub(r"^(?:让|使|叫|把|要)?(?:他|她|它|这个?人物?)(?:的)?(?=.)", "你", text)
    text = re.sub(r"[他她它](?!们|人|乡|处|日)", "你", text)
    if not text.startswith("你"):
        text = f"你{text}"
    return re.sub(r"我们?", "对方", text) if language == "zh" else text


_PRONOUNS = {
    "he": "you",
    "she": "you",
    "him": "you",
    "her": "your",
    "his": "your",
    "me": "the other",
    "my": "the other's",
}


def _addressed(wish: str) -> str:
    """An English wish that speaks to the persona."""
    text = re.sub(r"^(?:please|i want|i wish|i would like|can you|could you)\s+", "", wish.strip(), flags=re.I)
    text = re.sub(r"^(?:let|have|make)\s+(?:him|her|it|them)\s+(?:be\s+)?", "be ", text, flags=re.I)
    text = re.sub(
        r"^be (?=[a-z]+ (?:to|about|in|with|the|a|an|his|her|more of)\b|(?:talk|speak|use|ask|tell|give|say)\b)",
        "",
        text,
    )
    if re.match(r"(?:the|this|that|there|his|her|answers?)\b", text, re.IGNORECASE):
        return f"Mind this: {text}"
    text = re.sub(r"^(?:he|she|it|they)\s+", "", text, flags=re.I)
    text = re.sub(
        r"\b(he|she|him|her|his|me|my)\b", lambda match: _PRONOUNS[match[0].lower()], text, flags=re.IGNORECASE
    )
    if re.match(
        r"(?:should|must|may|can|could|never|always|don['’]t|do not|often|sometimes|were|have|had|are)\b", text, re.I
    ):
        return f"You {text}"
    text = re.sub(r"^(?:is|was)\b", lambda match: {"is": "are", "was": "were"}[match[0].lower()], text, flags=re.I)
    text = re.sub(r"^has\b", "have", text, flags=re.I)
    if re.match(r"(?:are|were|have)\b", text, re.I):
        return f"You {text}"
    return f"You {_bare(text)}" if re.match(r"[a-z]+[^s]s\b", text) else f"You should {text}"


def _bare(text: str) -> str:
    """A text whose first word, "loves", is "love"."""
    word, *rest = text.split(" ", 1)
    if re.search(r"(?:ch|sh|ss|x|o)es$", word):
        word = word[:-2]
    else:
        word = word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return " ".join([word, *rest])


def _field_of(wish: str) -> Field:
    """Where a wish belongs."""
    if re.search(r"不|别|勿|禁|\b(?:never|not|don['’]t|stop|avoid|without)\b", wish, re.IGNORECASE):
        return "limits"
    facts = (
        r"[他她它](?:是|有|曾|住|生|在|喜欢|爱|讨厌|恨|小时|年轻)|出生|住在|家里|"
        r"\b(?:he|she|it) (?:is|was|has|had|lives?|lived|loves?|likes?|hates?|grew|comes?|works?|worked)\b|\bborn\b"
    )
    return "biography" if re.search(facts, wish, re.IGNORECASE) else "manner"


def _ended(text: str, language: Language) -> str:
    text = text.rstrip(" ，,；;：:、")
    return text if text[-1:] in "。！？.!?…" else text + ("。" if language == "zh" else ".")
