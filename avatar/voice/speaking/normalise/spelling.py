"""What a mark asks to be said character by character, or digit by digit."""

from __future__ import annotations

import re

from avatar.errors import Language
from avatar.voice.speaking.normalise import english, tables
from avatar.voice.speaking.normalise.context import Context, digits, say
from avatar.voice.speaking.words import Script, Word

_HANZI = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇]")
_PHONE = 3


def spelled(text: str, way: str, language: Language) -> list[Word]:
    """A piece for each character.

    Args:
        way: "characters": letters by their names, signs by theirs; "digits": only digits, and in Mandarin 幺 for 1.
        language: of digits and signs.
    """
    context = Context(language, "", "")
    count = sum(character.isdigit() for character in text)
    pieces = []
    for character in text:
        spoken, script = _name(character, way, context, phone=way == "digits" and count >= _PHONE)
        pieces.append(Word(character, spoken, script))
    return pieces


def _name(character: str, way: str, context: Context, *, phone: bool) -> tuple[str, Script]:
    if character.isascii() and character.isdigit():
        return digits(character, context, phone=phone), context.language
    if way == "digits" and not character.isalpha():
        return "", "mark"
    if _HANZI.match(character):
        return character, "zh"
    if character.isascii() and character.isalpha():
        return english.letters(character), "en"
    if character in tables.ADDRESS_SIGNS:
        ((said, script),) = say(context, *tables.ADDRESS_SIGNS[character])
        return said, script
    return "", "mark"
