"""How soon it answers: from the end of a spoken question to the first sound and the first picture of the reply.

Ten questions are played into a live session in real time, as a microphone would, and what comes out is timed from the
last voiced sample; the answer is broken off once it sounds and shows. Beside it, in the same run, the same stages one
after another: the whole question recognized after half a second of silence, the whole answer written, all of it
spoken, all of it drawn.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
from pathlib import Path

import numpy as np
import typer

from avatar.engines import Engines
from avatar.errors import NotFoundError
from avatar.live.events import ReplyAudio, ReplyDone, ReplyStarted, SessionEvent, StageTimes, Understood, Video
from avatar.live.host import SessionHost
from avatar.live.options import SessionOptions
from avatar.live.recording import frames, record_answer, voice_of
from avatar.live.reply import Stopwatch
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, read_audio
from avatar.settings import PACKAGE_ROOT, Settings

RUNS = 10
BLOCK = SPEECH_RATE // 50
LEAD_S, PATIENCE_S = 1.5, 30.0
UNSTREAMED_RUNS = 4
UNSTREAMED_SILENCE_S = 0.5
"""The silence that a pipeline without turn detection waits for (OpenAI Realtime's server VAD default)."""

PERSONA = "luxun"


def run(settings: Settings) -> dict[str, float]:
    """Measure.

    Returns:
        Seconds from the end of speech, medians over ten questions.

    Raises:
        NotFoundError: the spoken questions are not there.
    """
    questions = spoken_questions()[:RUNS]
    engines = Engines(settings)
    try:
        return asyncio.run(_measure(SessionHost(engines), questions))
    finally:
        engines.close()


def spoken_questions() -> list[Path]:
    """The recordings of the shared test data, Chinese and English in turn; AVATAR_BENCH_SPEECH names another folder."""
    folder = Path(os.environ.get("AVATAR_BENCH_SPEECH", PACKAGE_ROOT.parent.parent / "shared" / "data" / "speech"))
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise NotFoundError(
            f"The spoken questions are not in {folder}. Set AVATAR_BENCH_SPEECH to a folder with a manifest.json.",
            f"{folder} 里没有提问录音。请把 AVATAR_BENCH_SPEECH 设为含 manifest.json 的文件夹。",
        )
    names = [row["file"] for row in json.loads(manifest.read_text(encoding="utf-8")) if "question" in row["file"]]
    chinese = [folder / name for name in names if name.startswith("zh")]
    english = [folder / name for name in names if name.startswith("en")]
    paired = [file for pair in zip(chinese, english, strict=False) for file in pair]
    return paired + chinese[len(english) :]


async def _measure(host: SessionHost, questions: list[Path]) -> dict[str, float]:
    for language in host.conversation(PERSONA).persona.languages:
        await host.conversation(PERSONA).warm(language)
    await _streamed(host, questions[0])  # the first of all is not counted: it loads, compiles and warms
    turns = [_told(question, await _streamed(host, question)) for question in questions]
    streamed = [turn for turn in turns if not np.isnan(turn.first_audio)]
    unstreamed = [await _unstreamed(host, question) for question in questions[:UNSTREAMED_RUNS]]
    audio = [turn.first_audio for turn in streamed]
    metrics = {
        "answered": len(streamed) / len(turns),
        "first_audio_p50_s": statistics.median(audio),
        "first_audio_p95_s": float(np.percentile(audio, 95)),
        "first_frame_p50_s": statistics.median(turn.first_frame for turn in streamed),
        "unstreamed_p50_s": statistics.median(unstreamed),
    }
    chinese = [turn.first_audio for turn in streamed if turn.chinese]
    metrics["chinese_first_audio_p50_s"] = statistics.median(chinese)
    metrics["chinese_first_audio_p95_s"] = float(np.percentile(chinese, 95))
    metrics["speedup"] = metrics["unstreamed_p50_s"] / metrics["first_audio_p50_s"]
    for stage in ("turn_end_s", "transcript_s", "first_token_s", "first_clause_s", "first_audio_s"):
        values = [getattr(turn.times, stage) for turn in streamed if getattr(turn.times, stage) is not None]
        metrics[f"stage_{stage.removesuffix('_s')}_p50_s"] = statistics.median(values)
    return metrics


def _told(question: Path, turn: _Turn) -> _Turn:
    """The turn, after a line about it for those who wait."""
    typer.echo(f"{question.name:<24}{turn.first_audio:8.2f} s", err=True)
    return turn


class _Turn:
    """What was seen of one reply, in seconds after the end of speech; nan where nothing was."""

    def __init__(self, *, chinese: bool) -> None:
        self.chinese = chinese
        self.generation = -1
        self.first_audio = self.first_frame = float("nan")
        self.times = StageTimes()

    @property
    def complete(self) -> bool:
        """Whether it was heard and seen."""
        return not np.isnan(self.first_audio + self.first_frame)

    def see(self, event: SessionEvent, since: float) -> bool:
        """Take in an event; True once the reply is over, or there will be none."""
        if isinstance(event, ReplyStarted):
            self.generation = event.generation
        elif isinstance(event, ReplyAudio) and not event.filler and np.isnan(self.first_audio):
            self.first_audio = since
        elif isinstance(event, Video) and event.generation == self.generation and np.isnan(self.first_frame):
            self.first_frame = since
        elif isinstance(event, ReplyDone):
            self.times = event.times
            return True
        return isinstance(event, Understood) and not event.text


async def _streamed(host: SessionHost, question: Path) -> _Turn:
    """One spoken turn in real time."""
    sound = _with_silence(read_audio(question, SPEECH_RATE))
    turn = _Turn(chinese=question.name.startswith("zh"))
    async with host.open(PERSONA, SessionOptions(video=True, size=host.engines.settings.face.size)) as session:
        started = time.monotonic()
        ended = started + _end_of_voice(sound) / SPEECH_RATE

        async def play() -> None:
            for index in range(0, sound.size, BLOCK):
                session.hear(sound[index : index + BLOCK])
                await asyncio.sleep(max(0.0, started + (index + BLOCK) / SPEECH_RATE - time.monotonic()))

        microphone = asyncio.create_task(play())
        async for event in session.events():
            if turn.see(event, time.monotonic() - ended):
                break
            if turn.complete:
                session.cancel()
        microphone.cancel()
    return turn


async def _unstreamed(host: SessionHost, question: Path) -> float:
    """The same question, stage after stage; returns when the first sound could be played."""
    engines = host.engines
    conversation = host.conversation(PERSONA)
    sound = read_audio(question, HEARING_RATE)
    watch = Stopwatch(time.monotonic())
    transcript = engines.recognizer.transcribe(sound, conversation.hints)
    say = voice_of(engines.synthesizer, conversation.persona.voice)
    recording = await record_answer(conversation, transcript.text, transcript.language, say, engines.run, watch)
    animator = engines.animator.animator(conversation.persona.portrait_file, size=engines.settings.face.size)
    for _ in frames(recording, animator):
        pass
    return UNSTREAMED_SILENCE_S + time.monotonic() - watch.zero


def _with_silence(sound: Samples) -> Samples:
    """The question with silence before it, and enough after it for the answer to come."""
    before, after = int(LEAD_S * SPEECH_RATE), int(PATIENCE_S * SPEECH_RATE)
    return np.concatenate([np.zeros(before, np.float32), sound, np.zeros(after, np.float32)])


def _end_of_voice(sound: Samples) -> int:
    """The last sample that is within 30 dB of the loudest 20 ms."""
    blocks = sound[: sound.size // BLOCK * BLOCK].reshape(-1, BLOCK)
    level = np.sqrt(np.mean(blocks**2, axis=1))
    return int((np.flatnonzero(level > level.max() * 10 ** (-30 / 20))[-1] + 1) * BLOCK)
