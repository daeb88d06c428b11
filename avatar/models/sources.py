"""What the kinds of source have in common."""

from __future__ import annotations


class SourceError(Exception):
    """One source could not give one file; the next source is tried.

    Args:
        en: a sentence that names the source, in English.
        zh: the same in Chinese.
    """

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh
