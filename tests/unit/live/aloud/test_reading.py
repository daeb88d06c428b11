"""Read, stopped, gone on with: the files come out the same, and what was done is not done again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import pytest

from avatar.errors import EngineError, InputError, Language, StorageError
from avatar.live.aloud.audiobook import FRAME, NOTICE
from avatar.live.aloud.book import Book, book_of
from avatar.live.aloud.reading import ChapterFiles, Reading, Step
from avatar.live.aloud.workshop import Manner, Workshop
from avatar.media import SPEECH_RATE, ClauseSpeech, WordSpan, read_audio

TEXT = """# 秋夜

看哪，他们打他的头。我走了。

# 雪/雨: "?"

看哪，他们打他的头。第二章到这里就要结束了，因为后面再没有什么别的话可以说了。
"""
MANNER = Manner("v", "made", 1.0, "fake checked marked")
STEP = SPEECH_RATE // 10


@dataclass
class Voice:
    """Says each character as 0.1 s of a tone of its own; after so many clauses it fails."""

    most: int = 10_000
    said: list[str] = field(default_factory=list)

    def say(self, clause: str, language: Language) -> ClauseSpeech:
        if len(self.said) >= self.most:
            raise EngineError("It broke.", "它坏了。")
        self.said.append(clause)
        time = np.arange(STEP, dtype=np.float32)
        sounds = [np.sin(time * (0.02 + ord(c) % 50 / 500)).astype(np.float32) * 0.3 for c in clause]
        spans = tuple(WordSpan(c, i * STEP, (i + 1) * STEP) for i, c in enumerate(clause))
        return ClauseSpeech(clause, (), spans, None, iter(sounds))


def read(
    folder: Path,
    voice: Voice,
    text: str = TEXT,
    manner: Manner = MANNER,
    *,
    again: bool = False,
    progress: Callable[[Step], None] = lambda step: None,
    chapters: slice = slice(None),
    source: str = "b.md",
) -> tuple[list[ChapterFiles], bool]:
    book: Book = book_of(text, "野草")
    with Workshop(folder, source, manner, again=again) as workshop:
        reading = Reading(book, book.chapters[chapters], workshop, voice.say, "v")
        changed = reading.changed()
        return reading.read(progress), changed


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_what_a_chapter_comes_to(tmp_path: Path) -> None:
    found, changed = read(tmp_path / "a" / "b", Voice())
    assert not changed
    names = ["01 秋夜", "02 雪 雨"]
    endings = (".json", ".m4a", ".srt", ".vtt")
    assert sorted(files(tmp_path / "a" / "b")) == sorted([n + e for n in names for e in endings] + ["野草.m4b"])
    told = json.loads((tmp_path / "a" / "b" / "02 雪 雨.json").read_text(encoding="utf-8"))
    assert told["notice"] == NOTICE
    assert told["title"] == '雪/雨: "?"'
    sound = read_audio(found[1].audio, SPEECH_RATE)
    assert 0 <= sound.size - told["length"] < FRAME
    assert found[1].seconds == pytest.approx(told["length"] / SPEECH_RATE)


def test_words_sound_when_they_are_said_to(tmp_path: Path) -> None:
    found, _ = read(tmp_path, Voice())
    sound = read_audio(found[0].audio, SPEECH_RATE)
    told = json.loads(found[0].audio.with_suffix(".json").read_text(encoding="utf-8"))
    assert "".join(word["text"] for word in told["words"]) == "秋夜看哪，他们打他的头。我走了。"
    heard = np.zeros(sound.size, dtype=np.bool_)
    for word in told["words"]:
        heard[round(word["start"] * SPEECH_RATE) : round(word["end"] * SPEECH_RATE)] = True
    edge = SPEECH_RATE // 50
    inside = [np.abs(part).max() for part in np.split(sound[heard], range(edge, int(heard.sum()), edge))[:-1]]
    assert min(inside) > 0.05
    quiet = np.flatnonzero(~heard & (np.convolve(heard, np.ones(2 * edge), "same") == 0))
    assert np.abs(sound[quiet]).max() < 0.01


def test_subtitles_are_cut_at_clauses_and_marks(tmp_path: Path) -> None:
    found, _ = read(tmp_path, Voice())
    srt = found[1].audio.with_suffix(".srt").read_text(encoding="utf-8")
    lines = [block.split("\n")[2] for block in srt.strip().split("\n\n")]
    assert lines[1:] == [
        "看哪，他们打他的头。",
        "第二章到这里就要结束了，",
        "因为后面再没有什么别的话可以说了。",
    ]
    assert found[1].audio.with_suffix(".vtt").read_text(encoding="utf-8").startswith("WEBVTT\n")


def test_the_book_has_chapters_and_says_what_it_is(tmp_path: Path) -> None:
    found, _ = read(tmp_path, Voice())
    with av.open(str(tmp_path / "野草.m4b")) as container:
        assert container.metadata["comment"] == NOTICE
        assert container.metadata["title"] == "野草"
        marks = [
            (mark["metadata"]["title"], float(mark["start"] * (mark["time_base"] or 0)))
            for mark in container.chapters()
        ]
    assert [title for title, _ in marks] == ["秋夜", '雪/雨: "?"']
    assert marks[1][1] == pytest.approx(found[0].seconds, abs=2 * FRAME / SPEECH_RATE)
    with av.open(str(found[0].audio)) as container:
        assert container.metadata["track"] == "1"
        assert container.metadata["comment"] == NOTICE
    whole = read_audio(tmp_path / "野草.m4b", SPEECH_RATE)
    parts = [read_audio(each.audio, SPEECH_RATE).size for each in found]
    assert whole.size == pytest.approx(sum(parts), abs=2 * FRAME)


@pytest.mark.parametrize("most", [0, 1, 2, 3, 4])
def test_a_reading_that_is_stopped_goes_on_and_comes_out_the_same(tmp_path: Path, most: int) -> None:
    whole, first, second = Voice(), Voice(most), Voice()
    read(tmp_path / "whole", whole)
    with pytest.raises(EngineError):
        read(tmp_path / "parts", first)
    read(tmp_path / "parts", second)
    assert first.said + second.said == whole.said
    assert files(tmp_path / "whole") == files(tmp_path / "parts")


def test_a_stop_between_any_two_steps(tmp_path: Path) -> None:
    steps: list[Step] = []
    read(tmp_path / "whole", Voice(), progress=steps.append)
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total
    for stop in range(len(steps)):
        left = iter(range(stop))

        def interrupt(step: Step, left: object = left) -> None:
            if next(left, None) is None:  # type: ignore[call-overload]
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            read(tmp_path / str(stop), Voice(), progress=interrupt)
        read(tmp_path / str(stop), Voice())
        assert files(tmp_path / str(stop)) == files(tmp_path / "whole")


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    read(tmp_path, Voice())
    before = files(tmp_path)
    voice = Voice()
    read(tmp_path, voice)
    assert voice.said == []
    assert files(tmp_path) == before
    assert list((tmp_path / ".reading").glob("*.npz")) == []


def test_a_clause_that_is_damaged_is_made_again(tmp_path: Path) -> None:
    first, second = Voice(3), Voice()
    with pytest.raises(EngineError):
        read(tmp_path, first)
    (broken,) = (tmp_path / ".reading").glob("*.npz")
    broken.write_bytes(broken.read_bytes()[:100])
    read(tmp_path, second)
    assert second.said[:2] == ['雪/雨: "?"', "看哪，他们打他的头。"]


def test_files_of_a_chapter_that_are_gone_or_changed_are_made_again(tmp_path: Path) -> None:
    read(tmp_path, Voice())
    before = files(tmp_path)
    (tmp_path / "01 秋夜.vtt").unlink()
    (tmp_path / "02 雪 雨.json").write_text("{", encoding="utf-8")
    read(tmp_path, Voice())
    assert files(tmp_path) == before


def test_a_changed_text_is_noticed_and_only_its_chapter_is_read(tmp_path: Path) -> None:
    read(tmp_path, Voice())
    voice = Voice()
    _, changed = read(tmp_path, voice, TEXT.replace("我走了", "我又走了"))
    assert changed
    assert "".join(voice.said) == "秋夜看哪，他们打他的头。我又走了。"


@pytest.mark.parametrize(
    ("manner", "source", "code"),
    [
        (Manner("w", "made", 1.0, MANNER.engine), "b.md", "another_voice"),
        (Manner("v", "anew", 1.0, MANNER.engine), "b.md", "another_voice"),
        (Manner("v", "made", 1.2, MANNER.engine), "b.md", "another_voice"),
        (Manner("v", "made", 1.0, "fake"), "b.md", "another_voice"),
        (MANNER, "c.md", "another_book"),
    ],
)
def test_another_voice_or_book_is_refused_unless_one_starts_over(
    tmp_path: Path, manner: Manner, source: str, code: str
) -> None:
    read(tmp_path, Voice())
    before = files(tmp_path)
    with pytest.raises(InputError) as caught:
        read(tmp_path, Voice(), manner=manner, source=source)
    assert caught.value.code == code
    assert "--again" in caught.value.en
    assert "--again" in caught.value.zh
    assert files(tmp_path) == before
    voice = Voice()
    read(tmp_path, voice, manner=manner, source=source, again=True)
    assert voice.said[0] == "秋夜"
    assert "第二章" in voice.said[-1]


def test_single_chapters(tmp_path: Path) -> None:
    read(tmp_path, Voice(), chapters=slice(1, 2))
    voice = Voice()
    read(tmp_path, voice)
    assert not any("第二章" in clause for clause in voice.said)
    assert (tmp_path / "01 秋夜.m4a").is_file()


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"[1]",
        b'{"finished": []}',
        b'{"manner": 3}',
        b'{"manner": null, "finished": {"1": [2]}}',
        b'{"of_another_form": 1}',
        b"\xff",
    ],
)
def test_a_state_that_is_damaged_is_none(state: bytes, tmp_path: Path) -> None:
    (tmp_path / ".reading").mkdir()
    (tmp_path / ".reading" / "state.json").write_bytes(state)
    found, changed = read(tmp_path, Voice())
    assert len(found) == 2 and not changed


def test_a_manner_that_was_told_otherwise_is_another(tmp_path: Path) -> None:
    read(tmp_path, Voice())
    file = tmp_path / ".reading" / "state.json"
    told = json.loads(file.read_text("utf-8"))
    told["manner"]["pitch"] = 1.0
    file.write_text(json.dumps(told), "utf-8")
    with pytest.raises(InputError) as caught:
        read(tmp_path, Voice())
    assert caught.value.code == "another_voice"


@pytest.mark.parametrize("picture", [True, False])
def test_a_chapter_that_was_replaced_is_told(tmp_path: Path, picture: bool) -> None:
    read(tmp_path, Voice())
    chapter = tmp_path / "01 秋夜.m4a"
    if picture:
        with av.open(str(chapter), "w", format="mp4") as container:
            container.add_stream("mpeg4", rate=25)
            stream = container.streams.video[0]
            stream.width = stream.height = 16
            frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), dtype=np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    else:
        chapter.write_bytes(b"no sound at all")
    with pytest.raises(EngineError) as caught:
        read(tmp_path, Voice())
    assert caught.value.code == "chapter_damaged" and "01 秋夜.m4a" in caught.value.en
    chapter.unlink()
    read(tmp_path, Voice())
    assert chapter.is_file()


def test_two_at_once(tmp_path: Path) -> None:
    with Workshop(tmp_path, "b.md", MANNER), pytest.raises(InputError) as caught:
        read(tmp_path, Voice())
    assert caught.value.code == "folder_in_use"
    read(tmp_path, Voice())


def test_folders_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="not a folder"):
        read(file, Voice())
    with pytest.raises(StorageError):
        read(file / "below", Voice())

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="is full") as caught:
        read(tmp_path / "full", Voice())
    assert "腾出空间" in caught.value.zh
    assert list((tmp_path / "full" / ".reading").glob(".*")) == []
