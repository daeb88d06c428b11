"""What a persona knows: found by words at once, by meaning when embedded, silent where the texts are."""

from __future__ import annotations

import io
import shutil
import threading
import time
import tracemalloc
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.dialog import texts
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.persona import Persona
from avatar.dialog.reading import parts
from avatar.dialog.stopping import StoppedError, untold
from avatar.errors import NotFoundError, TextError
from tests.unit.dialog.fakes import HashEmbedder

STORY = (
    "# 渡\n\n## 夜\n\n船夫夜里唱歌，唱的是旧戏，岸上的人都停下来听。\n\n"
    "## 水\n\n渡口的水在夏天有三丈深，桨也够不到底。\n"
)


def test_the_notes_of_the_card_are_known(knowledge: Knowledge) -> None:
    found = knowledge.search("渡船是什么做的？", "zh")
    assert found[0].work == "河上笔记" and found[0].place == "渡船"
    assert found[0].quote in found[0].text
    assert knowledge.entries == []


def test_a_text_is_found_by_words_at_once(knowledge: Knowledge) -> None:
    entry = knowledge.add(STORY.encode("gb18030"), "渡.txt")
    assert entry.title == "渡" and entry.passages == 2
    found = knowledge.search("谁在夜里唱歌？", "zh")
    assert (found[0].work, found[0].place) == ("渡", "夜")
    assert knowledge.embedded == (0, 4)


def test_the_same_text_in_another_encoding_is_kept_once(knowledge: Knowledge) -> None:
    first = knowledge.add(STORY.encode("utf-8"), "a.txt")
    assert knowledge.add(STORY.encode("utf-16"), "b.txt") == first
    assert knowledge.entries == [first]
    assert knowledge.embedded[1] == 4


def test_what_was_added_is_there_after_a_restart(knowledge: Knowledge, persona: Persona, data_dir: Path) -> None:
    entry = knowledge.add(STORY.encode(), "渡.txt")
    knowledge.embed()
    again = Knowledge.open(persona, data_dir, HashEmbedder())
    assert again.entries == [entry]
    assert again.embedded == (4, 4)
    again.remove(entry.id)
    assert Knowledge.open(persona, data_dir, None).entries == []


def test_the_texts_are_silent_on_what_they_do_not_hold(knowledge: Knowledge) -> None:
    knowledge.add(STORY.encode(), "渡.txt")
    knowledge.embed()
    for question in ("量子计算机怎么用？", "How do I install Python?", "", "？？？", "这是什么？"):
        assert knowledge.search(question, "zh") == []


def test_a_removed_text_is_no_longer_found(knowledge: Knowledge) -> None:
    entry = knowledge.add(STORY.encode(), "渡.txt")
    knowledge.remove(entry.id)
    assert knowledge.search("谁在夜里唱歌？", "zh") == []
    with pytest.raises(NotFoundError):
        knowledge.remove(entry.id)


def test_embedding_tells_its_progress_and_can_be_stopped(knowledge: Knowledge, embedder: HashEmbedder) -> None:
    knowledge.add("\n\n".join(f"# 第{n}章\n\n第{n}章说的是河。" for n in range(30)).encode(), "长.txt")
    told: list[tuple[int, int]] = []
    assert not knowledge.embed(lambda *at: told.append(at), lambda: len(told) >= 2)
    assert len(told) == 2 and told[0] < told[1] and told[-1][1] == 32
    stopped_at = embedder.embedded
    assert knowledge.embed()
    assert embedder.embedded == 32 and 0 < stopped_at < 32
    assert knowledge.embedded == (32, 32)


def test_what_a_text_says_is_found_at_every_step_of_its_embedding(knowledge: Knowledge) -> None:
    chapters = [f"# 第{n}章\n\n第{n}条河从山里来，流到海里去。" for n in range(28)]
    chapters += [f"# 第{n}章\n\n谁夜里过第{n}座桥？" for n in range(28, 32)]
    knowledge.add("\n\n".join([*chapters, "# 末章\n\n船夫夜里唱歌，唱的是旧戏。"]).encode(), "长.txt")
    found: list[list[str]] = []
    knowledge.embed(lambda *_: found.append([each.place for each in knowledge.search("谁在夜里唱歌？", "zh")]))
    assert len(found) >= 4
    assert all("末章" in places for places in found)


def test_a_text_removed_while_it_is_embedded_leaves_nothing(knowledge: Knowledge, data_dir: Path) -> None:
    entry = knowledge.add("\n\n".join(f"# 第{n}章\n\n第{n}章说的是河。" for n in range(30)).encode(), "长.txt")

    def remove(done: int, total: int) -> None:
        if done > 4 and knowledge.entries:
            knowledge.remove(entry.id)

    knowledge.embed(remove)
    assert knowledge.embedded == (2, 2)
    assert not list((data_dir / "knowledge").rglob(f"{entry.id}*"))


def test_a_text_that_is_removed_is_embedded_no_further(knowledge: Knowledge, embedder: HashEmbedder) -> None:
    entry = knowledge.add("\n\n".join(f"# 第{n}章\n\n第{n}章说的是河。" for n in range(60)).encode(), "长.txt")
    later = knowledge.add("渡口的灯一直亮到天明。".encode(), "灯.txt")
    told: list[tuple[int, int]] = []

    def remove(*at: int) -> None:
        told.append((at[0], at[1]))
        if len(told) == 2:
            knowledge.remove(entry.id)

    assert knowledge.embed(remove)
    assert embedder.embedded < 20, "the rest of it is of no use to anybody"
    assert [document.entry for document in knowledge.documents()] == [later]
    assert knowledge.documents()[0].embedded == 1


def test_a_text_that_is_cut_anew_while_it_is_embedded_is_embedded_anew(knowledge: Knowledge) -> None:
    entry = knowledge.add("\n\n".join(f"# 第{n}章\n\n第{n}章说的是河。" for n in range(30)).encode(), "长.txt")
    told: list[int] = []

    def again(done: int, of: int) -> None:
        told.append(done)
        if len(told) == 2:
            knowledge.reindex(entry.id)

    assert not knowledge.embed(again)
    assert knowledge.documents()[0].embedded == 0
    assert knowledge.embed() and knowledge.documents()[0].embedded == entry.passages


def test_nobody_waits_for_a_text_that_is_cut_anew(knowledge: Knowledge) -> None:
    entry = knowledge.add(long_text(400), "长.txt")
    other: list[str] = []

    def add(step: str, share: float) -> None:
        if step == "cutting" and not other:
            other.append("")
            adding = threading.Thread(target=lambda: other.append(knowledge.add("灯一直亮着。".encode(), "灯.txt").id))
            adding.start()
            adding.join(20)

    assert knowledge.reindex(entry.id, progress=add) == entry
    assert len(other) == 2 and [text.id for text in knowledge.entries] == [entry.id, other[1]]


def test_a_text_that_goes_while_it_is_cut_anew_stays_gone(knowledge: Knowledge, data_dir: Path) -> None:
    entry = knowledge.add(long_text(400), "长.txt")

    def remove(step: str, share: float) -> None:
        if knowledge.entries:
            knowledge.remove(entry.id)

    with pytest.raises(NotFoundError):
        knowledge.reindex(entry.id, progress=remove)
    assert knowledge.entries == [] and not list((data_dir / "knowledge").rglob("*.*"))


def test_two_that_embed_do_nothing_twice(persona: Persona, data_dir: Path) -> None:
    first, gate = threading.Event(), threading.Event()

    class Slow(HashEmbedder):
        def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
            first.set()
            assert gate.wait(20)
            return super().passages(texts)

    slow = Slow()
    knowledge = Knowledge.open(persona, data_dir, slow)
    knowledge.add("\n\n".join(f"# 第{n}章\n\n第{n}章说的是河。" for n in range(30)).encode(), "长.txt")
    threads = [threading.Thread(target=knowledge.embed) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert first.wait(20)
    assert not knowledge.embed(cancelled=lambda: True), "whoever waits may give up"
    gate.set()
    for thread in threads:
        thread.join(20)
    assert slow.embedded == 32 and knowledge.embedded == (32, 32)


def test_a_batch_that_fails_loses_nothing(persona: Persona, data_dir: Path) -> None:
    class Failing(HashEmbedder):
        def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if self.embedded >= 8:
                raise KeyboardInterrupt
            return super().passages(texts)

    knowledge = Knowledge.open(persona, data_dir, Failing())
    knowledge.add("\n\n".join(f"# 第{n}章\n\n第{n}章说的是河。" for n in range(30)).encode(), "长.txt")
    with pytest.raises(KeyboardInterrupt):
        knowledge.embed()
    assert Knowledge.open(persona, data_dir, HashEmbedder()).embedded[0] >= 8


def test_a_follow_up_leans_on_the_question_before(knowledge: Knowledge) -> None:
    knowledge.add(STORY.encode(), "渡.txt")
    assert knowledge.search("然后呢？", "zh") == []
    assert knowledge.search("然后呢？", "zh", previous="谁在夜里唱歌？")[0].place == "夜"
    assert knowledge.search("渡口的水有多深？", "zh", previous="谁在夜里唱歌？")[0].place == "水"


def test_a_pronoun_before_any_name_needs_the_question_before(knowledge: Knowledge) -> None:
    knowledge.add("# 渡船\n\n渡船是柳木做的，船夫叫老马，老马怕水。".encode(), "船.txt")
    assert knowledge.whole("他为什么怕水，渡船呢？", "老马是谁？") == "老马是谁？ 他为什么怕水，渡船呢？"
    assert knowledge.whole("渡船和柳木，他怕吗？", "老马是谁？") == "渡船和柳木，他怕吗？"
    assert knowledge.whole("然后呢？", "") == "然后呢？"


def test_the_same_words_are_not_found_twice(knowledge: Knowledge) -> None:
    knowledge.add(STORY.encode(), "渡.txt")
    knowledge.add(STORY.replace("，", "").encode(), "渡(另一版).txt")
    places = [found.place for found in knowledge.search("谁在夜里唱歌？", "zh")]
    assert places.count("夜") == 1


def test_a_source_goes_before_a_note(persona: Persona, data_dir: Path) -> None:
    knowledge = Knowledge.open(persona, data_dir, None)
    knowledge.add("这条河在渡口最深，涨水时节有三丈多，老船夫都这样说。".encode(), "县志.txt")
    assert [found.work for found in knowledge.search("河在渡口有多深？", "zh")] == ["县志", "河上笔记"]


def test_names_come_from_titles(knowledge: Knowledge) -> None:
    text = "# 柳花\n\n他读过《河图》。\n\n# 船歌\n\n他也唱《河图》。\n"
    knowledge.add(text.encode(), "书.txt")
    assert "河图" in knowledge.names


def test_numbers_and_chapters_are_no_names(knowledge: Knowledge) -> None:
    pieces = "".join(
        f"# {title}\n\n{title}里说的是第{n}条河。\n\n" for title in ("三十三", "后记", "长明灯") for n in "甲乙"
    )
    knowledge.add(pieces.encode(), "书.txt")
    assert knowledge.names == ("长明灯",)


@pytest.mark.parametrize("data", [b"", b"text\x00", b"\x00\x01\x02\x03" * 100])
def test_what_is_no_text_changes_nothing(data: bytes, knowledge: Knowledge) -> None:
    with pytest.raises(TextError):
        knowledge.add(data, "a.txt")
    assert knowledge.entries == []


def test_a_hostile_file_name_becomes_a_title(knowledge: Knowledge) -> None:
    entry = knowledge.add(STORY.encode(), "../../\x1b[31mevil\x00" + "x" * 300 + ".txt")
    assert "/" not in entry.title and "\x1b" not in entry.title and len(entry.title) <= 80


def test_a_long_file_name_keeps_the_ending_that_tells_its_format(knowledge: Knowledge) -> None:
    entry = knowledge.add("<p>灯塔在岸边。</p>".encode(), "书" * 120 + ".html")
    assert "<p>" not in knowledge.search("灯塔在哪里", "zh", least=0.0)[0].text and len(entry.title) <= 80


def test_of_a_persona_that_goes_nothing_more_is_written(knowledge: Knowledge, data_dir: Path) -> None:
    """Whatever is on its way when a persona is deleted would else make its folder anew."""
    entry = knowledge.add("\n\n".join(f"# 第{n}章\n\n第{n}章说的是河。" for n in range(30)).encode(), "长.txt")
    folder = data_dir / "knowledge"

    def gone(done: int, total: int) -> None:
        if folder.exists():
            knowledge.close()
            shutil.rmtree(folder)

    assert not knowledge.embed(gone)
    with pytest.raises(StoppedError):
        knowledge.add(long_text(50), "又.txt")
    with pytest.raises(StoppedError):
        knowledge._kept([entry.id], folder.mkdir)
    assert not folder.exists()


def test_searches_go_on_while_texts_come_and_go(knowledge: Knowledge) -> None:
    stop, failures = threading.Event(), list[BaseException]()

    def ask() -> None:
        while not stop.is_set():
            try:
                knowledge.search("渡船是什么做的？", "zh")
            except BaseException as error:  # noqa: BLE001 - reported to the test
                failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    for n in range(10):
        entry = knowledge.add(f"第{n}篇：渡船的事。".encode(), f"{n}.txt")
        knowledge.embed()
        knowledge.remove(entry.id)
    stop.set()
    thread.join()
    assert failures == []


def long_text(paragraphs: int) -> bytes:
    """So many paragraphs, no two alike: some 90 bytes each."""
    return "\n\n".join(f"第{n}夜船夫唱了{n * 7}支旧戏，渡口的水涨了{n}寸。" for n in range(paragraphs)).encode()


@pytest.mark.parametrize("step", ["reading", "cutting", "indexing"])
def test_an_addition_that_is_cancelled_leaves_nothing(step: str, knowledge: Knowledge, data_dir: Path) -> None:
    told: list[tuple[str, float]] = []
    with pytest.raises(StoppedError) as caught:
        knowledge.add(
            long_text(1500),
            "长.txt",
            progress=lambda *at: told.append(at),
            cancelled=lambda: bool(told) and told[-1][0] == step,
        )
    assert caught.value.code == "cancelled" and "没有保留" in caught.value.zh
    assert told[-1][0] == step and knowledge.entries == []
    assert not [file for file in (data_dir / "knowledge").rglob("*") if file.is_file() or file.name[0] == "."]
    entry = knowledge.add(long_text(1500), "长.txt")
    assert knowledge.entries == [entry]


def test_an_addition_asks_often_whether_it_is_cancelled(knowledge: Knowledge) -> None:
    asked: list[float] = []

    def never() -> bool:
        asked.append(time.thread_time())
        return False

    shares: list[float] = []
    knowledge.add(long_text(3000), "长.txt", progress=lambda _, share: shares.append(share), cancelled=never)
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(set(shares)) > 50
    assert max(later - one for one, later in pairwise(asked)) < 0.2 * (asked[-1] - asked[0])


def test_a_long_text_is_read_in_parts(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MAX_BYTES", 100_000)
    monkeypatch.setattr(parts, "PART", 40_000)
    monkeypatch.setattr(parts, "_READ", 10_000)
    data = long_text(2000)
    entry = knowledge.add(data, "长.txt")
    assert len(knowledge.entries) > 3 and entry.passages == sum(text.passages for text in knowledge.entries)
    assert [text.title for text in knowledge.entries][:2] == ["长 · 1", "长 · 2"]
    assert knowledge.search("第1999夜的水涨了多少？", "zh", least=0.0)[0].work.startswith("长 · ")
    whole = "".join("".join(passage.text.split()) for passage in knowledge.passages if passage.source == "text")
    assert whole == "".join(data.decode().split())
    with pytest.raises(TextError):
        knowledge.add("水".encode("utf-16") * 60_000, "宽.txt")


def test_what_is_too_much_to_be_held_is_found_alike_and_let_go_of(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = knowledge.add(long_text(600), "长.txt")
    knowledge.embed()
    held = knowledge.search("第199夜的水涨了多少？", "zh", least=0.0)
    let_go: list[object] = []
    for module in ("index", "knowledge"):
        monkeypatch.setattr(f"avatar.dialog.{module}.HELD_AT_MOST", 0)
    monkeypatch.setattr("avatar.dialog.index.let_go", let_go.append)
    assert knowledge.search("第199夜的水涨了多少？", "zh", least=0.0) == held != []
    text = next(text for text in knowledge.index.texts if text.entry == entry)
    assert any(each is text.passages.ids for each in let_go)
    assert sum(each is knowledge.index.vectors[-1] for each in let_go) > 1, "at once, and at the end"


def test_a_line_without_end_is_cut_between_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MAX_BYTES", 10_000)
    monkeypatch.setattr(parts, "PART", 4_000)
    monkeypatch.setattr(parts, "LINE", 1_000)
    monkeypatch.setattr(parts, "_READ", 1_000)
    line = "渡口的水很深" * 2_000
    found = list(parts.read_parts(io.BytesIO(line.encode()), "行.txt", untold))
    assert "".join(part.text for part in found) == line and len(found) > 5


def test_memory_does_not_grow_with_the_text(persona: Persona, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MAX_BYTES", 30_000)
    monkeypatch.setattr(parts, "PART", 15_000)
    monkeypatch.setattr(parts, "_READ", 4_000)
    peaks = []
    for size in (600, 1_800):
        file = tmp_path / f"{size}.txt"
        file.write_bytes(long_text(size))
        knowledge = Knowledge.open(persona, tmp_path / str(size), None)
        tracemalloc.start()
        knowledge.add_file(file)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_documents_and_passages_in_their_context(knowledge: Knowledge, embedder: HashEmbedder) -> None:
    entry = knowledge.add(long_text(200), "长.txt")
    knowledge.embed()
    (document,) = knowledge.documents()
    assert document.entry == entry and document.embedded == entry.passages > 3 and document.bytes == len(long_text(200))
    second = next(passage for passage in knowledge.passages[1:] if passage.work == "长" and "第0夜" not in passage.text)
    context = knowledge.around(second.id, beside=1)
    assert context is not None and context.passage == second and context.number == 2 and context.entry == entry
    assert len(context.before) == len(context.after) == 1 and "第0夜" in context.before[0].text
    assert knowledge.around("0" * 16) is None and knowledge.around("../x") is None
    done = embedder.embedded
    assert knowledge.reindex(entry.id) == entry and knowledge.documents()[0].embedded == 0
    knowledge.embed()
    assert embedder.embedded == done + entry.passages
