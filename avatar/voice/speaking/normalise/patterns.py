"""What is written in digits and signs, one pattern for each kind, the most particular first."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from avatar.errors import Language
from avatar.voice.speaking.normalise import chinese, english, tables
from avatar.voice.speaking.words import Script

Said = list[tuple[str, Script]]
"""What is said for one written piece: stretches of one script each."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where a piece stands.

    Attributes:
        language: in which its digits and signs are read.
        before: the clause up to it.
        after: the clause from its end on.
    """

    language: Language
    before: str
    after: str


Reader = Callable[[re.Match[str], Context], "Said | None"]

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"


def _number(text: str, context: Context, following: str | None = None) -> str:
    if context.language == "zh":
        return chinese.decimal(text, context.after.lstrip() if following is None else following)
    return english.decimal(text)


def _say(context: Context, zh: str, en: str) -> Said:
    return [(zh, "zh")] if context.language == "zh" else [(en, "en")]


def _digits(text: str, context: Context, *, phone: bool = False) -> str:
    if context.language == "zh":
        return chinese.digits(text, one="幺" if phone else "一")
    return english.digits(text)


def _date(match: re.Match[str], context: Context) -> Said | None:
    year, month, day = match["year"], int(match["month"]), int(match["day"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return _say(
        context,
        f"{chinese.digits(year)}年{chinese.cardinal(str(month))}月{chinese.cardinal(str(day))}日",
        f"{english.MONTHS[month - 1]} {english.ordinal(str(day))} {english.year(year)}",
    )


def _years_zh(match: re.Match[str], context: Context) -> Said:
    return [(chinese.digits(match["years"]), "zh")]


def _year_range(match: re.Match[str], context: Context) -> Said:
    first, last = match["first"], match["last"]
    return _say(
        context,
        f"{chinese.digits(first)}至{chinese.digits(last)}",
        f"{english.year(first)} to {english.year(last)}",
    )


def _month_day(match: re.Match[str], context: Context) -> Said | None:
    """October 19 is October nineteenth, in English only."""
    day = match["day"]
    if context.language == "zh" or not 1 <= int(day) <= 31:
        return None
    month = english.ABBREVIATIONS.get(match["name"].rstrip(".").lower(), match["name"])
    return [(f"{month} {english.ordinal(day)}", "en")]


def _day_month(match: re.Match[str], context: Context) -> Said | None:
    """25 September is the twenty-fifth of September."""
    day = match["day"]
    if not 1 <= int(day) <= 31:
        return None
    month = english.ABBREVIATIONS.get(match["name"].rstrip(".").lower(), match["name"])
    article = "" if re.search(r"\bthe\s\Z", context.before, re.IGNORECASE) else "the "
    return [(f"{article}{english.ordinal(day)} of {month}", "en")]


def _clock(match: re.Match[str], context: Context) -> Said | None:
    hour, minute, second = match["hour"], match["minute"], match["second"]
    if int(hour) > 24 or int(minute) > 59:
        return None
    half = re.sub(r"[^APap]", "", match["half"] or "").lower()
    zh = {"a": "上午", "p": "下午"}.get(half, "") + chinese.cardinal(str(int(hour)), "点") + "点"
    zh += ("零" if 0 < int(minute) < 10 else "") + (f"{chinese.cardinal(str(int(minute)))}分" if int(minute) else "")
    zh += f"{chinese.cardinal(str(int(second)))}秒" if second else ""
    en = english.cardinal(str(int(hour)))
    if int(minute):
        en += (" oh " if int(minute) < 10 else " ") + english.cardinal(str(int(minute)))
    elif not half:
        en += " o'clock"
    en += f" and {english.cardinal(str(int(second)))} seconds" if second else ""
    en += f" {english.letters(half + 'm')}" if half else ""
    return _say(context, zh, en)


def _phone(match: re.Match[str], context: Context) -> Said:
    plus = match.group().startswith("+")
    read = _digits(re.sub(r"\D", "", match.group()), context, phone=True)
    return _say(context, ("加" if plus else "") + read, ("plus " if plus else "") + read)


def _money(match: re.Match[str], context: Context) -> Said:
    zh, en, cents = tables.CURRENCIES[match["sign"]]
    amount, scale = match["amount"], match["scale"]
    if context.language == "zh":
        middle = tables.SCALES[scale.lower()][0] if scale else ""
        trimmed = re.sub(r"\.0+$|(?<=\.\d)0$", "", amount)
        return [(chinese.decimal(trimmed, middle or zh) + middle + zh, "zh")]
    if scale:
        return [(f"{english.decimal(amount)} {tables.SCALES[scale.lower()][1]} {_plural(en)}", "en")]
    whole, _, fraction = amount.replace(",", "").partition(".")
    if not cents or len(fraction) not in (0, 2):
        return [(f"{english.decimal(amount)} {_plural(en)}", "en")]
    said = f"{english.cardinal(whole)} {en if whole == '1' else _plural(en)}"
    if fraction.strip("0"):
        small = "pence" if cents == "penny" else cents if fraction == "01" else f"{cents}s"
        said += f" and {english.cardinal(str(int(fraction)))} {small}"
    return [(said, "en")]


def _plural(name: str) -> str:
    return name if name == "yuan" else f"{name}s"


def _percent(match: re.Match[str], context: Context) -> Said:
    parts = [part for part in (match["first"], match["last"]) if part]
    share = {"%": "百分之", "‰": "千分之"}[match["sign"]]
    minus = match["minus"]
    zh = "到".join(share + ("负" if minus else "") + chinese.decimal(part) for part in parts)
    en = " to ".join(english.decimal(part) for part in parts)
    return _say(context, zh, f"{'minus ' if minus else ''}{en} {'percent' if match['sign'] == '%' else 'per mille'}")


def _degrees(match: re.Match[str], context: Context) -> Said:
    minus, scale = match["minus"], match["scale"].upper().translate({ord("℃"): "C", ord("℉"): "F"})
    zh = {"C": "摄氏度", "F": "华氏度"}.get(scale, "度")
    en = {"C": " Celsius", "F": " Fahrenheit"}.get(scale, "")
    name = "degree" if match["amount"] == "1" else "degrees"
    return _say(
        context,
        ("零下" if minus and scale else "负" if minus else "") + chinese.decimal(match["amount"]) + zh,
        f"{'minus ' if minus else ''}{english.decimal(match['amount'])} {name}{en}",
    )


def _measure(match: re.Match[str], context: Context) -> Said:
    zh, en = tables.UNITS[match["unit"]]
    amount = match["amount"]
    if amount == "1" and not en.startswith(("hertz", "square", "cubic")):
        head, _, tail = en.partition(" per ")
        en = ("foot" if head == "feet" else head.removesuffix("s")) + (f" per {tail}" if tail else "")
    minus = ("负", "minus ") if match["minus"] else ("", "")
    return _say(context, minus[0] + chinese.decimal(amount, zh) + zh, f"{minus[1]}{english.decimal(amount)} {en}")


def _fraction(match: re.Match[str], context: Context) -> Said | None:
    over, under = match["over"], match["under"]
    if int(under) == 0:
        return None
    if (over, under) == ("24", "7"):
        return _say(context, "二十四小时七天", "twenty four seven")
    one, many = tables.PARTS.get(under, (english.ordinal(under), f"{english.ordinal(under)}s"))
    en = f"{english.cardinal(over)} {one if over == '1' else many}"
    if int(over) > 20 or int(under) > 20:
        en = f"{english.cardinal(over)} over {english.cardinal(under)}"
    return _say(context, f"{chinese.cardinal(under)}分之{chinese.cardinal(over)}", en)


def _vulgar(match: re.Match[str], context: Context) -> Said:
    over, under = tables.VULGAR[match.group()]
    one, many = tables.PARTS.get(under, ("third", "thirds"))
    name = one if over == "1" else many
    return _say(context, f"{chinese.cardinal(under)}分之{chinese.cardinal(over)}", f"{english.cardinal(over)} {name}")


def _ratio(match: re.Match[str], context: Context) -> Said:
    first, last = (_number(part, context, "比") for part in (match["first"], match["last"]))
    return _say(context, f"{first}比{last}", f"{first} to {last}")


def _range(match: re.Match[str], context: Context) -> Said:
    first, last = match["first"], match["last"]
    return _say(
        context,
        f"{chinese.decimal(first, context.after.lstrip())}到{chinese.decimal(last, context.after.lstrip())}",
        f"{english.decimal(first)} to {english.decimal(last)}",
    )


def _ordinal(match: re.Match[str], context: Context) -> Said:
    return [(english.ordinal(match["digits"]), "en")]


def _decade(match: re.Match[str], context: Context) -> Said:
    digits = match["digits"]
    read = english.year(digits) if len(digits) == 4 else english.cardinal(digits)
    return [(f"{read[:-1]}ies" if read.endswith("y") else f"{read}s", "en")]


def _version(match: re.Match[str], context: Context) -> Said:
    parts = match.group().lstrip("vV").split(".")
    said: Said = []
    if match.group()[0] in "vV":
        said.append(("version" if context.language == "en" else english.letters("V"), "en"))
    zh = "点".join(chinese.cardinal(part) for part in parts)
    return said + _say(context, zh, " point ".join(english.cardinal(part) for part in parts))


def _plain(match: re.Match[str], context: Context) -> Said:
    amount, minus = match["amount"], match["minus"]
    if context.language == "en" and not minus and re.fullmatch(r"1[1-9]\d\d|20\d\d", amount):
        return [(english.year(amount), "en")]
    return _say(
        context,
        ("负" if minus else "") + _number(amount, context),
        ("minus " if minus else "") + _number(amount, context),
    )


def _address(match: re.Match[str], context: Context) -> Said:
    """A URL or a mail address: its words, dots and slashes; the scheme is not said."""
    said: Said = []
    text = re.sub(r"^https?://(?:www\.)?", "", match.group()).rstrip("/")
    for piece in re.findall(r"[A-Za-z]+|\d+|[./@\-_:?=&#]", text):
        if piece.isdigit():
            said += _say(context, chinese.digits(piece), english.digits(piece))
        elif piece in tables.ADDRESS_SIGNS:
            said += _say(context, *tables.ADDRESS_SIGNS[piece])
        else:
            said.append((english.letters(piece) if len(piece) == 1 else english.word(piece), "en"))
    return said


def _mixed(match: re.Match[str], context: Context) -> Said:
    """Letters and digits in one: GPT-4, MP3, 5G, 3D."""
    said: Said = []
    for piece in re.findall(r"[A-Za-z]+|\d+(?:\.\d+)?", match.group()):
        if piece[0].isdigit():
            said += _say(context, _number(piece, context, ""), english.decimal(piece))
        else:
            said.append((english.letters(piece) if len(piece) < 3 else english.word(piece), "en"))
    return said


_MONARCHS = re.compile(
    r"\b(?:King|Queen|Pope|Louis|Henry|Elizabeth|George|Charles|Edward|James|William|Richard|Napoleon|Philip|Catherine|"
    r"Nicholas|Alexander|Frederick|Wilhelm|Ramses|Paul)\s\Z"
)


def _roman(match: re.Match[str], context: Context) -> Said | None:
    value = english.roman(match.group())
    if value is None:
        return None
    number = str(value)
    if _MONARCHS.search(context.before):
        return [(f"the {english.ordinal(number)}", "en")]
    if re.search(r"[A-Za-z]\s?\Z", context.before):
        return [(english.cardinal(number), "en")]
    return _say(context, chinese.cardinal(number), english.cardinal(number))


_FULL_ROMAN = "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ"


def _roman_sign(match: re.Match[str], context: Context) -> Said:
    number = str(_FULL_ROMAN.index(match.group()) + 1)
    return _say(context, chinese.cardinal(number), english.cardinal(number))


def _operator(match: re.Match[str], context: Context) -> Said:
    return _say(context, *tables.OPERATORS[match["sign"]])


def _sign(match: re.Match[str], context: Context) -> Said:
    return _say(context, *tables.SIGNS[match.group()])


def _initials(match: re.Match[str], context: Context) -> Said:
    """U.S., Ph.D., a.m., J. R. R.: letters with full stops."""
    known = {"e.g.": "for example", "i.e.": "that is"}.get(match.group().lower().replace(" ", ""))
    return [(known or english.letters(match.group()), "en")]


def _abbreviation(match: re.Match[str], context: Context) -> Said | None:
    key = match["short"].lower()
    if key in english.BEFORE_NUMBERS and not re.match(r"\s*\d", context.after):
        return None
    if key == "st" and re.search(r"[A-Z][a-z]+\s\Z", context.before):
        return [("Street", "en")]
    full = {"p": "page", "pp": "pages"}.get(key) or english.ABBREVIATIONS[key]
    said: Said = [(full, "en")]
    if key in english.MAY_END_SENTENCE and not context.after.strip():
        said.append((".", "mark"))
    return said


_MONTH_NAMES = "|".join([*english.MONTHS, r"(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?"])
_SHORT = "|".join([*english.ABBREVIATIONS, "p", "pp"])
_UNIT_NAMES = "|".join(re.escape(unit) for unit in sorted(tables.UNITS, key=len, reverse=True))
_TOP = "com|org|net|cn|io|ai|edu|gov|dev|me|app|info"

PATTERNS: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (r"(?:https?://|www\.)[A-Za-z0-9./@\-_:?=&#%+~]*[A-Za-z0-9/]", _address),
        (r"[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", _address),
        (rf"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:{_TOP})(?![A-Za-z0-9.])(?:/[A-Za-z0-9./_-]*[A-Za-z0-9/])?", _address),
        (r"(?P<year>\d{4})(?P<_s>[-/.])(?P<month>\d{1,2})(?P=_s)(?P<day>\d{1,2})(?![\d.])", _date),
        (r"(?P<first>1\d{3}|20\d\d)\s?[-–—~～]{1,2}\s?(?P<last>1\d{3}|20\d\d)(?!\d)(?=年|[^\d-]|$)", _year_range),
        (r"(?P<years>\d{4}|\d{2}(?=年(?!代)[一-鿿\d]))(?=\s?年)", _years_zh),
        (r"['’]?(?P<digits>1\d\d0|20\d0|[2-9]0)'?s(?![A-Za-z0-9])", _decade),
        (rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s(?P<name>{_MONTH_NAMES})(?![A-Za-z])", _day_month),
        (rf"(?P<name>{_MONTH_NAMES})\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])", _month_day),
        (r"(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?:[:：](?P<second>\d{2}))?(?!\d)"
         r"(?:\s?(?P<half>[AaPp]\.?[Mm]\b\.?))?", _clock),
        (r"\+\d{1,3}[\d -]{6,16}\d|1[3-9]\d{9}(?!\d)|1[3-9]\d-\d{4}-\d{4}(?!\d)|0\d{2,3}-\d{7,8}(?!\d)"
         r"|\(\d{3}\)\s?\d{3}-\d{4}(?!\d)|\d{3}-\d{3}-\d{4}(?!\d)|\d{3}-\d{4}(?![\d-])"
         r"|400-\d{3,4}-\d{3,4}(?!\d)", _phone),
        (rf"(?P<sign>US\$|HK\$|[$€£¥￥])\s?(?P<amount>{_NUMBER})"
         rf"(?:\s?(?P<scale>thousand\b|million\b|billion\b|trillion\b|[kKmMbB]\b|[万亿]))?", _money),
        (rf"(?P<minus>[-−])?(?P<first>{_NUMBER})(?:%?\s?[-–~～至到]\s?(?P<last>{_NUMBER}))?"
         r"\s?(?P<sign>[%‰])", _percent),
        (rf"(?P<minus>[-−])?(?P<amount>{_NUMBER})\s?(?:°\s?|(?=[℃℉]))(?P<scale>[CF℃℉](?![A-Za-z])|)", _degrees),
        (rf"(?P<minus>[-−])?(?P<amount>{_NUMBER})\s?(?P<unit>{_UNIT_NAMES})(?![A-Za-z0-9²³])", _measure),
        (r"(?P<over>\d{1,3})/(?P<under>\d{1,4})(?![\d/])", _fraction),
        (f"[{''.join(tables.VULGAR)}]", _vulgar),
        (r"(?P<digits>\d+)(?:st|nd|rd|th)(?![A-Za-z0-9])", _ordinal),
        (r"(?P<first>\d+(?:\.\d+)?)\s?[:：]\s?(?P<last>\d+(?:\.\d+)?)(?![\d:])", _ratio),
        (r"[vV]?\d+(?:\.\d+){2,}(?!\d)|[vV]\d+(?:\.\d+)*(?![\dA-Za-z])", _version),
        (rf"(?P<first>{_NUMBER})\s?(?:[-–~～]|——?)\s?(?P<last>{_NUMBER})(?![\d-])", _range),
        (r"(?:[A-Za-z]+-?\d+(?:\.\d+)?|\d+[A-Za-z]+)[A-Za-z0-9]*", _mixed),
        (rf"(?P<minus>(?<![0-9A-Za-z一-鿿])[-−])?(?P<amount>{_NUMBER})", _plain),
        (r"[IVX]{2,}(?![A-Za-z])", _roman),
        (f"[{_FULL_ROMAN}]", _roman_sign),
        (r"(?:[A-Za-z]\.\s?){2,}(?![A-Za-z])|Ph\.\s?D\.?", _initials),
        (rf"(?P<short>(?i:{_SHORT}))\.(?![A-Za-z])", _abbreviation),
        (r"(?P<sign>[+=×*÷<>≈≥≤±])(?=\s?[\d.A-Za-z])", _operator),
        (f"[{re.escape(''.join(tables.SIGNS))}]", _sign),
    )
)  # fmt: skip
"""Tried in this order where a piece begins that is not hanzi; a reader that gives None passes."""
