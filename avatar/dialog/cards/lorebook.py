"""Lorebooks: what a card adds to the prompt when certain words are spoken.

After "Lorebook Fields" and "Decorators" of the V3 specification. Values in, values out: the same book, conversation and
counts give the same entries. Of what the specification leaves to programs: keys are found in small and capital letters
alike unless an entry says otherwise; a book without `scan_depth` looks at the last four messages; recursion happens
only where the book asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from avatar.dialog.cards.decorators import Decorators, split
from avatar.dialog.cards.jsontext import Json
from avatar.dialog.cards.macros import Macros
from avatar.dialog.cards.patterns import Searching

Role = Literal["user", "assistant", "system"]

SCAN_DEPTH = 4
MAX_ENTRIES = 2000
MAX_SCANNED = 50_000
"""Characters that keys are looked for in, the latest of them."""
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Message:
    """Something said."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a book, its decorators taken from its text.

    Attributes:
        number: where it stands in the book, from 0; counts of earlier matches go by it.
        priority: the lowest goes first where there is no room.
        position: "before_char", "after_char", or where a decorator puts it.
    """

    number: int
    keys: tuple[str, ...]
    secondary: tuple[str, ...]
    content: str
    decorators: Decorators
    enabled: bool
    constant: bool
    regular: bool
    case_sensitive: bool
    order: float
    priority: float
    position: str


@dataclass(frozen=True, slots=True)
class Added:
    """An entry that goes into the prompt.

    Attributes:
        number: the entry's.
        text: its words, macros replaced.
        position: "before_char", "after_char", "before_desc", "after_desc", "personality", "scenario".
        depth: how many messages from the end it stands; None leaves it at its position.
        role: as whose message it goes where it has a depth.
    """

    number: int
    text: str
    position: str
    depth: int | None
    role: Role


@dataclass(frozen=True, slots=True)
class Lorebook:
    """A book, read as hostile: what has the wrong type is left out.

    Attributes:
        entries: as they stand in the book.
        scan_depth: messages that keys are looked for in.
        budget: tokens that entries may take together; None is no limit.
        recursive: whether the text of one entry may call another.
    """

    entries: tuple[Entry, ...]
    scan_depth: int
    budget: int | None
    recursive: bool

    @classmethod
    def of(cls, body: Json) -> Lorebook:
        """The book in a card's `character_book`, or in a file `{"spec": "lorebook_v3", "data": …}`."""
        data = body["data"] if body.get("spec") == "lorebook_v3" and isinstance(body.get("data"), dict) else body
        entries = data.get("entries")
        rows = entries[:MAX_ENTRIES] if isinstance(entries, list) else []
        budget, depth = _number(data.get("token_budget"), -1), _number(data.get("scan_depth"), SCAN_DEPTH)
        return cls(
            tuple(_entry(number, row) for number, row in enumerate(rows) if isinstance(row, dict)),
            scan_depth=int(depth),
            budget=int(budget) if budget >= 0 else None,
            recursive=data.get("recursive_scanning") is True,
        )

    def added(
        self,
        messages: Sequence[Message],
        macros: Macros,
        tokens: Callable[[str], int],
        *,
        matched: Mapping[int, int] | None = None,
        greeting: int = 0,
    ) -> list[Added]:
        """The entries that a conversation calls, in the order of the prompt, each once and within the budget.

        Args:
            messages: the conversation, oldest first.
            macros: replaced in the entries' texts.
            tokens: how many a text takes.
            matched: how often entries were added before, by their number.
            greeting: which greeting the conversation began with; 0 is the first.
        """
        scan = _Scan(self, messages, macros, matched or {}, greeting)
        chosen = [e for e in self.entries if scan.calls(e)]
        if self.recursive:
            chosen = scan.recursively(chosen)
        texts = {e.number: macros.expand(e.content).strip() for e in chosen}
        kept = self._within_budget([e for e in chosen if texts[e.number]], texts, tokens)
        kept.sort(key=lambda e: (e.order, e.number))
        return [_added(e, texts[e.number], len(messages)) for e in kept]

    def _within_budget(
        self, chosen: list[Entry], texts: Mapping[int, str], tokens: Callable[[str], int]
    ) -> list[Entry]:
        """Those that fit, the lowest priority left out first."""
        if self.budget is None:
            return chosen
        left, kept = self.budget, []
        for entry in sorted(chosen, key=lambda e: ("ignore_on_max_context" in e.decorators, -e.priority, e.number)):
            cost = tokens(texts[entry.number])
            if cost > left:
                break
            left -= cost
            kept.append(entry)
        return kept


class _Scan:
    """One look at a conversation."""

    def __init__(
        self, book: Lorebook, messages: Sequence[Message], macros: Macros, matched: Mapping[int, int], greeting: int
    ) -> None:
        self._book = book
        self._messages = messages
        self._macros = macros
        self._matched = matched
        self._greeting = greeting
        self._answers = sum(message.role == "assistant" for message in messages)
        self._searching = Searching()
        self._texts: dict[int, str] = {}

    def calls(self, entry: Entry, also: str = "") -> bool:
        """Whether an entry is called, by the conversation or by other entries' texts."""
        rules, before = entry.decorators, self._matched.get(entry.number, 0) > 0
        if not entry.enabled:
            return False
        if "activate" in rules or (before and "keep_activate_after_match" in rules):
            return True
        if "dont_activate" in rules or (before and "dont_activate_after_match" in rules):
            return False
        return self._timely(rules) and self._spoken_of(entry, also)

    def recursively(self, chosen: list[Entry]) -> list[Entry]:
        """Those chosen and those that their texts call in turn."""
        known = {e.number for e in chosen}
        fresh = chosen
        for _ in range(_ROUNDS):
            text = "\n".join(self._macros.expand(e.content, scanning=True) for e in fresh)[:MAX_SCANNED]
            fresh = [e for e in self._book.entries if e.number not in known and self.calls(e, text)]
            if not fresh:
                break
            chosen = [*chosen, *fresh]
            known.update(e.number for e in fresh)
        return chosen

    def _timely(self, rules: Decorators) -> bool:
        """Whether the conversation is where the decorators want it."""
        after, every = rules.number("activate_only_after"), rules.number("activate_only_every")
        greeting = rules.number("is_greeting")
        return (
            (after is None or self._answers >= after)
            and (not every or self._answers % every == 0)
            and (greeting is None or greeting == self._greeting)
        )

    def _spoken_of(self, entry: Entry, also: str) -> bool:
        """Whether the keys are found."""
        depth = entry.decorators.number("scan_depth")
        text = f"{self._recent(self._book.scan_depth if depth is None else depth)}\n{also}"
        extra = entry.decorators.items("additional_keys")
        if entry.regular:
            ignore = not entry.case_sensitive
            return any(self._searching.found(key, text, ignore_case=ignore) for key in (*entry.keys, *extra))
        words = text if entry.case_sensitive else text.casefold()

        def holds(keys: Sequence[str]) -> bool:
            return any((key if entry.case_sensitive else key.casefold()) in words for key in keys)

        if holds(entry.decorators.items("exclude_keys")) or (extra and not holds(extra)):
            return False
        return entry.constant or (holds(entry.keys) and (not entry.secondary or holds(entry.secondary)))

    def _recent(self, depth: int) -> str:
        """The last messages."""
        if depth not in self._texts:
            recent = self._messages[-depth:] if depth > 0 else ()
            self._texts[depth] = "\n".join(message.text for message in recent)[-MAX_SCANNED:]
        return self._texts[depth]


def _entry(number: int, row: Json) -> Entry:
    content = row.get("content")
    decorators, text = split(content if isinstance(content, str) else "")
    order = _number(row.get("insertion_order"), 0)
    position = row.get("position")
    return Entry(
        number,
        keys=_words(row.get("keys")),
        secondary=_words(row.get("secondary_keys")) if row.get("selective") is True else (),
        content=text,
        decorators=decorators,
        enabled=row.get("enabled") is not False,
        constant=row.get("constant") is True,
        regular=row.get("use_regex") is True,
        case_sensitive=row.get("case_sensitive") is True,
        order=order,
        priority=_number(row.get("priority"), order),
        position=position if position in ("before_char", "after_char") else "before_char",
    )


def _added(entry: Entry, text: str, messages: int) -> Added:
    rules = entry.decorators
    depth, reverse = rules.number("depth"), rules.number("reverse_depth")
    if depth is None and reverse is not None:
        depth = messages - reverse
    if "position" in rules:
        depth = None
    return Added(
        entry.number,
        text,
        position=rules.values.get("position", entry.position),
        depth=None if depth is None else max(0, min(depth, messages)),
        role=cast("Role", rules.values.get("role", "system")),
    )


def _words(value: Any) -> tuple[str, ...]:
    """The texts of a list, empty ones left out: an empty key would be found everywhere."""
    return tuple(word for word in value[:200] if isinstance(word, str) and word) if isinstance(value, list) else ()


def _number(value: Any, default: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    return max(-1e9, min(1e9, value))
