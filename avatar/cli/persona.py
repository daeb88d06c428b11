"""`avatar persona`: make, show, change, import, export and delete personas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any

import typer

from avatar.cli import listing, studio
from avatar.cli.console import choose, emit_json, language, note, settings
from avatar.dialog.cards.convert import plain
from avatar.dialog.cards.jsontext import Json
from avatar.dialog.folders import MAX_PICTURE_BYTES, Personas, portrait_file
from avatar.dialog.persona import Persona, load_persona, read_fields
from avatar.dialog.studio.difference import differences
from avatar.dialog.transfer import FORMS, bring_in, give_out, ground_of, new_fields
from avatar.engines import Engines
from avatar.engines.cloning import cloning, voice_luggage
from avatar.errors import InputError, TextError
from avatar.files import reading, write
from avatar.voice.speaking.lexicon import Lexicon

app = typer.Typer(no_args_is_help=True)

MAX_FILE_BYTES = 256 * 1024 * 1024

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The persona's id. 人物的 id。")]
GroundOption = Annotated[
    str, typer.Option("--ground", help="historical, fictional or consent. 依据:历史人物、虚构、本人同意。")
]
BasisOption = Annotated[str, typer.Option("--basis", help="Why it may be portrayed, in a sentence. 为何可以塑造。")]
ByOption = Annotated[str, typer.Option("--by", help="With consent: who agreed. 何人同意。")]
OnOption = Annotated[str, typer.Option("--on", help="With consent: the day, as 2026-11-22. 何日同意。")]
PortraitOption = Annotated[Path | None, typer.Option("--portrait", help="A picture of the face. 肖像图片。")]

app.command("list")(listing.personas)
app.command("studio")(studio.studio)


@app.command()
def new(  # noqa: PLR0913, PLR0917 - each is an option
    persona_id: IdArgument,
    name: Annotated[str, typer.Option("--name", help="What it is called. 名字。")],
    about: Annotated[str, typer.Option("--about", help='Who it is: "You are …". 是谁:“你是……”。')],
    ground: GroundOption = "",
    basis: BasisOption = "",
    by: ByOption = "",
    on: OnOption = "",
    manner: Annotated[str, typer.Option("--manner", help="How it speaks. 怎样说话。")] = "",
    greeting: Annotated[str, typer.Option("--greeting", help="Said first. 开场白。")] = "",
    voice: Annotated[str, typer.Option("--voice", help="See `avatar voices`. 声音的 id。")] = "host",
    portrait: PortraitOption = None,
) -> None:
    """Make a persona. 新建人物。"""
    about_it = {"name": name, "about": about, "manner": manner, "greeting": greeting, "voice": voice}
    fields = new_fields(persona_id, about_it, ground_of(ground, basis, by, on))
    files: dict[str, bytes] = {}
    if portrait is not None:
        fields["portrait"], files = _portrait(_read(portrait, MAX_PICTURE_BYTES), portrait.name)
    _made(Personas(settings().data_dir).create(fields, files))


@app.command()
def show(persona_id: IdArgument, json: JsonOption = False) -> None:
    """Show a persona's card. 查看人物卡。"""
    chosen = settings()
    persona = load_persona(persona_id, chosen.data_dir)
    if json:
        emit_json(plain(persona))
        return
    spoken = language()
    typer.secho(f"{persona.id}  {persona.name.of(spoken)}", bold=True)
    for key in ("biography", "manner", "limits", "greeting", "identity"):
        typer.echo(f"{key}: {getattr(persona, key).of(spoken)}")
    typer.echo(f"voice: {persona.voice}")
    typer.echo(f"ground: {persona.ground.kind}, {persona.ground.basis.of(spoken)}")
    typer.echo(f"version: {Personas(chosen.data_dir).number(persona_id)}")


@app.command()
def edit(
    persona_id: IdArgument,
    changes: Annotated[
        list[str] | None, typer.Argument(metavar="[FIELD=TEXT]…", help="As manner.zh=话短。字段=内容。")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="A whole card instead. 换成整张卡。")] = None,
    version: Annotated[int, typer.Option("--version", min=0, help="Bring back an earlier card. 恢复旧版。")] = 0,
    portrait: PortraitOption = None,
) -> None:
    """Change a persona; the card before is kept. 修改人物,旧版保留。"""
    chosen = settings()
    personas = Personas(chosen.data_dir)
    if version:
        personas.restore(persona_id, version)
    persona = load_persona(persona_id, chosen.data_dir)
    fields: Json = read_fields(file) if file is not None else plain(persona)
    for change in changes or []:
        _set(fields, change)
    picture: Mapping[str, bytes] = {}
    if portrait is not None:
        fields["portrait"], picture = _portrait(_read(portrait, MAX_PICTURE_BYTES), portrait.name)
    if isinstance(fields.get("lexicon"), dict):
        Lexicon({str(word): str(reading) for word, reading in fields["lexicon"].items()})
    after = personas.change(persona_id, fields, picture)
    number = personas.number(persona_id)
    note(f"{after.id}: version {number}.", f"{after.id}:第 {number} 版。")


@app.command()
def versions(
    persona_id: IdArgument,
    show: Annotated[int, typer.Option("--show", min=0, help="What an earlier one would change. 与现在的差异。")] = 0,
    json: JsonOption = False,
) -> None:
    """List a persona's versions; `edit --version N` brings one back. 列出各版本。"""
    personas = Personas(settings().data_dir)
    history = personas.history(persona_id)
    if show:
        found = differences(plain(history[-1].persona), plain(personas.version(persona_id, show).persona))
        if json:
            emit_json([asdict(each) for each in found])
            return
        for one in found:
            studio.show_difference(one)
        return
    rows: list[Json] = []
    before: Json | None = None
    for each in history:
        fields = plain(each.persona)
        changed = [place.field for place in differences(before, fields)] if before is not None else []
        rows.append({"version": each.number, "changed_at": int(each.made_at), "fields": changed})
        before = fields
    if json:
        emit_json(rows)
        return
    for row in rows:
        made = datetime.fromtimestamp(row["changed_at"], tz=timezone.utc).astimezone()
        typer.echo(f"{row['version']:>4}  {made:%Y-%m-%d %H:%M}  {', '.join(row['fields'])[:90]}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help=".persona, or a card: .json .png .charx. 人物文件或人物卡。")],
    persona_id: Annotated[str, typer.Option("--id", help="Under which id. 用哪个 id。")] = "",
    ground: GroundOption = "",
    basis: BasisOption = "",
    by: ByOption = "",
    on: OnOption = "",
) -> None:
    """Import a bundle or a character card, whole or not at all. 导入人物文件或人物卡。"""
    chosen = settings()
    data = _read(file, MAX_FILE_BYTES)
    given = ground_of(ground, basis, by, on) if ground else None
    engines = Engines(chosen)
    try:
        luggage = voice_luggage(chosen, lambda: cloning(engines))
        _made(bring_in(data, file.name, persona_id, given, chosen.data_dir, luggage))
    finally:
        engines.close()


@app.command()
def export(
    persona_id: IdArgument,
    out: Annotated[Path, typer.Option("--out", help=".persona .json .png .charx: the ending decides. 由扩展名决定。")],
) -> None:
    """Write a persona as one bundle, or as a character card. 导出。"""
    chosen = settings()
    persona = load_persona(persona_id, chosen.data_dir)
    form = next((form for form in FORMS if out.suffix.lower() == f".{form}"), None)
    if form is None:
        raise InputError(
            f"{out.name}: the ending must be .persona, .json, .png or .charx.",
            f"{out.name}:扩展名须为 .persona、.json、.png 或 .charx。",
        )
    luggage = voice_luggage(chosen, lambda: cloning(Engines(chosen)))
    write(out, give_out(persona, form, chosen.data_dir, luggage))
    typer.echo(str(out))


@app.command()
def delete(
    persona_id: IdArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. 不再确认。")] = False,
) -> None:
    """Delete a persona of your own, its texts and its earlier versions. 删除自己的人物及其文本。"""
    if not yes:
        typer.confirm(choose(f"Delete {persona_id} for good?", f"永久删除 {persona_id}?"), abort=True)
    Personas(settings().data_dir).delete(persona_id)
    note(f"{persona_id}: deleted.", f"{persona_id}:已删除。")


def _made(persona: Persona) -> None:
    """Say what came of it, and on what ground it stands."""
    typer.echo(persona.id)
    spoken = language()
    basis = persona.ground.basis.of(spoken)
    note(f"Ground: {persona.ground.kind}. {basis}", f"依据:{persona.ground.kind}。{basis}")
    if not persona.portrait_file.is_file():
        note(
            "It has no portrait yet: `avatar persona edit … --portrait`.",
            "还没有肖像:用 `avatar persona edit … --portrait` 添加。",
        )


def _set(fields: Json, change: str) -> None:
    """One change of a text: manner.zh=…"""
    place, equals, text = change.partition("=")
    *path, last = place.split(".")
    table: Any = fields
    for key in path:
        table = table.get(key) if isinstance(table, dict) else None
    if not equals or not isinstance(table, dict) or not isinstance(table.get(last, ""), str):
        raise InputError(
            f"{change[:40]!r} changes no text. Write it as manner.zh=…; `avatar persona show --json` has the names.",
            f"{change[:40]!r} 不是对文字的修改。写法如 manner.zh=……;字段名见 `avatar persona show --json`。",
        )
    table[last] = text


def _portrait(data: bytes, name: str) -> tuple[str, dict[str, bytes]]:
    path, picture = portrait_file(data, name)
    return path, {path: picture}


def _read(file: Path, limit: int) -> bytes:
    with reading(file, TextError, "file_not_found"), file.open("rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        megabytes = limit >> 20
        raise TextError(f"{file} is larger than {megabytes} MB.", f"{file} 超过 {megabytes} MB。")
    return data
