"""The command line. `avatar --help` lists the commands; each group has a module of its own."""

from __future__ import annotations

import logging
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from avatar import __version__
from avatar.cli import (
    animate,
    bench,
    chat,
    clone,
    detect,
    doctor,
    edit,
    knowledge,
    listing,
    memory,
    models,
    persona,
    read,
    serve,
    talk,
)
from avatar.cli.console import fail
from avatar.errors import AvatarError

INTERRUPTED = 130
"""The exit code of a command that was stopped by Ctrl-C."""


class Commands(TyperGroup):
    """Turns our errors into a sentence and an exit code, in one place."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except AvatarError as error:
            fail(error)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Talk to a persona that answers in its own voice, with its own face. 与有声音、有面容的人物交谈。",
)
app.add_typer(models.app, name="models", help="Weights: list, pull, verify, remove. 模型权重。")
app.add_typer(knowledge.app, name="knowledge", help="What a persona knows. 人物的知识。")
app.add_typer(persona.app, name="persona", help="Personas: make, show, edit, import, export, delete. 人物。")
app.add_typer(memory.app, name="memory", help="What personas remember of users. 人物对用户的记忆。")
app.add_typer(clone.voices, name="voices", help="Voices: list, rename, export, import, delete. 音色。")
app.add_typer(clone.consent, name="consent", help="Who agreed to a voice: phrase, list, revoke. 同意书。")
app.command()(clone.clone)
app.command()(serve.serve)
app.command()(talk.say)
app.command()(talk.ask)
app.command()(chat.chat)
app.command()(animate.animate)
app.command()(read.read)
app.command()(edit.edit)
app.command()(detect.detect)
app.command()(doctor.doctor)
app.command()(bench.bench)
app.command()(listing.personas)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="版本")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens. 输出日志。")] = False,
) -> None:
    """Options of every command."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(name)s %(message)s")


def main() -> None:
    """The entry point."""
    app()
