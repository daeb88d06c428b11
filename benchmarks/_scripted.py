"""A conversation whose words are known beforehand, on the real voice and the real face.

For measuring what depends on the voice, the face and the clock, and not on what the language model writes: a script
takes the model's place. Every third reply runs dry on purpose, and every picture carries its own number.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from avatar.engines import Engines
from avatar.errors import Language
from avatar.media import SAMPLES_PER_FRAME, ClauseSpeech, Frame, PhoneSpan, Pixels, Samples
from avatar.stages import Animator, AnimatorEngine, Generator, Message, Presence, Style, Synthesizer
from avatar.voice.speaking.marks import plain

ANSWERS = (
    "北平的冬天冷得很，门前那棵枣树，把叶子一片一片都落尽了。我每晚在灯下慢慢地写，写到半夜，茶也冷了，笔也秃了。"
    "朋友们不免要来敲门，说不必这样拼命，我便放下笔，陪他们坐一坐。",
    "小时候我跟母亲住在乡下，门外便是一条河，河边摆着几只乌篷船。每逢社戏，我们摇着船，穿过两岸的豆麦，慢慢地往那边去。"
    "那时的月光，那时的豆子，后来我再也没有碰到过。",
    "学医的时候，我只怕看不明白病人的病。后来才明白，病在身上的，不过是一部分，病在心里的，怕还要多些。"
    "于是我便把刀放下，把笔拿起来，慢慢地摸索，一写便写到了现在。",
    "你说寂寞，我想，寂寞大半是没有人明白你。但也不必怕，路边的草，没有人陪，也不过是慢慢地长。"
    "你把眼前的一件事办明白，再把下一件办明白，便不会白白地老去。",
)
"""Plain sentences, with many b, p and m: there the lips must meet."""

DRY_EVERY = 3
"""One reply in so many runs dry."""

DRY_CLAUSE, DRY_S = 2, 4.0
"""The clause, counted from 0, whose sound comes late, and how late: later than what is in hand lasts."""

BLOCK, BITS = 16, 24
"""The size in pixels of a stamp's squares, and how many there are: sixteen for the picture, eight for the reply."""


class Script:
    """Writes the answers in turn, in place of the language model."""

    name = "script"
    device = "cpu"

    def __init__(self) -> None:
        self._next = 0

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, seed: int | None = None
    ) -> AsyncIterator[str]:
        answer = ANSWERS[self._next % len(ANSWERS)]
        self._next += 1
        for start in range(0, len(answer), 4):
            await asyncio.sleep(0.02)
            yield answer[start : start + 4]

    async def warm(self, messages: Sequence[Message], *, keep: bool = False) -> None:
        return


class DryingVoice:
    """A voice that is late, on purpose, with one clause of every third answer.

    Args:
        voice: the real one.
        wait: lets seconds pass.
    """

    def __init__(self, voice: Synthesizer, wait: Callable[[float], None]) -> None:
        self._voice = voice
        self._wait = wait
        self._starts = {answer[:4]: index for index, answer in enumerate(ANSWERS)}
        self._clause = DRY_CLAUSE + 1
        self._replies = 0

    @property
    def name(self) -> str:
        return self._voice.name

    @property
    def device(self) -> str:
        return self._voice.device

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        """As the voice itself, the clause's first sound perhaps late."""
        self._clause += 1
        if plain(clause)[:4] in self._starts:
            self._clause = 0
            self._replies += 1
        speech = self._voice.speak(clause, voice, language=language, speed=speed)
        dry = self._clause == DRY_CLAUSE and self._replies % DRY_EVERY == 0
        return replace(speech, chunks=self._late(speech.chunks)) if dry else speech

    def _late(self, chunks: Iterator[Samples]) -> Iterator[Samples]:
        self._wait(DRY_S)
        yield from chunks


class StampedFace:
    """A face whose pictures carry their number within the reply, and the reply's, in black and white squares."""

    def __init__(self, face: Animator) -> None:
        self._face = face
        self._index = 0
        self._replies = 0

    @property
    def size(self) -> int:
        return self._face.size

    def begin(self, at: int = 0) -> None:
        self._face.begin(at)
        self._index = at // SAMPLES_PER_FRAME
        self._replies += at == 0

    def speak(self, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        self._face.speak(samples, phones, at)

    def stop(self) -> None:
        self._face.stop()

    def feel(self, style: Style, at: int = 0) -> None:
        self._face.feel(style, at)

    def attend(self, presence: Presence) -> None:
        self._face.attend(presence)

    def frame(self) -> Frame:
        frame = self._face.frame()
        stamped = Frame(stamp(frame.image, self._index, self._replies), frame.aperture)
        self._index += 1
        return stamped

    def skip(self) -> None:
        self._face.skip()
        self._index += 1


class StampedFaces:
    """Makes stamped faces."""

    def __init__(self, engine: AnimatorEngine) -> None:
        self._engine = engine

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def device(self) -> str:
        return self._engine.device

    def animator(self, photo: Path, **choices: Any) -> Animator:
        """A face made from a photograph."""
        return StampedFace(self._engine.animator(photo, **choices))


class ScriptedEngines(Engines):
    """The engines that the settings name, but for the script, and with what the measuring needs around the others."""

    _script = Script()
    _voice: Synthesizer | None = None

    @property
    def generator(self) -> Generator:
        return self._script

    @property
    def synthesizer(self) -> Synthesizer:
        if self._voice is None:
            self._voice = DryingVoice(super().synthesizer, time.sleep)
        return self._voice

    @property
    def animator(self) -> AnimatorEngine:
        return StampedFaces(super().animator)


def stamp(image: Pixels, index: int, reply: int) -> Pixels:
    """A copy of a picture with two numbers in its upper left corner, modulo 65536 and 256, lowest bit first."""
    number = index % 2**16 | (reply % 2**8) << 16
    bits = np.array([number >> place & 1 for place in range(BITS)], dtype=np.uint8)
    stamped = image.copy()
    stamped[:BLOCK, : BITS * BLOCK] = np.repeat(bits * 255, BLOCK)[None, :, None]
    return stamped
