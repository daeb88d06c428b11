"""Passages: the right size, cut at sentences, nothing lost."""

from __future__ import annotations

import re

from avatar.dialog.cutting import LARGE, TAIL, language_of, passages, sentences, width


def test_sentences_keep_their_quotes_and_lose_nothing() -> None:
    text = "“走罢。”他说。路很长！Is it 3.5 miles? Yes. 完"
    assert "".join(sentences(text)) == text
    assert sentences(text) == ["“走罢。”", "他说。", "路很长！", "Is it 3.5 miles? ", "Yes. ", "完"]


def test_where_a_sentence_ends() -> None:
    text = '"No." He paid 3.5 (about 4.) Then... 她问：“走吗？！” “走……” Go!\n\n 完'
    ends = ['"No." ', "He paid 3.5 (about 4.) ", "Then... ", "她问：“走吗？！” ", "“走……” ", "Go!\n\n ", "完"]
    assert sentences(text) == ends
    assert sentences("没有句号") == ["没有句号"] and sentences("") == [] and sentences("\n") == ["\n"]


def test_passages_are_between_small_and_large() -> None:
    first = "".join(f"第{n}句话说的是渡船和河水的事情，一共二十来个字。" for n in range(30))
    second = "".join(f"第{n}句话说的是桨和风的事情，也有二十来个字。" for n in range(30))
    found = passages(f"{first}\n\n{second}\n", "河")
    assert all(width(p.text) <= LARGE + TAIL for p in found)
    assert all(width(p.text) >= TAIL for p in found)
    assert all(p.text.endswith("。") for p in found)
    joined = re.sub(r"\s", "", "".join(p.text for p in found))
    assert joined == first + second


def test_it_is_asked_often_whether_to_stop() -> None:
    """Also where no heading and no end of a sentence comes for long."""
    texts = ["\n\n".join(f"第{n}句话。" for n in range(8_000)), "\n".join("水" * 30 for n in range(8_000))]
    for text in texts:
        told: list[float] = []
        found = passages(text, "河", tell=lambda _, share, told=told: told.append(share))  # type: ignore[misc]
        assert told == sorted(told) and len(told) > len(found) + 50


def test_a_sentence_without_end_is_cut() -> None:
    endless = "".join(chr(0x4E00 + n) for n in range(1500))
    found = passages(endless, "河")
    assert len(found) >= 3 and "".join(p.text for p in found) == endless


def test_a_passage_that_stands_twice_is_kept_once() -> None:
    assert len(passages("同一句话。", "书")) == len(passages("# 一\n\n同一句话。\n\n# 一\n\n同一句话。", "书")) == 1


def test_ids_are_stable_and_tell_places_apart() -> None:
    text = "# 一\n\n同一句话。\n\n# 二\n\n同一句话。\n"
    first, second = passages(text, "书")
    assert first.id != second.id
    assert [p.id for p in passages(text, "书")] == [first.id, second.id]


def test_the_language_of_a_passage() -> None:
    assert language_of("其实地上本没有路 (roads)") == "zh"
    assert language_of("Kong Yiji (孔乙己) drank standing.") == "en"
    assert passages("Only English here.", "t")[0].language == "en"
