"""Encodings that Chinese text files come in, and files that are no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.dialog import texts
from avatar.dialog.stopping import StoppedError, stopped
from avatar.dialog.texts import MAX_BYTES, decode, read_text
from avatar.errors import TextError

SIMPLIFIED = "希望本是无所谓有，无所谓无的。这正如地上的路。\n其实地上本没有路，走的人多了，也便成了路。\n" * 3
TRADITIONAL = "希望本是無所謂有，無所謂無的。這正如地上的路。\n其實地上本沒有路，走的人多了，也便成了路。\n" * 3


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk"]
)
def test_simplified_chinese_in_every_encoding(encoding: str) -> None:
    assert decode(SIMPLIFIED.encode(encoding), "a.txt") == SIMPLIFIED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "gb18030", "big5hkscs"])
def test_blocks_end_within_characters(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "BLOCK", 7)
    looks: list[None] = []
    data = TRADITIONAL.encode(encoding)
    assert decode(data, "a.txt", lambda: looks.append(None)) == TRADITIONAL
    assert len(looks) > len(data) // 7
    with pytest.raises(TextError):
        decode(TRADITIONAL.encode("gb18030")[:-1] + b"\xff", "a.txt")


def test_decoding_is_stopped_at_once() -> None:
    def stop() -> None:
        raise stopped()

    for encoding in ("utf-8", "gb18030"):
        with pytest.raises(StoppedError):
            decode(SIMPLIFIED.encode(encoding), "a.txt", stop)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "big5", "big5hkscs", "gb18030"])
def test_traditional_chinese_in_every_encoding(encoding: str) -> None:
    assert decode(TRADITIONAL.encode(encoding), "a.txt") == TRADITIONAL


def test_english_with_typographic_quotes() -> None:
    text = "“Hope,” he said, “can’t be said to exist, nor can it be said not to exist.” " * 4
    assert decode(text.encode("cp1252"), "a.txt") == text


def test_line_ends_become_one_kind() -> None:
    assert decode(b"one\r\ntwo\rthree\x0cfour\x1a", "a.txt") == "one\ntwo\nthree\nfour"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "text_empty"),
        (b" \r\n\t", "text_empty"),
        (b"\xef\xbb\xbf", "text_empty"),
        (b"plain text with a NUL\x00 byte in it", "text_binary"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00" * 40, "text_binary"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xd8\xff\xe0" * 30, "invalid_text"),
        (bytes(range(256)) * 8, "invalid_text"),
        (b"x" * (MAX_BYTES + 1), "text_too_large"),
    ],
)
def test_what_is_no_text_gets_a_sentence(data: bytes, code: str) -> None:
    with pytest.raises(TextError) as caught:
        decode(data, "a.txt")
    assert caught.value.code == code
    assert "a.txt" in caught.value.en and "a.txt" in caught.value.zh


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.txt", tmp_path):
        with pytest.raises(TextError):
            read_text(path)
