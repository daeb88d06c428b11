"""Printing: sentences in the user's language, progress on the error stream, results on the output."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from avatar.errors import AvatarError, Language, SettingsError
from avatar.settings import Settings, load_settings


def language() -> Language:
    """The language of messages; English where the settings cannot be read."""
    try:
        return load_settings().message_language
    except SettingsError:
        return "en"


def choose(en: str, zh: str) -> str:
    """The sentence in the user's language."""
    return zh if language() == "zh" else en


def fail(error: AvatarError) -> None:
    """Say on the error stream what went wrong."""
    typer.secho(error.sentence(language()), fg=typer.colors.RED, err=True)


def note(en: str, zh: str) -> None:
    """Say something in passing, on the error stream, so that it does not mix with a result."""
    typer.secho(choose(en, zh), err=True, dim=True)


def emit_json(data: object) -> None:
    """A result for programs."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2))


def settings() -> Settings:
    """The settings, read once for a command.

    Raises:
        SettingsError: one of them is wrong.
    """
    return load_settings()


@contextmanager
def progress(en: str, zh: str, total: float | None) -> Iterator[Progress]:
    """A progress bar on the error stream; `advance(0, n)` moves it on. Nothing is drawn where that is no terminal."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        bar.add_task(choose(en, zh), total=total)
        yield bar


@contextmanager
def stopped_by_the_system() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does, so that what is half written is taken away."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
