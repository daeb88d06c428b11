"""Where an engine computes, and where its weights lie."""

from __future__ import annotations

from pathlib import Path

from avatar.models import model_path
from avatar.settings import Settings


def onnx_device(settings: Settings, own: str) -> str:
    """Where an ONNX Runtime engine computes: its own setting, else the general one; auto takes CUDA if it is seen."""
    wanted = own if own != "auto" else settings.device
    if wanted != "auto":
        return wanted
    import onnxruntime

    return "cuda:0" if "CUDAExecutionProvider" in onnxruntime.get_available_providers() else "cpu"


def ctranslate2_device(settings: Settings, own: str) -> str:
    """The same for a CTranslate2 engine."""
    wanted = own if own != "auto" else settings.device
    if wanted != "auto":
        return wanted
    import ctranslate2

    return "cuda:0" if ctranslate2.get_cuda_device_count() > 0 else "cpu"


def torch_device(settings: Settings, own: str) -> str:
    """The same for a torch engine, and for llama.cpp."""
    wanted = own if own != "auto" else settings.device
    if wanted != "auto":
        return wanted
    import torch

    return "cuda:0" if torch.cuda.is_available() else "cpu"


def weights(name: str, settings: Settings) -> Path:
    """The folder of a catalog model, or the path itself where the setting is one."""
    path = Path(name).expanduser()
    return path if path.exists() else model_path(name, settings)
