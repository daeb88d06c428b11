"""Very large texts: memory, speed, and how soon a cancelled addition ends.

A text of sentences made up of common words, half Chinese, half English, is written to the disk: half in files that
a library takes whole, half in one that is read in parts. A process of its own adds them by words and then asks. Another
addition is cancelled twenty times, at moments spread over its first seconds; what counts is the time from the wish to
the return, and that nothing is left. The embedding takes no part: it runs behind, as fast as the embedder is.
"""

from __future__ import annotations

import random
import resource
import statistics
import sys
import tempfile
import threading
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
        `peak_mb` of the process that adds (resident memory, what is mapped of files included), `own_mb` (without what
        is mapped, looked at ten times a second; 0 where the system does not tell), `mb_per_s`, `cpu_s`, `passages`,
        `ask_ms` (by words, median of twenty), `ask_cpu_ms`, `reopen_s`, `cancel_s` (the longest), `cancel_p50_s` and
        `left_over` (files after cancelling).
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
    own = _Own()
    knowledge = Knowledge((), Library(folder), None)
    began, size = time.monotonic(), sum(file.stat().st_size for file in files)
    for file in files:
        knowledge.add_file(file, progress=_saying(file.name))
    took, spent = time.monotonic() - began, time.process_time()
    asked = []
    for number in range(20):
        began, began_own = time.monotonic(), time.thread_time()
        knowledge.search(f"渡口的船夫在夜里唱什么歌？{number}", "zh")
        asked.append((time.monotonic() - began, time.thread_time() - began_own))
    began = time.monotonic()
    Knowledge((), Library(folder), None)
    clock, cpu = zip(*asked, strict=True)
    answers.put(
        {
            "peak_mb": _peak_mb(),
            "own_mb": own.end(),
            "mb_per_s": size / MEGABYTE / took,
            "cpu_s": spent,
            "passages": float(len(knowledge.passages)),
            "ask_ms": 1000 * statistics.median(clock),
            "ask_cpu_ms": 1000 * statistics.median(cpu),
            "reopen_s": time.monotonic() - began,
        }
    )


class _Own:
    """Looks at the memory that is this process's own, and no file's, until its end."""

    def __init__(self) -> None:
        self._most, self._ended = 0.0, threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)
        self._looking.start()

    def end(self) -> float:
        """The most there was, in MB."""
        self._ended.set()
        self._looking.join()
        return self._most

    def _look(self) -> None:
        status = Path("/proc/self/status")
        while status.exists() and not self._ended.wait(0.1):
            line = next(line for line in status.read_text().splitlines() if line.startswith("RssAnon"))
            self._most = max(self._most, int(line.split()[1]) * 1024 / MEGABYTE)


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
    answers.put({"cancel_s": max(waits), "cancel_p50_s": statistics.median(waits), "left_over": float(left)})


def _after(wish: float) -> Cancelled:
    """Whether the moment of the wish has come."""
    return lambda: time.monotonic() > wish


def _peak_mb() -> float:
    """The largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MEGABYTE if sys.platform == "darwin" else peak * 1024 / MEGABYTE
