"""Names of which no voice is made."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from avatar.errors import InputError

_LIST = Path(__file__).with_name("blocked.txt")
_MAX_BYTES = 256 * 1024


def key_of(name: str) -> str:
    """A name by its letters: hanzi as pinyin, without accents, spaces and signs, so spellings of one name meet."""
    from pypinyin import lazy_pinyin

    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sign for part in lazy_pinyin(plain) for sign in part if sign.isalnum())


def check_name(name: str, more: Path | None = None) -> None:
    """Refuse a blocked name.

    Args:
        more: a file of further names.

    Raises:
        InputError: it is on a list.
    """
    wanted = key_of(name)
    if any(key_of(blocked) == wanted for blocked in [*_names(_LIST), *(_names(more) if more else ())]):
        raise InputError(
            "No voice is made of this name: a forgery of it would do public harm. See docs/voices.md.",
            "这个名字不可用于克隆:伪造其声音会造成公共危害。见 docs/voices.md。",
            code="name_blocked",
        )


def _names(path: Path) -> list[str]:
    try:
        lines = path.read_bytes()[:_MAX_BYTES].decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
