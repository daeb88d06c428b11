"""Documents of every format: the words and the structure arrive, and what is hostile gets a sentence."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pypdf
import pytest

from avatar.dialog.cutting import passages
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.persona import Persona
from avatar.dialog.reading import isolated
from avatar.dialog.reading.docx import read_docx
from avatar.dialog.reading.epub import read_epub
from avatar.dialog.reading.html import read_html
from avatar.dialog.reading.pdf import MAX_PAGES, read_pdf
from avatar.dialog.reading.reading import documents_in, read_document
from avatar.dialog.texts import decode
from avatar.errors import AvatarError, InputError, TextError
from tests.unit.dialog.reading.documents import HTML, docx, epub, pdf, word_paragraph, zipped


def test_html_gives_headings_and_paragraphs() -> None:
    document = read_html(HTML.encode(), "a.html")
    assert document.title == "野草集"
    assert document.text == "# 秋夜\n\n在我的后园，可以看见墙外有两株树。\n\n一株是枣树&还有一株。\n\n### 又\n\n夜半"
    assert [p.place for p in passages(document.text, "野草集")] == ["秋夜", "秋夜 · 又"]


def test_a_row_of_a_table_is_one_paragraph() -> None:
    rows = "<tr><th>船</th><th>长</th></tr><tr><td>大</td><td></td><td>72</td></tr>"
    page = f"<p>船有两条。</p><table>{rows}</table><p>完</p>"
    assert read_html(page.encode(), "a.html").text == "船有两条。\n\n船; 长\n\n大; 72\n\n完"
    paragraphs = "<table><tr><td><p>渡口夜里有灯。</p><p>船夫在数钱。</p></td></tr></table>"
    assert read_html(paragraphs.encode(), "a.html").text == "渡口夜里有灯。\n\n船夫在数钱。"


def test_what_is_printed_above_a_note_is_no_title() -> None:
    note = '<div class="note"><h3>注意</h3><div><p>水深。</p></div></div>'
    document = read_html(f"<h2>渡口</h2><p>有船。</p>{note}<h3>船</h3><p>柳木的。</p>".encode(), "a.html")
    assert document.text == "# 渡口\n\n有船。\n\n注意\n\n水深。\n\n### 船\n\n柳木的。"


def test_html_in_the_encoding_that_it_states() -> None:
    page = '<meta charset="gb2312"><p>渡口夜里有灯，船夫在灯下数钱。</p>'
    assert read_html(page.encode("gb18030"), "a.html").text == "渡口夜里有灯，船夫在灯下数钱。"
    assert "渡口" in read_html(page.replace("gb2312", "no-such").encode(), "a.html").text


def test_word_gives_headings_and_paragraphs() -> None:
    body = word_paragraph("第一章", "Heading1") + word_paragraph("船。") + word_paragraph("水深", "2")
    core = '<c xmlns:dc="d"><dc:title>渡口记</dc:title></c>'
    document = read_docx(docx(body + word_paragraph("#不是标题"), **{"docProps/core.xml": core}), "a.docx")
    assert document.text == "# 第一章\n\n船。\n\n### 水深\n\n\\#不是标题" and document.title == "渡口记"


def test_a_row_of_a_table_in_word_is_one_paragraph() -> None:
    def row(*cells: str) -> str:
        return f"<w:tr>{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr>"

    short = row(word_paragraph("船"), word_paragraph(""), word_paragraph("三丈"))
    long = row(word_paragraph("渡口夜里有灯。") + word_paragraph("船夫在数钱。"), word_paragraph("水深。"))
    body = f"{word_paragraph('前')}<w:tbl>{short}{long}</w:tbl>{word_paragraph('后')}"
    found = read_docx(docx(body), "a.docx").text
    assert found == "前\n\n船; 三丈\n\n渡口夜里有灯。\n\n船夫在数钱。\n\n水深。\n\n后"


def test_a_book_comes_in_the_order_of_its_spine() -> None:
    pages = {
        "text/b.xhtml": "<h1>狗·猫·鼠</h1><p>从去年起。</p>",
        "a%20b.xhtml": "",
        "a.xhtml": "<h1>琐记</h1><p>衍太太。</p>",
    }
    document = read_epub(epub(pages), "a.epub")
    assert document.title == "朝花"
    assert document.text == "# 狗·猫·鼠\n\n从去年起。\n\n# 琐记\n\n衍太太。"


def test_a_pdf_comes_page_by_page() -> None:
    document = read_pdf(pdf(["The river is deep.", "", "It has a boat in it."]), "a.pdf")
    assert document.text == "### p. 1\n\nThe river is deep.\n\n### p. 3\n\nIt has a boat in it."
    assert [p.place for p in passages(document.text, "x")] == ["p. 1", "p. 3"]


def test_subtitles_say_when() -> None:
    lines = "1\n00:00:01,000 --> 00:00:02,000\n<i>上船罢</i>\n\n2\n00:00:03,000 --> 00:00:04,000\n夜里走。\n\n"
    text = read_document((lines + "3\n01:05:00,000 --> 01:05:02,000\n到了。\n").encode(), "a.srt").text
    assert text == "### 00:00:00\n\n上船罢夜里走。\n\n### 01:05:00\n\n到了。"
    assert read_document(b"WEBVTT\n\n00:01.000 --> 00:02.000\nGood\nevening.\n", "a.vtt").text.endswith("Good evening.")


@pytest.mark.timeout(60)
def test_subtitles_made_to_be_slow() -> None:
    shown = "1\n00:00:01,000 --> 00:00:02,000\n上船罢\n"
    assert read_document((shown + "\n" * 400_000 + "夜里走。").encode(), "a.srt").text.endswith("上船罢夜里走。")
    with pytest.raises(TextError, match="SRT"):
        read_document(("x" + "\n" * 400_000 + "y").encode(), "a.srt")


@pytest.mark.timeout(120)
def test_a_document_of_one_line_of_ten_megabytes(persona: Persona, tmp_path: Path) -> None:
    knowledge = Knowledge.open(persona, tmp_path, None)
    line = "水" * (10 * 1024 * 1024 // 3) + "渡口夜里有灯"
    entry = knowledge.add(line.encode(), "行.txt")
    assert entry.characters == len(line)
    assert "渡口夜里有灯" in knowledge.search("渡口夜里有灯", "zh", least=0.0)[0].text


@pytest.mark.parametrize("text", ["。。。", "# 题\n", "1933年\n", "⑴⑴", "\u200d" * 9])
def test_a_text_without_a_sentence_is_refused(text: str, persona: Persona, tmp_path: Path) -> None:
    knowledge = Knowledge.open(persona, tmp_path, None)
    with pytest.raises(TextError) as caught:
        knowledge.add(text.encode(), "空.txt")
    assert caught.value.code == "text_empty" and "空.txt" in caught.value.zh
    assert knowledge.entries == [] and not any((tmp_path / "knowledge").rglob("*.*"))


def test_lines_of_several_encodings() -> None:
    mixed = "在我的后园，可以看见墙外有两株树。\n".encode() + "一株是枣树，还有一株也是枣树。\n".encode("gb18030") * 2
    assert decode(mixed, "a.txt").split("\n")[:2] == [
        "在我的后园，可以看见墙外有两株树。",
        "一株是枣树，还有一株也是枣树。",
    ]


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "a.pdf", "text_damaged"),
        (b"%PDF-1.4 and nothing else", "a.pdf", "text_damaged"),
        (pdf(["", ""]), "a.pdf", "text_scanned"),
        (b"PK", "a.docx", "text_damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.docx", "password_protected"),
        (zipped({"a": "b"}), "a.docx", "text_damaged"),
        (docx("<w:p>" * 5000), "a.docx", "text_damaged"),
        (zipped({"word/document.xml": '<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>'}), "a.docx", "text_damaged"),
        (zipped({"word/document.xml": b"<a>" + bytes(210 << 20)}), "a.docx", "archive_too_large"),
        (docx("", **{"../../x": ""}), "a.docx", "archive_unsafe"),
        (docx(""), "a.docx", "text_empty"),
        (zipped({"mimetype": "application/epub+zip"}), "a.epub", "text_damaged"),
        (epub({"../../../etc/passwd": ""}), "a.epub", "archive_unsafe"),
        (epub({"a.xhtml": "<p>x</p>"}, **{"../x": ""}), "a.epub", "archive_unsafe"),
        (
            epub({"a.xhtml": "x"}, **{"META-INF/encryption.xml": '<e><EncryptionMethod Algorithm="aes"/></e>'}),
            "a.epub",
            "password_protected",
        ),
        (b"<script>x</script>", "a.html", "text_empty"),
        (b"no times", "a.srt", "text_damaged"),
        (b"x\0" * (11 << 20), "a.txt", "text_too_large"),
        (b" " * ((100 << 20) + 1), "a.pdf", "text_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_hostile_gets_a_sentence(data: bytes, name: str, code: str, persona: Persona, tmp_path: Path) -> None:
    knowledge = Knowledge.open(persona, tmp_path, None)
    with pytest.raises(AvatarError) as caught:
        knowledge.add(data, name)
    assert caught.value.code == code
    assert name in caught.value.en and name in caught.value.zh
    assert knowledge.entries == [] and not (tmp_path / "knowledge").exists()


def test_a_pdf_under_a_password_is_refused() -> None:
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(pdf(["secret"]))))
    writer.encrypt("owner-and-user", algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    with pytest.raises(TextError, match="protected"):
        read_document(locked.getvalue(), "a.pdf")


def test_a_pdf_of_many_pages_is_read_and_one_of_too_many_is_refused() -> None:
    with pytest.raises(TextError, match="5001 pages"):
        read_pdf(pdf([""] * (MAX_PAGES + 1)), "a.pdf")
    assert "### p. 300\n\nPage" in read_document(pdf(["Page"] * 300), "a.pdf").text


def test_the_reader_is_not_led_astray_by_where_it_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json", "avatar", "tempfile"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert isolated.read_isolated("<p>渡口的灯".encode(), "a.html", "html").text.strip() == "渡口的灯"


@pytest.mark.parametrize("limit", ["CPU_S", "MEMORY", "TIME_S"])
def test_a_reader_without_end_is_ended(limit: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The reading process is replaced by one that dies as the limits let it die."""
    ends = {"CPU_S": "import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "MEMORY": "raise SystemExit(1)"}
    script = tmp_path / "reader"
    script.write_text(
        f"#!/bin/sh\nexec python3 -c '{ends.get(limit, 'import time; time.sleep(60)')}'\n", encoding="utf-8"
    )
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(isolated, "TIME_S", 2.0)
    with pytest.raises(TextError) as caught:
        isolated.read_isolated(b"x", "a.pdf", "pdf")
    assert caught.value.code == "text_too_costly"


def test_the_file_decides_what_is_in_it(persona: Persona, tmp_path: Path) -> None:
    knowledge = Knowledge.open(persona, tmp_path, None)
    entry = knowledge.add(HTML.encode(), "page.html")
    assert entry.title == "野草集"
    assert knowledge.add(HTML.encode(), "again.htm") == entry and len(knowledge.entries) == 1
    assert knowledge.search("墙外有两株树", "zh")[0].work == "野草集"


def test_a_folder_gives_its_documents(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("b.txt", "in/a.pdf", "c.png", ".hidden.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert [file.name for file in documents_in([tmp_path, tmp_path / "c.png"])] == ["b.txt", "a.pdf", "c.png"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no document"):
        documents_in([tmp_path / "empty"])
