"""Titles, broken lines and notes, in the shapes that real files have."""

from __future__ import annotations

import pytest

from avatar.dialog.structure import sections

LONG = 400_000

BROKEN = """\
目录

药......................................................Yao
故乡....................................................GuXiang



　　药⑴


　　一

　　秋天的后半夜，月亮下去了，太阳还没有出，只剩下一片乌蓝的天；除了夜游
的东西，什么都睡着。华老栓忽然坐起身，擦着火柴，点上遍身油腻的灯盏，茶馆
的两间屋子里，便弥满了青白的光。

　　“小栓的爹，你就去么？”是一个老女人的声音。里边的小屋子里，也发出一
阵咳嗽【注音“刻搜”】。

　　　　　　　　　　　　　　　　　　　　　　一九一九年四月。

□注释

⑴本篇最初发表于一九一九年五月《新青年》第六卷第五号，写的是一个茶馆主人。

⑵洋钱：指银元。

〔《呐喊》〕



                        故　　乡

　　我冒了严寒，回到相隔二千余里，别了二十余年的故乡去⑶。
"""

INDENTED = """\
                         伤　　逝〔１〕
                               ——涓生的手记

    如果我能够，我要写下我的悔恨和悲哀，为子君，为自己。
    会馆〔２〕里的被遗忘在偏僻里的破屋是这样地寂静和空虚。时光过得真快，
我爱子君，仗着她逃出这寂静和空虚，已经满一年了。
                                一九二五年十月二十一日毕。

〔１〕　本篇在收入本书前未在报刊上发表过。
〔２〕　会馆　旧时都市中同乡会或同业公会设立的馆舍，供同乡或同业旅居、
聚会之用。

                      在 酒 楼 上

    我从北地向东南旅行，绕道访了我的家乡，就到了S城。
"""


def test_titles_and_their_parts_are_found() -> None:
    found = sections(BROKEN, "呐喊")
    assert [section.place for section in found] == ["药 · 一", "故乡"]


def test_hard_breaks_are_mended_and_marks_removed() -> None:
    first = sections(BROKEN, "呐喊")[0].paragraphs
    assert first[0].endswith("便弥满了青白的光。") and "夜游的东西" in first[0]
    assert first[1] == "“小栓的爹，你就去么？”是一个老女人的声音。里边的小屋子里，也发出一阵咳嗽。"
    assert sections(BROKEN, "呐喊")[1].paragraphs == ["我冒了严寒，回到相隔二千余里，别了二十余年的故乡去。"]


def test_editors_notes_dates_and_sources_are_left_out() -> None:
    words = "".join(p for section in sections(BROKEN + INDENTED, "呐喊") for p in section.paragraphs)
    for gone in ("最初发表", "洋钱", "《呐喊》", "一九一九年四月", "二十一日毕", "馆舍", "Yao"):
        assert gone not in words


def test_paragraphs_that_begin_with_an_indent() -> None:
    found = sections(INDENTED, "彷徨")
    assert [section.place for section in found] == ["伤逝", "在酒楼上"]
    assert len(found[0].paragraphs) == 2
    assert found[0].paragraphs[1].startswith("会馆里的") and found[0].paragraphs[1].endswith("已经满一年了。")


def test_markdown_headings_and_lines_that_are_whole() -> None:
    found = sections("# Book\n\n## One\n\nA first line.\nA second line.\n\n### Deeper\n\nMore.\n", "Book")
    assert [section.place for section in found] == ["One", "One · Deeper"]
    assert found[0].paragraphs == ["A first line.", "A second line."]


DOCUMENT = """\
目录

1. 渡口

2. 船

### 1. 渡口

渡口夜里有灯。

### 2. 船

船是柳木做的。
"""


def test_the_text_after_the_contents_of_a_document_is_kept() -> None:
    """All paragraphs of a document have an empty line between them, so only what they say tells where contents end."""
    found = sections(DOCUMENT, "河")
    assert [(section.place, section.paragraphs) for section in found] == [
        ("1. 渡口", ["渡口夜里有灯。"]),
        ("2. 船", ["船是柳木做的。"]),
    ]
    assert sections(DOCUMENT.replace("### ", ""), "河")[0].paragraphs == ["渡口夜里有灯。"]
    assert sections("目录\n\n渡口\n\n船\n\n水深三丈。\n\n短。", "河")[0].paragraphs == ["水深三丈。", "短。"]
    assert [s.place for s in sections("## Contents\n\nThe river\n\n## The river\n\nIt is deep.", "x")] == ["The river"]


def test_chapters_of_a_novel() -> None:
    found = sections("Chapter One\n\nIt began.\n\nCHAPTER II\n\nIt went on.\n\n第三回　终局\n\n完了。\n", "Novel")
    assert [section.part for section in found] == ["Chapter One", "CHAPTER II", "第三回 终局"]


def test_a_text_without_titles_is_one_section() -> None:
    found = sections("只有一段话。\n\n又一段。", "短文")
    assert [section.place for section in found] == [""]
    assert found[0].paragraphs == ["只有一段话。", "又一段。"]


def test_english_words_are_joined_with_spaces_and_hyphens_mended() -> None:
    first = "The ferry was made of willow and it had been in use for twen-"
    second = "ty years when the flood came and took it away"
    found = sections("\n".join([first, second, "at last.", *["x" * 60] * 30]), "t")[0].paragraphs[0]
    assert found.startswith(first[:-1] + second + " at last.")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "line",
    [
        "# x" + " " * LONG + "y",
        "# " + "#" * LONG + "x",
        "注" + " " * LONG + "y",
        "目" + " " * LONG + "录",
        "1年" * LONG + "x",
    ],
    ids=["blanks", "hashes", "notes", "contents", "dates"],
)
def test_a_line_made_to_be_slow_is_a_paragraph(line: str) -> None:
    """The first three took up to an hour, with the interpreter's lock held."""
    (section,) = sections(f"渡口夜里有灯。\n\n{line}\n", "河")
    assert section.paragraphs[-1].split() == line.split()


@pytest.mark.timeout(60)
def test_a_long_paragraph_of_broken_lines_is_joined_in_one_go() -> None:
    lines = [f"第{n:06d}夜的水涨了又落船夫都说这样的年景从来没有见过呢" for n in range(30_000)]
    (section,) = sections("\n".join(lines), "河")
    assert section.paragraphs == ["".join(lines)]


def test_a_mark_across_a_break_goes() -> None:
    line = "船夫夜里唱歌唱的是旧戏岸上的人都停下来听他唱到天明"
    (section,) = sections("\n".join([line, line + "〔１", "２〕" + line, line]), "河")
    assert section.paragraphs == [line * 4]
