"""llama.cpp in this process, as the generator of the dialog."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

from avatar.dialog.hand import parameters_of_file
from avatar.dialog.llama.context import Context, Runtime
from avatar.dialog.llama.kept import KeptPrompts
from avatar.dialog.llama.library import VERSION
from avatar.dialog.llama.slots import Slots
from avatar.dialog.llama.writer import Job, Piece, Writer
from avatar.errors import AvatarError, EngineError
from avatar.stages import Message

SAMPLING: Mapping[str, float] = {
    "top_k": 40,
    "top_p": 0.9,
    "min_p": 0.2,
    "dry_multiplier": 0.8,
    "dry_base": 1.75,
    "dry_allowed_length": 12,
    "dry_penalty_last_n": 256,
}
"""How tokens are chosen, besides the temperature.

Penalties on single tokens would count the prompt as well: they take the words of the quotation away from the answer,
and a small model then invents others. So only long repetitions cost (DRY, from the thirteenth token on); short loops
are the guard's. `min_p` keeps a small model to words it is nearly sure of.
"""

CONVERSATIONS = 2
"""Answers that are written at a time; more wait."""

BATCH, BATCH_ON_GPU = 128, 512
"""Tokens read at a time: another answer's next token waits for them."""

WARM_PATIENCE = 10
"""How many times longer than for a token one waits for a prompt to be read beforehand."""


class EmbeddedLlama:
    """llama.cpp in this process.

    Args:
        runtime: computes.
        model: a GGUF file.
        context: tokens that the prompt and the answer may take.
        temperature: 0..2.
        timeout_s: the longest wait for the next token.
        kept: a folder for what was read of prompts that will be wanted again; None keeps nothing.

    Raises:
        WeightsError: a file is missing, or llama.cpp cannot load it.
    """

    name = "embedded"

    def __init__(
        self,
        runtime: Runtime,
        model: Path,
        *,
        context: int = 4096,
        temperature: float = 0.6,
        timeout_s: float = 30.0,
        kept: Path | None = None,
    ) -> None:
        batch = BATCH_ON_GPU if runtime.on_gpu else BATCH

        def open_context() -> Context:
            return Context(runtime, model, sequences=CONVERSATIONS, length=context, batch=batch)

        self._writer = Writer(open_context, CONVERSATIONS, batch, SAMPLING)
        self._device = runtime.device
        self._temperature = temperature
        self._timeout_s = timeout_s
        self._kept = None if kept is None else KeptPrompts(kept)
        self._parameters = parameters_of_file(model.name, model.stat().st_size)
        self._mark = f"{model.name} {model.stat().st_size} {model.stat().st_mtime_ns} llama.cpp {VERSION}"

    @property
    def device(self) -> str:
        """Where it computes."""
        return self._device

    @property
    def parameters(self) -> float:
        """Of the model, by its file's name or size."""
        return self._parameters

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, seed: int | None = None
    ) -> AsyncGenerator[str, None]:
        """The answer, piece by piece. Closing the iterator stops the writing at once.

        Raises:
            EngineError: the prompt is longer than the context, or the next token takes too long.
        """
        chosen = random.getrandbits(32) if seed is None else seed % 2**32
        async with aclosing(self._pieces(messages, max_tokens, chosen, self._timeout_s)) as pieces:
            async for piece in pieces:
                yield piece

    async def warm(self, messages: Sequence[Message], *, keep: bool = False) -> None:
        """Read a prompt, so that one that begins with it is answered sooner.

        Args:
            messages: the prompt.
            keep: it will be wanted after a restart, too, and holds nothing that anybody said: it is kept on disk.

        Raises:
            EngineError: as for `stream`.
        """
        key = self._key(messages)
        if keep and self._kept is not None and await self._recall(key, messages):
            return
        async with aclosing(self._pieces(messages, 0, 0, WARM_PATIENCE * self._timeout_s)) as pieces:
            async for _ in pieces:
                pass
        if keep and self._kept is not None:
            await self._save(key, messages)

    async def aclose(self) -> None:
        """Nothing is open between two answers."""

    def close(self) -> None:
        """Stop the thread and free the model. Nothing may be written any more."""
        self._writer.close()

    async def _pieces(
        self, messages: Sequence[Message], max_tokens: int, seed: int, timeout_s: float
    ) -> AsyncGenerator[str, None]:
        """What a job gives, until its end."""
        loop = asyncio.get_running_loop()
        given: asyncio.Queue[Piece] = asyncio.Queue()

        def give(piece: Piece) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(given.put_nowait, piece)

        job = Job(messages, max_tokens, self._temperature, seed, give)
        self._writer.submit(job)
        try:
            while (piece := await _next(given, timeout_s)) is not None:
                if isinstance(piece, AvatarError):
                    raise piece
                yield piece
        finally:
            self._writer.give_up(job)

    async def _recall(self, key: str, messages: Sequence[Message]) -> bool:
        """Whether a prompt was read already, in this run or in an earlier one whose state is taken up."""

        def at_hand(context: Context, slots: Slots) -> bool:
            return slots.at_hand(context.prompt(messages))

        if await asyncio.wrap_future(self._writer.call(at_hand)):
            return True
        kept = self._kept
        state = None if kept is None else await asyncio.to_thread(kept.find, key)
        if state is None:
            return False
        found = state

        def park(context: Context, slots: Slots) -> None:
            slots.park(context.prompt(messages), found)

        await asyncio.wrap_future(self._writer.call(park))
        return True

    async def _save(self, key: str, messages: Sequence[Message]) -> None:
        def state_of(context: Context, slots: Slots) -> bytes | None:
            return slots.state_of(context.prompt(messages))

        state = await asyncio.wrap_future(self._writer.call(state_of))
        if state is not None and self._kept is not None:
            await asyncio.to_thread(self._kept.keep, key, state)

    def _key(self, messages: Sequence[Message]) -> str:
        said = json.dumps([self._mark, *((message.role, message.content) for message in messages)])
        return hashlib.sha256(said.encode()).hexdigest()[:32]


async def _next(given: asyncio.Queue[Piece], timeout_s: float) -> Piece:
    """The next piece.

    `asyncio.wait_for` would not do: before Python 3.12 it swallows a cancellation that comes with the piece.
    """
    waiting = asyncio.ensure_future(given.get())
    try:
        await asyncio.wait({waiting}, timeout=timeout_s)
        if waiting.done():
            return waiting.result()
    finally:
        waiting.cancel()
    raise EngineError(
        f"The language model wrote nothing for {timeout_s:g} s. Try again, or raise llm.timeout_s.",
        f"语言模型 {timeout_s:g} 秒内没有写出内容。请重试,或调大 llm.timeout_s。",
        code="llm_timeout",
    )
