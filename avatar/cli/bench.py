"""`avatar bench NAME`: runs one of the project's benchmarks, shows a table and writes JSON."""

from __future__ import annotations

import importlib
import inspect
import json as json_format
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from avatar.cli.console import settings
from avatar.errors import InputError, NotFoundError
from avatar.files import write
from avatar.settings import PACKAGE_ROOT

FOLDER = PACKAGE_ROOT.parent / "benchmarks"
VERSIONS = ("avatar-server", "numpy", "torch", "onnxruntime", "faster-whisper", "numba", "av")


def bench(  # noqa: PLR0913, PLR0917 - one for each option
    name: Annotated[str, typer.Argument(help="A file in benchmarks/, without .py. 基准名称。")],
    json: Annotated[
        Path | None, typer.Option("--json", help="Write the figures to this file. 写入 JSON 文件。")
    ] = None,
    photos: Annotated[
        Path | None, typer.Option("--photos", help="For face and streams: a folder of photographs. 照片文件夹。")
    ] = None,
    sheets: Annotated[
        Path | None, typer.Option("--sheets", help="For face: write contact sheets here. 联系表图片的文件夹。")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="For sync and streams: how much is measured. 测量时长,分钟。")
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="For retrieval: a folder of texts. 文本文件夹。")
    ] = None,
    questions: Annotated[
        Path | None, typer.Option("--questions", help="For retrieval and persona: a file of questions. 问题文件。")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", help="For persona and memory: how many questions are asked. 提问数。")
    ] = None,
    voices: Annotated[
        Path | None, typer.Option("--voices", help="For clone and edit: a folder of recordings. 录音文件夹。")
    ] = None,
    every: Annotated[
        int | None, typer.Option("--every", min=1, help="For voice: only every n-th sentence. 只测每第 n 句。")
    ] = None,
    megabytes: Annotated[
        float | None, typer.Option("--megabytes", min=1, help="For knowledge: how much text. 文本量,MB。")
    ] = None,
) -> None:
    """Measure something. 运行基准测试。"""
    if photos is not None:
        os.environ["AVATAR_BENCH_PHOTOS"] = str(photos)
    module = load(name)
    options: dict[str, float | Path | None] = {
        "sheets": sheets,
        "minutes": minutes,
        "corpus": corpus,
        "questions": questions,
        "limit": limit,
        "voices": voices,
        "every": every,
        "megabytes": megabytes,
    }
    metrics = module.run(settings(), **chosen(module, **options))
    for key, value in metrics.items():
        typer.echo(f"{key:<28}{value:12.4f}")
    if json is not None:
        result = {"bench": name, "machine": machine(), "versions": versions(), "metrics": metrics}
        write(json, f"{json_format.dumps(result, indent=2)}\n".encode())


def load(name: str) -> ModuleType:
    """The benchmark's module, which has `run(settings, …) -> dict[str, float]`.

    Raises:
        NotFoundError: there is none; the sentence names those there are.
    """
    known = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    if name not in known:
        listed = ", ".join(known) or "-"
        raise NotFoundError(
            f"There is no benchmark {name!r}. There are: {listed}. They come with a checkout of the repository.",
            f"没有名为 {name!r} 的基准测试。现有:{listed}。它们随源码仓库提供。",
            code="bench_not_found",
        )
    sys.path.insert(0, str(FOLDER.parent))
    return importlib.import_module(f"benchmarks.{name}")


def chosen(module: ModuleType, **options: float | Path | None) -> dict[str, float | Path]:
    """The options that were given, for a benchmark that takes them.

    Raises:
        InputError: it does not take one of them.
    """
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in inspect.signature(module.run).parameters:
            raise InputError(
                f"This benchmark takes no --{name}; leave it out.", f"该基准测试没有 --{name} 选项,请去掉。"
            )
    return given


def machine() -> dict[str, object]:
    """The machine, as far as it matters for the figures."""
    return {"system": platform.system(), "arch": platform.machine(), "cores": os.cpu_count(), "cpu": _cpu_name()}


def versions() -> dict[str, str]:
    """The versions that the figures were taken with."""
    return {"python": platform.python_version()} | {name: version(name) for name in VERSIONS}


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
