"""Takes out of a streamed answer what is written but never said: markup, emoji, stage directions, reference marks.

A language model answers in Markdown and, playing a part, in stage directions. `Scrubber` reads the answer piece by
piece and gives back the words to say; what it gives back does not depend on where the pieces were cut.
"""

from __future__ import annotations

import re

HOLD = 48
"""Characters that an opening mark is waited for; a longer parenthesis is text."""

_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0e\ufe0f\u200d\u20e3\U000e0020-\U000e007f]")
_PAIRS = {"（": "）", "(": ")", "【": "】", "[": "]", "*": "*", "<": ">", "〔": "〕"}
_RUNS = frozenset("*_~`#")
_LINE_MARK = re.compile(r"(?:#{1,6}[ \t]+|[-*+•][ \t]+|>[ \t]?|(?:[-*_][ \t]*){3,}(?=\n))")
_LINE_MARK_BEGUN = re.compile(r"(?:#{1,6}[ \t]*|[+•>][ \t]*|(?:[-*_][ \t]*)+)\Z")
_LINK_TARGET = re.compile(r"\(\S{0,200}?\)")
_LINK_TARGET_BEGUN = re.compile(r"\(\S{0,199}\Z")
_REFERENCE = re.compile(r"\^?\d{1,3}(?:\s?[-,，–]\s?\d{1,3})*")
_TAG = re.compile(r"/?[A-Za-z][^<>]*")

_ACTS_ZH = re.compile(
    r"^[^，。！？,.!?\d]{0,6}(?:笑|叹|沉默|沉吟|停顿|顿了?|点头|点了点头|摇头|摇了摇头|皱眉|沉思|思索|思考|若有所思|抽烟|点烟|吸烟|吐烟|"
    r"一口烟|咳|凝视|注视|低头|抬头|起身|转身|坐下|站起|挥手|摆手|拱手|耸肩|轻声|低声|小声|缓缓|慢慢|平静|严肃|望向|望着|看向|看着|"
    r"放下|拿起|端起|捻|眨眼|鼓掌|鞠躬|深吸|清了清|语气|目光|神情|表情)"
)
_ACTS_EN = re.compile(
    r"^(?:(?:he|she|they|i|slowly|softly|quietly|gently|briefly|then|with a|a|long|slight|wry|small)\s+){0,3}"
    r"(?:smil|laugh|chuckl|giggl|sigh|paus|nod|shak|frown|grin|smirk|whisper|lean|look|glanc|gaz|star|cough|clear|puff|light|"
    r"smok|shrug|think|ponder|wink|bow|wav|gestur|exhal|inhal|tilt|rais|blink|sip|stroke|strok|silen|quiet|soft|gentl|calm)"
    r"(?:e|es|s|ing|ed|ly|t|ce|ence|kes|king)?(?:\W|$)",
    re.IGNORECASE,
)


def speakable(text: str) -> str:
    """A whole text without what is never said.

    >>> speakable("**是的**（微笑），我写过[1]。😀")
    '是的，我写过。'
    """
    scrubber = Scrubber()
    return scrubber.push(text) + scrubber.finish()


class Scrubber:
    """The streaming form of `speakable`. One for each reply; not shared between threads."""

    def __init__(self) -> None:
        self._pending = ""
        self._line_start = True

    def push(self, piece: str) -> str:
        """The words that are certain to be said, now that a further piece is known."""
        self._pending += piece
        return self._drain(final=False)

    def finish(self) -> str:
        """The rest. A mark that never closed is text."""
        return self._drain(final=True)

    def _drain(self, *, final: bool) -> str:
        said: list[str] = []
        while self._pending:
            step = self._step(self._pending, final=final)
            if step is None:
                break
            taken, text = step
            self._advance(taken)
            said.append(text)
        return "".join(said)

    def _advance(self, taken: int) -> None:
        consumed, self._pending = self._pending[:taken], self._pending[taken:]
        for character in consumed:
            if character == "\n":
                self._line_start = True
            elif not character.isspace() and not _EMOJI.match(character):
                self._line_start = False

    def _step(self, text: str, *, final: bool) -> tuple[int, str] | None:
        """How many characters are settled and what of them is said, or None to wait for more."""
        if _EMOJI.match(text):
            return 1, ""
        if self._line_start:
            mark = _LINE_MARK.match(text)
            if mark and mark.end() < HOLD and (final or mark.end() < len(text)):
                return mark.end(), ""
            if not final and len(text) < HOLD and _LINE_MARK_BEGUN.match(text):
                return None
        if text[0] in _PAIRS:
            return self._paired(text, final=final)
        if text[0] in _RUNS:
            return _run(text, final=final)
        return 1, text[0]

    def _paired(self, text: str, *, final: bool) -> tuple[int, str] | None:
        opener = text[0]
        if text.startswith("**"):
            return _run(text, final=final)
        end = text.find(_PAIRS[opener], 1, HOLD)
        broken = text.find("\n", 1, HOLD)
        if end < 0 or 0 <= broken < end:
            settled = final or len(text) >= HOLD or broken >= 0
            return (1, opener) if settled else None
        if end == len(text) - 1 and not final and opener in "[*":
            return None
        return _resolve(text, end, final=final)


def _run(text: str, *, final: bool) -> tuple[int, str] | None:
    """Emphasis and code marks: two or more of a kind, or any backtick, are markup; one alone is text."""
    length = len(text) - len(text.lstrip(text[0]))
    if length == len(text) and not final:
        return None
    markup = length > 1 or text[0] == "`"
    return length, "" if markup else text[:length]


def _resolve(text: str, end: int, *, final: bool) -> tuple[int, str] | None:
    """A closed pair: removed whole, or only its marks, or left as it is."""
    opener, inside = text[0], text[1:end]
    if opener == "*":
        return _starred(inside, end)
    if opener == "<":
        return (end + 1, "") if _TAG.fullmatch(inside) else (1, opener)
    if opener in "[【〔" and _REFERENCE.fullmatch(inside):
        return end + 1, ""
    if _is_act(inside):
        return end + 1, ""
    if opener == "[":
        return _link(text, end, final=final)
    return 1, opener


def _starred(inside: str, end: int) -> tuple[int, str]:
    if not inside or inside[0].isspace() or inside[-1].isspace():
        return 1, "*"
    return end + 1, "" if _is_act(inside) else inside


def _link(text: str, end: int, *, final: bool) -> tuple[int, str] | None:
    """Of a Markdown link the words are said, not the address."""
    rest = text[end + 1 :]
    target = _LINK_TARGET.match(rest)
    if target:
        return end + 1 + target.end(), text[1:end]
    if not final and _LINK_TARGET_BEGUN.match(rest):
        return None
    return 1, "["


def _is_act(inside: str) -> bool:
    """Whether a parenthesis tells what the speaker does instead of what he says."""
    stripped = inside.strip()
    return len(stripped) <= 32 and bool(_ACTS_ZH.match(stripped) or _ACTS_EN.match(stripped))
