"""`avatar knowledge`: the texts that a persona can quote."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from avatar.cli.console import choose, emit_json, note, progress, settings
from avatar.dialog.cutting import language_of
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.library import Entry
from avatar.dialog.persona import load_persona
from avatar.dialog.reading.reading import documents_in
from avatar.engines import find_engine
from avatar.errors import AvatarError
from avatar.stages import Embedder

app = typer.Typer(no_args_is_help=True)

_STEPS = {"reading": "读取", "cutting": "分段", "indexing": "建立索引"}

PersonaOption = Annotated[str, typer.Option("--persona", help="Whose knowledge. 哪个人物。")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")]


@app.command()
def add(
    files: Annotated[
        list[Path], typer.Argument(help="Files or folders: txt md html pdf docx epub srt. 文件或文件夹。")
    ],
    persona: PersonaOption = "luxun",
    words_only: Annotated[
        bool, typer.Option("--words-only", help="Leave meaning to the server. 暂不计算语义向量。")
    ] = False,
) -> None:
    """Add texts; they can be found by words at once and by meaning when embedded. 添加文本。"""
    knowledge = _knowledge(persona)
    failures: list[AvatarError] = []
    for file in documents_in(files):
        try:
            entry = _added(knowledge, file)
        except AvatarError as error:
            failures.append(error)
            continue
        note(f"{entry.title}: {entry.passages} passages.", f"{entry.title}:{entry.passages} 段。")
    if not words_only:
        _embed(knowledge)
    if failures:
        first = failures[0]
        raise type(first)("\n".join(f.en for f in failures), "\n".join(f.zh for f in failures), code=first.code)


@app.command("list")
def list_texts(persona: PersonaOption = "luxun", json: JsonOption = False) -> None:
    """List the texts that were added. 列出已添加的文本。"""
    knowledge = _knowledge(persona, embedding=False)
    if json:
        emit_json([asdict(entry) for entry in knowledge.entries])
        return
    for entry in knowledge.entries:
        typer.echo(_line(entry))
    done, total = knowledge.embedded
    typer.echo(
        choose(
            f"{done} of {total} passages, the persona's own notes among them, can be found by meaning.",
            f"共 {total} 段(含人物自带的笔记),其中 {done} 段可按语义检索。",
        )
    )


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="A question or a few words. 问题或几个词。")],
    persona: PersonaOption = "luxun",
    limit: Annotated[int, typer.Option(min=1, max=50, help="Passages at most. 最多几段。")] = 3,
    json: JsonOption = False,
) -> None:
    """Show the passages that an answer would rest on. 查看回答会依据的段落。"""
    found = _knowledge(persona).search(query, language_of(query), limit=limit)
    if json:
        emit_json([asdict(passage) for passage in found])
        return
    for passage in found:
        typer.secho(f"{passage.score:.2f}  {passage.work} · {passage.place}", bold=True)
        typer.echo(f"      {passage.quote}")
    if not found:
        note("The texts are silent on that.", "这些文本没有谈到它。")


@app.command()
@app.command("remove", hidden=True)
def delete(
    text: Annotated[str, typer.Argument(metavar="ID", help="An id from the list. 列表里的编号。")],
    persona: PersonaOption = "luxun",
) -> None:
    """Forget a text and everything made from it. 删除文本及由它生成的一切。"""
    _knowledge(persona, embedding=False).remove(text)
    note(f"{text}: deleted.", f"{text}:已删除。")


def _knowledge(persona: str, *, embedding: bool = True) -> Knowledge:
    chosen = settings()
    embedder: Embedder | None = None
    if embedding:
        embedder = find_engine("embedder", chosen.llm.embedder)(chosen)  # type: ignore[assignment]
    return Knowledge.open(load_persona(persona, chosen.data_dir), chosen.data_dir, embedder)


def _added(knowledge: Knowledge, file: Path) -> Entry:
    """Add a file with a bar; Ctrl-C stops it, and nothing of that file is kept."""
    with progress(file.name, file.name, 1.0) as bar:

        def told(step: str, share: float) -> None:
            bar.update(bar.task_ids[0], completed=share, description=f"{file.name}: {choose(step, _STEPS[step])}")

        try:
            return knowledge.add_file(file, progress=told)
        except KeyboardInterrupt:
            note(f"{file.name}: stopped, nothing of it was kept.", f"{file.name}:已停止,没有保留任何内容。")
            raise


def _embed(knowledge: Knowledge) -> None:
    """Embed with a bar; Ctrl-C stops it and keeps what is done."""
    done, total = knowledge.embedded
    with progress("finding by meaning", "计算语义向量", total) as bar:
        bar.update(bar.task_ids[0], completed=done)
        try:
            knowledge.embed(lambda now, _: bar.update(bar.task_ids[0], completed=now))
        except KeyboardInterrupt:
            note("Stopped; the rest follows next time.", "已停止,其余下次继续。")
            raise


def _line(entry: Entry) -> str:
    characters = choose("characters", "字")
    passages = choose("passages", "段")
    return f"{entry.id}  {entry.title}  ({entry.characters} {characters}, {entry.passages} {passages})"
