"""A text as chapters and clauses: nothing is lost, nothing is read that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.errors import TextError
from avatar.live.aloud.book import LONGEST_CHAPTER, Book, book_of, read_book
from avatar.media import SPEECH_RATE
from avatar.voice.speaking.clauses import LIMITS, units

BOOK = """# 秋夜

在我的后园，可以看见墙外有两株树，一株是枣树，还有一株也是枣树。

（他笑了。）**哇**的一声，夜游的恶鸟飞过了。

# 雪

暖国的雨，向来没有变过冰冷的坚硬的灿烂的雪花。

### 一

It was cold. 3 < 5.
"""


def words(book: Book) -> str:
    return "".join(line.text for chapter in book.chapters for line in chapter.lines)


def test_chapters_and_their_titles() -> None:
    book = book_of(BOOK, "野草")
    assert (book.title, book.language) == ("野草", "zh")
    assert [(chapter.number, chapter.title) for chapter in book.chapters] == [(1, "秋夜"), (2, "雪")]
    first, second = (chapter.lines for chapter in book.chapters)
    assert first[0].text == "秋夜"
    assert first[0].pause > 0
    assert first[-1].pause >= SPEECH_RATE
    assert [line.text for line in second] == [
        "雪",
        "暖国的雨，向来没有变过冰冷的坚硬的灿烂的雪花。",
        "一",
        *["It was cold.", "3 < 5."],
    ]
    assert [line.language for line in second] == ["zh", "zh", "zh", "en", "zh"]


def test_nothing_that_is_written_is_left_out_but_its_marks() -> None:
    said = words(book_of(BOOK, "野草"))
    assert "（他笑了。）哇的一声" in said
    assert "*" not in said
    assert "#" not in said


def test_a_text_without_titles_is_one_chapter_under_the_books() -> None:
    book = book_of("他走了。\n\n再也没有回来。", "无题")
    assert [chapter.title for chapter in book.chapters] == ["无题"]
    assert [line.text for line in book.chapters[0].lines] == ["他走了。", "再也没有回来。"]


def test_a_long_text_is_cut_into_parts_between_paragraphs() -> None:
    paragraph = "在我的后园，可以看见墙外有两株树。" * 20
    text = "\n\n".join([paragraph] * (100_000 // len(paragraph)))
    book = book_of(text, "长")
    assert len(book.chapters) > 5
    assert all(chapter.units <= LONGEST_CHAPTER for chapter in book.chapters)
    assert [chapter.title for chapter in book.chapters[:2]] == ["长", "长 (2)"]
    assert words(book) == text.replace("\n", "")


def test_a_line_without_end() -> None:
    text = "枣树" * 10_000
    book = book_of(text, "长")
    assert words(book) == text
    assert max(units(line.text) for chapter in book.chapters for line in chapter.lines) <= 2 * LIMITS[-1].most


@pytest.mark.parametrize("text", ["……！？", "# \n\n***\n", "—— —— ——"])
def test_nothing_that_can_be_said(text: str) -> None:
    with pytest.raises(TextError) as caught:
        book_of(text, "空")
    assert caught.value.code == "text_unspeakable"
    assert caught.value.zh


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "the.book.md"
    file.write_text(BOOK, encoding="gb18030")
    assert read_book(file).title == "the.book"
    assert read_book(file, "野草").chapters[1].title == "雪"


@pytest.mark.parametrize("data", [b"", b" \n ", b"\x00\x01\x02\xff" * 50, b"%PDF-1.4 nothing"])
def test_files_that_are_none(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "b.txt"
    file.write_bytes(data)
    with pytest.raises(TextError) as caught:
        read_book(file)
    assert caught.value.zh
    with pytest.raises(TextError, match="no file"):
        read_book(tmp_path / "nowhere.txt")
