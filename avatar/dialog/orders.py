"""Orders to the model itself, in texts that are quoted and in what people say.

What people write to take a persona over is of few kinds: it speaks of instructions, prompts and systems, or it gives
the persona another name, or it puts words into its mouth. A sentence of the first kind is not quoted in the prompt, so
the model never reads it (the passage itself is shown and cited whole). Names and words given in a question are
remembered, and the guard does not let the persona take them on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import zhconv

_HELPER_ZH = r"(?:数字|智能|语音|虚拟|本文的|的)(?:助手|助理)"
_PROGRAM_ZH = rf"(?:(?<![a-z])AI(?![a-z])|人工智能|智能体|语言模型|大模型|模型|机器人|{_HELPER_ZH})"
_PROGRAM_EN = r"(?:AI(?: model)?|assistant|language model|chat ?bot|LLM)"
_ANSWER_ZH = r"(?:回答|回复|作答|输出|自称|声明|宣称|声称|告诉|扮演|改用|改以|说|念)"
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
    r"(?:让|请|叫|引导)用户|(?:对|向|告诉|告知|提醒)用户[^。！？\n]{0,6}(?:说|声[明称]|宣称|表示|[你您]是)|"
    r"开发者模式|调试模式|越狱|"
    r"(?:自称|声[明称]|宣称|告诉[^，。]{0,6})[“\"「『]?[你您]是|(?:应当?|须|要|请|务必|一律)自称|"
    r"(?:请|须|应当?|务必|一律)[^，。！？\n]{0,6}(?:改[以用]|只许?用)[^，。！？\n]{0,12}(?:自称|[作回]答|回复|口吻)|"
    r"每[一个]{0,2}句[话子]?的?(?:末尾|结尾|后面|最后|开头|前面)[^。！？\n]{0,8}(?:加|带|用|以|说)|"
    rf"{_PROGRAM_ZH}[^。！？\n]{{0,14}}(?:须|必须|应当?|务必|请|今后|以后|不得|读到)[^。！？\n]{{0,14}}{_ANSWER_ZH}|"
    r"致[^。！？\n，]{0,16}(?:助手|助理|模型|AI|机器人)|如果有?人?问[起到及][^。！？\n]{0,16}(?:请|只|须|"
    r"就?(?:回答|说)[“\"「『])|"
    rf"\b(?:note|message|memo|letter|instructions?|attention|dear) (?:to |for )?(?:the |any |an? |"
    rf"all )?{_PROGRAM_EN}s?\b(?! of)|"
    rf"\b(?:tell|inform|remind|convince|ask) the (?:user|reader|human)\b|"
    rf"\b{_PROGRAM_EN}s? (?:reading|processing|that reads?|who reads?|must|should|shall)\b|"
    r"\b(?:begin|start|end|prefix|preface|finish) (?:your|each|all|any) (?:\w+ )?(?:repl|answer|response|sentence|"
    r"message|output)|"
    rf"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{{0,40}}\b{_RULES_EN}|"
    r"\bsystem\s*(?:prompt|message|override|:)|\bnew (?:persona|role|instructions?|system)\b|"
    r"\byou (?:are now|must (?:now )?(?:answer|reply|say|respond|output)|will (?:now )?act)\b|\bfrom now on\b|"
    r"\b(?:answer|begin|start|end|reply to|respond to) every\b|"
    r"\b(?:answer|reply|respond) (?:only )?with (?:the )?(?:single |exact )?words?\b|"
    r"\b(?:developer|debug) mode\b|\bjailbreak|<\|?im_|\[/?inst\]|</?(?:system|quotation|quote|instructions?)>",
    re.IGNORECASE,
)
"""A sentence that speaks to the program rather than to a reader."""

_HIDDEN = re.compile(r"<!--(?:[^-]|-(?!->)){0,2000}(?:-->|$)")
"""A comment of HTML: no reader sees it."""
_ASIDE = re.compile(r"[（(〔【\[][^（）()〔〕【】\[\]\n]{1,200}[）)〕】\]]")
_SENTENCE = re.compile(r"[^。！？!?\n]*?(?:[。！？!?\n]+[”’」』）》\"]*|\.[\"'”’)]*(?=\s|$)|$)\s*")
_SAY_ZH = r"(?:说|念|喊|输出|回复|回答|复述|重复|写)"
_SAY_EN = r"(?:say|repeat|answer|reply|respond|output|write|print|begin|start|end)"
_SPEAK = re.compile(
    rf"(?:(?:^|[，。！？；,.!?;：:]|请你?|你)\s{{0,4}}(?:只[能会准许要]?)?|跟我|照着|你必须|都要|必须先)\s{{0,4}}{_SAY_ZH}"
    r"[^“\"「『：:。！？，]{0,10}(?:[:：]\s*[“\"「『]?|[“\"「『])([^”\"」』。！？\n]{1,40})|"
    r"(?:你|每|都要|必须|请)[^。！？\n]{0,12}(?:以|[加带]上?|用)一?个?\s*[“\"「『]([^”\"」』]{1,40})[”\"」』]|"
    r"你就?[要得]?(?:答|回答|回复|说)\s*[“\"「『]([^”\"」』。！？\n]{1,40})|"
    r"每[^。！？\n]{0,12}[加带]上?一?个?\s*([喵汪咩哞嘎]+)|"
    rf"(?:^|[.!?,;:]|\b(?:please|only|just|must|now|then|and|will))\s*\b{_SAY_EN}\b[^\"“.!?\n]{{0,40}}?"
    r"[\"“]([^\"”\n]{1,40})[\"”]|"
    rf"(?:^|[.!?,;:]|\b(?:please|only|just|must|now|then|and))\s*{_SAY_EN}\b(?: only| just)?"
    r"(?: the)?(?: single)? words? ([a-z]+)",
    re.IGNORECASE,
)
"""An order to say certain words: at the beginning of a sentence or after a word that orders, for others only tell."""

_CALLED = re.compile(
    r"你(?:现在|就|其实|已经){0,2}(?:是|叫)\s*(?:一[个位名台只])?([\w·]{1,12}?)(?=[了啦]?[，。！？；、,.!?;\s”」]|$)"
)
_ROLE = re.compile(
    r"(?:(?:现在你|从此你|你现在|不再是[^，。]{1,8}[，,]\s*你)(?:现在|就|已经)?(?:是|叫)|你(?:来)?(?:演|变成)|"
    r"名叫|改名叫?|代号|"
    r"(?<!过)(?:扮演|饰演|假扮|假装是?|装作|充当|冒充))\s*"
    r"(?:一[个位名台只])?(?:名?叫)?([\w·]{1,12}?)(?=[了啦的]?[，。！？；、,.!?;\s”」]|的|$)|"
    r"\b(?:you are now|act as|role-?play as|speak as|play the (?:role|part) of|pretend (?:to be|you are)|"
    r"imagine you are|"
    r"your (?:new )?name is|call yourself)\s+(?:an? |the )?"
    r"([A-Za-z][\w-]{1,20})",
    re.IGNORECASE,
)
"""A part that it is to play; what comes before is said of it, but perhaps only in passing."""
_LASTING = re.compile(
    r"从现在|从今|以后|今后|往后|每|一直|始终|我(?:一?说|喊|问)|约定|暗号|"
    r"\balways\b|\bevery\b|\beach\b|\bfrom now\b|\bwhenever\b",
    re.IGNORECASE,
)
"""An order that is to hold longer than for one answer."""
_ONE_LETTER = frozenset("喵汪咩哞嘎")
"""Sounds that are words alone."""
_NOT_A_NAME = re.compile(r"谁|什么|哪|吗|呢|吧|怎|几|真|活|的|人$|对|不|傻|^个")


def orders(text: str) -> bool:
    """Whether a text gives orders to the model that reads it."""
    return _ORDER.search(zhconv.convert(text, "zh-cn")) is not None


def without_orders(text: str) -> str:
    """A text without the sentences that give orders to the model that reads it; it may be empty then."""
    text = _HIDDEN.sub("", text)
    if not orders(text):
        return text
    text = _ASIDE.sub(lambda aside: "" if orders(aside[0]) else aside[0], text)
    return "".join(part for part in _SENTENCE.findall(text) if part and not orders(part)).strip()


def put_into_mouth(question: str) -> frozenset[str]:
    """The words that a question orders to be said, as `key` has them. None where it gives no such order."""
    found = (next(filter(None, match.groups())) for match in _SPEAK.finditer(question))
    return frozenset(words for words in map(key, found) if len(words) > 1 or words in _ONE_LETTER)


def lasting(question: str) -> frozenset[str]:
    """The words that a question orders to be said from now on, as `key` has them."""
    return put_into_mouth(question) if _LASTING.search(question) else frozenset()


def names_given(question: str) -> frozenset[str]:
    """The names that a question gives to whoever answers, as `key` has them."""
    return parts_given(question).union(*_names(_CALLED, question))


def parts_given(question: str) -> frozenset[str]:
    """The names among them that it is to go by in what follows, too."""
    return frozenset[str]().union(*_names(_ROLE, question))


def _names(rule: re.Pattern[str], question: str) -> Iterator[set[str]]:
    for match in rule.finditer(question):
        name = next(filter(None, match.groups()))
        if len(name) > 1 and not _NOT_A_NAME.search(name):
            yield {key(name)}


def key(text: str) -> str:
    """Words as they are compared: letters and digits only, in small letters."""
    return re.sub(r"[\W_]+", "", text).lower()
