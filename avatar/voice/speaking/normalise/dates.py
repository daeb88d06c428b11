"""Days, years and times of day."""

from __future__ import annotations

import re

from avatar.voice.speaking.normalise import chinese, english
from avatar.voice.speaking.normalise.context import DASH, Context, Patterns, Said, say


def _full(context: Context, year: str, month: int, day: int) -> Said | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return say(
        context,
        f"{chinese.digits(year)}年{chinese.cardinal(str(month))}月{chinese.cardinal(str(day))}日",
        f"{english.MONTHS[month - 1]} {english.ordinal(str(day))} {english.year(year)}",
    )


def _date(match: re.Match[str], context: Context) -> Said | None:
    return _full(context, match["year"], int(match["month"]), int(match["day"]))


def _date_with_year_last(match: re.Match[str], context: Context) -> Said | None:
    """10/19/1936 as Americans write it; where that is no day, as the British do."""
    first, second = int(match["first"]), int(match["second"])
    return _full(context, match["year"], first, second) or _full(context, match["year"], second, first)


def _years(match: re.Match[str], context: Context) -> Said:
    return [(chinese.digits(match["years"]), "zh")]


def _short_year(match: re.Match[str], context: Context) -> Said | None:
    """98年夏天 is a year; 12年时间 and 30年后 are spans of time."""
    if re.search(r"[了过近约第这满用花隔整]\Z", context.before):
        return None
    names_a_year = re.match(
        r"年(?:的)?(?:[春夏秋冬初底末]|毕业|出生|入学|\d|[一二三四五六七八九十]+月|奥运|世界杯|高考)", context.after
    )
    is_past = match["years"][0] in "06789" and re.match(
        r"年(?!后|前|来|间|的?历史|时间|里|内|如一|之|以|代)[一-鿿]", context.after
    )
    return [(chinese.digits(match["years"]), "zh")] if names_a_year or is_past else None


def _year_range(match: re.Match[str], context: Context) -> Said:
    first, last = match["first"], match["last"]
    return say(
        context,
        f"{chinese.digits(first)}至{chinese.digits(last)}",
        f"{english.year(first)} to {english.year(last)}",
    )


def _month_day(match: re.Match[str], context: Context) -> Said | None:
    """October 19 is October nineteenth, in English only."""
    day = match["day"]
    if context.language == "zh" or not 1 <= int(day) <= 31:
        return None
    return [(f"{_month(match['name'])} {english.ordinal(day)}", "en")]


def _day_month(match: re.Match[str], context: Context) -> Said | None:
    """25 September is the twenty-fifth of September."""
    day = match["day"]
    if not 1 <= int(day) <= 31:
        return None
    article = "" if re.search(r"\bthe\s\Z", context.before, re.IGNORECASE) else "the "
    return [(f"{article}{english.ordinal(day)} of {_month(match['name'])}", "en")]


def _month(name: str) -> str:
    return english.ABBREVIATIONS.get(name.rstrip(".").lower(), name)


def _decade(match: re.Match[str], context: Context) -> Said:
    written = match["digits"]
    read = english.year(written) if len(written) == 4 else english.cardinal(written)
    return [(f"{read[:-1]}ies" if read.endswith("y") else f"{read}s", "en")]


def _clock(match: re.Match[str], context: Context) -> Said | None:
    hour, minute, second = match["hour"], match["minute"] or "0", match["second"]
    if int(hour) > 24 or int(minute) > 59 or _is_score(context):
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
    ends = half and match["half"].endswith(".") and not context.after.strip()
    read = say(context, zh, en)
    if ends:
        read.append((".", "mark"))
    return read


def _is_score(context: Context) -> bool:
    """21:15 is a score where somebody wins by it, and no time of day."""
    won = re.match(r"\s?(?:的比分|战胜|领先|获胜|击败|大胜|险胜|落后|取胜|告负)", context.after)
    return bool(won or re.search(r"(?:比分[是为]?|score (?:was|is|of) )\Z", context.before))


def _until(match: re.Match[str], context: Context) -> Said:
    """The dash between two times or two days."""
    return say(context, "到", "to")


_MONTH_NAMES = "|".join([*english.MONTHS, r"(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?"])

DATES: Patterns = (
    (r"(?P<year>\d{4})(?P<_s>[-/.])(?P<month>\d{1,2})(?P=_s)(?P<day>\d{1,2})(?!\d|\.\d)", _date),
    (r"(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>1\d{3}|20\d\d)(?![\d/])", _date_with_year_last),
    (r"(?P<first>1\d{3}|20\d\d)\s?[-–—~～]{1,2}\s?(?P<last>1\d{3}|20\d\d)(?!\d)(?=年|[^\d-]|$)", _year_range),
    (r"(?P<years>\d{4})(?=\s?年)", _years),
    (r"(?P<years>\d{2})(?=年)", _short_year),
    (r"(?P<years>[05-9][05])(?=后(?![面边来方退天半续]))", _years),
    (r"(?<=公元前)(?P<years>\d{3})(?=年)", _years),
    (r"['’]?(?P<digits>1\d\d0|20\d0|[2-9]0)'?s(?![A-Za-z0-9])", _decade),
    (rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s(?P<name>{_MONTH_NAMES})(?![A-Za-z])", _day_month),
    (rf"(?P<name>{_MONTH_NAMES})\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])", _month_day),
    (r"(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?:[:：](?P<second>\d{2}))?(?!\d)"
     r"(?:\s?(?P<half>[AaPp]\.?[Mm]\b\.?))?", _clock),
    (r"(?P<hour>\d{1,2})\.(?P<minute>[0-5]\d)(?P<second>(?!))?\s?(?P<half>[AaPp]\.?[Mm]\b\.?)", _clock),
    (r"(?P<hour>1[0-2]|0?[1-9])(?P<minute>(?!))?(?P<second>(?!))?\s?(?P<half>[AaPp]\.?[Mm]\b\.?)(?!\s+I\b)", _clock),
    (rf"(?:(?<=\d:\d\d)|(?<=[日月号]))(?:{DASH})(?=\d)|(?<=周[一二三四五六])(?:{DASH})(?=周)"
     rf"|(?<=星期[一二三四五六])(?:{DASH})(?=星期)", _until),
)  # fmt: skip
