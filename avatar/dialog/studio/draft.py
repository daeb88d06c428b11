"""A card that is being changed: the few things that a wish can do to it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from avatar.dialog.cards.jsontext import Json
from avatar.dialog.probing import probe
from avatar.errors import Language

MAX_EXAMPLES = 24
"""Of a card; see `Persona`."""

LANGUAGES: tuple[Language, ...] = ("zh", "en")
_CLAUSE: dict[Language, re.Pattern[str]] = {
    "zh": re.compile(r"[^，；。！？：]+[，；。！？：]?"),
    "en": re.compile(r"[^,;.!?:]+(?:[,;.!?:](?=\s|$)|[,;.!?:])?\s*"),
}
_SENTENCE = re.compile(r".+?(?:[。！？!?…]+[”’」』\"']?|\.(?=\s|$)|$)\s*", re.DOTALL)
_ENDS = "。！？.!?…"
_KEPT_AS_THEY_ARE = frozenset({"id", "voice", "portrait", "languages", "ground"})


class Draft:
    """The fields of a card, changed step by step; the card itself stays as it is.

    Args:
        fields: as JSON has them.
    """

    def __init__(self, fields: Json) -> None:
        self.fields = copy.deepcopy(fields)

    @property
    def languages(self) -> list[Language]:
        """Those that the persona answers in."""
        return list(self.fields["languages"])

    def text(self, field: str, language: Language) -> str:
        """One of the card's texts."""
        return str(self.fields[field][language])

    def add(self, field: str, sentences: Mapping[Language, str]) -> None:
        """A sentence at the end of a text, in each language, where it does not stand there already."""
        for language, sentence in sentences.items():
            text = self.text(field, language)
            if sentence in text:
                continue
            mark = "" if not text or text[-1] in _ENDS else "。" if language == "zh" else "."
            blank = " " if language == "en" and text else ""
            self.fields[field][language] = f"{text}{mark}{blank}{sentence}"

    def drop(self, field: str, patterns: Mapping[Language, re.Pattern[str]]) -> None:
        """Take the clauses of a text away in which a pattern is found."""
        for language, pattern in patterns.items():
            text = self.text(field, language)
            clauses = _CLAUSE[language].findall(text)
            kept: list[str] = []
            for clause in clauses:
                if not pattern.search(clause):
                    kept.append(clause)
                elif kept and clause.rstrip()[-1:] in _ENDS:
                    kept[-1] = kept[-1].rstrip()[:-1] + clause.rstrip()[-1] + (" " if language == "en" else "")
            if len(kept) < len(clauses):
                self.fields[field][language] = _tidied("".join(kept), language)

    def set(self, field: str, language: Language, text: str) -> None:
        """Another text."""
        self.fields[field][language] = text

    def example(self, language: Language, question: str, answer: str) -> None:
        """An example dialogue more, in place of one with the same question; the last of its language makes room."""
        row = {"language": language, "question": question, "answer": answer, "quote": ""}
        rows: list[Any] = [one for one in self.fields["examples"] if one["question"] != question]
        if len(rows) >= MAX_EXAMPLES:
            same = [at for at, one in enumerate(rows) if one["language"] == language]
            del rows[same[-1] if same else -1]
        self.fields["examples"] = [*rows, row]

    def shorten(self, sentences: int) -> None:
        """Cut the answers of the examples: a small model imitates their length more than it follows any rule.

        Those that tell what the persona is stay whole.
        """
        for row in self.fields["examples"]:
            if probe(row["question"]) == "no":
                row["answer"] = first_sentences(row["answer"], sentences)

    def everywhere(self, change: Callable[[str], str]) -> None:
        """Change every text of the card but its id, its ground, and the names of files and voices."""
        for key, value in self.fields.items():
            if key not in _KEPT_AS_THEY_ARE:
                self.fields[key] = _changed(value, change)
        self.fields["ground"]["synthetic"] = _changed(self.fields["ground"]["synthetic"], change)


def first_sentences(text: str, count: int) -> str:
    """The first sentences of a text; one that is a single word and a mark does not count."""
    found = _SENTENCE.findall(text)
    at = counted = 0
    while at < len(found) and counted < count:
        counted += len(found[at].strip()) > 4
        at += 1
    return "".join(found[:at]).strip() or text


def _tidied(text: str, language: Language) -> str:
    """A text whose clauses were taken away: no mark at its beginning, a full stop at its end."""
    text = text.strip().lstrip("，；。：,;.: ")
    if text and text[-1] in "，；：、,;:":
        text = text[:-1] + ("。" if language == "zh" else ".")
    return text[:1].upper() + text[1:] if language == "en" else text


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_changed(one, change) for one in value]
    if isinstance(value, dict):
        return {key: one if key == "language" else _changed(one, change) for key, one in value.items()}
    return value
