"""Macros of character cards ("curly braced syntaxes" of the V3 specification), replaced in one pass.

    {{char}} {{user}}  <char> <bot> <user>    the names
    {{random:a,b}}     one of them             {{pick:a,b}}       one of them, always the same for the same text
    {{roll:6}}         1..6, also d6           {{reverse:abc}}    cba
    {{// x}} {{comment:x}}  nothing            {{hidden_key:x}}   nothing, but words for the lorebook to find

Names are found in small and capital letters alike. Macros may stand inside macros. What a macro gives is not read
again, so a name cannot smuggle one in. What is unknown stays as it is.
"""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass, field

MAX_CHARACTERS = 400_000
"""Of a text with its macros replaced; what goes beyond is cut off."""
MAX_DEPTH = 32
_MARK = re.compile(r"\{\{|\}\}|<(?:char|bot|user)>", re.IGNORECASE)
_SPLIT = re.compile(r"(?<!\\),")
_ROLL = re.compile(r"d?([1-9][0-9]{0,8})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Macros:
    """What macros are replaced with.

    Attributes:
        char: the character's nickname, or its name.
        user: what the user is called.
        seed: the same seed picks the same of `{{pick:…}}`.
        chance: for `{{random:…}}` and `{{roll:…}}`.
    """

    char: str
    user: str
    seed: str = ""
    chance: random.Random = field(default_factory=random.Random)

    def expand(self, text: str, *, scanning: bool = False) -> str:
        """The text with its macros replaced.

        Args:
            text: as it stands in the card.
            scanning: for the lorebook to look for its keys in, which sees hidden keys.
        """
        stack: list[list[str]] = [[]]
        at = size = 0
        for mark in _MARK.finditer(text):
            stack[-1].append(text[at : mark.start()])
            at = mark.end()
            if mark[0] == "{{" and len(stack) <= MAX_DEPTH:
                stack.append([])
            elif mark[0] == "}}" and len(stack) > 1:
                value = self._value("".join(stack.pop()), scanning=scanning)
                stack[-1].append(value)
                size += len(value)
            else:
                stack[-1].append(self._name(mark[0]))
            if size > MAX_CHARACTERS:
                break
        stack[-1].append(text[at:])
        while len(stack) > 1:
            unclosed = "".join(stack.pop())
            stack[-1].append("{{" + unclosed)
        return "".join(stack[0])[:MAX_CHARACTERS]

    def _name(self, mark: str) -> str:
        """A name in angle brackets; other marks stand for themselves."""
        return {"<char>": self.char, "<bot>": self.char, "<user>": self.user}.get(mark.lower(), mark)

    def _value(self, macro: str, *, scanning: bool) -> str:
        """What a macro, without its braces, is replaced with."""
        if macro.lstrip().startswith("//"):
            return ""
        name, _, rest = macro.partition(":")
        kind = name.strip().lower()
        if not rest and kind in ("char", "user"):
            return self.char if kind == "char" else self.user
        if kind in ("comment", "hidden_key"):
            return rest if scanning and kind == "hidden_key" else ""
        value = self._computed(kind, rest)
        return "{{" + macro + "}}" if value is None else value

    def _computed(self, kind: str, rest: str) -> str | None:
        """The value of a macro that computes one; None where there is no such macro."""
        if kind == "reverse":
            return rest[::-1]
        if kind == "roll":
            sides = _ROLL.fullmatch(rest.strip(": "))
            return str(self.chance.randint(1, int(sides[1]))) if sides else None
        if kind not in ("random", "pick"):
            return None
        choices = [choice.replace("\\,", ",") for choice in _SPLIT.split(rest.removeprefix(":"))]
        if kind == "random":
            return self.chance.choice(choices)
        digest = hashlib.sha256(f"{self.seed}\x00{rest}".encode("utf-8", "surrogatepass")).digest()
        return choices[int.from_bytes(digest[:8], "big") % len(choices)]
