"""Stands in for torchaudio, whose published build does not load beside torch's build for processors: what XTTS asks of
it, written in torch, with the same results but for what two resamplers differ by."""

from . import functional, transforms

__version__ = "2.11.0"
__all__ = ["functional", "transforms"]
