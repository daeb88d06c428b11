"""Numbers, letters and abbreviations as they are read in English."""

from __future__ import annotations

import re

_LETTERS = {
    "A": "ay", "B": "bee", "C": "see", "D": "dee", "E": "ee", "F": "eff", "G": "jee", "H": "aitch", "I": "eye",
    "J": "jay", "K": "kay", "L": "ell", "M": "em", "N": "en", "O": "oh", "P": "pee", "Q": "cue", "R": "ar", "S": "ess",
    "T": "tee", "U": "you", "V": "vee", "W": "double-you", "X": "ex", "Y": "why", "Z": "zee",
}  # fmt: skip
"""Names of the letters, spelled so that espeak-ng reads them in full ("A" alone would become the article)."""

_SAID_AS_WORDS = frozenset((
    "NASA", "NATO", "UNESCO", "UNICEF", "OPEC", "AIDS", "LASER", "RADAR", "SONAR", "SCUBA", "RAM", "ROM", "PIN", "ZIP",
    "GIF", "JPEG", "SARS", "ASEAN", "FIFA", "OK", "THE", "AND", "NOT", "YES", "NO", "I", "A", "AN", "IN", "ON", "AT",
    "TO", "OF", "IS", "IT", "BE", "WE", "HE", "SO", "DO", "GO", "UP", "BY", "OR", "IF", "AS", "ALL", "NEW", "ONE",
    "FOR", "YOU", "ASCII", "BASIC", "NAFTA", "COVID", "CAPTCHA", "ROME", "LIDAR", "YOLO", "NASDAQ", "SWAT",
    "MOOC", "UEFA", "WHAT", "WHY", "HOW", "NOW", "STOP", "GO", "BUT", "CAN", "WAS", "ARE",
))  # fmt: skip
"""Written in capitals and yet not spelled."""

ABBREVIATIONS = {
    "dr": "Doctor", "mr": "Mister", "mrs": "Missus", "ms": "Miz", "prof": "Professor", "st": "Saint", "jr": "Junior",
    "sr": "Senior", "vs": "versus", "etc": "et cetera", "no": "number", "nos": "numbers", "vol": "volume",
    "fig": "figure", "inc": "Incorporated", "ltd": "Limited", "co": "Company", "corp": "Corporation",
    "gen": "General", "col": "Colonel", "capt": "Captain", "lt": "Lieutenant", "sgt": "Sergeant", "gov": "Governor",
    "sen": "Senator", "rep": "Representative", "pres": "President", "rev": "Reverend", "hon": "Honorable",
    "maj": "Major", "mt": "Mount", "ave": "Avenue", "blvd": "Boulevard", "rd": "Road", "approx": "approximately",
    "dept": "department", "est": "established", "ca": "circa", "cf": "compare", "p": "page", "pp": "pages",
    "jan": "January", "feb": "February", "mar": "March", "apr": "April", "jun": "June", "jul": "July",
    "aug": "August", "sep": "September", "sept": "September", "oct": "October", "nov": "November", "dec": "December",
    "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday",
}  # fmt: skip
"""Read in full where a full stop follows."""

BEFORE_NUMBERS = frozenset((
    "no", "nos", "vol", "fig", "p", "pp", "est", "ca", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept",
    "oct", "nov", "dec",
))  # fmt: skip
"""Abbreviations only where a number follows."""

AFTER_NAMES = frozenset(("ave", "blvd", "rd", "jr", "sr", "inc", "ltd", "co", "corp"))
"""Abbreviations only where a name stands before them."""

BEFORE_NAMES = frozenset(
    ("gen", "maj", "col", "rep", "sen", "gov", "pres", "rev", "hon", "mon", "wed", "fri", "tue", "thu", "ms")
)
"""Abbreviations only where a capital or a number follows."""

LISTED = {
    "c++": "see plus plus", "c#": "see sharp", "f#": "eff sharp", ".net": "dot net", "wi-fi": "why fye",
    "wifi": "why fye", "ios": "eye oh ess", "macos": "mac oh ess", "w/o": "without", "w/": "with",
    "aka": "ay kay ay", "asap": "ay ess ay pee", "nvidia": "en vidia", "github": "git hub",
    "jpeg": "jay peg", "xi'an": "shee ahn", "ipad": "eye pad", "iphone": "eye phone", "iphones": "eye phones",
    "he/she": "he or she", "s/he": "she or he", "openai": "open ay eye", "linux": "linnux", "sql": "sequel",
    "phd": "pee aitch dee",
}  # fmt: skip
"""Written in a way of their own, in small letters, and how they are said."""

MAY_END_SENTENCE = frozenset(("etc", "jr", "sr", "inc", "ltd", "co"))

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def cardinal(text: str) -> str:
    """A whole number, digits only; digit by digit where it begins with 0 or has more than 15 digits.

    >>> cardinal("342")
    'three hundred and forty two'
    """
    if (len(text) > 1 and text[0] == "0") or len(text) > 15:
        return digits(text)
    return _words(int(text), "cardinal")


def ordinal(text: str) -> str:
    """A whole number as an ordinal."""
    return _words(int(text[-15:]), "ordinal")


def year(text: str) -> str:
    """Four digits as a year.

    >>> year("1936")
    'nineteen thirty six'
    """
    return _words(int(text), "year")


def decimal(text: str) -> str:
    """A number with or without a fraction and commas."""
    whole, _, fraction = text.replace(",", "").partition(".")
    read = cardinal(whole or "0")
    return f"{read} point {digits(fraction)}" if fraction else read


def digits(text: str) -> str:
    """Digit by digit; 0 is "zero"."""
    return " ".join(_words(int(character), "cardinal") for character in text)


def pairs(text: str) -> str:
    """Three or four digits that name a room, a flight, a road.

    >>> pairs("302"), pairs("1549"), pairs("1200"), pairs("415")
    ('three oh two', 'fifteen forty nine', 'twelve hundred', 'four fifteen')
    """
    head, tail = text[:-2], text[-2:]
    if text[0] == "0" or text.endswith("000"):
        return digits(text)
    if tail == "00":
        return f"{cardinal(head)} hundred"
    return f"{cardinal(head)} {'oh ' if tail[0] == '0' else ''}{cardinal(str(int(tail)))}"


def _words(value: int, form: str) -> str:
    from num2words import num2words

    read: str = num2words(value, lang="en", to=form)
    return read.replace("-", " ").replace(",", "")


def letters(text: str) -> str:
    """The names of letters.

    >>> letters("AI")
    'ay eye'
    """
    return " ".join(_LETTERS[character.upper()] for character in text if character.upper() in _LETTERS)


def word(text: str) -> str:
    """A written word as it is said: acronyms letter by letter, the rest as it stands.

    >>> word("GPT"), word("ChatGPT"), word("NASA"), word("Beijing")
    ('jee pee tee', 'Chat jee pee tee', 'nasa', 'Beijing')
    """
    if text.isupper() and text.isascii():
        if text in _SAID_AS_WORDS or len(text) > 5:
            return text if len(text) == 1 else text.lower()
        return letters(text)
    plural = re.fullmatch(r"([A-Z]{2,5})('?s)", text)
    if plural:
        return f"{word(plural.group(1))}'s"
    inside = re.fullmatch(r"([A-Z]?[a-z]{2,})([A-Z]{2,4})", text)
    return f"{inside.group(1)} {letters(inside.group(2))}" if inside else text


_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_FORM = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")


def roman(text: str) -> int | None:
    """The value of a Roman numeral up to 3999, or None.

    >>> roman("XIV"), roman("IIX")
    (14, None)
    """
    if not text or not _ROMAN_FORM.fullmatch(text):
        return None
    values = [_ROMAN[letter] for letter in text]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < following else value for value, following in pairs)
