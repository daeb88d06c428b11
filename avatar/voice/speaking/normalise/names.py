"""Roman numerals, initials, abbreviations, signs: what stands for words."""

from __future__ import annotations

import re

from avatar.voice.speaking.normalise import chinese, english, tables
from avatar.voice.speaking.normalise.context import NUMBER, Context, Patterns, Said, say

_MONARCHS = re.compile(
    r"\b(?:King|Queen|Pope|Louis|Henry|Elizabeth|George|Charles|Edward|James|William|Richard|Napoleon|Philip|Catherine|"
    r"Nicholas|Alexander|Frederick|Wilhelm|Ramses|Paul|Mary|Ivan|Peter|Otto)\s\Z"
)
_TITLED = re.compile(r"\b(?:King|Queen|Pope|Emperor|Tsar|Czar)\s(?:[A-Z][a-z]+\s){1,2}\Z")
_PARTS = re.compile(
    r"\b(?:Chapter|Part|Book|Volume|Vol\.|Act|Scene|Type|Phase|Section|Appendix|Class|Level|Bowl|War)\s\Z"
)


def _roman(match: re.Match[str], context: Context) -> Said | None:
    written, before = match["numeral"], context.before
    value = english.roman(written)
    part, titled = _PARTS.search(before), _TITLED.search(before)
    named = bool(part or titled or _MONARCHS.search(before))
    alone = len(written) == 1 and not (part or titled or (named and written in "VX"))
    unlikely = not named and (match["owns"] or (len(written) < 5 and not set(written) <= set("IVX")))
    if value is None or alone or unlikely:
        return None
    number, owns = str(value), "'s" if match["owns"] else ""
    if titled or (named and not part):
        return [(f"the {english.ordinal(number)}{owns}", "en")]
    if re.match(r"\s(?:century|centuries|dynasty)\b", context.after):
        return [(english.ordinal(number), "en")]
    if re.search(r"[A-Za-z]\s?\Z", before):
        return [(f"{english.cardinal(number)}{owns}", "en")]
    return say(context, chinese.cardinal(number), english.cardinal(number))


_FULL_ROMAN = "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


def _roman_sign(match: re.Match[str], context: Context) -> Said:
    number = str(_FULL_ROMAN.index(match.group()) + 1)
    return say(context, chinese.cardinal(number), english.cardinal(number))


def _circled(match: re.Match[str], context: Context) -> Said:
    number = str(_CIRCLED.index(match.group()) + 1)
    return [*say(context, chinese.cardinal(number), english.cardinal(number)), (",", "mark")]


def _operator(match: re.Match[str], context: Context) -> Said | None:
    """A star is a sign only between numbers; elsewhere it is markup."""
    if match["star"] and not context.before.rstrip()[-1:].isdigit():
        return None
    return say(context, *tables.OPERATORS[match.group()])


def _sign(match: re.Match[str], context: Context) -> Said:
    return say(context, *tables.SIGNS[match.group()])


def _as_listed(match: re.Match[str], context: Context) -> Said:
    return [(english.LISTED[match.group().lower()], "en")]


def _letters_and(match: re.Match[str], context: Context) -> Said:
    """R&D, AT&T."""
    first, last = match.group().split("&")
    return [(f"{english.letters(first)} and {english.letters(last)}", "en")]


def _graded(match: re.Match[str], context: Context) -> Said:
    """A+, B-."""
    sign = say(context, "加", "plus") if match["sign"] == "+" else say(context, "减", "minus")
    return [(english.letters(match["letter"]), "en"), *sign]


def _hash(match: re.Match[str], context: Context) -> Said:
    number = context.after[:1].isdigit()
    return say(context, "第" if number else "井号", "number" if number else "hashtag")


def _initials(match: re.Match[str], context: Context) -> Said:
    """U.S., Ph.D., a.m., J. R. R.: letters with full stops."""
    known = {"e.g.": "for example", "i.e.": "that is"}.get(match.group().lower().replace(" ", ""))
    return [(known or english.letters(match.group()), "en")]


def _abbreviation(match: re.Match[str], context: Context) -> Said | None:
    key = match["short"].lower()
    if key in english.BEFORE_NUMBERS and not re.match(r"\s*\d", context.after):
        return None
    if key in english.AFTER_NAMES and not re.search(r"[A-Z][a-z]+\s\Z", context.before):
        return None
    if key in english.BEFORE_NAMES and not re.match(r"\s*(?:[A-Z\d]|$)", context.after):
        return None
    if key == "st" and re.search(r"[A-Z][a-z]+\s\Z", context.before) and not re.match(r"\s[A-Z]", context.after):
        return [("Street", "en")]
    said: Said = [(english.ABBREVIATIONS[key], "en")]
    if key in english.MAY_END_SENTENCE and not context.after.strip():
        said.append((".", "mark"))
    return said


def _title(match: re.Match[str], context: Context) -> Said:
    """Mr Smith, as the British write it, and vs without its full stop."""
    return [(english.ABBREVIATIONS[match.group().lower()], "en")]


def _raised(match: re.Match[str], context: Context) -> Said:
    """x², y³, 10^6."""
    if match["sign"]:
        return say(context, *tables.RAISED[match["sign"]])
    power = match["power"]
    zh = "平方" if power == "2" else "立方" if power == "3" else f"{chinese.cardinal(power)}次方"
    en = {"2": "squared", "3": "cubed"}.get(power, f"to the power of {english.cardinal(power)}")
    return say(context, ("的" if power not in ("2", "3") else "") + zh, en)


def _fraction_alone(match: re.Match[str], context: Context) -> Said:
    return say(context, "点" + chinese.digits(match["digits"]), "point " + english.digits(match["digits"]))


def _plain(match: re.Match[str], context: Context) -> Said:
    amount, minus = match["amount"], match["minus"]
    if context.language == "en":
        year = not minus and re.fullmatch(r"1[1-9]\d\d|20\d\d", amount)
        return [(english.year(amount) if year else f"{'minus ' if minus else ''}{english.decimal(amount)}", "en")]
    following = "" if context.before.endswith("第") else context.after.lstrip()
    return [(("负" if minus else "") + chinese.decimal(amount, following), "zh")]


_SHORT = "|".join(english.ABBREVIATIONS)
_LISTED = "|".join(re.escape(written) for written in sorted(english.LISTED, key=len, reverse=True))

NUMBERS: Patterns = (
    (rf"(?P<minus>(?<![0-9A-Za-z一-鿿])[-−])?(?P<amount>{NUMBER})", _plain),
    (r"(?<![\d\w])\.(?P<digits>\d+)(?!\.?\d)", _fraction_alone),
)

SPECIAL: Patterns = ((rf"(?i:{_LISTED})(?![A-Za-z0-9+#])", _as_listed), (r"[A-Z]{1,2}&[A-Z](?![A-Za-z])", _letters_and))
"""Before everything else that begins with a letter."""

NAMES: Patterns = (
    (r"(?P<numeral>[IVXLCDM]+)(?:(?P<owns>['’]s)(?![A-Za-z])|(?![A-Za-z.'’-]))", _roman),
    (r"(?<=[A-Za-z0-9)])(?:(?P<sign>[²³])|\^(?P<power>\d{1,3}))", _raised),
    (f"[{_FULL_ROMAN}]", _roman_sign),
    (f"[{_CIRCLED}]", _circled),
    (r"(?:[A-Za-z]\.\s?){2,}(?![A-Za-z])|Ph\.\s?D\.?", _initials),
    (rf"(?P<short>(?i:{_SHORT}))\.(?![A-Za-z])", _abbreviation),
    (r"(?P<short>Mr|Mrs|Ms|Dr|Prof|St)(?=\s[A-Z][a-z]|\sand\sMr)|(?P<versus>vs)(?![A-Za-z.])", _title),
    (r"(?P<letter>[A-F])(?P<sign>[+-])(?![A-Za-z0-9+])", _graded),
    (r"(?P<sign>[+=×÷<>≥≤±])(?=\s?[\d.A-Za-z])|(?P<star>\*)(?=\s?\d)", _operator),
    (r"#(?=[\w])", _hash),
    (f"[{re.escape(''.join(tables.SIGNS))}]", _sign),
)
