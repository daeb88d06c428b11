"""llama.cpp in this process, behind the protocol that the client of every other service speaks.

It listens on a loopback port, behind a key made up at the start and without CORS, so neither another user of the
machine nor a web page can reach it. What it has read of a persona's card is kept on disk: a processor reads some forty
tokens a second, a disk gives back a card of six hundred at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import secrets
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import httpx

from avatar.dialog.llm import OpenAIGenerator
from avatar.errors import EngineError, WeightsError
from avatar.stages import Message

T = TypeVar("T")
log = logging.getLogger(__name__)

SAMPLING: Mapping[str, object] = {
    "top_k": 40,
    "top_p": 0.9,
    "min_p": 0.2,
    "repeat_penalty": 1.0,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "dry_multiplier": 0.8,
    "dry_base": 1.75,
    "dry_allowed_length": 12,
    "dry_penalty_last_n": 256,
    "cache_prompt": True,
}
"""What llama.cpp is told besides the temperature.

Its penalties count the prompt as well: a penalty on single tokens takes the words of the quotation away from the
answer, and a small model then invents others. So only long repetitions cost (DRY, from the thirteenth token on); short
loops are the guard's. `min_p` keeps a small model to words it is nearly sure of.
"""

BATCH = 64
"""Tokens read at a time. What is read in vain can be given up only between two batches."""

MEMORY_MIB = 512
"""Memory for the prompts of conversations that are not being answered now; a card takes about 20."""

KEPT = 16
"""Prompts kept on disk; the longest unused go first."""

NICENESS = 5
"""Below the other stages: while a clause is spoken and the face moves, the next clause can wait a moment."""


class EmbeddedLlama(OpenAIGenerator):
    """llama.cpp in this process.

    Args:
        model: a GGUF file.
        context: tokens that the prompt and the answer may take, for each of two conversations.
        threads: that may compute.
        device: "cpu", or "cuda" to put every layer on the GPU.
        temperature: 0..2.
        timeout_s: the longest wait for the next token.
        kept: a folder for what was read of prompts that will be wanted again; None keeps nothing.

    Raises:
        WeightsError: there is no such file, or llama.cpp cannot load it.
    """

    name = "embedded"

    calls_functions = False
    """Models of this size write calls that nobody asked for."""

    def __init__(
        self,
        model: Path,
        *,
        context: int = 4096,
        threads: int = 2,
        device: str = "cpu",
        temperature: float = 0.6,
        timeout_s: float = 30.0,
        kept: Path | None = None,
    ) -> None:
        key = secrets.token_urlsafe(24)
        if kept is not None:
            kept.mkdir(parents=True, exist_ok=True)
        self._server: object | None = _serve(model, context, threads, device, key, kept)
        self._device = device
        self._kept = kept
        self._model_mark = f"{model.name} {model.stat().st_size} {model.stat().st_mtime_ns} {version('xllamacpp')}"
        self._at_hand: set[str] = set()
        self.base_url: str = getattr(self._server, "listening_address")  # noqa: B009
        super().__init__(self.base_url, key, model.stem, temperature=temperature, timeout_s=timeout_s, extra=SAMPLING)

    @property
    def device(self) -> str:
        """Where it computes."""
        return self._device

    async def warm(self, messages: Sequence[Message], *, keep: bool = False) -> None:
        """Read a prompt, so that one that begins with it is answered sooner.

        Args:
            messages: the prompt.
            keep: it will be wanted after a restart, too, and holds nothing that anybody said: it is kept on disk.

        Raises:
            EngineError: as for `stream`.
        """
        if not keep or self._kept is None:
            await super().warm(messages)
            return
        key = self._key(messages)
        if key not in self._at_hand:
            kept = _Kept(self._kept, key)
            if not await self._recall(kept):
                await self._read(messages, kept)
            self._at_hand.add(key)

    def close(self) -> None:
        """Stop the server and free the model. Nothing may be written any more."""
        self._server = None

    async def _recall(self, kept: _Kept) -> bool:
        """Take up what an earlier run read; False where there is nothing of it."""
        file = await asyncio.to_thread(kept.find)
        if file is None:
            return False
        slot = (await self._ask("/completion", {"prompt": " ", "n_predict": 1}))["id_slot"]
        await self._ask(f"/slots/{slot}?action=restore", {"filename": file.name})
        return True

    async def _read(self, messages: Sequence[Message], kept: _Kept) -> None:
        """Read a prompt and keep what was read."""
        said = [{"role": message.role, "content": message.content} for message in messages]
        prompt = (await self._ask("/apply-template", {"messages": said}))["prompt"]
        slot = (await self._ask("/completion", {"prompt": prompt, "n_predict": 1, "cache_prompt": True}))["id_slot"]
        try:
            await self._ask(f"/slots/{slot}?action=save", {"filename": kept.part.name})
            await asyncio.to_thread(kept.finish)
        except (EngineError, OSError):
            log.warning("prompt_not_kept", extra={"file": kept.part.name})
            kept.discard()

    async def _ask(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Call one of llama.cpp's own endpoints."""
        try:
            answer = await self._connection().post(
                self.base_url + path, json=body, headers=self._headers, timeout=self._patience
            )
            answer.raise_for_status()
            return dict(answer.json())
        except (httpx.HTTPError, ValueError) as error:
            raise EngineError(
                f"The language model did not answer as expected at {path}. Restart the server.",
                f"语言模型在 {path} 没有正常应答。请重启服务器。",
            ) from error

    def _key(self, messages: Sequence[Message]) -> str:
        said = json.dumps([self._model_mark, *((message.role, message.content) for message in messages)])
        return hashlib.sha256(said.encode()).hexdigest()[:32]


class _Kept:
    """A prompt's file. Its name holds its digest, since llama.cpp ends the whole process over a damaged one.

    Args:
        folder: where prompts are kept.
        key: tells prompts and models apart.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._key = key
        self.part = folder / f"{key}.{os.getpid()}"

    def find(self) -> Path | None:
        """The file, if an earlier run wrote it and it is whole; it then counts as used now."""
        for file in self._folder.glob(f"{self._key}-*.kv"):
            if file.name == self._name(file):
                os.utime(file)
                return file
            log.warning("kept_prompt_damaged", extra={"file": file.name})
            file.unlink(missing_ok=True)
        return None

    def finish(self) -> None:
        """What was written is whole; the longest unused files go."""
        self.part.replace(self._folder / self._name(self.part))
        for old in sorted(self._folder.glob("*.kv"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)

    def discard(self) -> None:
        """What was written cannot be kept."""
        self.part.unlink(missing_ok=True)

    def _name(self, file: Path) -> str:
        return f"{self._key}-{hashlib.sha256(file.read_bytes()).hexdigest()[:32]}.kv"


def _serve(model: Path, context: int, threads: int, device: str, key: str, kept: Path | None) -> object:
    """A llama.cpp server with two slots that share one cache, so two conversations keep their prefixes."""
    import xllamacpp

    if not model.is_file():
        raise WeightsError(
            f"There is no model file {model}. `avatar models pull` fetches it.",
            f"没有模型文件 {model}。用 `avatar models pull` 获取。",
        )
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_parallel = 2
    params.n_ctx = 2 * context
    params.n_batch = params.n_ubatch = BATCH if device == "cpu" else 512
    params.n_gpu_layers = 0 if device == "cpu" else 999
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = MEMORY_MIB
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    params.port = 0
    params.api_keys = [key]
    params.cors_origins = ""
    params.endpoint_slots = kept is not None
    params.slot_save_path = f"{kept}{os.sep}" if kept is not None else ""
    params.ui = params.warmup = False
    params.verbosity = -1
    try:
        return _in_background(lambda: xllamacpp.Server(params))
    except (RuntimeError, ValueError, MemoryError) as error:
        raise WeightsError(
            f"llama.cpp cannot load {model.name}. `avatar models verify` tells whether the file is whole.",
            f"llama.cpp 无法加载 {model.name}。用 `avatar models verify` 检查文件是否完整。",
        ) from error


def _in_background(make: Callable[[], T]) -> T:
    """Make something in a thread of lower priority, which the threads that it starts take over (on Linux)."""
    made: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        try:
            made.append(make())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            failed.append(error)

    thread = threading.Thread(target=run, name="llama-start")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return made[0]
