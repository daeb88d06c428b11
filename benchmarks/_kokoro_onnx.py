"""kokoro-onnx with our weights, voices and threads, for a benchmark that stands it beside ours."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import typer

from avatar.errors import Language
from avatar.media import Samples
from avatar.models import model_path
from avatar.settings import Settings
from avatar.voice.profiles import PACK_SHAPE

Say = Callable[[str, Language], Samples]


def kokoro_onnx(settings: Settings, folder: Path, voices: dict[Language, str], threads: int) -> Say | None:
    """The other engine, where AVATAR_BENCH_KOKORO_ONNX names the folder it is installed in.

    Args:
        folder: where the voices are put in the form that it reads.
    """
    installed = os.environ.get("AVATAR_BENCH_KOKORO_ONNX", "")
    if not installed:
        typer.echo("kokoro-onnx is left out: set AVATAR_BENCH_KOKORO_ONNX to the folder it is installed in.", err=True)
        return None
    sys.path.append(installed)
    engine = _opened(settings, folder, importlib.import_module("kokoro_onnx"), voices, threads)

    def say(text: str, language: Language) -> Samples:
        if language == "en":
            sound, _ = engine.create(text, voices[language], lang="en-us")
        else:
            sound, _ = engine.create(_misaki(text), voices[language], is_phonemes=True)
        return np.asarray(sound, dtype=np.float32)

    return say


def _opened(settings: Settings, folder: Path, module: Any, voices: dict[Language, str], threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    model = model_path("kokoro-82m", settings)
    packs = model_path("kokoro-voices", settings)
    session = onnxruntime.InferenceSession(
        str(model / "kokoro-v1.0.int8.onnx"), options, providers=["CPUExecutionProvider"]
    )
    arrays = {
        voice: np.fromfile(packs / f"{voice}.bin", dtype="<f4").reshape(PACK_SHAPE[0], 1, PACK_SHAPE[1])
        for voice in voices.values()
    }
    file = folder / "voices.npz"
    np.savez(file, **arrays)  # type: ignore[arg-type]
    # the first argument after the voices is espeak-ng's configuration, the next one the vocabulary
    return module.Kokoro.from_session(session, str(file), None, str(model / "vocab.json"))


def _misaki(text: str) -> str:
    from misaki.zh import ZHG2P

    phonemes: str = ZHG2P()(text)[0]
    return phonemes
