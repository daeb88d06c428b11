"""`avatar detect FILE`: does a recording or a film carry the mark of synthetic speech?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from avatar.cli.console import choose, emit_json, settings
from avatar.engines.voices import mark_network
from avatar.media import SPEECH_RATE, read_audio

if TYPE_CHECKING:
    from avatar.voice.watermark import Detection

UNMARKED = 1
"""The exit code where no mark was found, as grep's."""

LONGEST_S = 4 * 3600.0


def detect(
    file: Annotated[Path, typer.Argument(help="A recording or a film. 录音或视频文件。")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")] = False,
) -> None:
    """Tell whether the speech in a file is synthetic and ours. 检测文件中的语音是否带有合成水印。"""
    from avatar.voice.watermark import detect as find_mark

    found = find_mark(read_audio(file, SPEECH_RATE, max_seconds=LONGEST_S), mark_network(settings()))
    if json:
        emit_json({"marked": found.marked, "score": round(found.score, 3), "share": round(found.share, 3),
                   "spans": [[round(start, 2), round(end, 2)] for start, end in found.spans]})  # fmt: skip
    else:
        typer.echo(_sentence(file.name, found))
    if not found.marked:
        raise typer.Exit(UNMARKED)


def _sentence(name: str, found: Detection) -> str:
    if not found.marked:
        return choose(
            f"{name}: no watermark found (score {found.score:.2f}). That does not prove that a person spoke.",
            f"{name}:未发现水印(得分 {found.score:.2f})。这并不证明是真人所说。",
        )
    spans = ", ".join(f"{start:.1f}-{end:.1f} s" for start, end in found.spans)
    return choose(
        f"{name}: synthetic speech, marked with the Perth watermark (score {found.score:.2f}) at {spans}.",
        f"{name}:合成语音,带有 Perth 水印(得分 {found.score:.2f}),位于 {spans}。",
    )
