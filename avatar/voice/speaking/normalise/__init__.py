"""Digits, signs and abbreviations as the words a reader would say, each still knowing how it was written.

`words` cuts a clause into pieces whose written forms, joined, are the clause. Hanzi stand for themselves, one piece
each; everything else is looked up in `patterns`, in the language that surrounds it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from avatar.errors import InputError, Language
from avatar.voice.speaking.lexicon import EMPTY, Lexicon, parse_reading, spread
from avatar.voice.speaking.marks import Mark
from avatar.voice.speaking.normalise import english
from avatar.voice.speaking.normalise.context import REACH, Context, Said
from avatar.voice.speaking.normalise.homographs import respelled
from avatar.voice.speaking.normalise.patterns import PATTERNS
from avatar.voice.speaking.normalise.spelling import spelled
from avatar.voice.speaking.normalise.tables import MARKS
from avatar.voice.speaking.words import Script, Word

_HANZI = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇]")
_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ]+(?:['’][A-Za-z]+)*['’]?(?=[^A-Za-z]|$)")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}|[AaI]\b")
_SENTENCE_MARK = re.compile(r"[，。！？；：,!?;:()（）\n]|\.(?:\s|$)")

_LONGEST = 256
"""Characters of the longest piece; what goes on beyond is the next one, so that no pattern runs through a book."""

_WIDE = {code: code - 0xFEE0 for code in [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]}
_WIDE |= {ord("％"): ord("%"), ord("＋"): ord("+"), ord("＝"): ord("="), ord("＄"): ord("$"), ord("－"): ord("-")}
_WIDE |= {ord(wide): ord(plain) for wide, plain in zip("／．＠＆＃＊～＜＞°", "/.@&#*~<>°", strict=True)}


def words(text: str, language: Language, lexicon: Lexicon = EMPTY, marks: Sequence[Mark] = ()) -> list[Word]:
    """A clause's pieces.

    Args:
        text: as written, without marks; any characters.
        language: how digits and signs are read where their neighbours do not tell.
        lexicon: readings that go before everything else but the marks.
        marks: what somebody said of stretches of the text.
    """
    plain = text.translate(_WIDE)
    result: list[Word] = []
    at = 0
    for edge in sorted({place for mark in marks for place in (mark.start, mark.end)} | {len(plain)}):
        while at < edge:
            given = _given(text, at, edge, marks, language) or lexicon.words_at(plain, at)
            if given and sum(len(piece.written) for piece in given) <= edge - at:
                result += given
                at += sum(len(piece.written) for piece in given)
                continue
            end, said = _piece(plain, at, edge, language)
            _append(result, text[at:end], said)
            at = end
        result += [Word("", "", "mark", pause_ms=int(mark.value)) for mark in _breaks(marks, edge)]
    return _emphasised(result, marks) if marks else result


def _breaks(marks: Sequence[Mark], at: int) -> list[Mark]:
    return [mark for mark in marks if mark.kind == "break" and mark.start == at]


def _given(text: str, at: int, edge: int, marks: Sequence[Mark], language: Language) -> list[Word]:
    """The pieces of a stretch whose reading a mark gives; none where no such mark holds here."""
    for mark in marks:
        if mark.start <= at < mark.end and mark.kind in ("say-as", "phoneme", "sub"):
            if mark.kind == "say-as":
                return spelled(text[at:edge], mark.value, language)
            if mark.start == at:
                return _as_told(text[at:edge], mark, language)
            return [Word(text[at:edge], "", "mark")] if mark.kind == "sub" else []
    return []


def _as_told(written: str, mark: Mark, language: Language) -> list[Word]:
    """The pieces of what a phoneme or sub mark holds; none where its reading is no reading."""
    if mark.kind == "sub":
        said = words(mark.value, language)
        return [replace(piece, written="" if at else written) for at, piece in enumerate(said)]
    try:
        return spread(written, parse_reading(written, mark.value))
    except InputError:
        return []


def _emphasised(pieces: list[Word], marks: Sequence[Mark]) -> list[Word]:
    result, at = [], 0
    for piece in pieces:
        level = next((mark.value for mark in marks if mark.kind == "emphasis" and mark.start <= at < mark.end), "")
        result.append(replace(piece, emphasis=level) if level and piece.spoken else piece)
        at += len(piece.written)
    return result


def _piece(text: str, at: int, edge: int, language: Language) -> tuple[int, Said]:
    """Where the piece that begins at a place ends, before an edge, and what is said for it."""
    character = text[at]
    limit = min(edge, at + _LONGEST)
    if _HANZI.match(character):
        return at + 1, [(character, "zh")]
    if character.isspace():
        return at + 1, [(".", "mark")] if character == "\n" else []
    if not (at and _joins(text[at - 1], character)):
        found = _by_pattern(text, at, limit, language)
        if found is not None:
            return found
    latin = _LATIN.match(text, at, limit)
    if latin:
        return latin.end(), [(_latin(text, at, latin.group(), language), "en")]
    return at + 1, _mark(text, at)


def _by_pattern(text: str, at: int, limit: int, language: Language) -> tuple[int, Said] | None:
    for pattern, reader in PATTERNS:
        match = pattern.match(text, at, limit)
        if match and match.end() > at:
            end = match.end()
            around = text[max(0, at - REACH) : at], text[end : end + REACH]
            said = reader(match, Context(_language(*around, language), *around))
            if said is not None:
                return end, said
    return None


def _latin(text: str, at: int, written: str, language: Language) -> str:
    """A word in Latin letters; a single letter among hanzi is its name."""
    end = at + len(written)
    around = text[max(0, at - REACH) : at], text[end : end + REACH]
    if len(written) == 1 and _language(*around, language) == "zh":
        return english.letters(written) or written
    return english.word(respelled(written, *around).replace("’", "'").rstrip("'"))


def _joins(before: str, character: str) -> bool:
    """Whether a character goes on with the word before it, so that no pattern begins there."""
    return before.isascii() and before.isalnum() and character.isascii() and character.isalnum()


def _mark(text: str, at: int) -> Said:
    character = text[at]
    if character == '"':
        opens = at == 0 or text[at - 1].isspace() or text[at - 1] in "(（，。：,:"
        return [("“" if opens else "”", "mark")]
    if at and text[at - 1] == character:
        return []
    mark = MARKS.get(character)
    return [(mark, "mark")] if mark else []


def _append(result: list[Word], written: str, said: Said) -> None:
    """Add a piece; what is silent white space goes to the word before it."""
    if not said and written.isspace() and result:
        result[-1] = replace(result[-1], written=result[-1].written + written)
        return
    parts: list[tuple[str, Script]] = list(said) or [("", "mark")]
    for index, (spoken, script) in enumerate(parts):
        result.append(Word(written if index == 0 else "", spoken, script))


def _language(before: str, after: str, language: Language) -> Language:
    """In which language a number or sign is read: that of its neighbours up to the next mark.

    Hanzi beside it make it Chinese. Between or after English words it is English, but a single name in a Chinese
    sentence ("iPhone 15") does not make it so.
    """
    left = _SENTENCE_MARK.split(before)[-1]
    right = _SENTENCE_MARK.split(after)[0]
    if _HANZI.match(right.lstrip()[:1]) or _HANZI.match(left.rstrip()[-1:]):
        return "zh"
    if not _HANZI.search(before) and not _HANZI.search(after):
        return "en" if _LATIN_WORD.search(before + " " + after) else language
    near = _HANZI.split(left)[-1] + " " + _HANZI.split(right)[0]
    return "en" if len(_LATIN_WORD.findall(near)) >= 2 else language
