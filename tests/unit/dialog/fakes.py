"""What stands in for the models in the dialog tests."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence

import numpy as np
from numpy.typing import NDArray

from avatar.dialog.words import tokens
from avatar.stages import Message


class HashEmbedder:
    """Texts that share words are alike; nothing else is."""

    name = "hash"
    device = "cpu"

    def __init__(self) -> None:
        self.embedded = 0

    def query(self, text: str) -> NDArray[np.float32]:
        return self._vector(text)

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += len(texts)
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.full(384, 1e-3, dtype=np.float32)
        for word in tokens(text):
            vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % 384] += 1
        return vector / np.linalg.norm(vector)


class ScriptedGenerator:
    """Writes the answers it is given, one after another, in pieces of two characters."""

    name = "scripted"
    device = "cpu"

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.prompts: list[list[Message]] = []
        self.warmed: list[list[Message]] = []
        self.closed = 0

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, seed: int | None = None
    ) -> AsyncGenerator[str, None]:
        self.prompts.append(list(messages))
        answer = self.answers.pop(0)
        try:
            for at in range(0, len(answer), 2):
                await asyncio.sleep(0)
                yield answer[at : at + 2]
        finally:
            self.closed += 1

    async def warm(self, messages: Sequence[Message], *, keep: bool = False) -> None:
        self.warmed.append(list(messages))
