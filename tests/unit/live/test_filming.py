"""A film of a portrait: what is said, how far it is told, and what a break leaves behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import pytest

from avatar.errors import AudioError, EngineError, InputError, Language, TextError
from avatar.face.badge import badged
from avatar.face.film import NOTICE
from avatar.live.filming import (
    GROUNDS,
    LONGEST_S,
    LONGEST_TEXT,
    Narration,
    Step,
    film,
    frame_count,
    narrate,
    opening,
    spoken,
)
from avatar.live.recording import frames as recording_frames
from avatar.media import SAMPLES_PER_FRAME, SPEECH_RATE, ClauseSpeech, Frame, PhoneSpan, Samples, WordSpan
from avatar.stages import Presence, Style

SIZE = 64


def _say(clause: str, language: Language, style: Style) -> ClauseSpeech:
    """A tenth of a second for each character, in two blocks."""
    length = len(clause) * SPEECH_RATE // 10
    sound = np.full(length, 0.25, dtype=np.float32)
    blocks = iter((sound[: length // 2], sound[length // 2 :]))
    return ClauseSpeech(clause, (PhoneSpan("a", 0, length),), (WordSpan(clause, 0, length),), length, blocks)


@dataclass
class Told:
    """What was told of the progress; raises when a step is so far."""

    steps: list[tuple[Step, float]] = field(default_factory=list)
    stop_at: tuple[Step, float] | None = None

    def __call__(self, step: Step, share: float) -> None:
        self.steps.append((step, share))
        if self.stop_at is not None and step == self.stop_at[0] and share >= self.stop_at[1]:
            raise KeyboardInterrupt


@dataclass
class Face:
    """Counts its frames."""

    size: int = SIZE
    drawn: int = 0
    heard: tuple[int, int] = (0, 0)
    fails_at: int = -1
    moods: list[tuple[int, Style]] = field(default_factory=list)

    def begin(self, at: int = 0) -> None:
        self.drawn = at

    def speak(self, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        self.heard = samples.size, len(phones)

    def stop(self) -> None:
        return

    def feel(self, style: Style, at: int = 0) -> None:
        self.moods.append((at, style))

    def attend(self, presence: Presence) -> None:
        return

    def skip(self) -> None:
        return

    def frame(self) -> Frame:
        if self.drawn == self.fails_at:
            raise EngineError("no", "不")
        self.drawn += 1
        return Frame(np.full((SIZE, SIZE, 3), 90, dtype=np.uint8), 0.0)


def test_a_text_is_said_clause_by_clause_and_its_lines_are_timed() -> None:
    told = Told()
    narration = narrate("我们走吧,今天天气真好。路就在前面。", "zh", _say, told)
    assert "".join(line.text for line in narration.lines) == "我们走吧,今天天气真好。路就在前面。"
    assert narration.lines[0].start == 0
    assert narration.lines[-1].end == narration.sound.size
    assert all(one.end == other.start for one, other in zip(narration.lines, narration.lines[1:], strict=False))
    assert [span.start for span in narration.phones] == [line.start for line in narration.lines]
    assert {step for step, _ in told.steps} == {"speaking"}
    assert all(0 <= share < 1 for _, share in told.steps)


@pytest.mark.parametrize("text", ["", " \n ", "长" * (LONGEST_TEXT + 1)])
def test_a_text_that_cannot_be_said_is_told(text: str) -> None:
    with pytest.raises(TextError):
        narrate(text, "zh", _say, Told())


def test_a_text_that_lasts_too_long_is_told_and_not_all_of_it_is_spoken() -> None:
    told = Told()
    with pytest.raises(TextError, match="longer than"):
        narrate("说" * 20 + ("。" + "说" * 20) * 140, "zh", lambda clause, language, style: _slow(clause), told)
    assert max(share for _, share in told.steps) < 0.9


def _slow(clause: str) -> ClauseSpeech:
    length = len(clause) * SPEECH_RATE // 4
    return ClauseSpeech(clause, (), (), length, iter((np.zeros(length, dtype=np.float32),)))


def test_a_script_may_say_how_it_is_meant() -> None:
    said: list[tuple[str, Style]] = []

    def say(clause: str, language: Language, style: Style) -> ClauseSpeech:
        said.append((clause, style))
        return _say(clause, language, style)

    narration = narrate("[warm]你来了,坐下说话。[stern]你听好,这件事不行。", "zh", say, Told())
    assert "".join(clause for clause, style in said if style == "warm") == "你来了,坐下说话。"
    assert "".join(clause for clause, style in said if style == "stern") == "你听好,这件事不行。"
    assert [style for style, _ in narration.moods] == [style for _, style in said]
    assert [at for _, at in narration.moods] == [line.start for line in narration.lines]
    whole = narrate("[warm]你来了,坐下说话。", "zh", say, Told(), style="sad")
    assert {style for style, _ in whole.moods} == {"sad"}


def test_marks_in_a_script_are_heeded_and_not_read() -> None:
    said: list[tuple[str, Style]] = []

    def say(clause: str, language: Language, style: Style) -> ClauseSpeech:
        said.append((clause, style))
        return _say(clause, language, style)

    script = 'A<break time="400ms"/>他来了。<style name="sad">天黑了。</style><b>好。</b>'
    narrate(script, "zh", say, Told())
    assert said == [
        ('A<break time="400ms"/>他来了。', "calm"),
        ('<style name="sad">天黑了。</style>', "sad"),
        ("好。", "calm"),
    ]
    said.clear()
    narrate(script, "zh", say, Told(), style="warm")
    assert {style for _, style in said} == {"warm"}


def test_the_face_is_told_how_it_is_meant() -> None:
    face = Face()
    for _ in recording_frames(spoken(np.full(4_800, 0.1, dtype=np.float32), "amused"), face):
        pass
    assert face.moods == [(0, "amused")]
    assert spoken(np.full(4_800, 0.1, dtype=np.float32)).moods == ()


def test_a_preview_speaks_only_the_beginning() -> None:
    asked: list[str] = []

    def say(clause: str, language: Language, style: Style) -> ClauseSpeech:
        asked.append(clause)
        return _say(clause, language, style)

    text = "这是第一句话,很长很长。" * 20
    narration = narrate(text, "zh", say, Told(), seconds=3)
    assert len("".join(asked)) < len(text) / 3
    short = opening(narration, 2.0)
    assert short.seconds == 2.0
    assert short.lines[-1].end == short.sound.size
    assert all(span.start < short.sound.size for span in short.phones)


def test_a_preview_synthesizes_no_more_of_a_long_clause() -> None:
    pulled: list[int] = []

    def say(clause: str, language: Language, style: Style) -> ClauseSpeech:
        def blocks() -> Iterator[Samples]:
            for number in range(100):
                pulled.append(number)
                yield np.full(SPEECH_RATE // 2, 0.25, dtype=np.float32)

        return ClauseSpeech(clause, (), (), 50 * SPEECH_RATE, blocks())

    assert narrate("一句很长很长的话。", "zh", say, Told(), seconds=2.0).seconds == 2.0
    assert len(pulled) == 4


def test_uploaded_speech_gets_a_moment_to_close_the_mouth() -> None:
    sound = np.full(SPEECH_RATE, 0.3, dtype=np.float32)
    narration = spoken(sound)
    assert narration.sound.size > sound.size
    assert not narration.sound[sound.size :].any()
    assert narration.phones == ()


@pytest.mark.parametrize("sound", [np.zeros(SPEECH_RATE), np.zeros(0), np.ones((LONGEST_S + 1) * SPEECH_RATE)])
def test_silence_and_what_is_too_long_are_refused(sound: Samples) -> None:
    with pytest.raises(AudioError):
        spoken(sound.astype(np.float32))


def _narration(seconds: float = 1.0) -> Narration:
    return Narration(np.full(round(seconds * SPEECH_RATE), 0.2, dtype=np.float32), (PhoneSpan("a", 0, 960),))


@pytest.mark.parametrize("kind", ["mp4", "webm", "gif"])
def test_a_film_is_whole_marked_and_tells_how_far_it_is(tmp_path: Path, kind: str) -> None:
    told, face, path = Told(), Face(), tmp_path / f"film.{kind}"
    narration = _narration()
    count = film(narration, face, path, told, title="t", comment=GROUNDS["historical"])
    assert count == face.drawn == frame_count(narration)
    assert face.heard == (SPEECH_RATE, 1)
    shares = [share for _, share in told.steps]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] > 0.9
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
        comment = {key.lower(): value for key, value in container.metadata.items()}.get("comment", "")
    assert int(frame[:40].max()) < 110, "nothing is drawn over the face"
    assert int(frame[-12:].max()) > 130, "the words of the mark"
    assert kind == "gif" or NOTICE in comment
    assert kind == "gif" or "historical" in comment


@pytest.mark.parametrize("kind", ["mp4", "webm", "gif"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_film_broken_off_leaves_nothing(tmp_path: Path, kind: str, share: float) -> None:
    with pytest.raises(KeyboardInterrupt):
        film(_narration(), Face(), tmp_path / f"film.{kind}", Told(stop_at=("drawing", share)))
    assert list(tmp_path.iterdir()) == []


def test_a_face_that_fails_leaves_the_film_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"before")
    with pytest.raises(EngineError):
        film(_narration(), Face(fails_at=5), path, Told())
    assert path.read_bytes() == b"before"
    with pytest.raises(InputError):
        film(_narration(), Face(), tmp_path / "film.txt", Told())


def test_the_mark_leaves_the_frames_themselves_alone() -> None:
    frames = [np.zeros((SAMPLES_PER_FRAME // 10, 128, 3), dtype=np.uint8), np.full((48, 40, 3), 255, dtype=np.uint8)]

    def given() -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
        yield from frames

    marked = list(badged(given()))
    assert not frames[0].any()
    assert marked[0].max() > 150
    assert marked[1].shape == (48, 40, 3)
    assert marked[1].min() < 200
