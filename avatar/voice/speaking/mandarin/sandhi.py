"""How 一, 不 and 儿 sound beside others, and the second half of a doubled verb.

The third tone is left as the dictionary writes it: the acoustic model was trained that way and raises it by itself,
within a word and across words (decision 025 has the measurement). It does not do so for 不, and for 一 only in part.
"""

from __future__ import annotations

import re
from collections.abc import Container

_DIGITS = "零〇一二三四五六七八九十点"
_SCALES = "百千万亿"
_DOUBLED = frozenset("看说想试走问听写读聊谈坐等找玩笑歇尝摸猜学练讲教算数跑逛拍擦洗扫动转聚查管改评瞧谢比抱帮考刷")
"""Verbs whose second half is neutral where they are doubled, and 一 between the halves."""

_POTENTIAL = frozenset(
    "回看听说想找睡吃买拿走跑写读做干办用受忘少免来去到打开关站坐起赶追摸够见记认分弄搞抓拉推搬放装住管改变数算学猜等"
)
_RESULTS = frozenset("起见了到着懂出下住完开动及上清过得定来去走成死掉够透")
"""不 is neutral between a verb of the one set and a result of the other: 看不见, 听不懂."""

_ORDER_BEFORE = re.compile(r"(?:第|初|星期|礼拜|周|统|唯|万|之|单|专|合|其|惟|归|划|逐)$")
_ORDER_AFTER = re.compile(
    r"月(?!球|亮)|号|日(?!三|千|不|为|游|之)|楼|班|级|年级|等奖|等品|把手|流"
    r"|[加减]|乘以?|除以|等于|比[零一二三四五六七八九十百千万两]"
)
_CHILDREN = (
    "女儿 婴儿 幼儿 孤儿 少儿 新生儿 混血儿 宠儿 健儿 胎儿 男儿 妻儿 小儿 患儿 弃儿 幸运儿 早产儿 弄潮儿 低能儿 产儿 "
    "侄儿 孙儿 吾儿 我儿 生儿 好男儿 双生儿 畸形儿 乞儿 犬儿 娇儿 爱儿 孩儿 育儿 女婴儿"
)
_OWN_SYLLABLE = frozenset(_CHILDREN.split())
"""Words in which 儿 is a child, and not the colour of the syllable before it."""


def erhua(words: list[str], syllables: list[str]) -> None:
    """Make the 儿 that only colours the syllable before it r5; in place."""
    at, before = 0, ""
    for word in words:
        whole = before + word if word == "儿" else word
        at += len(word)
        if word.endswith("儿") and len(whole) > 1 and whole not in _OWN_SYLLABLE:
            syllables[at - 1] = "r5"
        before = word


def doubled(words: list[str], syllables: list[str]) -> None:
    """看看: make the second half of a doubled verb neutral; in place."""
    at = 0
    for word in words:
        if len(word) == 2 and word[0] == word[1] and word[0] in _DOUBLED:
            syllables[at + 1] = syllables[at][:-1] + "5"
        at += len(word)


def yi_and_bu(text: str, syllables: list[str], fixed: Container[int]) -> None:
    """The tones of 一 and 不; in place.

    Args:
        text: a run of hanzi.
        syllables: one for each of them.
        fixed: places whose reading is known and stays.
    """
    for at, character in enumerate(text):
        if at in fixed:
            continue
        if character == "一" and syllables[at][:-1] == "yi":
            syllables[at] = _yi(text, at, syllables)
        elif character == "不" and syllables[at][:-1] == "bu":
            syllables[at] = _bu(text, at, syllables)


def _yi(text: str, at: int, syllables: list[str]) -> str:
    before, after = text[max(0, at - 3) : at], text[at + 1 : at + 4]
    if before and before[-1] == after[:1] and before[-1] in _DOUBLED:
        return "yi5"
    if not after or _is_digit(before, after) or _is_place(before, after):
        return "yi1"
    return "yi2" if syllables[at + 1][-1] == "4" or after[0] == "个" else "yi4"


def _is_digit(before: str, after: str) -> bool:
    """Whether 一 stands in a number; before 百, 千, 万, 亿 at its beginning it changes as elsewhere."""
    if before[-1:] and before[-1] in _DIGITS + _SCALES:
        return not (before[-1] == "点" and after[0] == "刻")
    return after[0] in _DIGITS[:-1] or bool(re.match(f"点(?:钟|半|整|[{_DIGITS}])", after))


def _is_place(before: str, after: str) -> bool:
    """Whether 一 names a place in an order: 第一, 星期一, 一月, 一楼; 同一 keeps its tone, 同一个 does not."""
    if before.endswith("同") and not after.startswith(("个", "种", "样", "时", "天", "年", "片")):
        return True
    if _ORDER_BEFORE.search(before) and not before.endswith(("之之", "万万")):
        return not before.endswith("专") or not after.startswith("门")
    return bool(_ORDER_AFTER.match(after)) and not before.endswith(("同", "每", "这", "那", "有", "又"))


def _bu(text: str, at: int, syllables: list[str]) -> str:
    before, after = text[max(0, at - 1) : at], text[at + 1 : at + 2]
    if before and syllables[at + 1 : at + 2] == ["liao3"]:
        return "bu5"
    if before and (before == after or (before in _POTENTIAL and after in _RESULTS)):
        return "bu5"
    return "bu2" if at + 1 < len(syllables) and syllables[at + 1][-1] == "4" else "bu4"
