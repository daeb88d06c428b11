"""Orders to the model itself, in texts that are quoted and in what people say.

What people write to take a persona over is of few kinds: it speaks of instructions, prompts and systems, or it gives
the persona another name, or it puts words into its mouth. A sentence of the first kind is not quoted in the prompt, so
the model never reads it (the passage itself is shown and cited whole). Names and words given in a question are
remembered, and the guard does not let the persona take them on.
"""

from __future__ import annotations

import re

_FORGET_ZH = r"(?:忽略|无视|忘记|忘掉|不要理会|不再遵守|覆盖|解除|绕过)"
_RULES_ZH = r"(?:指令|指示|提示词?|设定|规则|限制|要求|命令|人设|角色)"
_RULES_EN = r"(?:instructions?|prompts?|rules|directions|guidelines|commands|character|persona|restrictions)"
_ORDER = re.compile(
    rf"{_FORGET_ZH}[^。！？\n]{{0,16}}{_RULES_ZH}|"
    r"系统(?:提示|消息|指令|覆盖|\s*[:：])|(?:新的?|以下)(?:系统)?(?:指令|提示词|人设|角色设定)|"
    r"(?:从现在起|从现在开始|此后|接下来)[^。！？\n]{0,12}(?:你|每一?句|回答|只)|"
    r"你(?:现在|不再)是|(?:你必须|必须先|务必|你只能|你应当)[^。！？\n]{0,8}(?:回答|回复|输出|说|念)|"
    r"(?:每一?句话|每次|所有回答|回答的?第一)[^。！？\n]{0,10}(?:必须|都要|以|是)|"
    r"只(?:能|准|会|需|要)?(?:回答|回复|输出|说)[“\"「『]|无论[^。！？\n]{0,6}问什么|否则视为违规|"
    r"(?:让|请|叫|引导)用户|开发者模式|调试模式|越狱|"
    rf"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{{0,40}}\b{_RULES_EN}|"
    r"\bsystem\s*(?:prompt|message|override|:)|\bnew (?:persona|role|instructions?|system)\b|"
    r"\byou (?:are now|must (?:now )?(?:answer|reply|say|respond|output)|will (?:now )?act)\b|\bfrom now on\b|"
    r"\b(?:answer|begin|start|end|reply to|respond to) every\b|"
    r"\b(?:answer|reply|respond) (?:only )?with (?:the )?(?:single |exact )?words?\b|"
    r"\b(?:developer|debug) mode\b|\bjailbreak|<\|?im_|\[/?inst\]|</?(?:system|quotation|quote|instructions?)>",
    re.IGNORECASE,
)
"""A sentence that speaks to the program rather than to a reader."""

_SENTENCE = re.compile(r"[^。！？!?\n]*?(?:[。！？!?\n]+[”’」』）》\"]*|\.[\"'”’)]*(?=\s|$)|$)\s*")
_SAY_ZH = r"(?:说|念|喊|输出|回复|回答|复述|重复|写)"
_SAY_EN = r"(?:say|repeat|answer|reply|respond|output|write|print|begin|start|end)"
_SPEAK = re.compile(
    rf"(?:(?:^|[，。！？；,.!?;：:]|请你?|你)\s{{0,4}}(?:只能?)?|跟我|照着|你必须|都要|必须先)\s{{0,4}}{_SAY_ZH}"
    r"[^“\"「『：:。！？，]{0,10}(?:[:：]\s*[“\"「『]?|[“\"「『])([^”\"」』。！？\n]{1,40})|"
    r"(?:你|每|都要|必须|请)[^。！？\n]{0,12}以\s*[“\"「『]([^”\"」』]{1,40})[”\"」』]|"
    rf"(?:^|[.!?,;:]|\b(?:please|only|just|must|now|then|and|will))\s*\b{_SAY_EN}\b[^\"“.!?\n]{{0,40}}?"
    r"[\"“]([^\"”\n]{1,40})[\"”]|"
    rf"(?:^|[.!?,;:]|\b(?:please|only|just|must|now|then|and))\s*{_SAY_EN}\b(?: only| just)?"
    r"(?: the)?(?: single)? words? ([a-z]+)",
    re.IGNORECASE,
)
"""An order to say certain words: at the beginning of a sentence or after a word that orders, for others only tell."""

_NAMED = re.compile(
    r"(?:你(?:现在|就|其实|不再是[^，。]{1,8}[，,]\s*你)?(?:是|叫|扮演|名叫|变成)|名叫|改名叫?|代号)\s*"
    r"(?:一[个位名台只])?([\w·]{1,12}?)(?=[，。！？；、,.!?;\s”」]|$)|"
    r"\b(?:you are now|act as|pretend (?:to be|you are)|your (?:new )?name is|call yourself)\s+(?:an? |the )?"
    r"([A-Za-z][\w-]{1,20})",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(r"谁|什么|哪|吗|呢|吧|怎|几|真|活|的|人$|对|不|傻|^个")


def orders(text: str) -> bool:
    """Whether a text gives orders to the model that reads it."""
    return _ORDER.search(text) is not None


def without_orders(text: str) -> str:
    """A text without the sentences that give orders to the model that reads it; it may be empty then."""
    if not orders(text):
        return text
    return "".join(part for part in _SENTENCE.findall(text) if part and not orders(part)).strip()


def put_into_mouth(question: str) -> frozenset[str]:
    """The words that a question orders to be said, as `key` has them. None where it gives no such order."""
    found = (next(filter(None, match.groups())) for match in _SPEAK.finditer(question))
    return frozenset(words for words in map(key, found) if len(words) > 1)


def names_given(question: str) -> frozenset[str]:
    """The names that a question gives to whoever answers, as `key` has them."""
    found = (next(filter(None, match.groups())) for match in _NAMED.finditer(question))
    return frozenset(key(name) for name in found if len(name) > 1 and not _NOT_A_NAME.search(name))


def key(text: str) -> str:
    """Words as they are compared: letters and digits only, in small letters."""
    return re.sub(r"[\W_]+", "", text).lower()
