"""llama.cpp's C interface, as far as it is used here: llama.h of the version that the catalog names.

The libraries are those of node-llama-cpp's packages. They hold one build of the arithmetic for every kind of processor
(AVX2, AVX-512, AMX, NEON, …), of which ggml takes the best that this one can run.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from collections.abc import Sequence
from ctypes import POINTER, Structure, c_bool, c_char_p, c_float, c_int8, c_int32, c_size_t, c_uint32, c_void_p
from functools import lru_cache
from pathlib import Path
from typing import Any

from avatar.errors import WeightsError

log = logging.getLogger(__name__)

VERSION = "0.4.0"

Token = c_int32
CPU_DEVICE, GPU_DEVICE = 0, 1
"""ggml's numbers for a processor and a graphics card among the kinds of devices."""

WARNING = 3
"""ggml's level of a message from which it is passed on."""

LogCallback = ctypes.CFUNCTYPE(None, ctypes.c_int, c_char_p, c_void_p)


class ModelParams(Structure):
    """llama_model_params."""

    _fields_ = (
        ("devices", c_void_p),
        ("tensor_buft_overrides", c_void_p),
        ("n_gpu_layers", c_int32),
        ("split_mode", c_int32),
        ("load_mode", c_int32),
        ("lazy_mode", c_int32),
        ("main_gpu", c_int32),
        ("tensor_split", c_void_p),
        ("progress_callback", c_void_p),
        ("progress_callback_user_data", c_void_p),
        ("kv_overrides", c_void_p),
        ("vocab_only", c_bool),
        ("check_tensors", c_bool),
        ("use_extra_bufts", c_bool),
        ("no_host", c_bool),
        ("no_alloc", c_bool),
        ("load_mtp", c_bool),
    )


class ContextParams(Structure):
    """llama_context_params."""

    _fields_ = (
        ("n_ctx", c_uint32),
        ("n_batch", c_uint32),
        ("n_ubatch", c_uint32),
        ("n_seq_max", c_uint32),
        ("n_rs_seq", c_uint32),
        ("n_outputs_max", c_uint32),
        ("n_outputs_max_per_seq", c_uint32),
        ("n_threads", c_int32),
        ("n_threads_batch", c_int32),
        ("ctx_type", c_int32),
        ("rope_scaling_type", c_int32),
        ("pooling_type", c_int32),
        ("attention_type", c_int32),
        ("flash_attn_type", c_int32),
        ("rope_freq_base", c_float),
        ("rope_freq_scale", c_float),
        ("yarn_ext_factor", c_float),
        ("yarn_attn_factor", c_float),
        ("yarn_beta_fast", c_float),
        ("yarn_beta_slow", c_float),
        ("yarn_orig_ctx", c_uint32),
        ("defrag_thold", c_float),
        ("cb_eval", c_void_p),
        ("cb_eval_user_data", c_void_p),
        ("type_k", c_int32),
        ("type_v", c_int32),
        ("abort_callback", c_void_p),
        ("abort_callback_data", c_void_p),
        ("embeddings", c_bool),
        ("offload_kqv", c_bool),
        ("no_perf", c_bool),
        ("op_offload", c_bool),
        ("swa_full", c_bool),
        ("kv_unified", c_bool),
        ("samplers", c_void_p),
        ("n_samplers", c_size_t),
        ("ctx_other", c_void_p),
    )


class Batch(Structure):
    """llama_batch."""

    _fields_ = (
        ("n_tokens", c_int32),
        ("token", POINTER(Token)),
        ("embd", POINTER(c_float)),
        ("pos", POINTER(c_int32)),
        ("n_seq_id", POINTER(c_int32)),
        ("seq_id", POINTER(POINTER(c_int32))),
        ("logits", POINTER(c_int8)),
    )


class ChatMessage(Structure):
    """llama_chat_message."""

    _fields_ = (("role", c_char_p), ("content", c_char_p))


class PoolParams(Structure):
    """ggml_threadpool_params."""

    _fields_ = (
        ("cpumask", c_bool * 512),
        ("n_threads", ctypes.c_int),
        ("prio", ctypes.c_int),
        ("poll", c_uint32),
        ("strict_cpu", c_bool),
        ("paused", c_bool),
    )


class ChainParams(Structure):
    """llama_sampler_chain_params."""

    _fields_ = (("no_perf", c_bool),)


_FUNCTIONS: dict[str, tuple[Any, Sequence[Any]]] = {
    "llama_version": (c_char_p, ()),
    "llama_backend_init": (None, ()),
    "llama_log_set": (None, (LogCallback, c_void_p)),
    "llama_model_default_params": (ModelParams, ()),
    "llama_context_default_params": (ContextParams, ()),
    "llama_sampler_chain_default_params": (ChainParams, ()),
    "llama_model_load_from_file": (c_void_p, (c_char_p, ModelParams)),
    "llama_model_free": (None, (c_void_p,)),
    "llama_model_get_vocab": (c_void_p, (c_void_p,)),
    "llama_model_chat_template": (c_char_p, (c_void_p, c_char_p)),
    "llama_init_from_model": (c_void_p, (c_void_p, ContextParams)),
    "llama_free": (None, (c_void_p,)),
    "llama_n_ctx_seq": (c_uint32, (c_void_p,)),
    "llama_get_memory": (c_void_p, (c_void_p,)),
    "llama_memory_seq_rm": (c_bool, (c_void_p, c_int32, c_int32, c_int32)),
    "llama_attach_threadpool": (None, (c_void_p, c_void_p, c_void_p)),
    "llama_set_abort_callback": (None, (c_void_p, c_void_p, c_void_p)),
    "llama_decode": (c_int32, (c_void_p, Batch)),
    "llama_state_seq_get_size": (c_size_t, (c_void_p, c_int32)),
    "llama_state_seq_get_data": (c_size_t, (c_void_p, c_void_p, c_size_t, c_int32)),
    "llama_state_seq_set_data": (c_size_t, (c_void_p, c_char_p, c_size_t, c_int32)),
    "llama_tokenize": (c_int32, (c_void_p, c_char_p, c_int32, POINTER(Token), c_int32, c_bool, c_bool)),
    "llama_token_to_piece": (c_int32, (c_void_p, Token, c_void_p, c_int32, c_int32, c_bool)),
    "llama_vocab_is_eog": (c_bool, (c_void_p, Token)),
    "llama_chat_apply_template": (
        c_int32,
        (c_char_p, POINTER(ChatMessage), c_size_t, c_bool, c_void_p, c_int32),
    ),
    "llama_sampler_chain_init": (c_void_p, (ChainParams,)),
    "llama_sampler_chain_add": (None, (c_void_p, c_void_p)),
    "llama_sampler_init_dry": (
        c_void_p,
        (c_void_p, c_float, c_float, c_int32, c_int32, POINTER(c_char_p), c_size_t),
    ),
    "llama_sampler_init_top_k": (c_void_p, (c_int32,)),
    "llama_sampler_init_top_p": (c_void_p, (c_float, c_size_t)),
    "llama_sampler_init_min_p": (c_void_p, (c_float, c_size_t)),
    "llama_sampler_init_temp": (c_void_p, (c_float,)),
    "llama_sampler_init_dist": (c_void_p, (c_uint32,)),
    "llama_sampler_sample": (Token, (c_void_p, c_void_p, c_int32)),
    "llama_sampler_accept": (None, (c_void_p, Token)),
    "llama_sampler_free": (None, (c_void_p,)),
}


@lru_cache(maxsize=4)
def load_library(folder: Path) -> Any:
    """The library in a folder that the store filled, with the types of its functions set.

    Raises:
        WeightsError: it cannot be loaded here, or is of another version than this file describes.
    """
    try:
        ggml = ctypes.CDLL(str(_one(folder, "ggml.")))
        llama = ctypes.CDLL(str(_one(folder, "llama.")))
    except OSError as error:
        raise _unusable(f"{folder.name} cannot be loaded: {error}", f"{folder.name} 无法加载:{error}") from error
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(llama, name)
        function.restype, function.argtypes = result, list(arguments)
    version = llama.llama_version().decode()
    if version.split("-")[0] != VERSION:
        raise _unusable(
            f"llama.cpp is of version {version}, not {VERSION}", f"llama.cpp 版本为 {version},而非 {VERSION}"
        )
    llama.llama_log_set(_pass_on, None)
    ggml.ggml_backend_load_all_from_path(str(folder).encode())
    llama.llama_backend_init()
    return llama


def sees_gpu(folder: Path) -> bool:
    """Whether the library, which was loaded before, found a graphics card; without one it computes on the processor."""
    find = ctypes.CDLL(str(_one(folder, "ggml."))).ggml_backend_dev_by_type
    find.restype, find.argtypes = c_void_p, [ctypes.c_int]
    return bool(find(GPU_DEVICE))


def new_pool(folder: Path, threads: int, processors: Sequence[int]) -> int | None:
    """A pool of threads that sleep while there is nothing to compute; None where ggml has none to give.

    Args:
        folder: of the library, which was loaded before.
        threads: how many.
        processors: one for each thread to stay on; empty where the system may choose.
    """
    ggml, base = ctypes.CDLL(str(_one(folder, "ggml."))), ctypes.CDLL(str(_one(folder, "ggml-base")))
    find, registry = ggml.ggml_backend_dev_by_type, base.ggml_backend_dev_backend_reg
    address = base.ggml_backend_reg_get_proc_address
    find.restype = registry.restype = address.restype = c_void_p
    find.argtypes, registry.argtypes, address.argtypes = [ctypes.c_int], [c_void_p], [c_void_p, c_char_p]
    make = address(registry(find(CPU_DEVICE)), b"ggml_threadpool_new")
    if not make:
        return None
    params = PoolParams(n_threads=threads, strict_cpu=bool(processors))
    for processor in processors:
        params.cpumask[processor] = True
    pool: int | None = ctypes.CFUNCTYPE(c_void_p, c_void_p)(make)(ctypes.addressof(params))
    return pool


def strlen() -> c_void_p:
    """C's strlen, for the function by which ggml asks whether to stop: it is handed the address of a text.

    It asks hundreds of times for each token. A function of Python's would need its lock each time; strlen does not,
    and gives 0 for an empty text and 1 for one of a single character.
    """
    c = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
    return ctypes.cast(c.strlen, c_void_p)


def _one(folder: Path, stem: str) -> Path:
    """The library of that name, whatever the platform adds before and after it."""
    suffix = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
    for file in sorted(folder.glob(f"*{suffix}")):
        if file.name.removeprefix("lib").startswith(stem):
            return file
    raise _unusable(f"{folder.name} holds no {stem}*{suffix}", f"{folder.name} 中没有 {stem}*{suffix}")


def _unusable(en: str, zh: str) -> WeightsError:
    return WeightsError(
        f"llama.cpp cannot be used: {en}. Run `avatar models verify`, or set llm.engine to openai.",
        f"llama.cpp 无法使用:{zh}。请运行 `avatar models verify`,或把 llm.engine 设为 openai。",
    )


def _told(level: int, text: bytes, _: object) -> None:
    """A message of the library; they tell of tensors and buffers, never of what is read or written."""
    if level >= WARNING:
        log.debug("llama_cpp %s", text.decode(errors="replace").strip())


_pass_on = LogCallback(_told)
"""Kept for as long as the library may call it."""
