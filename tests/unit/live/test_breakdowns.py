"""What breaks: the connection at every stage, an engine at every stage, a client that does not read."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from avatar.live.events import Failed, ReplyAudio, ReplyDone, ReplyText, Video
from avatar.live.options import SessionOptions
from avatar.live.outlet import Outlet
from tests.unit.live.fakes import Stage, Takes
from tests.unit.live.scenes import (
    ANSWERED,
    ASKED,
    HEARD,
    LONG,
    PUSH_TO_TALK,
    QUESTION,
    SLOW,
    WITH_FACE,
    Moment,
    Scenario,
    Step,
    all_sent,
    answer_now,
    commit,
    do,
    held,
    out,
    quiet,
    quiet_until,
    recognizing,
    retrieving,
    say,
    sounding,
    voicing,
    wait,
    write,
    writing,
)


def left(name: str, moment: Moment, story: str, remembers: tuple[str, ...]) -> Scenario:
    """The client is gone at some stage."""
    return Scenario(f"left {name}", [*ASKED, quiet_until(moment)], story, remembers, answer=LONG, takes=SLOW)


DISCONNECTED = [
    Scenario("left at once", [], ""),
    Scenario("left in silence", [quiet(1)], ""),
    Scenario("left in the middle of a sentence", [*ASKED], "speech"),
    Scenario("left in a pause", [*ASKED, quiet(0.3)], "speech", scores=(0.1,)),
    left("while the question is recognized", recognizing, "speech silence", ()),
    left("while passages are looked up", retrieving, HEARD, ()),
    left("before the first token", writing, f"{HEARD} reply left", ()),
    left("before the first sound", voicing, f"{HEARD} reply left", ()),
    left("while it speaks", sounding(1), f"{HEARD} reply sound left", ("some",)),
    left("while the player plays out", all_sent, f"{HEARD} reply sound completed", ("some",)),
    Scenario(
        "left while the reply is held",
        [*ASKED, quiet_until(sounding(1)), say(0.2), quiet_until(held)],
        f"{HEARD} reply sound held left",
        ["some"],
        answer=LONG,
    ),
    Scenario(
        "left just after an interruption",
        [*ASKED, quiet_until(sounding(1)), say(0.6)],
        f"{HEARD} reply sound held speech interrupted",
        ["some"],
        answer=LONG,
    ),
]

suspend = do(lambda scene: scene.session.suspend())
resume = do(lambda scene: scene.session.resume())

LOST_AND_FOUND = [
    Scenario(
        "lost before the reply sounds: it is begun again",
        [*ASKED, quiet_until(writing), suspend, wait(5), resume, out(20)],
        f"{HEARD} reply left reply sound completed",
        ["all"],
        answer=LONG,
        takes=SLOW,
    ),
    Scenario(
        "lost while it speaks: the rest is not said",
        [*ASKED, quiet_until(sounding(1)), suspend, wait(5), resume, out(6)],
        f"{HEARD} reply sound left",
        ["some"],
        answer=LONG,
    ),
    Scenario(
        "lost while the reply is held",
        [*ASKED, quiet_until(sounding(1)), say(0.2), quiet_until(held), suspend, wait(5), resume, *ASKED, out(20)],
        f"{HEARD} reply sound held left {ANSWERED}",
        ["some", "all"],
        answer=LONG,
    ),
]


def mend(scene: Stage) -> None:
    """All stages work again."""
    scene.vad.broken = scene.animator.broken = False
    scene.recognizer.texts, scene.detector.scores = ["再说一次。"], [0.9]
    scene.generator.text = LONG


def broken(name: str, story: str, *steps: Step, **row: object) -> Scenario:
    """A stage fails; once it works again, the next question is answered."""
    asked = steps or (*ASKED, out(12))
    remembers = row.pop("remembers", ("all",))
    scenario = Scenario(name, [*asked, do(mend), *ASKED, out(18)], f"{story} {ANSWERED}", remembers, answer=LONG)  # type: ignore[arg-type]
    return replace(scenario, **row)  # type: ignore[arg-type]


def set_answer(text: str) -> Step:
    """What the model will write."""

    def action(scene: Stage) -> None:
        scene.generator.text = text

    return do(action)


def set_broken(stage: str) -> Step:
    """A stage that is told so fails from now on."""
    return do(lambda scene: setattr(getattr(scene, stage), "broken", True))


FAILURES = [
    broken("voice activity", "error", set_broken("vad"), say(0.04), quiet(1)),
    broken(
        "the turn detector: silence decides",
        f"speech error {ANSWERED.removeprefix('speech ')}",
        *ASKED,
        quiet(5),
        out(15),
        scores=(-1,),
        remembers=("all", "all"),
    ),
    broken("the recognizer", "speech silence error", texts=("!",)),
    broken(
        "the recognizer, where the client asked for the reply",
        "reply error failed",
        do(lambda scene: scene.session.configure(PUSH_TO_TALK)),
        say(1.0),
        commit,
        answer_now,
        wait(2),
        do(lambda scene: scene.session.configure(SessionOptions())),
        texts=("!",),
    ),
    broken(
        "the recognizer, for the second half of a question: the first is answered",
        f"speech silence speech understood silence error {ANSWERED.removeprefix(HEARD).strip()}",
        *ASKED,
        quiet_until(recognizing),
        say(1.2),
        out(18),
        texts=(QUESTION, "!"),
        takes=Takes(recognizing=0.8),
        remembers=("all", "all"),
    ),
    broken("retrieval", f"{HEARD} reply error failed", texts=("您怎么看?!",), remembers=("none", "all")),
    broken(
        "the model, at its first token",
        f"{HEARD} reply error failed",
        set_answer("!"),
        *ASKED,
        out(8),
        remembers=("none", "all"),
    ),
    broken(
        "the model, in the middle",
        f"{HEARD} reply sound error failed",
        set_answer(LONG[:20] + "!"),
        *ASKED,
        out(8),
        remembers=("some", "all"),
    ),
    broken(
        "the model, as nobody foresaw",
        f"{HEARD} reply error failed",
        set_answer("‼"),
        *ASKED,
        out(8),
        remembers=("none", "all"),
    ),
    broken(
        "the voice, at its first clause",
        f"{HEARD} reply error failed",
        set_answer("坏希望是有的。"),
        *ASKED,
        out(8),
        remembers=("none", "all"),
    ),
    broken(
        "the voice, in the middle",
        f"{HEARD} reply sound error failed",
        set_answer("希望是坏的。"),
        *ASKED,
        out(8),
        remembers=("希望是", "all"),
    ),
    broken(
        "the model, while the reply is held",
        f"{HEARD} reply sound held error failed resumed",
        set_answer(LONG[:16] + "!"),
        *ASKED,
        quiet_until(sounding(0.2)),
        say(0.3),
        out(12),
        remembers=("some", "all"),
        takes=Takes(each_token=0.2),
    ),
]


ROWS = [*DISCONNECTED, *LOST_AND_FOUND, *FAILURES]


@pytest.mark.parametrize("scenario", ROWS, ids=lambda scenario: scenario.name)
def test_breakdowns(scenario: Scenario) -> None:
    scenario.play()


@pytest.mark.parametrize("row", DISCONNECTED, ids=lambda row: row.name)
def test_nothing_runs_on_after_the_client_has_left(row: Scenario) -> None:
    async def look(scene: Stage) -> None:
        await scene.session.close()
        await asyncio.sleep(0.1)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    replace(row, steps=[*row.steps, look]).play()


def test_a_face_that_breaks_is_told_and_the_voice_goes_on() -> None:
    steps = [*ASKED, quiet_until(sounding(1)), set_broken("animator"), out(20)]
    scene = Scenario("", steps, f"{HEARD} reply sound error completed", ["all"], WITH_FACE, answer=LONG).play()
    assert len(scene.of(Failed)) == 1


# a client that does not read

stop_reading = do(lambda scene: scene.reading.clear())
read_on = do(lambda scene: scene.reading.set())


def test_a_client_that_reads_late_gets_all_of_the_sound_and_a_key_picture() -> None:
    steps = [write(), quiet_until(sounding(1)), stop_reading, wait(4), read_on, out(20)]
    scene = Scenario("", steps, "reply sound completed", ["all"], WITH_FACE, answer=LONG).play()
    assert sum(event.samples.size for event in scene.of(ReplyAudio)) == scene.of(ReplyDone)[0].length
    pictures = scene.of(Video)
    gap = max(range(1, len(pictures)), key=lambda index: pictures[index].pts_ms - pictures[index - 1].pts_ms)
    assert pictures[gap].pts_ms - pictures[gap - 1].pts_ms > 3000
    assert pictures[gap].packet.key


def test_what_waits_for_a_client_that_does_not_read_is_bounded() -> None:
    seen: list[int] = []

    def count(scene: Stage) -> None:
        waiting = scene.session._outlet._events
        seen.append(sum(isinstance(event, Video) for event in waiting))

    steps = [stop_reading, *[step for _ in range(20) for step in (wait(0.5), do(count))], read_on]
    Scenario("", steps, "", [], WITH_FACE).play()
    assert max(seen) <= Outlet.max_pictures
    assert seen[-1] > 0


def test_a_client_that_reads_nothing_for_ever_is_let_go() -> None:
    outlet = Outlet()
    for _ in range(Outlet.max_events + 1):
        assert not outlet.closed
        outlet.put(ReplyText("", "字"))
    assert outlet.closed


def test_a_failure_that_nobody_foresaw_is_logged_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    """The message of such an error may quote what was said."""
    (row,) = (row for row in FAILURES if row.name.endswith("as nobody foresaw"))
    row.play()
    assert "reply_failed error=RuntimeError at stream" in caplog.text
    assert "nobody foresaw this" not in caplog.text
