"""`avatar models`: which weights there are, fetching, checking and removing them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bar

from avatar.cli.console import choose, emit_json, language, note, settings
from avatar.errors import WeightsError
from avatar.models.progress import Doing, Progress, Report
from avatar.models.store import ModelState, Store

app = typer.Typer(no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAMES]...", help="Names from the list. 列表里的名称。")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")]

STATES = {
    "ready": ("ready", "就绪", typer.colors.GREEN),
    "unchecked": ("there, not checked yet", "已有,未校验", typer.colors.YELLOW),
    "partial": ("incomplete", "不完整", typer.colors.YELLOW),
    "damaged": ("damaged", "已损坏", typer.colors.RED),
    "missing": ("not here", "未下载", typer.colors.BRIGHT_BLACK),
}
"""What a state is called, in English and in Chinese, and its colour."""

DOINGS: dict[Doing, tuple[str, str]] = {
    "wait": ("waiting for another process", "等待另一个进程"),
    "fetch": ("fetching", "下载"),
    "check": ("checking", "校验"),
}


@app.command("list")
def list_models(json: JsonOption = False) -> None:
    """List the weights, their origin and licence, and whether they are here. 列出模型权重。"""
    states = _store().list()
    if json:
        emit_json([_as_json(state) for state in states])
        return
    for state in states:
        _show(state)
    typer.echo(choose("* needed by `avatar serve`", "* `avatar serve` 需要"))


@app.command()
def pull(
    names: Names = None,
    everything: Annotated[bool, typer.Option("--all", help="All that can be used here. 本机可用的全部。")] = False,
) -> None:
    """Fetch weights and verify them; without names, those that `avatar serve` needs. 下载并校验模型权重。"""
    store = _store()
    chosen = [model.name for model in (store.catalog.usable() if everything else store.catalog.defaults())]
    if not names:
        for name in [name for name in chosen if not store.accepted(name)]:
            chosen.remove(name)
            note(
                f"{name}: left out, its licence is not accepted (`avatar models accept {name}`).",
                f"{name}:已跳过,尚未接受其许可协议(`avatar models accept {name}`)。",
            )
    failures: list[WeightsError] = []
    for name in names or chosen:
        try:
            with _reporting() as report:
                fetched = store.pull(name, report)
        except WeightsError as error:
            failures.append(error)
            continue
        if fetched:
            note(f"{name}: fetched and verified.", f"{name}:已下载并校验。")
        else:
            note(f"{name}: already here.", f"{name}:已就绪。")
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise WeightsError("\n".join(failure.en for failure in failures), "\n".join(failure.zh for failure in failures))


@app.command()
def accept(
    name: Annotated[str, typer.Argument(help="A name from the list. 列表里的名称。")],
    yes: Annotated[bool, typer.Option("--yes", help="Agree without being asked. 不再询问,直接同意。")] = False,
) -> None:
    """Read what a model's licence asks for, and agree to it. 查看并接受模型的许可协议。"""
    store = _store()
    terms = store.catalog[name].terms
    if terms is None:
        note(f"{name}: nothing has to be accepted.", f"{name}:无需接受许可协议。")
        return
    typer.echo(f"{terms.name} · {terms.url}\n{terms.gist.en}\n{terms.gist.zh}")
    if not yes and not typer.confirm(choose("Do you accept it?", "是否接受?")):
        raise typer.Exit(1)
    store.accept(name)
    note(f"{name}: {terms.name} is accepted.", f"{name}:已接受 {terms.name}。")


@app.command()
def verify(names: Names = None, json: JsonOption = False) -> None:
    """Read every byte and compare the hashes; without names, of all that is here. 逐字节校验。"""
    store = _store()
    states = []
    for name in names or [state.model.name for state in store.list() if state.state != "missing"]:
        with _reporting() as report:
            states.append(store.verify(name, report))
        if not json:
            _show(states[-1])
    if json:
        emit_json([_as_json(state) for state in states])
    bad = [state.model.name for state in states if state.state != "ready"]
    if bad:
        command = f"avatar models pull {' '.join(bad)}"
        raise WeightsError(
            f"Missing or damaged: {', '.join(bad)}. Run `{command}`.",
            f"缺失或损坏:{', '.join(bad)}。请运行 `{command}`。",
        )


@app.command()
def remove(names: Annotated[list[str], typer.Argument(help="Names from the list. 列表里的名称。")]) -> None:
    """Delete weights. 删除模型权重。"""
    store = _store()
    for name in names:
        freed = _megabytes(store.remove(name))
        note(f"{name}: removed, {freed} freed.", f"{name}:已删除,释放 {freed}。")


def _store() -> Store:
    return Store(settings().models_dir)


def _as_json(state: ModelState) -> dict[str, object]:
    model = state.model
    return {
        "name": model.name,
        "title": model.title.model_dump(),
        "role": model.role,
        "origin": model.origin,
        "licence": model.licence,
        "default": model.default,
        "size": model.size,
        "state": state.state,
        "folder": str(state.folder),
        "files": [
            {"name": file.name, "size": file.size, "sha256": file.sha256, "state": state.files[file.name]}
            for file in model.files
        ],
        "sources": [source.label for source in model.sources],
    }


def _show(state: ModelState) -> None:
    model = state.model
    en, zh, colour = STATES[state.state]
    mark = "*" if model.default else " "
    typer.echo(f"{mark} {model.name:<20}{_megabytes(model.size):>9}  ", nl=False)
    typer.secho(choose(en, zh), fg=colour)
    typer.echo(f"    {model.title.text(language())} · {model.licence} · {model.origin}")
    if model.terms and not _store().accepted(model.name):
        typer.echo(f"    {choose('licence not accepted', '尚未接受许可协议')}: avatar models accept {model.name}")
    for name in _wrong(state):
        typer.echo(f"    {name}: {choose(*STATES[state.files[name]][:2])}")


def _wrong(state: ModelState) -> Sequence[str]:
    """The files to point at: those that differ from the whole model's state for the worse."""
    if state.state in ("missing", "ready", "unchecked"):
        return []
    return [name for name, one in state.files.items() if one in ("missing", "damaged")]


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"


@contextmanager
def _reporting() -> Iterator[Report]:
    """Show progress on the error stream: a bar on a terminal, a line for each package elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        yield _Drawn(bar, bar.add_task("", total=None))


def _said(progress: Progress) -> str:
    return f"{progress.model}: {choose(*DOINGS[progress.doing])} {progress.what}".rstrip()


class _Drawn:
    """Progress as a bar."""

    def __init__(self, bar: Bar, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def __call__(self, progress: Progress) -> None:
        self._bar.update(self._task, description=_said(progress), completed=progress.done, total=progress.total)


class _Lines:
    """Progress as lines, one whenever another package or file is begun."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, progress: Progress) -> None:
        said = _said(progress)
        if said != self._last and progress.doing != "check":
            self._last = said
            typer.echo(f"{said} ({progress.done / max(1, progress.total):.0%})", err=True)
