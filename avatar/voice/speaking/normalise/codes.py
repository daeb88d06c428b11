"""Numbers that name something instead of counting it, and addresses."""

from __future__ import annotations

import re

from avatar.voice.speaking.normalise import chinese, english, tables
from avatar.voice.speaking.normalise.context import Context, Patterns, Said, digits, say


def _phone(match: re.Match[str], context: Context) -> Said:
    plus = match.group().startswith("+")
    read = digits(re.sub(r"\D", "", match.group()), context, phone=True)
    return say(context, ("加" if plus else "") + read, ("plus " if plus else "") + read)


_NAMED = re.compile(
    r"(?:号码?|码|证|编号|账号|卡号|邮编|电话|手机|热线|传真|分机|拨打?|拨|QQ|ID|呼叫)[是为：:]?\s?\Z"
    r"|\b(?:[Cc]ode|PIN|ID|[Pp]assword|[Zz]ip(?: code)?|[Cc]all(?:ed)?|[Dd]ial(?:ed)?|[Ee]xtension|[Ss]erial number)"
    r"(?: is| was|:)? \Z"
)
"""What stands before a number that is said digit by digit."""


_HOTLINES = frozenset(("12306", "12315", "12580", "10086"))


def _code(match: re.Match[str], context: Context) -> Said | None:
    named = match.group() in _HOTLINES or _NAMED.search(context.before)
    if not named or re.match(r"\s?[个元人次年月日天分秒块岁]|[.,]\d", context.after):
        return None
    read = digits(match.group(), context, phone=True)
    return say(context, read, read)


def _room(match: re.Match[str], context: Context) -> Said:
    """302室, 101路: digit by digit from three digits on."""
    return [(chinese.digits(match["digits"], one="幺"), "zh")]


def _place(match: re.Match[str], context: Context) -> Said:
    """Room 302 is three oh two, Flight 1549 is fifteen forty nine."""
    return [(f"{match['name']} {english.pairs(match['digits'])}", "en")]


def _version(match: re.Match[str], context: Context) -> Said:
    parts = match.group().lstrip("vV").split(".")
    said: Said = []
    if match.group()[0] in "vV":
        said.append(("version" if context.language == "en" else english.letters("V"), "en"))
    zh = "点".join(chinese.cardinal(part) for part in parts)
    return said + say(context, zh, " point ".join(english.cardinal(part) for part in parts))


_SPELLED_ENDINGS = frozenset(
    ("uk", "us", "io", "ai", "cn", "hk", "tw", "jp", "eu", "tv", "py", "md", "js", "html", "pdf")
)
"""Parts of an address that are said letter by letter."""


def _address(match: re.Match[str], context: Context) -> Said:
    """A URL or a mail address: its words, dots and slashes; the scheme is not said."""
    said: Said = []
    text = re.sub(r"^(?:https?://)?(?:www\.)?(?=.)", "", match.group()).rstrip("/")
    for piece in re.findall(r"[A-Za-z]+|\d+|[./@\-_:?=&#+%~]", text):
        if piece.isdigit():
            said += say(context, chinese.digits(piece), english.digits(piece))
        elif piece in tables.ADDRESS_SIGNS:
            said += say(context, *tables.ADDRESS_SIGNS[piece])
        else:
            spelled = len(piece) == 1 or piece.lower() in _SPELLED_ENDINGS
            said.append((english.letters(piece) if spelled else english.word(piece), "en"))
    return said


def _file(match: re.Match[str], context: Context) -> Said:
    """README.md: the name, "dot", the ending."""
    ending = match["ending"]
    said: Said = [(english.word(match["name"]), "en"), *say(context, "点", "dot")]
    return [*said, (english.letters(ending) if ending.lower() not in ("zip", "wave") else ending, "en")]


def _mixed(match: re.Match[str], context: Context) -> Said:
    """Letters and digits in one: GPT-4, MP3, 5G, 3D; from three digits on digit by digit in Mandarin."""
    said: Said = []
    for piece in re.findall(r"[A-Za-z]+|\d+(?:\.\d+)?", match.group()):
        if piece[0].isdigit():
            zh = chinese.digits(piece, one="幺") if piece.isdigit() and len(piece) > 2 else chinese.decimal(piece)
            said += say(context, zh, _named_number(piece))
        else:
            said.append((english.letters(piece) if len(piece) < 3 else english.word(piece), "en"))
    return said


def _named_number(piece: str) -> str:
    paired = len(piece) == 3 or (len(piece) == 4 and not piece.endswith("00"))
    return english.pairs(piece) if piece.isdigit() and paired else english.decimal(piece)


_TOP = "com|org|net|cn|io|ai|edu|gov|dev|me|app|info"
_PLACES = r"Boeing|[Rr]oom|[Ss]uite|[Ff]light|[Aa]partment|[Hh]ighway|[Rr]oute|Gate|Bus|Area|[Ii]nterstate"

CODES: Patterns = (
    (r"\+\d{1,3}[\d -]{6,16}\d|1[3-9]\d{9}(?!\d)|1[3-9]\d[- ]\d{4}[- ]\d{4}(?!\d)|0\d{2,3}-\d{7,8}(?!\d)"
     r"|0\d{2,3}-\d{3,4}[ -]\d{4}(?!\d)"
     r"|\(\d{3}\)\s?\d{3}-\d{4}(?!\d)|\d{3}-\d{3}-\d{4}(?!\d)|\d{3}-\d{4}(?![\d-])"
     r"|400-\d{3,4}-\d{3,4}(?!\d)|0\d{3} \d{3} \d{3,4}(?!\d)", _phone),
    (r"\d{3,20}(?![\d%°])", _code),
    (r"(?P<digits>\d{3,4})(?=\s?(?:室|房间|号房|教室|包厢|病房|路公交|路车|路汽车|国道|航班|次列车))", _room),
    (rf"(?P<name>{_PLACES}) (?P<digits>\d{{3,4}})(?!\d|[.,]\d)", _place),
)  # fmt: skip

ADDRESSES: Patterns = (
    (r"(?:https?://|www\.)[A-Za-z0-9./@\-_:?=&#%+~]*[A-Za-z0-9/]", _address),
    (r"[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", _address),
    (rf"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:{_TOP})(?![A-Za-z0-9.])(?:/[A-Za-z0-9./_-]*[A-Za-z0-9/])?", _address),
    (r"(?P<name>[A-Za-z]+)\.(?P<ending>py|md|txt|html|pdf|js|json|png|jpg|wav|csv|zip|toml)(?![A-Za-z0-9])", _file),
)

VERSIONS: Patterns = ((r"[vV]?\d+(?:\.\d+){2,}(?!\d)|[vV]\d+(?:\.\d+)*(?![\dA-Za-z])", _version),)


def _joined_by_to(match: re.Match[str], context: Context) -> Said:
    """9-to-5."""
    return say(
        context,
        f"{chinese.cardinal(match['first'])}到{chinese.cardinal(match['last'])}",
        f"{english.cardinal(match['first'])} to {english.cardinal(match['last'])}",
    )


MIXED: Patterns = (
    (r"(?P<first>\d{1,3})-to-(?P<last>\d{1,3})(?!\d)", _joined_by_to),
    (r"(?:[A-Za-z]+-?\d+(?:\.\d+)?|\d+[A-Za-z]+)[A-Za-z0-9]*", _mixed),
)
