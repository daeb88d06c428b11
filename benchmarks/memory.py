"""How long a talk stays whole: forty turns with one persona, with what is not urgent done between them.

Every turn is a question of a guest who says at the beginning who they are and asks for it at the end. After each answer
the conversation is tidied, as a live session does at leisure. What counts is what a guest notices: how long the first
token takes, at its worst, too, and whether the prompt stays bounded.

    first_token_p50_s, first_token_max_s    of the answers
    prompt_max_tokens                       estimated, the persona's card included
    folds, fold_p50_s                       how often the beginning was summed up, and how long that took meanwhile
    name_recalled                           1 where the last answer names the guest
    loops                                   answers that repeat themselves, as `persona` judges it
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from contextlib import aclosing
from pathlib import Path

import typer

from avatar.dialog.conversation import Conversation
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.memory.store import Memories, user_of
from avatar.dialog.persona import load_persona
from avatar.engines import Engines
from avatar.settings import Settings
from avatar.stages import Generator
from benchmarks._timed import TimedGenerator
from benchmarks.persona import Question, judge

PERSONA = "luxun"
TURNS = 40
MAX_TOKENS = 64
SEED = 7
NAME = "小林"

FIRST = f"我叫{NAME}，在杭州做木匠。"
LAST = "我叫什么名字，是做什么的？"
BETWEEN = (
    "您小时候在哪里读书？", "百草园里有什么？", "长妈妈是谁？", "藤野先生是个怎样的人？", "您为什么弃医从文？",
    "孔乙己为什么只站着喝酒？", "闰土后来变成什么样了？", "祥林嫂是怎么死的？", "铁屋子是什么意思？", "您怎么看希望？",
    "后园的两株树是什么树？", "阿Q为什么总说自己胜利？", "《狂人日记》写的是什么？", "社戏好看吗？", "您喜欢猫吗？",
    "北京的冬天冷吗？", "您爱吃什么？", "木匠这行当您怎么看？", "您和朋友常吵架吗？", "您最想念谁？",
)  # fmt: skip


def run(settings: Settings, limit: float | None = None) -> dict[str, float]:
    """Measure.

    Args:
        settings: name the model.
        limit: so many turns instead of forty.
    """
    engines = Engines(settings)
    turns = TURNS if limit is None else max(2, int(limit))
    try:
        with tempfile.TemporaryDirectory() as folder:
            return asyncio.run(_measure(settings, engines.generator, turns, Path(folder)))
    finally:
        engines.close()


async def _measure(settings: Settings, generator: Generator, turns: int, folder: Path) -> dict[str, float]:
    persona = load_persona(PERSONA, settings.data_dir)
    memories, user = Memories(folder), user_of("benchmark-of-the-memory")
    memories.wish(persona.id, user, True)
    timed = TimedGenerator(generator)
    conversation = Conversation(persona, Knowledge.open(persona, folder, None), timed, seed=SEED, memories=memories)
    conversation.meet(user)
    await conversation.warm("zh")
    questions = [FIRST, *(BETWEEN[at % len(BETWEEN)] for at in range(turns - 2)), LAST]
    first, folds, loops, answer = [], [], 0, ""
    for number, question in enumerate(questions, 1):
        timed.first.clear()
        answer = await _asked(conversation, question)
        first.append(timed.first[0])
        loops += judge(Question(str(number), "memory", "zh", question), answer).loop
        conversation.remember(question, answer)
        before, began = conversation.summary, time.perf_counter()
        await conversation.tidy()
        if conversation.summary != before:
            folds.append(time.perf_counter() - began)
        typer.echo(f"{number:3d}/{turns}{first[-1]:7.2f} s{'  folded' * (conversation.summary != before)}", err=True)
    return {
        "turns": float(turns),
        "first_token_p50_s": statistics.median(first),
        "first_token_max_s": max(first),
        "prompt_max_tokens": float(timed.longest_prompt),
        "folds": float(len(folds)),
        "fold_p50_s": statistics.median(folds) if folds else 0.0,
        "name_recalled": float(NAME in answer),
        "loops": float(loops),
    }


async def _asked(conversation: Conversation, question: str) -> str:
    grounding = conversation.ground(question, "zh")
    answer = conversation.answer(question, "zh", grounding, max_tokens=MAX_TOKENS)
    async with aclosing(answer) as clauses:
        return "".join([clause.text async for clause in clauses])
