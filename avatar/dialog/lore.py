"""What the lorebook of a character card adds to a persona's prompt.

What stands in it always is part of the stable beginning, so the model's cache keeps it. What the conversation calls
stands in the last message, before the quotations, where nothing that was read is lost by it; entries that ask for a
depth of their own stand there too.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from avatar.dialog.cards.card import read
from avatar.dialog.cards.lorebook import Lorebook, Message
from avatar.dialog.cards.macros import Macros
from avatar.dialog.folders import IMPORTED
from avatar.dialog.persona import Persona
from avatar.dialog.prompt import estimate_tokens
from avatar.errors import AvatarError, Language

log = logging.getLogger(__name__)

ALWAYS_TOKENS = 400
"""Of what stands in the prompt always."""

CALLED_TOKENS = 120
"""Of what one question may add: a small model on a small machine reads some forty tokens a second."""


class Lore:
    """The lorebook of one persona; a value, shared by its conversations.

    Args:
        book: as the card has it.
        name: the persona's.
        language: it speaks first.
    """

    def __init__(self, book: Lorebook, name: str, language: Language) -> None:
        self._book = book
        self._name, self._language = name, language
        self._user = "客人" if language == "zh" else "the visitor"
        added = [entry for entry in book.added((), self._macros(), estimate_tokens) if entry.depth is None]
        kept, left = [], ALWAYS_TOKENS
        for entry in added:
            left -= estimate_tokens(entry.text)
            if left >= 0:
                kept.append(entry)
        self._standing = frozenset(entry.number for entry in kept)
        self.always = "\n".join(entry.text for entry in kept)
        """What stands in the prompt always; may be empty."""

    @classmethod
    def of(cls, persona: Persona) -> Lore | None:
        """The lorebook of the card that a persona was imported from; None where there is none."""
        file = Path(persona.folder) / IMPORTED
        if not file.is_file():
            return None
        try:
            body = read(file.read_bytes(), file.name).data.get("character_book")
        except (AvatarError, OSError):
            log.warning("lorebook_unreadable", extra={"persona": persona.id})
            return None
        if not isinstance(body, dict):
            return None
        language = persona.languages[0]
        return cls(Lorebook.of(body), persona.name.of(language), language)

    def of_card(self, persona: Persona) -> Lore:
        """The same book for the card as it is now: the persona may have got another name, or language, meanwhile."""
        now = persona.name.of(persona.languages[0]), persona.languages[0]
        return self if now == (self._name, self._language) else Lore(self._book, *now)

    def called(self, said: Sequence[Message], matched: Counter[int]) -> dict[int, str]:
        """What a conversation calls beyond what stands there always, by the entries' numbers, in the prompt's order.

        Args:
            said: the conversation, oldest first, the question last.
            matched: how often entries were called before.
        """
        found: dict[int, str] = {}
        left = CALLED_TOKENS
        for entry in self._book.added(said, self._macros(), estimate_tokens, matched=matched):
            cost = estimate_tokens(entry.text)
            if entry.number not in self._standing and cost <= left:
                left -= cost
                found[entry.number] = entry.text
        return found

    def _macros(self) -> Macros:
        """The same chances every time, so that the same prompt is made of the same conversation."""
        return Macros(self._name, self._user, self._name, random.Random(0))  # noqa: S311
