"""Files of unknown origin as text: which encoding, whether it is text at all.

Chinese text files come in UTF-8, in UTF-16 (with or without a byte order mark), in GB18030 (GBK) and in Big5. The last
two decode nearly any bytes without complaint, so what they give is judged by how common its characters are.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import Path

from avatar.dialog.stopping import Look, looking, never
from avatar.errors import TextError
from avatar.files import reading

MAX_BYTES = 20 * 1024 * 1024

BLOCK = 1024 * 1024
"""Bytes that are decoded between two looks whether to stop."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COMMON = frozenset(
    "的一是不了在人有我他这個个们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于於着著下自之年过過发發"
    "后後作里裡用道行所然家种種事成方多经經么麼去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主样樣理心她本前开開"
    "但因只从從想实實，。、；：？！“”「」《》"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_ASCII = bytes(range(0x80))
_SAMPLE = 20_000


def read_text(file: Path) -> str:
    """A text file, decoded.

    Raises:
        TextError: it cannot be read, or as for `decode`.
    """
    return decode(read_bytes(file, MAX_BYTES), file.name)


def read_bytes(file: Path, most: int) -> bytes:
    """A file of unknown size: one byte more than `most` where it is larger than that.

    Raises:
        TextError: it cannot be read.
    """
    with reading(file, TextError, "text_not_found"), file.open("rb") as stream:
        return stream.read(most + 1)


def decode(data: bytes, name: str, look: Look = never) -> str:
    """Bytes as text in Unicode, line ends made "\\n".

    Args:
        data: the whole file.
        name: what the error calls it.
        look: whether to stop.

    Raises:
        TextError: too large, empty, binary, or in no encoding that is known here.
    """
    if len(data) > MAX_BYTES:
        raise TextError(
            f"{name} is larger than 20 MB. Split it into several files.",
            f"{name} 超过 20 MB。请拆成几个文件。",
            code="text_too_large",
        )
    text = _decoded(data, look)
    if text is None:
        raise TextError(
            f"{name} is not a text file, or its encoding is unknown. Save it as UTF-8 and try again.",
            f"{name} 不是文本文件,或编码无法识别。请另存为 UTF-8 再试。",
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").rstrip("\x1a")
    look()
    if not text or text.isspace():
        raise TextError(f"{name} is empty.", f"{name} 是空的。", code="text_empty")
    if _CONTROL.search(text):
        raise TextError(
            f"{name} holds a NUL byte or another control character; it is not a text file.",
            f"{name} 含有 NUL 或其他控制字符,不是文本文件。",
            code="text_binary",
        )
    return text


def _decoded(data: bytes, look: Look) -> str | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _try(data, encoding, look)
    if b"\x00" in data:
        wide = [text for e in ("utf-16-le", "utf-16-be") if (text := _try(data, e, look)) and "\x00" not in text]
        best = max(wide, key=_commonness, default=None)
        return best if best is not None and _commonness(best) > 0.1 else _try(data, "utf-8", look)
    text = _try(data, "utf-8", look)
    if text is None:
        text = _mixed(data, look)
    return text if text is not None else _legacy(data, look)


def _mixed(data: bytes, look: Look) -> str | None:
    """Lines of UTF-8 among lines of an older encoding, as in files pasted together; None where it is no such file."""
    lines = data.split(b"\n")
    texts = [_try(line, "utf-8", never) for line in looking(lines, look)]
    modern = "".join(text for text in texts if text is not None and not text.isascii())
    if not modern or _commonness(modern) <= 0.1:
        return None
    older = _legacy(b"\n".join(line for line, text in zip(lines, texts, strict=True) if text is None), look)
    if older is None:
        return None
    rest = iter(older.split("\n"))
    return "\n".join(next(rest, "") if text is None else text for text in texts)


def _legacy(data: bytes, look: Look) -> str | None:
    """GB18030 or Big5, whichever reads more like Chinese; else Western text with typographic quotes."""
    guesses = [text for encoding in ("gb18030", "big5hkscs") if (text := _try(data, encoding, look)) is not None]
    best = max(guesses, key=_commonness, default=None)
    if best is not None and _commonness(best) > 0.1:
        return best
    western = _try(data, "cp1252", look)
    if western is not None and len(data.translate(None, _ASCII)) < 0.1 * len(data):
        return western
    return None


def _try(data: bytes, encoding: str, look: Look) -> str | None:
    """The text in one encoding, None where it is in another."""
    decoder, parts = codecs.getincrementaldecoder(encoding)(), []
    try:
        for at in range(0, len(data), BLOCK):
            look()
            parts.append(decoder.decode(data[at : at + BLOCK], at + BLOCK >= len(data)))
    except UnicodeDecodeError:
        return None
    return "".join(parts)


def _commonness(text: str) -> float:
    """How much a text reads like Chinese: the share of common characters; of ASCII text, the share that is text."""
    sample = text[:_SAMPLE]
    beyond = [c for c in sample if ord(c) > 0x7F and not c.isspace()]
    if len(beyond) < 0.05 * len(sample):
        return sum(unicodedata.category(c)[0] in "LNPZ" or c.isspace() for c in sample) / max(1, len(sample))
    return sum(c in _COMMON for c in beyond) / len(beyond)
