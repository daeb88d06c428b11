"""Very large texts: memory, speed, and how soon a cancelled addition ends.

A text of sentences made up of common words, half Chinese, half English, is written to the disk: half in files that
a library takes whole, half in one that is read in parts. A process of its own adds them by words and then asks. Another
addition is cancelled twenty times, at moments spread over its first seconds; what counts is the time from the wish to
the return, and that nothing is left. The embedding takes no part: it runs behind, as fast as the embedder is.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path

import typer

from avatar.dialog.knowledge import Knowledge
from avatar.dialog.library import Library
from avatar.dialog.stopping import Cancelled, StoppedError, Tell
from avatar.settings import Settings

MEGABYTE = 1_000_000

CANCELLED = 20
"""Additions that are cancelled."""

_ENGLISH = (  # noqa: SIM905 - read more easily
    "the boat river water night lamp willow ferry boatman song wind summer winter old young people road hope village "
    "teacher child book letter paper brush school market rain snow crossed waited answered carried remembered"
).split()
_CHINESE = (  # noqa: SIM905 - read more easily
    "渡口 船夫 夜里 唱歌 河水 夏天 柳木 灯笼 岸上 村庄 先生 孩子 书信 学堂 雨天 北风 走过 等待 回答 记得 希望 道路 "
    "老人 青年 菜园 瓦屋 茶馆 药店 月亮 冬天 石桥 豆子 看见 忽然 慢慢 从前"
).split()


def run(settings: Settings, megabytes: float = 500.0) -> dict[str, float]:
    """Measure.

    Args:
        settings: name the folder of the cache, on whose disk the texts lie meanwhile (four times their size).
        megabytes: of text.

    Returns:
        `peak_mb` of the process that adds (resident memory, what is mapped of files included), `mb_per_s`, `cancel_s`
        (the longest), `left_over` (files after cancelling), `passages`, `ask_ms` (by words, median of twenty), and
        `reopen_s`.
    """
    settings.cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.cache_dir, prefix="bench-knowledge-") as folder:
        here = Path(folder)
        files = list(written(here / "texts", int(megabytes * MEGABYTE)))
        metrics = _apart(_added, files, here / "library")
        return metrics | _apart(_cancelled, files[-1:], here / "cancelled")


def written(folder: Path, size: int) -> Iterator[Path]:
    """Files of made-up text of so many bytes in all; the last holds half of it."""
    folder.mkdir()
    rng = random.Random(7)
    sizes = [16 * MEGABYTE] * (size // 2 // (16 * MEGABYTE))
    sizes.append(size - sum(sizes))
    for number, most in enumerate(sizes):
        file = folder / f"{number:03d}.txt"
        with file.open("w", encoding="utf-8") as stream:
            done = 0
            while done < most:
                paragraph = _paragraph(rng, chinese=rng.random() < 0.5)
                done += len(paragraph.encode())
                stream.write(paragraph)
        yield file


def _paragraph(rng: random.Random, *, chinese: bool) -> str:
    words, end, between = (_CHINESE, "。", "") if chinese else (_ENGLISH, ". ", " ")
    sentences = [
        between.join(rng.choices(words, k=rng.randint(6, 14))) + str(rng.randint(1, 99999)) + end
        for _ in range(rng.randint(3, 9))
    ]
    heading = f"\n第{rng.randint(1, 99)}章\n\n" if rng.random() < 0.01 else ""
    return f"{heading}{''.join(sentences)}\n\n"


def _apart(work: object, files: list[Path], folder: Path) -> dict[str, float]:
    """What a piece of work gives, done in a process of its own."""
    context = get_context("spawn")
    answers: Queue[dict[str, float]] = context.Queue()
    process = context.Process(target=work, args=(files, folder, answers))  # type: ignore[arg-type]
    process.start()
    try:
        return answers.get()
    finally:
        process.join()


def _added(files: list[Path], folder: Path, answers: Queue[dict[str, float]]) -> None:
    knowledge = Knowledge((), Library(folder), None)
    began, size = time.monotonic(), sum(file.stat().st_size for file in files)
    for file in files:
        knowledge.add_file(file, progress=_saying(file.name))
    took = time.monotonic() - began
    asked = []
    for number in range(20):
        began = time.monotonic()
        knowledge.search(f"渡口的船夫在夜里唱什么歌？{number}", "zh")
        asked.append(time.monotonic() - began)
    began = time.monotonic()
    Knowledge((), Library(folder), None)
    answers.put(
        {
            "peak_mb": _peak_mb(),
            "mb_per_s": size / MEGABYTE / took,
            "passages": float(len(knowledge.passages)),
            "ask_ms": 1000 * sorted(asked)[len(asked) // 2],
            "reopen_s": time.monotonic() - began,
        }
    )


def _saying(name: str) -> Tell:
    """Says how far a file is, every ten seconds."""
    last = time.monotonic()

    def say(step: str, share: float) -> None:
        nonlocal last
        if time.monotonic() - last > 10:
            last = time.monotonic()
            typer.echo(f"{name}: {step} {100 * share:.0f} %", err=True)

    return say


def _cancelled(files: list[Path], folder: Path, answers: Queue[dict[str, float]]) -> None:
    knowledge = Knowledge((), Library(folder), None)
    waits = []
    for number in range(CANCELLED):
        wish = time.monotonic() + 0.05 + number * 0.4
        try:
            knowledge.add_file(files[0], cancelled=_after(wish))
        except StoppedError:
            waits.append(time.monotonic() - wish)
    left = len(list(folder.rglob("*"))) if folder.exists() else 0
    answers.put({"cancel_s": max(waits, default=0.0), "left_over": float(left)})


def _after(wish: float) -> Cancelled:
    """Whether the moment of the wish has come."""
    return lambda: time.monotonic() > wish


def _peak_mb() -> float:
    """The largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MEGABYTE if sys.platform == "darwin" else peak * 1024 / MEGABYTE
