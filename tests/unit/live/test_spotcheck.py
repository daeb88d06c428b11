"""Some of what is said live is listened to, when nobody waits; nothing waits for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from avatar.live.answering import SOUND_AHEAD_S
from avatar.live.events import ReplyAudio
from avatar.live.leisure import QUIET_S, Leisure
from avatar.live.spotcheck import MOST_WAITING, SpotCheck
from avatar.media import SPEECH_RATE, ClauseSpeech, Samples
from avatar.voice.checking.listening import Listener
from avatar.voice.checking.tally import Tally
from tests.unit.live.fakes import Labour, ScriptedRecognizer, Stage, stage
from tests.unit.live.virtual_time import run_virtually

TEXT = "希望是本无所谓有"
ANSWER = "希望是本无所谓有,无所谓无的。这正如地上的路。"
SOUND: Samples = np.full(SPEECH_RATE, 0.1, dtype=np.float32)


def speech() -> ClauseSpeech:
    return ClauseSpeech(TEXT, (), (), SOUND.size, iter(()))


def spot(ears: ScriptedRecognizer, leisure: Leisure, share: float = 1.0) -> tuple[SpotCheck, Tally]:
    tally = Tally()
    return SpotCheck(Listener(lambda: ears), tally, leisure, ears.labour.run, share), tally


def counts(tally: Tally) -> dict[str, int]:
    return {outcome: count for (place, outcome), count in tally.clauses().items() if place == "live" and count}


@pytest.mark.parametrize(("heard", "outcome"), [(TEXT, "good"), ("希望是", "flawed"), ("!", "unheard")])
def test_a_clause_is_listened_to_when_it_is_quiet(heard: str, outcome: str) -> None:
    async def play() -> None:
        leisure, ears = Leisure(), ScriptedRecognizer([heard], takes=0.5)
        checks, tally = spot(ears, leisure)
        leisure.begin("reply")
        sample = checks.choose(speech(), "zh")
        assert sample is not None
        sample.push(SOUND[:100])
        sample.push(SOUND[100:])
        sample.finish()
        await asyncio.sleep(30)
        assert ears.heard == []
        leisure.end("reply")
        await asyncio.sleep(QUIET_S + 1)
        assert ears.heard == [16_000]
        assert counts(tally) == {outcome: 1}

    run_virtually(play())


def test_few_wait_and_they_make_room() -> None:
    async def play() -> None:
        leisure = Leisure()
        checks, tally = spot(ScriptedRecognizer([TEXT]), leisure)
        leisure.begin("reply")
        begun = [checks.choose(speech(), "zh") for _ in range(2 * MOST_WAITING)]
        for sample in begun:
            assert sample is not None
            sample.push(SOUND)
            sample.finish()
        assert checks.choose(speech(), "zh") is None
        leisure.end("reply")
        await asyncio.sleep(QUIET_S + 1)
        assert checks.choose(speech(), "zh") is not None
        assert counts(tally) == {"good": MOST_WAITING}

    run_virtually(play())


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.1, 50, 150), (1.0, 1000, 1000)])
def test_the_share_is_chosen_by_lot(share: float, least: int, most: int) -> None:
    async def play() -> int:
        checks, _ = spot(ScriptedRecognizer([TEXT]), Leisure(), share)
        return sum(checks.choose(speech(), "zh") is not None for _ in range(1000))

    assert least <= run_virtually(play()) <= most


def answered(share: float) -> tuple[Stage, Tally]:
    """A session that answered a typed question, its speech listened to."""

    async def play() -> tuple[Stage, Tally]:
        scene = stage(answer=ANSWER)
        ears = ScriptedRecognizer([TEXT], labour=Labour())
        stages = scene.session._stages
        checks, tally = spot(ears, stages.leisure, share)
        scene.session._replies._composer._stages = replace(stages, spot=checks)
        async with scene.session:
            gathering = asyncio.create_task(scene.collect())
            scene.session.type("怎么看希望?")
            scene.session.reply()
            await asyncio.sleep(40)
        await gathering
        return scene, tally

    return run_virtually(play())


def test_the_first_sound_does_not_wait_for_it() -> None:
    times = []
    for share in (0.0, 1.0):
        scene, tally = answered(share)
        times.append([time for time, event in scene.events if isinstance(event, ReplyAudio)])
        assert sum(counts(tally).values()) == (len(scene.synthesizer.clauses) if share else 0)
    assert times[0] == times[1]
    assert len(times[0]) > SOUND_AHEAD_S


def test_a_clause_that_is_broken_off_is_not_listened_to() -> None:
    async def play() -> None:
        ears = ScriptedRecognizer([TEXT])
        checks, tally = spot(ears, Leisure())
        for _ in range(MOST_WAITING + 1):
            sample = checks.choose(speech(), "zh")
            assert sample is not None
            sample.push(SOUND)
        await asyncio.sleep(10)
        assert ears.heard == []
        assert counts(tally) == {}

    run_virtually(play())
