"""A loaded model and what it has read: sequences of tokens whose keys and values are kept, side by side.

All of it belongs to one thread; only `abort` may be called from another.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping, Sequence
from ctypes import POINTER, c_char_p, c_int8, c_int32
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avatar.dialog.llama.library import Batch, ChatMessage, Token, load_library, new_pool, sees_gpu, strlen
from avatar.errors import EngineError, WeightsError
from avatar.stages import Message

ALL_LAYERS = 999
PIECE_BYTES = 256
ABORTED = 2
"""llama_decode's answer when the abort callback said yes."""

DRY_BREAKERS = (b"\n", b":", b'"', b"*")
"""Marks over which no repetition is counted (llama.cpp's default)."""

CHATML = b"chatml"
"""The template for a model that has none of those that llama.cpp knows."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What computes.

    Attributes:
        libraries: the folder of llama.cpp.
        threads: that compute.
        device: "cpu", or another name to put every layer on the GPU.
    """

    libraries: Path
    threads: int = 2
    device: str = "cpu"

    @property
    def on_gpu(self) -> bool:
        """Whether the layers are put there."""
        return self.device != "cpu"


@dataclass(frozen=True, slots=True)
class Step:
    """One token to be read.

    Attributes:
        sequence: where it is appended.
        position: its index in the sequence.
        wanted: whether what follows it will be asked for.
    """

    sequence: int
    position: int
    token: int
    wanted: bool


class Context:
    """A model with room for some sequences.

    Args:
        runtime: computes.
        model: a GGUF file.
        sequences: that can be kept at a time.
        length: tokens that each may have.
        batch: the most tokens of one `read`.

    Raises:
        WeightsError: a file is missing or damaged.
        EngineError: the layers shall be put on a GPU, and there is none.
    """

    def __init__(self, runtime: Runtime, model: Path, *, sequences: int, length: int, batch: int) -> None:
        if not model.is_file():
            raise WeightsError(
                f"There is no model file {model}. `avatar models pull` fetches it.",
                f"没有模型文件 {model}。用 `avatar models pull` 获取。",
            )
        self._runtime = runtime
        if runtime.on_gpu:
            import torch  # noqa: F401 - it brings CUDA's libraries, which the loader then finds
        self._library = load_library(runtime.libraries)
        if runtime.on_gpu and not sees_gpu(runtime.libraries):
            raise EngineError(
                f"llama.cpp finds no graphics card for {runtime.device}; it needs the driver and CUDA 13's libraries. "
                "Set llm.device to cpu, or install them.",
                f"llama.cpp 找不到 {runtime.device} 所指的显卡,它需要显卡驱动和 CUDA 13 的运行库。"
                "请安装,或把 llm.device 设为 cpu。",
            )
        self._model = self._load(model)
        self._vocabulary = self._library.llama_model_get_vocab(self._model)
        self._context = self._open(model, sequences, length, batch)
        self._memory = self._library.llama_get_memory(self._context)
        self._give_threads()
        self._flag = ctypes.create_string_buffer(2)
        self._library.llama_set_abort_callback(self._context, strlen(), ctypes.addressof(self._flag))
        self._batch = _Rows(batch)
        self._template = self._library.llama_model_chat_template(self._model, None) or CHATML

    @property
    def length(self) -> int:
        """Tokens that a sequence may have."""
        return int(self._library.llama_n_ctx_seq(self._context))

    def close(self) -> None:
        """Free the model. Nothing may be called any more."""
        self._library.llama_free(self._context)
        self._library.llama_model_free(self._model)

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a conversation, up to where the answer begins."""
        return self.tokens(self._written(messages))

    def tokens(self, text: str) -> list[int]:
        """The tokens of a text, in which the marks of the model's template count as such."""
        data = text.encode()
        room = (Token * (len(data) + 8))()
        count = self._library.llama_tokenize(self._vocabulary, data, len(data), room, len(room), True, True)
        return list(room[: max(0, count)])

    def piece(self, token: int) -> bytes:
        """What a token stands for: UTF-8, perhaps a part of a character."""
        room = ctypes.create_string_buffer(PIECE_BYTES)
        count = self._library.llama_token_to_piece(self._vocabulary, token, room, PIECE_BYTES, 0, False)
        return room.raw[: max(0, count)]

    def ends(self, token: int) -> bool:
        """Whether a token ends an answer."""
        return bool(self._library.llama_vocab_is_eog(self._vocabulary, token))

    def read(self, steps: Sequence[Step]) -> bool:
        """Read tokens; False where `abort` stopped it, and the sequences may then hold some of them.

        Raises:
            EngineError: the model failed.
        """
        answer = int(self._library.llama_decode(self._context, self._batch.of(steps)))
        if answer not in (0, ABORTED):
            raise EngineError(
                f"The language model failed (llama_decode: {answer}). Restart the server.",
                f"语言模型出错(llama_decode:{answer})。请重启服务器。",
            )
        return answer == 0

    def abort(self, wanted: bool = True) -> None:
        """Stop what is being read, and all that follows until it is called with False. From any thread."""
        self._flag[0] = b"\x01" if wanted else b"\x00"

    def cut(self, sequence: int, length: int) -> int:
        """Shorten a sequence to that many tokens; returns how many it has, 0 where the model can only begin anew."""
        if self._library.llama_memory_seq_rm(self._memory, sequence, length, -1):
            return length
        self._library.llama_memory_seq_rm(self._memory, sequence, 0, -1)
        return 0

    def state(self, sequence: int) -> bytes:
        """What was read of a sequence."""
        size = self._library.llama_state_seq_get_size(self._context, sequence)
        room = ctypes.create_string_buffer(size)
        written = self._library.llama_state_seq_get_data(self._context, room, size, sequence)
        return room.raw[:written]

    def take_up(self, sequence: int, state: bytes) -> bool:
        """Put what was read of another sequence in place of this one; False where it does not fit this model.

        The bytes must be those of `state`, whole: llama.cpp may end the process over others.
        """
        self.cut(sequence, 0)
        return bool(self._library.llama_state_seq_set_data(self._context, state, len(state), sequence))

    def sampler(self, sampling: Mapping[str, float], temperature: float, seed: int) -> Sampler:
        """A sampler for one answer."""
        return Sampler(self._library, self._vocabulary, self._context, sampling, temperature, seed)

    def _load(self, model: Path) -> Any:
        params = self._library.llama_model_default_params()
        params.n_gpu_layers = ALL_LAYERS if self._runtime.on_gpu else 0
        loaded = self._library.llama_model_load_from_file(str(model).encode(), params)
        if not loaded:
            raise _damaged(model)
        return loaded

    def _open(self, model: Path, sequences: int, length: int, batch: int) -> Any:
        params = self._library.llama_context_default_params()
        params.n_ctx, params.n_seq_max = sequences * length, sequences
        params.n_batch = params.n_ubatch = batch
        params.n_threads = params.n_threads_batch = self._runtime.threads
        context = self._library.llama_init_from_model(self._model, params)
        if not context:
            self._library.llama_model_free(self._model)
            raise _damaged(model)
        return context

    def _give_threads(self) -> None:
        """Give the model threads of its own; where they are as many as the processors, each stays on one of those.

        They wait for each other by spinning, so two that the system puts on one processor while others are busy cost
        each other whole time slices: a token then took ten times as long. They take over the caller's priority.
        """
        runtime = self._runtime
        processors = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
        own = processors if len(processors) == runtime.threads else []
        if pool := new_pool(runtime.libraries, runtime.threads, own):
            self._library.llama_attach_threadpool(self._context, pool, pool)

    def _written(self, messages: Sequence[Message]) -> str:
        """The conversation in the model's own template."""
        rows = [ChatMessage(message.role.encode(), message.content.encode()) for message in messages]
        said = (ChatMessage * len(rows))(*rows)
        size = 2 * sum(len(row.content) + 64 for row in rows) + 256
        for template in (self._template, CHATML):
            room = ctypes.create_string_buffer(size)
            count = self._library.llama_chat_apply_template(template, said, len(rows), True, room, size)
            if 0 <= count <= size:
                return room.raw[:count].decode()
        raise EngineError("The conversation cannot be put in the model's template.", "无法把对话写入该模型的模板。")


class Sampler:
    """Chooses the tokens of one answer."""

    def __init__(
        self, library: Any, vocabulary: Any, context: Any, sampling: Mapping[str, float], temperature: float, seed: int
    ) -> None:
        self._library = library
        self._context = context
        self._chain = library.llama_sampler_chain_init(library.llama_sampler_chain_default_params())
        for link in (
            library.llama_sampler_init_dry(
                vocabulary,
                sampling["dry_multiplier"],
                sampling["dry_base"],
                int(sampling["dry_allowed_length"]),
                int(sampling["dry_penalty_last_n"]),
                (c_char_p * len(DRY_BREAKERS))(*DRY_BREAKERS),
                len(DRY_BREAKERS),
            ),
            library.llama_sampler_init_top_k(int(sampling["top_k"])),
            library.llama_sampler_init_top_p(sampling["top_p"], 1),
            library.llama_sampler_init_min_p(sampling["min_p"], 1),
            library.llama_sampler_init_temp(temperature),
            library.llama_sampler_init_dist(seed),
        ):
            library.llama_sampler_chain_add(self._chain, link)

    def accept(self, tokens: Sequence[int]) -> None:
        """Take note of what stands before the answer."""
        for token in tokens:
            self._library.llama_sampler_accept(self._chain, token)

    def next(self, row: int) -> int:
        """The token that follows the one in that row of the last `read`."""
        return int(self._library.llama_sampler_sample(self._chain, self._context, row))

    def close(self) -> None:
        """Free it."""
        self._library.llama_sampler_free(self._chain)


class _Rows:
    """A batch's memory, used again and again."""

    def __init__(self, size: int) -> None:
        self._token = (Token * size)()
        self._position = (c_int32 * size)()
        self._count = (c_int32 * size)(*[1] * size)
        self._sequence = (c_int32 * size)()
        self._wanted = (c_int8 * size)()
        step = ctypes.sizeof(c_int32)
        first = ctypes.addressof(self._sequence)
        pointers = [ctypes.cast(first + step * row, POINTER(c_int32)) for row in range(size)]
        self._sequences = (POINTER(c_int32) * size)(*pointers)

    def of(self, steps: Sequence[Step]) -> Batch:
        """The batch that reads some tokens."""
        for row, step in enumerate(steps):
            self._token[row], self._position[row] = step.token, step.position
            self._sequence[row], self._wanted[row] = step.sequence, step.wanted
        return Batch(len(steps), self._token, None, self._position, self._count, self._sequences, self._wanted)


def _damaged(model: Path) -> WeightsError:
    return WeightsError(
        f"llama.cpp cannot load {model.name}. `avatar models verify` tells whether the file is whole.",
        f"llama.cpp 无法加载 {model.name}。用 `avatar models verify` 检查文件是否完整。",
    )
