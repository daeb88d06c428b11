"""The person interrupts, at every stage of a reply, and so does the client."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from avatar.live.events import (
    PresenceChanged,
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyStarted,
    SpeechStarted,
    Video,
)
from tests.unit.live.fakes import Stage, Takes
from tests.unit.live.scenes import (
    ANSWER,
    ASKED,
    HEARD,
    INTERRUPTED,
    LONG,
    PATIENT,
    PUSH_TO_TALK,
    SERVER_VAD,
    SLOW,
    STRICT,
    TEXT_ONLY,
    WITH_FACE,
    Moment,
    Scenario,
    Step,
    all_sent,
    cancel,
    do,
    held,
    out,
    player_reports,
    quiet,
    quiet_until,
    recognizing,
    retrieving,
    say,
    sounding,
    truncate,
    voice_over,
    voicing,
    wait,
    write,
    writing,
)

STOP = "请停一下。"
BOTH = ("您怎么看希望?", STOP)


def between_clauses(scene: Stage) -> bool:
    """The first clause was sent, and the next is being made."""
    return len(scene.synthesizer.clauses) == 2 and scene.synthesizer.clauses[0][-1] in scene.said


def mid_clause(scene: Stage) -> bool:
    """Some blocks of a clause were sent, and not all of them."""
    return len(scene.of(ReplyAudio)) == 3


def barge(name: str, moment: Moment, story: str, remembers: tuple[str, ...]) -> Scenario:
    """The person speaks at some stage of the answer to a spoken question."""
    return Scenario(
        f"speech {name}",
        [*ASKED, quiet_until(moment), say(1.2), out(24)],
        story,
        remembers,
        texts=BOTH,
        answer=LONG,
        takes=SLOW,
    )


AGAIN = "reply sound completed"
BARGE_IN = [
    barge(
        "while the question is recognized",
        recognizing,
        f"speech silence speech understood silence understood {AGAIN}",
        ("all",),
    ),
    barge(
        "while passages are looked up",
        retrieving,
        f"{HEARD} speech silence understood {AGAIN}",
        ("all",),
    ),
    barge(
        "before the first token",
        writing,
        f"{HEARD} reply speech interrupted silence understood {AGAIN}",
        ("all",),
    ),
    barge(
        "while the first clause is with the voice",
        voicing,
        f"{HEARD} reply speech interrupted silence understood {AGAIN}",
        ("all",),
    ),
    barge(
        "in the middle of the first clause",
        mid_clause,
        f"{HEARD} reply sound {INTERRUPTED}",
        ("some", "all"),
    ),
    barge(
        "between two clauses",
        between_clauses,
        f"{HEARD} reply sound {INTERRUPTED}",
        ("some", "all"),
    ),
    barge(
        "in the middle of the reply",
        sounding(3),
        f"{HEARD} reply sound {INTERRUPTED}",
        ("some", "all"),
    ),
    barge(
        "while the player only plays out",
        all_sent,
        f"{HEARD} reply sound completed held speech silence understood {AGAIN}",
        ("some", "all"),
    ),
]

MORE = [
    Scenario(
        "two in one second",
        [*ASKED, quiet_until(sounding(1)), say(0.6), quiet(0.25), say(0.6), out(20)],
        f"{HEARD} reply sound held speech interrupted silence understood reply speech interrupted silence understood "
        f"{AGAIN}",
        ["some", "all"],
        texts=("您怎么看希望?", "停,", "请停一下。"),
        answer=LONG,
    ),
    Scenario(
        "two, of which the second comes when the second reply sounds",
        [*ASKED, quiet_until(sounding(1)), say(1), quiet(2.5), say(1), out(20)],
        f"{HEARD} reply sound held speech interrupted silence understood reply sound held speech interrupted silence "
        f"understood {AGAIN}",
        ["some", "some", "all"],
        answer=LONG,
    ),
    Scenario(
        "a backchannel and then an interruption",
        [*ASKED, quiet_until(sounding(1)), say(0.3), quiet(0.6), say(1), out(20)],
        f"{HEARD} reply sound held resumed sound held speech interrupted silence understood {AGAIN}",
        ["some", "all"],
        answer=LONG,
    ),
    Scenario(
        "a hesitant interruption: 那… 等一下",
        [*ASKED, quiet_until(sounding(1)), say(0.25), quiet(0.12), say(0.4), out(20)],
        f"{HEARD} reply sound {INTERRUPTED}",
        ["some", "all"],
        answer=LONG,
    ),
    voice_over("of server_vad", 1, INTERRUPTED, ["some", "all"], SERVER_VAD),
    voice_over("told to a strict client, whose clock did not stand still", 1, INTERRUPTED, ["some", "all"], STRICT),
    Scenario(
        "by one short word that means it: 停",
        [*ASKED, quiet_until(sounding(1)), say(0.3), out(8)],
        f"{HEARD} reply sound held resumed sound speech interrupted silence understood",
        ["some"],
        texts=("您怎么看希望?", "停!"),
        answer=LONG,
        takes=Takes(recognizing=0.3),
    ),
    Scenario(
        "by a word that may mean it, after the reply has ended: too late to matter",
        [*ASKED, quiet_until(sounding(1)), say(0.3), quiet(0.3), player_reports(60_000), out(8)],
        f"{HEARD} reply sound completed held resumed",
        ["all"],
        texts=("您怎么看希望?", "停!"),
        answer="希望是有的。",
        takes=Takes(recognizing=0.6),
    ),
    Scenario(
        "not taken, where replies are not to be interrupted, but answered afterwards",
        [*ASKED, quiet_until(sounding(1)), say(1), out(32)],
        f"{HEARD} reply sound speech silence understood completed {AGAIN}",
        ["all", "all"],
        PATIENT,
        answer=LONG,
    ),
    Scenario(
        "of an answer that is read",
        [*ASKED, quiet_until(lambda scene: bool(scene.said)), say(1), out(8)],
        f"{HEARD} reply words speech interrupted silence understood reply words completed",
        ["some", "all"],
        TEXT_ONLY,
        answer=LONG,
    ),
    Scenario(
        "of the greeting",
        [do(lambda scene: scene.session.reply()), quiet_until(sounding(1)), say(1), out(16)],
        f"reply sound held speech interrupted silence understood {AGAIN}",
        ["all"],
    ),
    Scenario(
        "without words is not answered, and the reply is not taken up again",
        [*ASKED, quiet_until(sounding(1)), say(1), out(6)],
        f"{HEARD} reply sound held speech interrupted silence nothing",
        ["some"],
        texts=("您怎么看希望?", ""),
        answer=LONG,
    ),
    Scenario(
        "by a stream of noise that never ends",
        [*ASKED, quiet_until(sounding(1)), say(6)],
        f"{HEARD} reply sound held speech interrupted",
        ["some"],
        answer=LONG,
    ),
    Scenario(
        "and then truncated by the client, to what it had played",
        [*ASKED, quiet_until(sounding(2)), say(0.6), truncate(900), quiet(0.1)],
        f"{HEARD} reply sound held speech interrupted",
        [ANSWER[:5]],
        answer=LONG,
    ),
    Scenario(
        "where the player had reported",
        [*ASKED, quiet_until(sounding(2)), player_reports(1100), say(0.6)],
        f"{HEARD} reply sound held speech interrupted",
        [ANSWER[:6]],
        answer=LONG,
    ),
]


def cancelled(name: str, moment: Moment, story: str, remembers: tuple[str, ...]) -> Scenario:
    """The client cancels at some stage."""
    return Scenario(
        f"cancelled {name}", [*ASKED, quiet_until(moment), cancel, out(8)], story, remembers, answer=LONG, takes=SLOW
    )


BY_THE_CLIENT = [
    cancelled("while the question is recognized", recognizing, HEARD, ()),
    cancelled("while passages are looked up", retrieving, HEARD, ("none",)),
    cancelled("before the first token", writing, f"{HEARD} reply cancelled", ("none",)),
    cancelled("before the first sound", voicing, f"{HEARD} reply cancelled", ("none",)),
    cancelled("in the middle of a clause", mid_clause, f"{HEARD} reply sound cancelled", ("some",)),
    cancelled("when all was sent", all_sent, f"{HEARD} reply sound completed", ("some",)),
    Scenario(
        "cancelled while it is held",
        [write(), quiet_until(sounding(1)), say(0.16), quiet_until(held), cancel, say(1), out(20)],
        f"reply sound held cancelled speech silence understood {AGAIN}",
        ["some", "all"],
        answer=LONG,
    ),
    Scenario(
        "a typed question while it is held",
        [write(), quiet_until(sounding(1)), say(0.16), quiet_until(held), cancel, write(), out(20)],
        "reply sound held cancelled reply sound completed",
        ["some", "all"],
        answer=LONG,
    ),
    Scenario(
        "cancelled and asked again at once, ten times",
        [*[step for _ in range(10) for step in (write(), wait(0.2), cancel)], write(), out(20)],
        f"{'reply cancelled ' * 10}{AGAIN}",
        [*["none"] * 10, "all"],
        PUSH_TO_TALK,
        answer=LONG,
    ),
]


@pytest.mark.parametrize("scenario", [*BARGE_IN, *MORE, *BY_THE_CLIENT], ids=lambda scenario: scenario.name)
def test_interruptions(scenario: Scenario) -> None:
    scenario.play()


@pytest.mark.parametrize("row", [*BARGE_IN[4:], MORE[4]], ids=lambda row: row.name)
def test_the_last_sample_leaves_within_150_ms_of_the_voice(row: Scenario) -> None:
    began: list[float] = []
    marked = replace(row, steps=[row.steps[0], row.steps[1], row.steps[2], _note(began), *row.steps[3:]])
    scene = marked.play()
    (first, *_) = scene.of(ReplyStarted)
    last = max(
        time for time, event in scene.events if isinstance(event, ReplyAudio) and event.reply_id == first.reply_id
    )
    told = scene.when(ReplyHeld)
    assert max(last, told) - began[0] <= 0.15
    assert last <= told


def _note(times: list[float]) -> Step:
    """Note the time."""

    async def step(scene: Stage) -> None:
        times.append(asyncio.get_running_loop().time())

    return step


def test_what_is_remembered_is_what_was_heard_up_to_the_hold() -> None:
    scene = BARGE_IN[6].play()
    began = scene.when(ReplyAudio)
    seconds = scene.when(ReplyHeld) - began
    (_, heard), *_ = scene.remembered
    assert len(heard) == pytest.approx(seconds / 0.2, abs=1)


def test_a_strict_client_heard_on_until_it_was_told() -> None:
    scene = MORE[5].play()
    seconds = scene.when(SpeechStarted)  # of the question
    told = [time for time, event in scene.events if isinstance(event, SpeechStarted)][1]
    assert told > seconds
    (_, heard), *_ = scene.remembered
    assert len(heard) == pytest.approx((told - scene.when(ReplyAudio)) / 0.2, abs=1)


def test_a_cancelled_model_stops_writing() -> None:
    assert BARGE_IN[6].play().generator.stopped + BARGE_IN[2].play().generator.stopped >= 1


def test_the_face_turns_to_the_person_and_goes_on_at_once() -> None:
    scene = replace(BARGE_IN[6], options=WITH_FACE).play()
    presences = [event.presence for event in scene.of(PresenceChanged)]
    assert presences == ["listening", "thinking", "speaking", "listening", "thinking", "speaking", "idle"]
    (first, *_) = scene.of(ReplyDone)
    broken_off = next(time for time, event in scene.events if event is first)
    frames = [(time, event) for time, event in scene.events if isinstance(event, Video) and event.generation == 1]
    after = [time for time, _ in frames if time >= broken_off]
    assert after[0] - broken_off < 0.1
    assert len(after) > 20
    held = scene.when(ReplyHeld)
    for pts in (
        [event.pts_ms for time, event in frames if time < held],
        [event.pts_ms for time, event in frames if time >= held],
    ):
        assert pts == sorted(pts)
        assert max(late - early for early, late in pairwise(pts)) <= 80
    (stood,) = {event.pts_ms for _, event in frames if event.waiting}
    assert stood == next(event.pts_ms for time, event in frames if time >= held)
    assert "stop" in scene.animator.told
