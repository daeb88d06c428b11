"""Marks in a script: what they say, and that they are never said themselves."""

from __future__ import annotations

import pytest

from avatar.voice.speaking.marks import ALL_BREAKS_MS, Mark, parse, plain, script_clauses
from avatar.voice.speaking.normalise import words
from avatar.voice.speaking.words import Word


def pieces(script: str) -> list[Word]:
    marked = parse(script)
    return words(marked.text, "zh", marks=marked.marks)


def said(script: str) -> str:
    return "|".join(piece.spoken for piece in pieces(script) if piece.spoken)


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ('<break time="500ms"/>', 500),
        ("<break time='1.5s' />", 1500),
        ('<break time="99s"/>', 5000),
        ('<break strength="strong"/>', 500),
        ('<break strength="none"/>', 0),
        ("<break/>", 250),
        ("<BREAK>", 250),
        ('<break time="soon"/>', 250),
    ],
)
def test_a_break_lasts_as_long_as_it_says_within_bounds(written: str, milliseconds: int) -> None:
    found = parse(f"前{written}后")
    assert (found.text, found.marks) == ("前后", (Mark(1, 1, "break", str(milliseconds)),))


def test_a_break_is_a_piece_that_is_neither_written_nor_spoken() -> None:
    before, pause, after = pieces('好<break time="1s"/>的')
    assert (before.written, pause.written, after.written) == ("好", "", "的")
    assert (pause.spoken, pause.pause_ms) == ("", 1000)


def test_what_is_emphasised_knows_it() -> None:
    found = pieces('我<emphasis level="strong">不去</emphasis>。')
    assert [piece.emphasis for piece in found] == ["", "strong", "strong", ""]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('<say-as interpret-as="digits">110</say-as>', "幺|幺|零"),
        ('<say-as interpret-as="digits">12</say-as>', "一|二"),
        ('<say-as interpret-as="characters">GPU</say-as>', "jee|pee|you"),
        ('<say-as interpret-as="spell-out">A1</say-as>好', "ay|一|好"),
        ('<say-as interpret-as="poetry">12个</say-as>', "十二|个"),
        ('<sub alias="世界卫生组织">WHO</sub>', "世|界|卫|生|组|织"),
        ('<sub alias="">12</sub>', "十二"),
    ],
)
def test_something_else_is_said_for_what_is_written(script: str, expected: str) -> None:
    assert said(script) == expected
    assert "".join(piece.written for piece in pieces(script)) == plain(script)


def test_a_reading_is_taken_as_it_is() -> None:
    (one, two) = pieces('<phoneme alphabet="pinyin" ph="chóng qìng">重庆</phoneme>')
    assert (one.reading, two.reading) == (("chong2",), ("qing4",))
    (name,) = pieces('<phoneme ph="luː ʃyn">Lu Xun</phoneme>')
    assert (name.script, name.reading) == ("en", ("luː", "ʃyn"))


@pytest.mark.parametrize("reading", ["chong2", "zzz9 q1", "", "chong2 qing4 hao3", "!"])
def test_a_reading_that_is_none_changes_nothing(reading: str) -> None:
    found = pieces(f'<phoneme alphabet="pinyin" ph="{reading}">重庆</phoneme>')
    assert "".join(piece.spoken for piece in found).startswith("重庆")
    assert not any(piece.reading for piece in found)


def test_the_style_of_the_first_words() -> None:
    assert parse('<style name="sad">再见。</style>').style == "sad"
    assert parse('好。<style name="sad">再见。</style>').style is None
    assert parse('<style name="furious">再见。</style>').style is None


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("<foo bar='1'>好</foo>", "好"),
        ("好</emphasis>", "好"),
        ("<emphasis>好", "好"),
        ("好<break time=", "好"),
        ("<<break/>>", "<>"),
        ("<script>好</script>", "好"),
        ("1 < 2", "1 < 2"),
        ("好<emphasis level='", "好"),
    ],
)
def test_no_tag_is_text(script: str, expected: str) -> None:
    assert parse(script).text == expected


def test_marks_may_overlap() -> None:
    marked = parse('<emphasis>我<style name="stern">不</emphasis>去</style>')
    assert {(mark.kind, mark.start, mark.end) for mark in marked.marks} == {("emphasis", 0, 2), ("style", 1, 3)}


def test_each_clause_of_a_script_has_its_own_marks() -> None:
    script = '<emphasis level="strong">是的，我来了。他也来了。</emphasis>后来呢？'
    clauses = script_clauses(script)
    assert "".join(plain(clause) for clause in clauses) == plain(script)
    assert all(clause.count("<emphasis") == clause.count("</emphasis>") for clause in clauses)
    assert clauses[-1] == "后来呢？"


def test_a_clause_ends_where_the_style_changes() -> None:
    clauses = script_clauses('你好<style name="sad">再见</style>走了')
    assert [(plain(clause), parse(clause).style) for clause in clauses] == [
        ("你好", None),
        ("再见", "sad"),
        ("走了", None),
    ]


def test_all_breaks_together_are_bounded() -> None:
    clauses = script_clauses('好。<break time="5s"/>' * 100)
    total = sum(int(mark.value) for clause in clauses for mark in parse(clause).marks)
    assert total == ALL_BREAKS_MS


def test_a_script_may_write_signs_as_xml_does() -> None:
    assert "".join(script_clauses("a &lt;break/&gt; b &amp; c")) == "a ＜break/＞ b & c"


def test_a_script_is_scrubbed_like_an_answer() -> None:
    assert "".join(script_clauses("**你好**😀<b>！</b>")) == "你好！"
