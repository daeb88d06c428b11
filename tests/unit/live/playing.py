"""Plays a script against a session on scripted engines and a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from avatar.live.options import SessionOptions
from tests.unit.live.fakes import ScriptedGenerator, Stage, stage
from tests.unit.live.virtual_time import run_virtually

Script = Callable[[Stage], Awaitable[None]]

ANSWER = "希望是本无所谓有,无所谓无的。这正如地上的路。"
LONG = ANSWER + "其实地上本没有路,走的人多了,也便成了路。我在年青时候也曾经做过许多梦,后来大半忘却了。"
MANUAL = SessionOptions(turn_detection=None)


def play(
    script: Script,
    *,
    options: SessionOptions | None = None,
    texts: Sequence[str] = ("您怎么看希望?",),
    answer: str = ANSWER,
    scores: Sequence[float] = (0.9,),
    generator: ScriptedGenerator | None = None,
) -> Stage:
    """Run a script against a session and return what happened."""

    async def run() -> Stage:
        scene = stage(options=options, texts=texts, answer=answer, scores=scores, generator=generator)
        async with scene.session:
            reader = asyncio.create_task(scene.collect())
            await script(scene)
        await reader
        return scene

    return run_virtually(run())


async def ask(scene: Stage) -> None:
    """One spoken question, and time for the whole answer."""
    await scene.silence(0.5)
    await scene.speak(1.0)
    await scene.silence(15.0)
