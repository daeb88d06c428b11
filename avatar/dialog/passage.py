"""A passage: the piece of text that is found, quoted and cited."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from avatar.errors import Language


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a text, 350 to 600 characters as a rule.

    Attributes:
        id: stable: made from the text it stands in and its words.
        work: the title of the text.
        place: the chapter or section, for a reader; may be empty.
        text: the words, line breaks mended, as the source spells them.
        language: what it is written in.
        source: "text" for a work the user added, "note" for what the project wrote about it.
    """

    id: str
    work: str
    place: str
    text: str
    language: Language
    source: str = "text"


class Passages(Sequence[Passage]):
    """Passages that are each made when they are looked at."""

    @abstractmethod
    def made(self, at: int) -> Passage:
        """One of them; 0 <= at < len(self)."""

    @overload
    def __getitem__(self, at: int) -> Passage: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Passage]: ...
    def __getitem__(self, at: int | slice) -> Passage | Sequence[Passage]:
        if isinstance(at, slice):
            return tuple(self.made(one) for one in range(*at.indices(len(self))))
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self.made(at % len(self))


@dataclass(frozen=True, slots=True)
class Found:
    """A passage found for a question.

    Attributes:
        id: the passage's.
        work: the title of the text.
        place: the chapter or section; may be empty.
        text: the whole passage, with one beside it where both were found.
        quote: the sentence or two of it that answer best, short enough for a prompt.
        language: what it is written in.
        score: 0..1, how sure it is that the passage bears on the question; below RELEVANT it is not returned.
        source: as in `Passage`.
    """

    id: str
    work: str
    place: str
    text: str
    quote: str
    language: Language
    score: float
    source: str = "text"


@dataclass(frozen=True, slots=True)
class Grounding:
    """What an answer will rest on.

    Attributes:
        passages: found for the question, best first; none where the texts are silent.
        lore: what the card's lorebook says of the matter.
    """

    question: str
    language: Language
    passages: tuple[Found, ...] = ()
    lore: tuple[str, ...] = ()
