"""Transcripts as rows of tokens, and what makes the one of the other.

A token is what is put in or taken out as a whole: a hanzi, an English word, a number. Marks are no tokens; they stay
with the token before them, since a comma alone changes no sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import Match, SequenceMatcher
from itertools import groupby, pairwise

from avatar.errors import Language, TextError
from avatar.voice.speaking.mandarin.reading import read, simplified
from avatar.voice.speaking.normalise import words

_APART = 2
"""Changes with fewer unchanged tokens between them are made as one."""

_HANZI = ("\u3400", "\u9fff")


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        text: as written.
        tail: marks and white space up to the next token; of the first token also `lead`.
        spoken: what a reader says for it, simplified and in lower case: by this tokens are compared.
        sounds: its syllables with their tones, or its English words.
        inside: it goes on with the word of the token before it, as 京 does in 北京.
        lead: marks before the first token.
    """

    text: str
    tail: str
    spoken: str
    sounds: tuple[str, ...]
    inside: bool = False
    lead: str = ""

    @property
    def plain(self) -> tuple[str, ...]:
        """The sounds without tones, for comparing with what was heard."""
        return tuple(sound.rstrip("012345") or sound for sound in self.sounds)


@dataclass(frozen=True, slots=True)
class Change:
    """Tokens start..end of the old text give way to first..last of the new; ends are exclusive, either may be empty."""

    start: int
    end: int
    first: int
    last: int


def main_language(text: str) -> Language:
    """What most of a text is written in: a hanzi counts as much as half an English word."""
    hanzi = sum(_HANZI[0] <= character <= _HANZI[1] for character in text)
    latin = len([run for is_latin, run in groupby(text, _is_latin) if is_latin])
    return "zh" if hanzi >= 2 * latin else "en"


def tokens(text: str, language: Language) -> tuple[Token, ...]:
    """A text's tokens; written one after the other they are the text.

    Args:
        text: any characters.
        language: how digits are read where their neighbours do not tell.
    """
    found: list[Token] = []
    lead = ""
    for script, run in groupby(words(text, language), key=lambda word: word.script if word.spoken else "mark"):
        pieces = list(run)
        if script == "mark":
            written = "".join(piece.written for piece in pieces)
            if found:
                found[-1] = replace(found[-1], tail=found[-1].tail + written)
            else:
                lead += written
            continue
        syllables, begins = _mandarin([piece.spoken for piece in pieces]) if script == "zh" else ([], [])
        at = 0
        for piece in pieces:
            sounds = tuple(piece.spoken.lower().split())
            inside = False
            if script == "zh":
                sounds = tuple(filter(None, syllables[at : at + len(piece.spoken)]))
                inside = not begins[at]
                at += len(piece.spoken)
            bare = piece.written.rstrip()
            if not piece.written and found:
                found[-1] = _longer(found[-1], piece.spoken, sounds)
                continue
            spoken = simplified(piece.spoken).lower()
            found.append(Token(bare, piece.written[len(bare) :], spoken, sounds, inside))
    if found and lead:
        found[0] = replace(found[0], lead=lead)
    return tuple(found)


def written(row: Sequence[Token]) -> str:
    """The text that tokens make up."""
    return "".join(token.lead + token.text + token.tail for token in row)


def replaced(old: Sequence[Token], wanted: str, by: str, language: Language) -> str:
    """The text with one stretch of it replaced.

    Args:
        wanted: the stretch; it is looked for as it is written, then by its sound.
        by: what comes in its place; empty to take it out.

    Raises:
        TextError: the stretch is not there, or more than once.
    """
    row = tokens(wanted, language)
    if not row:
        raise TextError(
            "--from has no words. Name the words that are to change, or some beside which words are to be put in.",
            "--from 里没有词。请写出要改的词;要插入时,写出旁边的词。",
            code="edit_nothing_named",
        )
    for places in (
        _places([token.spoken for token in old], [token.spoken for token in row]),
        _places([token.plain for token in old], [token.plain for token in row]),
    ):
        if len(places) == 1:
            return _with(old, places[0], places[0] + len(row), by)
        if places:
            raise TextError(
                f"{wanted!r} is said {len(places)} times. Write more of the words around it.",
                f"“{wanted}”出现了 {len(places)} 次。请把前后的词也写上。",
                code="edit_ambiguous",
            )
    raise TextError(
        f"{wanted!r} is not said in the recording. It says: {written(old).strip()}",
        f"录音里没有“{wanted}”。录音说的是:{written(old).strip()}",
        code="edit_not_found",
    )


def changes(old: Sequence[Token], new: Sequence[Token]) -> tuple[Change, ...]:
    """What makes the new text of the old: in order, apart from each other, each of whole words.

    Empty where both sound alike.
    """
    matcher = SequenceMatcher(None, [token.spoken for token in old], [token.spoken for token in new], autojunk=False)
    blocks = matcher.get_matching_blocks()
    found: list[Change] = []
    for before, after in pairwise([Match(0, 0, 0), *blocks]):
        change = Change(before.a + before.size, after.a, before.b + before.size, after.b)
        if change.start == change.end and change.first == change.last:
            continue
        room = change.start - found[-1].end if found else before.size
        change = _whole_words(change, old, new, room, after.size)
        if found and change.start - found[-1].end < _APART:
            change = Change(found[-1].start, change.end, found[-1].first, change.last)
            found.pop()
        found.append(change)
    return tuple(found)


def _whole_words(change: Change, old: Sequence[Token], new: Sequence[Token], before: int, after: int) -> Change:
    """The change, widened until no word is cut in either text, at most by so many tokens that both share."""
    left = next(
        by for by in range(before + 1) if by == before or _apart(change.start - by, change.first - by, old, new)
    )
    right = next(by for by in range(after + 1) if by == after or _apart(change.end + by, change.last + by, old, new))
    return Change(change.start - left, change.end + right, change.first - left, change.last + right)


def _apart(place: int, other: int, old: Sequence[Token], new: Sequence[Token]) -> bool:
    """Whether borders in both texts lie between words."""
    return not (_cut(old, place) or _cut(new, other))


def _cut(row: Sequence[Token], at: int) -> bool:
    """Whether a border lies inside a word."""
    return at < len(row) and row[at].inside


def _mandarin(pieces: Sequence[str]) -> tuple[list[str], list[bool]]:
    """The syllable of each character, and whether a word begins with it."""
    syllables: list[str] = []
    begins: list[bool] = []
    for lexical in read("".join(pieces)):
        syllables += lexical.syllables
        begins += [True] + [False] * (len(lexical.text) - 1)
    return syllables, begins


def _longer(token: Token, spoken: str, sounds: tuple[str, ...]) -> Token:
    """A token that is said with further words."""
    return replace(token, spoken=f"{token.spoken} {spoken.lower()}", sounds=token.sounds + sounds)


def _places(row: Sequence[object], wanted: Sequence[object]) -> list[int]:
    width = len(wanted)
    return [at for at in range(len(row) - width + 1) if list(row[at : at + width]) == list(wanted)]


def _with(old: Sequence[Token], start: int, end: int, by: str) -> str:
    """The text with tokens start..end replaced; what is taken out leaves one space or mark behind, not two."""
    before, after = written(old[:start]), written(old[end:])
    tail = old[end - 1].tail
    if by.strip():
        return before + old[start].lead + by.strip() + tail + after
    kept = "" if before.rstrip() != before or not before else tail
    if tail.strip():
        kept = tail if before.strip() and before.rstrip()[-1].isalnum() else ""
    return (before.rstrip() if kept.strip() else before) + kept + after


def _is_latin(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "'")
