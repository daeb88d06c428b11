"""A model that is watched while it writes."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence

from avatar.dialog.prompt import estimate_tokens
from avatar.stages import Generator, Message, Sized


class TimedGenerator:
    """Notes how long each first piece took, and how long the prompts were.

    Args:
        inner: the model.

    Attributes:
        first: seconds to the first piece of each answer.
        longest_prompt: tokens of the longest one, estimated.
    """

    def __init__(self, inner: Generator) -> None:
        self._inner = inner
        self.first: list[float] = []
        self.longest_prompt = 0

    @property
    def name(self) -> str:
        """Of the model within."""
        return self._inner.name

    @property
    def device(self) -> str:
        """Of the model within."""
        return self._inner.device

    @property
    def parameters(self) -> float | None:
        """Of the model within."""
        return self._inner.parameters if isinstance(self._inner, Sized) else None

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, seed: int | None = None
    ) -> AsyncGenerator[str, None]:
        """What the model within writes."""
        self.longest_prompt = max(self.longest_prompt, sum(estimate_tokens(one.content) + 4 for one in messages))
        began, waiting = time.perf_counter(), True
        stream = self._inner.stream(messages, max_tokens=max_tokens, seed=seed)
        try:
            async for piece in stream:
                if waiting:
                    self.first.append(time.perf_counter() - began)
                    waiting = False
                yield piece
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    async def warm(self, messages: Sequence[Message], *, keep: bool = False) -> None:
        """Let the model within read."""
        await self._inner.warm(messages, keep=keep)
