"""Money, shares, measures, fractions, ratios: numbers with something beside them."""

from __future__ import annotations

import re

from avatar.voice.speaking.normalise import chinese, english, tables
from avatar.voice.speaking.normalise.context import DASH, NUMBER, Context, Patterns, Said, say, span


def _money(match: re.Match[str], context: Context) -> Said:
    zh, en, cents = tables.CURRENCIES[match["sign"]]
    amount, last, scale = match["amount"], match["last"], match["scale"]
    if context.language == "zh":
        middle = tables.SCALES[scale.lower()][0] if scale else ""
        trimmed = re.sub(r"\.0+$|(?<=\.\d)0$", "", amount)
        return [(span(trimmed, last, context, middle or zh) + middle + zh, "zh")]
    if scale or last:
        middle = f" {tables.SCALES[scale.lower()][1]}" if scale else ""
        return [(f"{span(amount, last, context)}{middle} {_plural(en)}", "en")]
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
    zh = "到".join(share + ("负" if minus else "") + _hundred(part) for part in parts)
    en = " to ".join(english.decimal(part) for part in parts)
    return say(context, zh, f"{'minus ' if minus else ''}{en} {'percent' if match['sign'] == '%' else 'per mille'}")


def _hundred(part: str) -> str:
    """百分之百, and not 百分之一百."""
    return "百" if part == "100" else chinese.decimal(part)


def _degrees(match: re.Match[str], context: Context) -> Said:
    minus, scale = match["minus"], match["scale"].upper().translate({ord("℃"): "C", ord("℉"): "F"})
    zh = {"C": "摄氏度", "F": "华氏度"}.get(scale, "度")
    en = {"C": " Celsius", "F": " Fahrenheit"}.get(scale, "")
    name = "degree" if match["amount"] == "1" else "degrees"
    read = span(match["amount"], match["last"], context)
    return say(
        context,
        ("零下" if minus and scale else "负" if minus else "") + read + zh,
        f"{'minus ' if minus else ''}{read} {name}{en}",
    )


def _frost(match: re.Match[str], context: Context) -> Said:
    """-20~-10℃: both ends are below zero."""
    zh, en = ("摄氏度", "Celsius") if match["scale"] in "C℃" else ("华氏度", "Fahrenheit")
    first, last = match["first"], match["last"]
    return say(
        context,
        f"零下{chinese.decimal(first)}到零下{chinese.decimal(last)}{zh}",
        f"minus {english.decimal(first)} to minus {english.decimal(last)} degrees {en}",
    )


def _measure(match: re.Match[str], context: Context) -> Said:
    zh, en = tables.UNITS[match["unit"]]
    amount, last = match["amount"], match["last"]
    if amount == "1" and not last and not en.startswith(tables.UNCHANGED):
        head, _, tail = en.partition(" per ")
        en = tables.ONE.get(head, head.removesuffix("s")) + (f" per {tail}" if tail else "")
    minus = ("负", "minus ") if match["minus"] else ("", "")
    read = span(amount, last, context, zh)
    return say(context, minus[0] + read + zh, f"{minus[1]}{read} {en}")


def _cents(match: re.Match[str], context: Context) -> Said:
    amount = match["amount"]
    return say(
        context, f"{chinese.cardinal(amount)}美分", f"{english.cardinal(amount)} {'cent' if amount == '1' else 'cents'}"
    )


def _feet_and_inches(match: re.Match[str], context: Context) -> Said:
    feet, inches = match["feet"], match["inches"]
    return say(
        context,
        f"{chinese.cardinal(feet)}英尺{chinese.cardinal(inches)}英寸",
        f"{english.cardinal(feet)} foot {english.cardinal(inches)}",
    )


def _mixed_fraction(match: re.Match[str], context: Context) -> Said | None:
    """2 1/2 is two and a half."""
    part = _fraction_words(match["over"], match["under"])
    if part is None or int(match["over"]) >= int(match["under"]):
        return None
    whole = match["whole"]
    en = re.sub(r"^one (?=half|quarter|third)", "a ", part[1])
    return say(context, f"{chinese.cardinal(whole)}又{part[0]}", f"{english.cardinal(whole)} and {en}")


def _fraction(match: re.Match[str], context: Context) -> Said | None:
    over, under = match["over"], match["under"]
    if (over, under) in tables.SAID_FRACTIONS:
        return say(context, *tables.SAID_FRACTIONS[over, under])
    part = _fraction_words(over, under)
    return None if part is None else say(context, *part)


def _fraction_words(over: str, under: str) -> tuple[str, str] | None:
    if int(under) == 0:
        return None
    one, many = tables.PARTS.get(under, (english.ordinal(under), f"{english.ordinal(under)}s"))
    en = f"{english.cardinal(over)} {one if over == '1' else many}"
    if int(over) > 20 or int(under) > 20:
        en = f"{english.cardinal(over)} over {english.cardinal(under)}"
    return f"{chinese.cardinal(under)}分之{chinese.cardinal(over)}", en


def _vulgar(match: re.Match[str], context: Context) -> Said | None:
    over, under = tables.VULGAR[match["sign"]]
    whole = match["whole"]
    part = _fraction_words(over, under)
    if part is None or not whole:
        return None if part is None else say(context, *part)
    en = re.sub(r"^one (?=half|quarter|third)", "a ", part[1])
    return say(context, f"{chinese.cardinal(whole)}又{part[0]}", f"{english.cardinal(whole)} and {en}")


def _ratio(match: re.Match[str], context: Context) -> Said:
    first, last = match["first"], match["last"]
    return say(
        context,
        f"{chinese.decimal(first, '比')}比{chinese.decimal(last, '比')}",
        f"{english.decimal(first)} to {english.decimal(last)}",
    )


def _range(match: re.Match[str], context: Context) -> Said:
    return say(context, *(2 * (span(match["first"], match["last"], context, context.after.lstrip()),)))


def _ordinal(match: re.Match[str], context: Context) -> Said:
    return [(english.ordinal(match["digits"]), "en")]


def _about(match: re.Match[str], context: Context) -> Said:
    return say(context, "大约", "about")


_UNIT_NAMES = "|".join(re.escape(unit) for unit in sorted(tables.UNITS, key=len, reverse=True))
_SPAN = rf"(?P<minus>(?<![\dA-Za-z])[-−])?(?P<amount>{NUMBER})(?:{DASH}(?P<last>{NUMBER}))?"

AMOUNTS: Patterns = (
    (rf"(?P<sign>US\$|HK\$|A\$|[$€£¥￥₩₹])\s?(?P<amount>{NUMBER})(?:{DASH}[$€£¥￥]?(?P<last>{NUMBER}))?"
     rf"(?:\s?(?P<scale>thousand\b|million\b|billion\b|trillion\b|[bB]n\b|[kKmMbB]\b|[万亿]))?", _money),
    (rf"(?P<minus>[-−])?(?P<first>{NUMBER})(?:%?\s?[-–~～至到]\s?(?P<last>{NUMBER}))?"
     r"\s?(?P<sign>[%‰])", _percent),
    (rf"[-−](?P<first>{NUMBER}){DASH}[-−](?P<last>{NUMBER})\s?°?\s?(?P<scale>[CF℃℉])(?![A-Za-z])", _frost),
    (rf"{_SPAN}\s?(?:°\s?|(?=[℃℉]))(?P<scale>[CF℃℉](?![A-Za-z])|)", _degrees),
    (r"(?P<amount>\d{1,4})\s?¢", _cents),
    (r"(?P<feet>\d)['′](?P<inches>\d{1,2})[\"″”]", _feet_and_inches),
    (rf"{_SPAN}\s?(?P<unit>{_UNIT_NAMES})(?![A-Za-z0-9²³])", _measure),
    (r"(?P<whole>\d{1,3})[\s-](?P<over>\d{1,2})/(?P<under>\d{1,2})(?![\d/])", _mixed_fraction),
    (r"(?P<over>\d{1,3})/(?P<under>\d{1,4})(?![\d/])", _fraction),
    (f"(?P<whole>\\d{{1,3}})?(?P<sign>[{''.join(tables.VULGAR)}])", _vulgar),
    (r"(?P<digits>\d+)(?:st|nd|rd|th)(?![A-Za-z0-9])", _ordinal),
    (r"(?P<first>\d+(?:\.\d+)?)\s?[:：]\s?(?P<last>\d+(?:\.\d+)?)(?![\d:])", _ratio),
    (r"[~～≈](?=\s?\d)", _about),
)  # fmt: skip

RANGES: Patterns = ((rf"(?P<first>{NUMBER}){DASH}(?P<last>{NUMBER})(?![\d-])", _range),)
"""After the telephone numbers and versions, which have dashes and dots, too."""
