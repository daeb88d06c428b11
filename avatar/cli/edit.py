"""`avatar edit`: change, put in or take out words of a recording, in the voice of whoever speaks in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from avatar.cli.console import choose, emit_json, note, progress, settings
from avatar.engines import Engines
from avatar.engines.editing import editing
from avatar.errors import InputError, Language
from avatar.files import check_folder
from avatar.voice.editing.editor import Edited, Step, Wish
from avatar.voice.editing.recording import LOSSLESS, write

if TYPE_CHECKING:
    from rich.progress import Progress

_STEPS: dict[Step, tuple[str, str]] = {
    "hearing": ("Listening", "正在识别"),
    "checking": ("Checking the speaker", "正在核对说话人"),
    "making": ("Speaking the new words", "正在生成新词"),
}


def edit(  # noqa: PLR0913, PLR0917 - one for each option
    file: Annotated[Path, typer.Argument(help="A recording. 录音。")],
    voice: Annotated[str, typer.Option("--voice", help="The id of its speaker's voice. 说话人的音色 id。")],
    out: Annotated[Path, typer.Option("--out", "-o", help="A .wav or .flac file. 输出文件。")],
    wanted: Annotated[str | None, typer.Option("--from", help="Words of the recording. 要改的词。")] = None,
    by: Annotated[
        str | None, typer.Option("--to", help="What comes in their place; empty takes them out. 改成的词;留空则删去。")
    ] = None,
    text: Annotated[
        str | None, typer.Option("--text", help="The whole new text, in place of --from and --to. 修改后的全文。")
    ] = None,
    transcript: Annotated[
        str, typer.Option("--transcript", help="What the recording says; else it is listened to. 录音的文字稿。")
    ] = "",
    language: Annotated[str, typer.Option("--language", help="zh or en; else it is told by ear. 语言。")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")] = False,
) -> None:
    """Edit a recording by its text. 按文字编辑录音:只重新生成改动的词。"""
    wish = _wish(wanted, by, text, transcript, language)
    _demand(file, out)
    engines = Engines(settings())
    try:
        desk = editing(engines)
        with progress("Listening", "正在识别", 1.0) as bar:
            edited = desk.edit(file, voice, wish, lambda step, share: _shown(bar, step, share))
        write(edited.recording, out, edited.comment)
    finally:
        engines.close()
    _report(edited, out, json)


def _wish(wanted: str | None, by: str | None, text: str | None, transcript: str, language: str) -> Wish:
    """What is asked for.

    Raises:
        InputError: it is not one thing.
    """
    if (text is None) == (wanted is None) or (wanted is None) != (by is None):
        raise InputError(
            'Say what changes: --from with --to (--to "" takes words out), or --text with the whole new text.',
            '请说明要改什么:--from 配 --to(--to "" 表示删去),或用 --text 给出修改后的全文。',
            code="edit_wish",
        )
    if language not in ("", "zh", "en"):
        raise InputError("--language is zh or en.", "--language 是 zh 或 en。")
    told = cast(Language, language) if language else None
    return Wish(wanted=wanted or "", by=by or "", text=text or "", transcript=transcript, language=told)


def _demand(file: Path, out: Path) -> None:
    """Find out early that nothing could be written.

    Raises:
        InputError: there is no such folder; or it would be the recording itself, or of another kind.
    """
    check_folder(out)
    if out.suffix.lower() not in LOSSLESS:
        raise InputError(
            f"{out.name} must end in .wav or .flac: the rest of the recording stays as it is.",
            f"{out.name} 须以 .wav 或 .flac 结尾:录音的其余部分保持不变。",
            code="edit_lossy",
        )
    if out.resolve() == file.resolve():
        raise InputError(
            "--out is the recording itself. Give another name, so that the original stays.",
            "--out 就是原录音。请换一个文件名,保留原件。",
        )


def _shown(bar: Progress, step: Step, share: float) -> None:
    bar.update(bar.task_ids[0], completed=share, description=choose(*_STEPS[step]))


def _report(edited: Edited, out: Path, json: bool) -> None:
    rate = edited.recording.rate
    spans = [(round(part.start / rate, 3), round(part.end / rate, 3), part) for part in edited.parts]
    if json:
        emit_json({
            "out": str(out), "old": edited.old, "new": edited.new, "likeness": round(edited.likeness, 3),
            "parts": [
                {"start": start, "end": end, "made": part.made, "tries": part.tries, "clicks": part.clicks,
                 "words": part.words.total, "understood": part.words.found}
                for start, end, part in spans
            ],
        })  # fmt: skip
        return
    typer.echo(f"{choose('Written', '已写入')}: {out}")
    typer.echo(edited.new)
    for start, end, part in spans:
        if part.words.missed:
            note(
                f"{start}-{end} s: {part.words.found} of {part.words.total} words were understood; listen to it.",
                f"{start}-{end} 秒:{part.words.total} 个词听懂 {part.words.found} 个,请试听。",
            )
