"""What may be remembered of a user: one short sentence about the user, and no order to anybody.

What a person says is hostile where it is kept: an order that was remembered would stand in every later talk. So a fact
names the guest as its subject, speaks to nobody, tells nobody how to talk, and holds no address and no long number.
"""

from __future__ import annotations

import re
import unicodedata

from avatar.dialog.orders import orders, put_into_mouth
from avatar.errors import InputError, Language

MAX_CHARACTERS = 120
"""Of one fact."""

SUBJECTS: dict[Language, str] = {"zh": "客人", "en": "The guest"}
"""How a fact begins. Who talks to a persona is its guest."""

_MARKS = re.compile(r"[\x00-\x1f\x7f〔〕\[\]<>{}|`“”「」『』\"\\]|https?:|www\.|[\w.+-]+@[\w-]+\.")
"""What delimits quotations, what a chat template takes for its own, and addresses."""

_NUMBER = re.compile(r"\d(?:[\s-]?\d){6,}")
"""Seven digits or more: a telephone, a card, an identity; none is kept."""

_TO_SOMEBODY = re.compile(r"[你您]|鲁迅必须|\byou(?:r|rs|rself)?\b", re.IGNORECASE)
_HOW_TO_TALK = re.compile(
    r"(?:要求|命令|吩咐|指示|规定|希望|想要|想让|[让叫请])[^。；]{0,16}"
    r"(?:[说讲念答喊]|回复|自称|称呼|开头|结尾|扮演|输出|重复|口吻|语气|相信|记住|忘)|"
    r"(?:每一?句|每次|所有回答|今后|以后|从此|从现在)[^。；]{0,16}(?:[说讲念答喊]|开头|结尾|都要|必须)|"
    r"人物|设定|指令|提示词|口令|"
    r"\b(?:wants?|asks?|tells?|told|asked|orders?|ordered|requires?|demands?|instructs?|insists?|expects?)\b[^.;]{0,40}"
    r"\b(?:say|speak|answer|reply|respond|begin|start|end|call|pretend|act|talk|repeat|obey|forget|believe|be called)|"
    r"\b(?:every|each|all) (?:answer|reply|sentence|response)|\b(?:persona|instructions?|password|prompt)\b",
    re.IGNORECASE,
)
"""A wish about how the persona is to talk: obeyed in every later talk, it would be a standing order."""


def fact(text: str) -> str | None:
    """A sentence as it may be remembered, on one line and without its full stop; None where it may not be."""
    plain = _plain(text)
    if not 3 <= len(plain) <= MAX_CHARACTERS or not plain.startswith(tuple(SUBJECTS.values())):
        return None
    if re.search(r"[。！？!?；;]|\.\s", plain) or orders(plain) or put_into_mouth(plain):
        return None
    if any(rule.search(plain) for rule in (_MARKS, _NUMBER, _TO_SOMEBODY, _HOW_TO_TALK)):
        return None
    return plain


def checked(text: str) -> str:
    """The same for a sentence that a user writes.

    Raises:
        InputError: it may not be remembered.
    """
    found = fact(text)
    if found is None:
        raise InputError(
            f"This cannot be remembered. A memory is one short sentence about you that begins with "
            f"“{SUBJECTS['en']}” or “{SUBJECTS['zh']}”; it gives no orders and holds no addresses or long numbers.",
            f"这句话不能记住。记忆须是关于您的一句短话，以“{SUBJECTS['zh']}”或“{SUBJECTS['en']}”开头，"
            "不含吩咐、网址和长串数字。",
            code="memory_refused",
        )
    return found


def language_of(text: str) -> Language:
    """The language that a user's words are in."""
    return "zh" if re.search(r"[\u3400-\u9fff]", text) else "en"


def _plain(text: str) -> str:
    """One form of each character, none that is not seen, single blanks."""
    seen = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Cf", "Co", "Cs"))
    return re.sub(r"\s+", " ", seen).strip().rstrip("。.").strip()
