"""What texts are called, and the names that they speak of."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from avatar.dialog.indexed import Indexed

_NO_NAME = re.compile(r"^[〇零一二三四五六七八九十百]+$|^第.+[章回节]|\s|^(?:自?序|后记|小引|题[记辞]|无题|前言|目录)$")


def names_in(texts: Sequence[Indexed]) -> tuple[str, ...]:
    """Titles in book-title marks and titles of pieces, most often first; mere numbers and chapters are no names."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text.passages.names)
    names = (unicodedata.normalize("NFKC", name) for name, count in counts.most_common(100) if count > 1)
    return tuple(name for name in names if 2 <= len(name) <= 8 and not _NO_NAME.search(name))[:60]


def first_heading(text: str) -> str:
    """The title at the beginning of a text; empty where there is none."""
    match = re.match(r"\s*#\s+(.+)", text)
    return clean_title(match[1]) if match else ""


def clean_name(name: str) -> str:
    """A file's name that can be shown, with the ending that tells its format."""
    file = Path(name)
    ending = file.suffix[:12]
    return clean_title(file.stem[: 80 - len(ending)] + ending)


def clean_title(title: str) -> str:
    """A title that can be shown: no control characters, not endless."""
    shown = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in title)
    return " ".join(shown.split())[:80] or "text"
