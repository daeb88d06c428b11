"""Numbers as they are read in Mandarin."""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"

_MEASURES = frozenset(
    "个只本次位名张条件种天年块元岁点倍家部篇句遍回场口把座辆台头匹颗杯瓶碗双对套组项份米斤里吨升克秒分周层间步下声扇封首幅支"
    "代群批排串朵棵根株片顶门节课道顿袋箱盒桶车船架艘列所栋幢户笔则段章册卷页行种万亿千百毛角英公平立厘毫摄"
)
"""Words before which a lone 2 is 两; before 月, 日, 号, 楼 it is 二."""

_LARGEST = 10**16


def digits(text: str, *, one: str = "一") -> str:
    """Digit by digit; in telephone numbers 1 is 幺.

    >>> digits("1936")
    '一九三六'
    """
    return "".join(one if character == "1" else DIGITS[int(character)] for character in text)


def cardinal(text: str, following: str = "") -> str:
    """A whole number, digits only; digit by digit where it begins with 0 or is beyond 10^16.

    Args:
        following: what stands after it, for 两.

    >>> cardinal("10203")
    '一万零二百零三'
    >>> cardinal("2", "个")
    '两'
    """
    if len(text) > 1 and text[0] == "0":
        return digits(text)
    value = int(text)
    if value >= _LARGEST:
        return digits(text)
    if value == 2 and following and (following[:1] in _MEASURES or following[:2] in ("小时", "钟头", "星期", "礼拜")):
        return "两"
    return _whole(value)


def decimal(text: str, following: str = "") -> str:
    """A number with or without a fraction.

    >>> decimal("3.14")
    '三点一四'
    """
    whole, _, fraction = text.replace(",", "").partition(".")
    read = cardinal(whole or "0", "" if fraction else following)
    return f"{read}点{digits(fraction)}" if fraction else read


def _whole(value: int) -> str:
    if value == 0:
        return DIGITS[0]
    groups: list[int] = []
    while value:
        value, group = divmod(value, 10_000)
        groups.append(group)
    read = ""
    for index in range(len(groups) - 1, -1, -1):
        group = groups[index]
        if group == 0:
            continue
        below = group < 1000 and read != ""
        read += (DIGITS[0] if below else "") + _group(group, first=read == "", scaled=index > 0) + _SCALES[index]
    return read


_SCALES = ("", "万", "亿", "万亿")
_PLACES = ("", "十", "百", "千")


def _group(value: int, *, first: bool, scaled: bool) -> str:
    """1..9999; 十 for 10-19 and 两 before 百, 千 and the scales only where the number begins."""
    if value == 2 and first and scaled:
        return "两"
    read, gap = "", False
    for place in range(3, -1, -1):
        digit = value // 10**place % 10
        if digit == 0:
            gap = gap or read != ""
            continue
        name = "两" if digit == 2 and place >= 2 and first and not read else DIGITS[digit]
        if digit == 1 and place == 1 and first and not read:
            name = ""
        read += (DIGITS[0] if gap else "") + name + _PLACES[place]
        gap = False
    return read
