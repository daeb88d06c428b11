"""Marks in a script that say how it is read: a small part of SSML (W3C Speech Synthesis Markup Language 1.1).

    <break time="500ms"/>  <break strength="weak|medium|strong|x-strong"/>
    <emphasis level="strong|moderate|reduced">…</emphasis>
    <say-as interpret-as="characters|digits">…</say-as>
    <phoneme alphabet="pinyin|ipa" ph="chong2 qing4">…</phoneme>
    <sub alias="…">…</sub>
    <style name="calm|warm|sad|stern|amused">…</style>

Whoever writes a script may be hostile. Nothing here fails: a mark that is not understood changes nothing, and no tag,
known or not, closed or not, is ever read aloud. What a mark says is bounded, the silence of breaks, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from avatar.stages import STYLES, Style
from avatar.voice.speaking.clauses import ClauseChunker

Kind = Literal["break", "emphasis", "say-as", "phoneme", "sub", "style"]

LONGEST_BREAK_MS, ALL_BREAKS_MS = 5_000, 60_000
"""The longest silence of one break, and of all of a script's together."""

_MOST_OPEN = 16
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z-]{0,15})(?P<rest>(?:[\s/][^<>]{0,300})?)>")
_BROKEN = re.compile(r"</?(?:break|emphasis|say-as|phoneme|sub|style|speak)\b[^<>\n]{0,300}", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([A-Za-z-]{1,20})\s*=\s*(?:\"([^\"<>]{0,200})\"|'([^'<>]{0,200})')")
_TIME = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(ms|s)", re.IGNORECASE)
_STRENGTHS = {"none": 0, "x-weak": 50, "weak": 120, "medium": 250, "strong": 500, "x-strong": 1000}
_SPELLING = {"characters": "characters", "spell-out": "characters", "spell": "characters", "verbatim": "characters"}
_SPELLING |= {"digits": "digits", "telephone": "digits"}
_LEVELS = ("strong", "moderate", "reduced")
_ENTITIES = {"&lt;": "＜", "&gt;": "＞", "&quot;": '"', "&apos;": "'", "&amp;": "&"}
"""What stands for a sign in XML. The full-width signs are read like the others and begin no tag."""

_EMPTY = re.compile(r"<(emphasis|say-as|phoneme|sub|style)(?:\s[^<>]*)?></\1>", re.IGNORECASE)
_STYLE = re.compile(r"</?style(?:\s[^<>]{0,300})?>", re.IGNORECASE)
_PRIVATE = 0xE000
_PRIVATE_SIGNS = re.compile("[\ue000-\uf8ff]")
_MOST_MARKS = 0xF8FF - 0xE000


@dataclass(frozen=True, slots=True)
class Mark:
    """What a mark says of text[start:end]; a break lies between two characters.

    Attributes:
        value: the milliseconds of a break; the level of an emphasis; "characters" or "digits"; the reading; the alias;
            the style.
    """

    start: int
    end: int
    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A text without its marks, and what they say of it, in the order in which they begin."""

    text: str
    marks: tuple[Mark, ...]

    @property
    def style(self) -> Style | None:
        """The style of its first words, where a mark says one."""
        for mark in self.marks:
            if mark.kind == "style" and mark.start == 0:
                return next(style for style in STYLES if style == mark.value)
        return None


@dataclass(frozen=True, slots=True)
class _Tag:
    """One mark as it stands in a text: opening, closing, or empty (a break)."""

    written: str
    name: str
    closes: bool
    kind: Kind | None
    value: str


def parse(text: str) -> Marked:
    """A text and its marks. What is not closed ends with the text."""
    plain: list[str] = []
    length = 0
    open_tags: list[tuple[int, _Tag]] = []
    marks: list[Mark] = []
    for part in _parts(text):
        if isinstance(part, str):
            plain.append(part)
            length += len(part)
        elif part.kind == "break":
            marks.append(Mark(length, length, "break", part.value))
        elif part.closes:
            start, tag = _closed(open_tags, part.name)
            if tag is not None and tag.kind is not None and start < length:
                marks.append(Mark(start, length, tag.kind, tag.value))
        elif len(open_tags) < _MOST_OPEN:
            open_tags.append((length, part))
    marks += [Mark(start, length, tag.kind, tag.value) for start, tag in open_tags if tag.kind and start < length]
    return Marked("".join(plain), tuple(sorted(marks, key=lambda mark: (mark.start, -mark.end))))


def plain(text: str) -> str:
    """A text without its marks."""
    return parse(text).text if "<" in text else text


def styled(clause: str, style: Style) -> str:
    """A clause with the mark that says how it is meant, in place of its own; without one it is meant calmly.

    >>> styled("他走了。", "sad")
    '<style name="sad">他走了。</style>'
    """
    bare = _STYLE.sub("", clause) if "<" in clause else clause
    return bare if style == "calm" else f'<style name="{style}">{bare}</style>'


def script_clauses(text: str) -> list[str]:
    """A script's clauses, each with the marks that hold in it, opened and closed in it.

    >>> script_clauses('<emphasis level="strong">是的。我来了。</emphasis>')
    ['<emphasis level="strong">是的。</emphasis>', '<emphasis level="strong">我来了。</emphasis>']
    """
    tags: list[_Tag] = []
    open_tags: list[_Tag] = []
    rest = ALL_BREAKS_MS
    found = []
    for clause in _cut(_parts(_without_entities(_PRIVATE_SIGNS.sub("", text))), tags):
        written, rest = _shown(clause, tags, open_tags, rest)
        if plain(written).strip() or "<break" in written:
            found.append(written)
    return found


def _cut(parts: Iterator[str | _Tag], tags: list[_Tag]) -> Iterator[str]:
    """Clauses with their marks hidden. Where the style changes, a clause ends."""
    hidden: list[str] = []
    for part in parts:
        if isinstance(part, _Tag) and part.name == "style":
            yield from _clauses("".join(hidden))
            hidden = []
        hidden.append(_hidden(part, tags))
    yield from _clauses("".join(hidden))


def _clauses(text: str) -> list[str]:
    chunker = ClauseChunker()
    return [*chunker.push(text), *chunker.finish()]


def _hidden(part: str | _Tag, tags: list[_Tag]) -> str:
    """A mark as one sign that nothing else uses, so that it is carried through the cutting."""
    if isinstance(part, str):
        return part
    if part.name == "?" or len(tags) >= _MOST_MARKS:
        return ""
    tags.append(part)
    return chr(_PRIVATE + len(tags) - 1)


def _shown(clause: str, tags: list[_Tag], open_tags: list[_Tag], rest: int) -> tuple[str, int]:
    """A clause with its marks written out, and the silence that the following ones may have, in milliseconds."""
    written = [tag.written for tag in open_tags]
    for sign in clause:
        if not _PRIVATE_SIGNS.match(sign):
            written.append(sign)
            continue
        tag = tags[ord(sign) - _PRIVATE]
        if tag.kind == "break":
            length = min(int(tag.value), rest)
            rest -= length
            written.append(f'<break time="{length}ms"/>' if length else "")
        elif tag.closes:
            if any(each.name == tag.name for each in open_tags):
                while open_tags:
                    last = open_tags.pop()
                    written.append(f"</{last.name}>")
                    if last.name == tag.name:
                        break
        elif len(open_tags) < _MOST_OPEN:
            open_tags.append(tag)
            written.append(tag.written)
    shown = "".join([*written, *(f"</{tag.name}>" for tag in reversed(open_tags))])
    while (without := _EMPTY.sub("", shown)) != shown:
        shown = without
    return shown, rest


def _without_entities(text: str) -> str:
    return re.sub("&(?:lt|gt|quot|apos|amp);", lambda match: _ENTITIES[match.group()], text)


def _parts(text: str) -> Iterator[str | _Tag]:
    """Stretches of text and the marks between them."""
    at = 0
    while (start := text.find("<", at)) >= 0:
        if start > at:
            yield text[at:start]
        match = _TAG.match(text, start)
        broken = None if match else _BROKEN.match(text, start)
        if match:
            yield _tag(match)
            at = match.end()
        elif broken:
            at = broken.end()
        else:
            yield "<"
            at = start + 1
    if at < len(text):
        yield text[at:]


def _tag(match: re.Match[str]) -> _Tag:
    """What a tag says. One that is not known, or says nothing that is known, has no kind and changes nothing."""
    name, rest = match["name"].lower(), match["rest"]
    found = {key.lower(): one or two for key, one, two in _ATTRIBUTE.findall(rest)}
    if name not in get_args(Kind) or (rest.rstrip().endswith("/") and name != "break"):
        return _Tag("", "?", False, None, "")
    if name == "break":
        return _Tag(match.group(), name, False, "break", str(_break_ms(found)))
    if match["close"]:
        return _Tag(match.group(), name, True, None, "")
    value = _value(name, found)
    kind = next((kind for kind in get_args(Kind) if kind == name and value), None)
    return _Tag(match.group(), name, False, kind, value)


def _value(name: str, found: dict[str, str]) -> str:
    """What an opening tag's attributes say; empty where they say nothing that is known."""
    if name == "emphasis":
        level = found.get("level", "moderate").lower()
        return level if level in _LEVELS else ""
    if name == "say-as":
        return _SPELLING.get(found.get("interpret-as", "").lower(), "")
    if name == "phoneme":
        reading = found.get("ph", "").strip()
        return f"/{reading}/" if found.get("alphabet", "ipa").lower() == "ipa" and reading else reading
    if name == "sub":
        return found.get("alias", "").strip()
    style = found.get("name", "").lower()
    return style if style in STYLES else ""


def _break_ms(found: dict[str, str]) -> int:
    """The silence of a break in milliseconds."""
    time = _TIME.fullmatch(found.get("time", "").strip())
    if time:
        length = float(time.group(1)) * (1000 if time.group(2).lower() == "s" else 1)
        return int(min(length, LONGEST_BREAK_MS))
    return _STRENGTHS.get(found.get("strength", "medium").lower(), _STRENGTHS["medium"])


def _closed(open_tags: list[tuple[int, _Tag]], name: str) -> tuple[int, _Tag | None]:
    """Take the innermost open tag of a name off the stack; what was opened after it stays open."""
    for index in range(len(open_tags) - 1, -1, -1):
        if open_tags[index][1].name == name:
            return open_tags.pop(index)
    return 0, None
