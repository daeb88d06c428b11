"""`avatar personas` and `avatar voices`: who can be talked to, and which voices there are."""

from __future__ import annotations

from typing import Annotated

import typer

from avatar.cli.console import emit_json, language, note, settings
from avatar.dialog.persona import surveyed
from avatar.engines.voices import voice_library

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")]


def personas(json: JsonOption = False) -> None:
    """List the personas. 列出人物。"""
    found, wrong = surveyed(settings().data_dir)
    for error in wrong:
        note(error.en, error.zh)
    if json:
        emit_json([{"id": who.id, "name": who.name.model_dump(), "languages": who.languages} for who in found])
        return
    for who in found:
        typer.echo(f"{who.id:<16}{who.name.of(language())}  ({', '.join(who.languages)})")


def voices(json: JsonOption = False) -> None:
    """List the voices. 列出声音。"""
    found = voice_library(settings()).list()
    if json:
        emit_json([voice.model_dump() for voice in found])
        return
    for voice in found:
        name = voice.name.zh if language() == "zh" else voice.name.en
        typer.echo(f"{voice.id:<16}{name}  ({', '.join(voice.languages)})")
