"""Style tags in an answer that is being written: `[warm]`, `【严肃】`, `<tone: sad>`. They are read and taken out.

Whatever the model makes of them, no part of a tag may be spoken, shown or remembered: one that is not shut, not opened,
doubled or unknown is taken out where it can be told from text.
"""

from __future__ import annotations

import re

from avatar.stages import Style

LONGEST = 40
"""Characters in which a bracket has to be shut; a longer one is text."""

_NAMES: dict[Style, str] = {
    "calm": "calm neutral plain normal 平静 平和 冷静 中性 平淡",
    "warm": "warm gentle kind tender happy friendly caring comforting 温和 温柔 温暖 亲切 安慰 关切 高兴 开心",
    "sad": "sad sorry sorrowful melancholy grieving mournful 悲伤 难过 伤感 沉痛 悲哀 忧伤 伤心 沉重",
    "stern": "stern angry serious strict cold firm grave 严厉 严肃 愤怒 生气 冷峻 气愤",
    "amused": "amused amusing funny playful ironic humorous joking wry 好笑 幽默 调侃 讽刺 打趣 戏谑 俏皮",
}
_STYLE_OF: dict[str, Style] = {name: style for style, names in _NAMES.items() for name in names.split()}
_KEYS = frozenset({"", "style", "tone", "mood", "emotion", "语气", "情绪", "风格", "口气"})

_OPEN, _SHUT = "[【〔<", "]】〕>"
_WORD = re.compile(r"\s*([A-Za-z]+|[\u4e00-\u9fff]{1,4})")
_WORD_BEGUN = re.compile(r"\s*[A-Za-z]{0,16}\s?|\s*[\u4e00-\u9fff]{0,4}")

Told = list[tuple[str, Style | None]]
"""Words, each with the style that tags before them told, or None; the last may be empty, if nothing followed a tag."""


class Tags:
    """Takes the tags out. What comes out, and what is told, does not depend on where the pieces were cut."""

    def __init__(self) -> None:
        self._buffer = ""
        self._begun = False
        self._ends_blank = True
        self._joining = True

    def push(self, piece: str) -> Told:
        """The words that a further piece settles."""
        self._buffer += piece
        return self._read(final=False)

    def finish(self) -> Told:
        """The rest."""
        return self._read(final=True)

    def _read(self, *, final: bool) -> Told:
        told: Told = []
        style: Style | None = None
        while self._buffer and (step := self._step(self._buffer, final=final)) is not None:
            taken, words, found = step
            self._buffer = self._buffer[taken:]
            style = found or style
            if not words:
                self._joining = self._ends_blank
            elif self._joining:
                words = words.lstrip()
            if words:
                told.append((words, style))
                self._begun, self._joining, style = True, False, None
                self._ends_blank = words[-1].isspace()
        return [*told, ("", style)] if style else told

    def _step(self, text: str, *, final: bool) -> tuple[int, str, Style | None] | None:
        """How many characters are settled, the words among them, and a style; None to wait for more."""
        if text[0] in _OPEN:
            return self._bracket(text, final=final)
        if not self._begun:
            word = _WORD.match(text)
            if word and text[word.end() :].lstrip()[:1] in tuple(_SHUT) and (style := _STYLE_OF.get(word[1].lower())):
                return text.index(text[word.end() :].lstrip()[0]) + 1, "", style
            if not final and _WORD_BEGUN.fullmatch(text):
                return None
        end = min((place for place in map(text.find, _OPEN) if place > 0), default=len(text))
        return end, text[:end], None

    def _bracket(self, text: str, *, final: bool) -> tuple[int, str, Style | None] | None:
        """The same, where a bracket opens."""
        content = text.lstrip(_OPEN)
        doubled = len(text) - len(content)
        end = min((place for place in map(content.find, _SHUT) if place >= 0), default=-1)
        if not 0 <= end < LONGEST:
            if not final and len(content) < LONGEST and "\n" not in content:
                return None
            word = _WORD.match(content)
            style = _STYLE_OF.get(word[1].lower()) if word else None
            return (doubled + word.end(), "", style) if word and style else (doubled, text[:doubled], None)
        rest = content[end:]
        shut = min(doubled, len(rest) - len(rest.lstrip(_SHUT)))
        if shut < doubled and shut == len(rest) and not final:
            return None
        known, style = self._meant(content[:end])
        return (doubled + end + shut, "", style) if known else (doubled, text[:doubled], None)

    def _meant(self, inside: str) -> tuple[bool, Style | None]:
        """Whether what stands in brackets is a tag, and its style. Before the first word any single word is one."""
        key, _, word = re.sub("[：=]", ":", inside.lower()).rpartition(":")
        word = word.strip(" /")
        style = _STYLE_OF.get(word) if key.strip() in _KEYS else None
        return style is not None or (not self._begun and word.isascii() and word.isalpha()), style
