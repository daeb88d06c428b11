"""`avatar read`: a book or a chapter read aloud, with subtitles; stopped, it goes on from where it was."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from avatar.cli.console import choose, emit_json, note, progress, settings, stopped_by_the_system
from avatar.engines import Engines
from avatar.engines.voices import voice_standing
from avatar.errors import AvatarError, InputError, Language
from avatar.live.aloud.book import Book, Chapter, read_book
from avatar.live.aloud.reading import ChapterFiles, Reading, Say, Step
from avatar.live.aloud.workshop import Manner, Workshop
from avatar.media import ClauseSpeech
from avatar.stages import Synthesizer
from avatar.voice.speaking.delivery import LEAST, MOST


def read(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    book: Annotated[Path, typer.Argument(help="txt, md, html, epub, docx or pdf. 要朗读的文件。")],
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder for the sound and the subtitles. 输出文件夹。")],
    voice: Annotated[str, typer.Option("--voice", help="Who reads. 声音。")],
    title: Annotated[str, typer.Option("--title", help="Of the book, else as it says itself. 书名。")] = "",
    chapter: Annotated[list[int] | None, typer.Option("--chapter", "-c", help="Only these, by number. 章号。")] = None,
    speed: Annotated[float | None, typer.Option("--speed", help="0.5..2. 语速。")] = None,
    again: Annotated[bool, typer.Option("--again", help="Start over. 重新开始。")] = False,
    contents: Annotated[bool, typer.Option("--contents", help="Only list the chapters. 只列出章节。")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")] = False,
) -> None:
    """Read a book aloud into chapters with subtitles. 把一本书读成分章的有声书。"""
    pace = settings().speaking.speed if speed is None else _pace(speed)
    text = read_book(book, title)
    chosen = _chosen(text, chapter or [])
    if contents:
        _list(text, json)
        return
    engines = Engines(settings())
    try:
        say = _speaker(engines, voice, pace)
        with stopped_by_the_system(), Workshop(out, book.name, _manner(engines, voice, pace), again=again) as workshop:
            reading = Reading(text, chosen, workshop, say, voice)
            if reading.changed():
                note(
                    "The text has changed since: what is new in it is read, the rest is kept.",
                    "文字在上次之后有改动:只重读改动的部分,其余保留。",
                )
            files = run_reading(reading, out)
        _report(engines, reading, files, json)
    finally:
        engines.close()


def _speaker(engines: Engines, voice: str, pace: float) -> Say:
    """The voice that reads; asked for a word first, so that an unknown one is refused before anything is written."""
    narrator: Synthesizer = engines.narrator
    engines.synthesizer.speak("一", voice, language="zh", speed=pace)

    def say(clause: str, language: Language) -> ClauseSpeech:
        return narrator.speak(clause, voice, language=language, speed=pace)

    return say


def _manner(engines: Engines, voice: str, pace: float) -> Manner:
    """Everything besides the words that the sound hangs on."""
    speaking = engines.settings.speaking
    try:
        standing = voice_standing(engines.settings)(voice)
    except AvatarError:
        standing = ""  # a voice of another engine
    done = [engines.synthesizer.name, *(["checked"] if speaking.check else [])]
    return Manner(voice, standing, pace, " ".join([*done, *(["marked"] if speaking.watermark else [])]))


def run_reading(reading: Reading, out: Path) -> list[ChapterFiles]:
    """Read, with a bar; Ctrl-C leaves what is done for the next time."""
    last = Step(Chapter(0, "", ()), 0, reading.total, 0)
    clock = _Clock()
    try:
        with progress("Reading", "正在朗读", float(reading.total)) as bar:

            def shown(step: Step) -> None:
                nonlocal last
                last = step
                clock.tell(step)
                name = f"{step.chapter.number} {step.chapter.title}"[:40]
                bar.update(bar.task_ids[0], completed=step.done, description=name)

            return reading.read(shown)
    except KeyboardInterrupt:
        share = last.done / max(1, last.total)
        note(
            f"Stopped at {share:.0%}. The same command goes on from here ({out}).",
            f"已停在 {share:.0%}。再次运行同一命令即可继续({out})。",
        )
        raise


class _Clock:
    """Says how far it is and how long it may take, once for each chapter, where there is no terminal to draw on."""

    def __init__(self) -> None:
        self._since: tuple[float, int] | None = None
        self._told = 0

    def tell(self, step: Step) -> None:
        """A clause is done."""
        now = time.monotonic()
        self._since = self._since or (now, step.done)
        begun, before = self._since
        if step.chapter.number == self._told or step.done <= before or sys.stderr.isatty():
            return
        self._told = step.chapter.number
        left = round((now - begun) * (step.total - step.done) / (step.done - before) / 60)
        note(
            f"Chapter {step.chapter.number}: {step.done / step.total:.0%} of all is read, about {left} min left.",
            f"第 {step.chapter.number} 章:已读 {step.done / step.total:.0%},约剩 {left} 分钟。",
        )


def _chosen(book: Book, numbers: list[int]) -> list[Chapter]:
    """The chapters that are read.

    Raises:
        InputError: there is none of such a number.
    """
    for number in numbers:
        if not 1 <= number <= len(book.chapters):
            raise InputError(
                f"There is no chapter {number}; the book has {len(book.chapters)}. See --contents.",
                f"没有第 {number} 章;全书共 {len(book.chapters)} 章。可用 --contents 查看。",
                code="chapter_not_found",
            )
    return [each for each in book.chapters if not numbers or each.number in numbers]


def _pace(speed: float) -> float:
    if not LEAST <= speed <= MOST:
        raise InputError(
            f"--speed is from {LEAST} to {MOST}, not {speed}.", f"--speed 须为 {LEAST} 到 {MOST},不能是 {speed}。"
        )
    return speed


def _list(book: Book, json: bool) -> None:
    if json:
        emit_json(
            {
                "title": book.title,
                "chapters": [
                    {"number": each.number, "title": each.title, "clauses": len(each.lines), "units": each.units}
                    for each in book.chapters
                ],
            }
        )
        return
    typer.echo(book.title)
    for each in book.chapters:
        typer.echo(f"{each.number:4d}  {each.title}  ({each.units})")


def _report(engines: Engines, reading: Reading, files: list[ChapterFiles], json: bool) -> None:
    counts = engines.self_check.tally.clauses()
    checks = {outcome: n for (place, outcome), n in counts.items() if place == "script" and n}
    if json:
        emit_json(
            {
                "out": str(reading.bound),
                "seconds": round(sum(each.seconds for each in files), 3),
                "clauses_made": reading.made,
                "self_check": checks,
                "chapters": [
                    {"number": each.number, "title": each.title, "audio": str(each.audio), "seconds": each.seconds}
                    for each in files
                ],
            }
        )
        return
    for each in files:
        typer.echo(f"{each.number:4d}  {time.strftime('%H:%M:%S', time.gmtime(each.seconds))}  {each.audio}")
    typer.echo(f"{choose('Written', '已写入')}: {reading.bound}")
    if checks.get("mended") or checks.get("flawed"):
        note(
            f"Said again because words were lost: {checks.get('mended', 0)} clauses; "
            f"worth listening to: {checks.get('flawed', 0)}.",
            f"因丢字重读的句子:{checks.get('mended', 0)};建议再听一遍的:{checks.get('flawed', 0)}。",
        )
