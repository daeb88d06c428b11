"""The thread in which a model reads and writes: the jobs that it has, side by side, one batch of tokens at a time.

Each round reads one token of every answer that is being written, and fills up with prompts. A job that is given up is
left at once: where nobody else waits for the batch that is being read, that is broken off too.
"""

from __future__ import annotations

import codecs
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

from avatar.dialog.llama.context import Context, Sampler, Step
from avatar.dialog.llama.slots import Slot, Slots
from avatar.errors import AvatarError, EngineError, whence
from avatar.stages import Message

T = TypeVar("T")
log = logging.getLogger(__name__)

NICENESS = 10
"""Below the other stages: while a clause is spoken and the face moves, the next clause can wait a moment."""

Piece = str | AvatarError | None
"""What a job gives: a piece of the answer, what went wrong, or None at its end."""


@dataclass(eq=False, slots=True)
class Job:
    """An answer to be written, or a prompt to be read only.

    Attributes:
        messages: the prompt.
        max_tokens: of the answer; 0 where the prompt is only to be read.
        temperature: 0..2.
        seed: fixes the answer.
        give: takes the pieces, in the writer's thread.
    """

    messages: Sequence[Message]
    max_tokens: int
    temperature: float
    seed: int
    give: Callable[[Piece], None]
    given_up: bool = False
    prompt: list[int] = field(default_factory=list)
    slot: Slot | None = None
    sampler: Sampler | None = None
    written: int = 0
    decoder: codecs.IncrementalDecoder = field(default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace"))


class Writer:
    """Works until it is closed.

    Args:
        open_context: loads the model; called in the thread, whose priority the model's own threads take over.
        sequences: of the context.
        batch: tokens of one round at most.
        sampling: as `Context.sampler` takes it.

    Raises:
        WeightsError: the model cannot be loaded.
    """

    def __init__(
        self, open_context: Callable[[], Context], sequences: int, batch: int, sampling: Mapping[str, float]
    ) -> None:
        self._open_context = open_context
        self._sequences = sequences
        self._batch = batch
        self._sampling = sampling
        self._inbox: queue.SimpleQueue[Job | Callable[[], None] | None] = queue.SimpleQueue()
        self._waiting: list[Job] = []
        self._active: list[Job] = []
        self._reading: tuple[Job, ...] = ()
        self._lock = threading.Lock()
        self._closing = False
        opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name="llama", daemon=True)
        self._thread.start()
        opened.result()

    def submit(self, job: Job) -> None:
        """Begin a job as soon as a sequence is free."""
        if self._closing:
            job.give(_closed())
        else:
            self._inbox.put(job)

    def give_up(self, job: Job) -> None:
        """Nobody waits for a job any more."""
        with self._lock:
            job.given_up = True
            if self._reading and all(one.given_up for one in self._reading):
                self._context.abort()

    def call(self, work: Callable[[Context, Slots], T]) -> Future[T]:
        """Do something with the context between two rounds."""
        future: Future[T] = Future()

        def done() -> None:
            try:
                future.set_result(work(self._context, self._slots))
            except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
                future.set_exception(error)

        self._inbox.put(done)
        return future

    def close(self) -> None:
        """Stop and free the model; jobs that are left fail."""
        if not self._closing:
            self._closing = True
            self._context.abort()
            self._inbox.put(None)
            self._thread.join()

    def _run(self, opened: Future[None]) -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        try:
            self._context = self._open_context()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            opened.set_exception(error)
            return
        self._slots = Slots(self._context, self._sequences)
        opened.set_result(None)
        while not self._closing:
            self._take_in()
            self._leave_given_up()
            try:
                self._begin()
                if self._active:
                    self._round()
            except Exception as error:  # noqa: BLE001 - whoever waits is told; the log has its place
                log.error("llama_failed error=%s", whence(error))
                self._fail_all()
        for job in [*self._active, *self._waiting]:
            job.give(_closed())
        self._context.close()

    def _take_in(self) -> None:
        """What was asked for since the last round; where there is nothing to do, wait for it."""
        idle = not self._active and not self._waiting
        while idle or not self._inbox.empty():
            item = self._inbox.get()
            idle = False
            if isinstance(item, Job):
                self._waiting.append(item)
            elif item is not None:
                item()

    def _leave_given_up(self) -> None:
        self._waiting = [job for job in self._waiting if not job.given_up]
        for job in [job for job in self._active if job.given_up]:
            self._leave(job)

    def _begin(self) -> None:
        """Give those who wait a sequence."""
        while self._waiting and self._slots.free:
            job = self._waiting.pop(0)
            try:
                self._seat(job)
            except AvatarError as error:
                job.give(error)

    def _seat(self, job: Job) -> None:
        job.prompt = self._context.prompt(job.messages)
        room = self._context.length - len(job.prompt)
        if room < 1:
            raise EngineError(
                f"The conversation has {len(job.prompt)} tokens, but the model takes {self._context.length}. "
                "Begin a new one, or raise llm.context.",
                f"对话有 {len(job.prompt)} 个词元,模型只容 {self._context.length} 个。"
                "请开始新的对话,或调大 llm.context。",
                code="llm_context",
            )
        job.max_tokens = min(job.max_tokens, room)
        job.slot = self._slots.take(job.prompt)
        if job.max_tokens:
            job.sampler = self._context.sampler(self._sampling, job.temperature, job.seed)
            job.sampler.accept(job.prompt[-int(self._sampling["dry_penalty_last_n"]) :])
        self._active.append(job)

    def _round(self) -> None:
        """Read one batch, and write a token of each answer whose turn it is."""
        steps, rows, jobs = self._next_steps()
        with self._lock:
            self._reading = tuple(jobs)
            self._context.abort(self._closing or all(job.given_up for job in jobs))
        try:
            whole = self._context.read(steps)
        except EngineError as error:
            for job in jobs:
                job.give(error)
                self._spoil(job)
            return
        finally:
            with self._lock:
                self._reading = ()
        for job in jobs:
            if whole:
                self._note(job, [step.token for step in steps if step.sequence == job.slot.sequence])  # type: ignore[union-attr]
            else:
                self._slots.cut(job.slot, len(job.slot.tokens))  # type: ignore[arg-type, union-attr]
        if whole:
            for job, row in rows.items():
                self._write(job, row)

    def _next_steps(self) -> tuple[list[Step], dict[Job, int], list[Job]]:
        """What to read next; the rows after which a token is to be chosen; the jobs that it is read for."""
        steps: list[Step] = []
        rows: dict[Job, int] = {}
        jobs: list[Job] = []
        for job in sorted(self._active, key=lambda one: len(_left(one))):
            left, slot = _left(job), job.slot
            part = left[: self._batch - len(steps)]
            if slot is None or not part:
                continue
            last = len(part) == len(left)
            at = len(slot.tokens)
            steps += [
                Step(slot.sequence, at + index, token, last and index == len(part) - 1)
                for index, token in enumerate(part)
            ]
            jobs.append(job)
            if last:
                rows[job] = len(steps) - 1
        return steps, rows, jobs

    def _note(self, job: Job, tokens: Sequence[int]) -> None:
        if job.slot is not None:
            job.slot.tokens.extend(tokens)

    def _write(self, job: Job, row: int) -> None:
        """Choose the next token of an answer, and end it where it is over."""
        if job.sampler is None:
            self._end(job)
            return
        token = job.sampler.next(row)
        job.written += 1
        if self._context.ends(token):
            self._end(job)
            return
        job.prompt.append(token)
        if piece := job.decoder.decode(self._context.piece(token)):
            job.give(piece)
        if job.written >= job.max_tokens:
            self._end(job)

    def _end(self, job: Job) -> None:
        if rest := job.decoder.decode(b"", final=True):
            job.give(rest)
        job.give(None)
        self._leave(job)

    def _fail_all(self) -> None:
        """Something went wrong that nobody foresaw: whoever waits is told, and the next ones begin anew."""
        for job in self._waiting:
            job.give(_failed())
        self._waiting = []
        for job in list(self._active):
            job.give(_failed())
            self._spoil(job)

    def _spoil(self, job: Job) -> None:
        """The model failed over this job: what its sequence holds is not known."""
        if job.slot is not None:
            self._slots.cut(job.slot, 0)
        self._leave(job)

    def _leave(self, job: Job) -> None:
        self._active.remove(job)
        if job.slot is not None:
            self._slots.give_back(job.slot)
        if job.sampler is not None:
            job.sampler.close()
            job.sampler = None


def _left(job: Job) -> list[int]:
    """What of a prompt, and of the answer so far, is not read yet."""
    return job.prompt[len(job.slot.tokens) :] if job.slot is not None else []


def _failed() -> EngineError:
    return EngineError("The language model failed. Try again.", "语言模型出错。请重试。")


def _closed() -> EngineError:
    return EngineError("The language model was stopped.", "语言模型已停止。", code="llm_stopped")
