"""Cutting an answer into clauses."""

from __future__ import annotations

import pytest

from avatar.voice.speaking.clauses import LIMITS, ClauseChunker, units
from avatar.voice.speaking.scrub import speakable


def clauses(text: str) -> list[str]:
    chunker = ClauseChunker()
    return [*chunker.push(text), *chunker.finish()]


def test_the_first_clause_ends_at_the_first_comma() -> None:
    assert clauses("是的，先生，那是很久以前的事情了。")[0] == "是的，先生，"


def test_the_first_clause_is_given_before_the_sentence_is_written() -> None:
    chunker = ClauseChunker()
    assert chunker.push("我写过小说，") == ["我写过小说，"]


def test_later_clauses_are_longer() -> None:
    text = "我写过小说，也写过杂文，后来又译过书，还办过刊物，教过学生，印过版画，收过拓片，抄过古碑，见过许多人。"
    cut = clauses(text)
    assert units(cut[0]) < units(cut[1]) < units(cut[2])


def test_sentences_are_kept_whole() -> None:
    assert clauses("你好吗？我很好。今天天气不错，我们出去走走吧。") == [
        "你好吗？",
        "我很好。今天天气不错，",
        "我们出去走走吧。",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "It costs 3.5 dollars",
        "The number is 1,234,567 exactly",
        "Dr. Smith came",
        "I met Mr. and Mrs. Lu",
        "J. R. R. Tolkien wrote",
        "It is No. 5 of them",
        "Look at https://a.bc/d.e?f=1,2 now",
        "版本3.11.7很好",
        "现在是12:30了",
        "比如 e.g. this",
        "1. 第一",
        "他写了《一件小事，及其他》",
    ],
)
def test_no_cut_inside(text: str) -> None:
    assert clauses(text) == [text]


def test_closing_quotes_stay_with_their_sentence() -> None:
    assert clauses("他说：“救救孩子！”我听见了。")[0].endswith("！”")
    assert clauses('"Really now?" he asked me.')[0] == '"Really now?" '


def test_no_alone_is_a_sentence() -> None:
    assert clauses("No. I never did that.")[0] == "No. "


def test_an_ellipsis_is_one_border() -> None:
    assert clauses("我想……也许是的。") == ["我想……", "也许是的。"]
    assert clauses("Well, well... perhaps it is so.")[0] in ("Well, well... ", "Well, ")


def test_a_newline_ends_a_clause() -> None:
    assert clauses("第一行字\n第二行字") == ["第一行字\n", "第二行字"]


def test_text_without_marks_is_cut_where_one_breathes() -> None:
    text = (
        "I used to study medicine in the city of Sendai in Japan because I wanted to help the people who were ill "
        "and had no money for a proper doctor and could not leave"
    )
    cut = clauses(text)
    assert "".join(cut) == text
    assert len(cut) >= 3
    assert all(clause.endswith(" ") for clause in cut[:-1])
    assert units(cut[0]) <= LIMITS[0].most


def test_text_without_any_place_to_breathe_is_cut_all_the_same() -> None:
    cut = clauses("山" * 400)
    assert "".join(cut) == "山" * 400
    assert max(units(clause) for clause in cut) <= 2 * LIMITS[-1].most


def test_one_endless_word_is_left_whole() -> None:
    assert clauses("a" * 3000) == ["a" * 3000]


def test_nothing_gives_nothing() -> None:
    assert clauses("") == []
    assert clauses("😀") == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("（笑）是的。", "是的。"),
        ("是的（微微一笑），我写过。", "是的，我写过。"),
        ("*smiles* Yes.", " Yes."),
        ("(sighs softly) No.", " No."),
        ("【沉默片刻】不。", "不。"),
        ("我*真的*写过。", "我真的写过。"),
        ("**是的**，`code`。", "是的，code。"),
        ("# 标题\n- 一\n* 二\n> 三", "标题\n一\n二\n三"),
        ("见[呐喊](https://a.b/c)一书[1]。", "见呐喊一书。"),
        ("见[1, 2]和[^3]。", "见和。"),
        ("好👍🏽！❤️", "好！"),
        ("《狂人日记》（1918年）", "《狂人日记》（1918年）"),
        ("孔乙己（他是个读书人）来了", "孔乙己（他是个读书人）来了"),
        ("3 * 4 = 12", "3 * 4 = 12"),
        ("a < b", "a < b"),
        ("<b>是</b>", "是"),
        ("snake_case ~5", "snake_case ~5"),
        ("（没有关上", "（没有关上"),
        ("f(x) = [a]", "f(x) = [a]"),
        ("-5度", "-5度"),
    ],
)
def test_what_nobody_says_is_removed(written: str, said: str) -> None:
    assert speakable(written) == said


def test_units_count_hanzi_digits_and_words() -> None:
    assert units("我有2本Python书，don't") == 1 + 1 + 1 + 1 + 2 + 1 + 2
