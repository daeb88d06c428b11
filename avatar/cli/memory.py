"""`avatar memory`: see, change and delete what personas remember of their users."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from avatar.cli.console import choose, emit_json, note, settings
from avatar.dialog.memory.store import Memories
from avatar.errors import InputError, NotFoundError

app = typer.Typer(no_args_is_help=True)

PersonaOption = Annotated[str, typer.Option("--persona", "-p", help="Of this persona only. 只看这个人物。")]
UserOption = Annotated[str, typer.Option("--user", "-u", help="Of this user: the beginning will do. 用户编号的开头。")]
FactArgument = Annotated[str, typer.Argument(metavar="ID", help="The memory's id. 记忆的 id。")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")]


@app.command()
def show(persona: PersonaOption = "", user: UserOption = "", json: JsonOption = False) -> None:
    """Show what is remembered. 查看记忆。"""
    memories = _memories()
    found = [(who, whom, memories.read(who, whom)) for who, whom in _files(memories, persona, user)]
    if json:
        emit_json([{"persona": who, "user": whom, **now.model_dump(mode="json")} for who, whom, now in found])
        return
    for who, whom, now in found:
        wish = choose("remembers", "记忆开启") if now.remember else choose("does not remember", "记忆关闭")
        typer.secho(f"{who}  {whom}  {wish}", bold=True)
        for each in now.facts:
            typer.echo(f"  {each.id}  {each.learned}  {each.text}")


@app.command()
def edit(
    fact: FactArgument,
    text: Annotated[str, typer.Argument(help="The new wording. 新的内容。")],
    persona: PersonaOption = "",
    user: UserOption = "",
) -> None:
    """Word a memory differently. 修改一条记忆。"""
    memories = _memories()
    who, whom = _holder(memories, fact, persona, user)
    memories.edit(who, whom, fact, text)
    note(f"{fact}: changed.", f"{fact}:已修改。")


@app.command()
def forget(
    fact: Annotated[str, typer.Argument(metavar="[ID]", help="One memory; else all of them. 一条记忆的 id。")] = "",
    persona: PersonaOption = "",
    user: UserOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. 不再确认。")] = False,
) -> None:
    """Delete a memory, or everything of a persona or a user, their wish included. 删除记忆。"""
    memories = _memories()
    if fact:
        who, whom = _holder(memories, fact, persona, user)
        memories.forget(who, whom, fact)
        note(f"{fact}: deleted.", f"{fact}:已删除。")
        return
    found = list(_files(memories, persona, user))
    if found and not yes:
        question = choose(
            f"Delete the memories of {len(found)} users for good?", f"永久删除 {len(found)} 位用户的记忆?"
        )
        typer.confirm(question, abort=True)
    for who, whom in found:
        memories.forget(who, whom)
    note(f"Deleted: {len(found)}.", f"已删除:{len(found)}。")


def _memories() -> Memories:
    return Memories(settings().data_dir)


def _files(memories: Memories, persona: str, user: str) -> Iterator[tuple[str, str]]:
    return ((who, whom) for who, whom in memories.users() if persona in ("", who) and whom.startswith(user))


def _holder(memories: Memories, fact: str, persona: str, user: str) -> tuple[str, str]:
    """Whose memory it is.

    Raises:
        NotFoundError: nobody's.
        InputError: several have one of that id.
    """
    found = [
        (who, whom)
        for who, whom in _files(memories, persona, user)
        if any(each.id == fact for each in memories.read(who, whom).facts)
    ]
    if not found:
        raise NotFoundError(
            f"There is no memory {fact[:16]!r}. `avatar memory show` lists those there are.",
            f"没有编号为 {fact[:16]!r} 的记忆。用 `avatar memory show` 查看。",
            code="memory_not_found",
        )
    if len(found) > 1:
        raise InputError("Several have that id; add --user.", "有多条同号的记忆,请加上 --user。")
    return found[0]
