"""Texts in PNG files, read and written chunk by chunk; the picture itself is never decoded here.

A PNG is a signature and chunks of length, kind, body and CRC-32 (PNG specification, third edition, section 5). A card
stands in a `tEXt` chunk: a keyword, a NUL, and base64. Every other chunk is kept as it is, so an animated picture stays
one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from avatar.errors import InputError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_BYTES = 128 * 1024 * 1024
MAX_TEXT_BYTES = 24 * 1024 * 1024
"""Of one text chunk: a card of 16 MB in base64."""
_MAX_CHUNKS = 100_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a PNG.

    Attributes:
        kind: four letters.
        body: what it holds.
    """

    kind: bytes
    body: memoryview

    @property
    def keyword(self) -> str | None:
        """The name of a text; None where the chunk is none."""
        if self.kind != b"tEXt":
            return None
        return bytes(self.body[:80]).split(b"\x00", 1)[0].decode("latin-1")


def is_png(data: bytes) -> bool:
    """Whether these bytes begin as a PNG does."""
    return data.startswith(SIGNATURE)


def read_texts(data: bytes, name: str) -> dict[str, bytes]:
    """The texts of a PNG by their keywords; of two with one keyword the first counts.

    Args:
        data: the whole file.
        name: what the error calls it.

    Raises:
        InputError: not a PNG, damaged, or a text larger than 24 MB.
    """
    found: dict[str, bytes] = {}
    for chunk in chunks(data, name):
        keyword = chunk.keyword
        if keyword is not None and keyword not in found:
            found[keyword] = bytes(chunk.body[len(keyword) + 1 :])
    return found


def write_texts(data: bytes, texts: Mapping[str, bytes], name: str, *, without: frozenset[str] = frozenset()) -> bytes:
    """A PNG with these texts in place of those of the same keywords; everything else is kept.

    Args:
        data: the whole file.
        texts: by keyword, 1 to 79 characters of ASCII; the values hold no NUL.
        name: what the error calls it.
        without: keywords that are left out.

    Raises:
        InputError: not a PNG, damaged, or with a text too large, its own or a new one.
    """
    if any(len(text) > MAX_TEXT_BYTES for text in texts.values()):
        raise _text_too_large(name)
    dropped = without | frozenset(texts)
    parts = [SIGNATURE]
    for chunk in chunks(data, name):
        if chunk.kind == b"IEND":
            parts += [_chunk(b"tEXt", keyword.encode("ascii") + b"\x00" + text) for keyword, text in texts.items()]
        if chunk.keyword not in dropped:
            parts.append(_chunk(chunk.kind, bytes(chunk.body)))
    return b"".join(parts)


def chunks(data: bytes, name: str) -> Iterator[Chunk]:
    """The chunks of a PNG, each checked against its CRC; what follows the last is ignored.

    Raises:
        InputError: not a PNG, damaged, larger than 128 MB, or with a text larger than 24 MB.
    """
    if not is_png(data) or len(data) > MAX_BYTES:
        raise _damaged(name)
    whole, at = memoryview(data), len(SIGNATURE)
    for number in range(_MAX_CHUNKS):
        if at + 12 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in (b"tEXt", b"zTXt", b"iTXt") and length > MAX_TEXT_BYTES:
            raise _text_too_large(name)
        end = at + 12 + length
        if end > len(data) or not kind.isalpha() or (number == 0) != (kind == b"IHDR"):
            break
        if zlib.crc32(whole[at + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            break
        yield Chunk(kind, whole[at + 8 : end - 4])
        if kind == b"IEND":
            return
        at = end
    raise _damaged(name)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _damaged(name: str) -> InputError:
    return InputError(
        f"{name} is not a PNG file, or it is damaged or larger than 128 MB.",
        f"{name} 不是 PNG 文件,或已损坏,或超过 128 MB。",
        code="png_damaged",
    )


def _text_too_large(name: str) -> InputError:
    return InputError(
        f"A text in {name} is larger than 24 MB; no character card is.",
        f"{name} 里的一段文字超过 24 MB,不会是人物卡。",
        code="png_text_too_large",
    )
