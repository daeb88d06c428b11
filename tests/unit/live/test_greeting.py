"""The greeting on arrival: once, at once, and only into silence."""

from __future__ import annotations

import asyncio

import pytest

from avatar.live.events import ReplyAudio, ReplyStarted
from avatar.live.options import SessionOptions
from tests.unit.live.fakes import Stage, stage
from tests.unit.live.scenes import (
    ASKED,
    HEARD,
    PUSH_TO_TALK,
    TEXT_ONLY,
    Scenario,
    cancel,
    commit,
    do,
    out,
    quiet,
    quiet_until,
    say,
    sounding,
    wait,
    write,
)
from tests.unit.live.virtual_time import run_virtually

greet = do(lambda scene: scene.session.greet())
suspend = do(lambda scene: scene.session.suspend())
resume = do(lambda scene: scene.session.resume())

GREETED = "reply sound completed"

ROWS = [
    Scenario("a session begins in silence", [quiet(3)], ""),
    Scenario("a visitor is greeted", [greet, out(14)], GREETED),
    Scenario("once", [greet, greet, out(14), greet, quiet(2)], GREETED),
    Scenario("and then answered", [greet, out(14), *ASKED, out(14)], f"{GREETED} {HEARD} {GREETED}", ["all"]),
    Scenario("to read, where nothing is spoken", [greet, quiet(2)], "reply words completed", [], TEXT_ONLY),
    Scenario(
        "the greeting is interrupted",
        [greet, quiet_until(sounding(1)), say(1), out(16)],
        f"reply sound held speech interrupted silence understood {GREETED}",
        ["all"],
    ),
    Scenario("cancelled, it does not come again", [greet, wait(1), cancel, greet], "reply sound cancelled"),
    Scenario("whoever speaks first is not greeted", [say(0.5), greet, out(14)], f"{HEARD} {GREETED}", ["all"]),
    Scenario("nor whoever writes", [write(), greet, out(14), greet], GREETED, ["all"]),
    Scenario("nor after a commit", [say(1), commit, greet, quiet(2)], "understood", [], PUSH_TO_TALK),
    Scenario("lost and found before the greeting", [suspend, greet, resume, greet, out(14)], GREETED),
    Scenario("lost and found after it", [greet, out(14), suspend, wait(2), resume, greet, wait(2)], GREETED),
    Scenario(
        "lost while it sounds: it does not begin again",
        [greet, quiet_until(sounding(1)), suspend, wait(2), resume, greet, wait(5)],
        "reply sound left",
    ),
]  # fmt: skip


@pytest.mark.parametrize("scenario", ROWS, ids=lambda scenario: scenario.name)
def test_greetings(scenario: Scenario) -> None:
    scenario.play()


@pytest.mark.parametrize(
    ("wished", "fixed", "spoken"), [("en", None, "en"), ("zh", None, "zh"), ("en", "zh", "zh"), (None, None, "zh")]
)
def test_it_is_in_the_language_of_the_page(wished: str | None, fixed: str | None, spoken: str) -> None:
    options = SessionOptions(language=fixed)  # type: ignore[arg-type]
    step = do(lambda scene: scene.session.greet(wished))  # type: ignore[arg-type]
    scene = Scenario("", [step, out(20)], GREETED, [], options).play()
    assert scene.said == scene.session.persona.greeting.of(spoken)  # type: ignore[arg-type]
    assert scene.of(ReplyStarted)[0].language == spoken
    assert scene.generator.asked == []


def test_it_does_not_decide_the_language_of_a_later_answer() -> None:
    step = do(lambda scene: scene.session.greet("en"))
    scene = Scenario("", [step, out(20), *ASKED, out(14)], f"{GREETED} {HEARD} {GREETED}", ["all"]).play()
    assert [event.language for event in scene.of(ReplyStarted)] == ["en", "zh"]


def test_no_model_is_waited_for() -> None:
    times: list[float] = []
    note = do(lambda scene: times.append(asyncio.get_running_loop().time()))
    scene = Scenario("", [quiet(0.5), note, greet, out(14)], GREETED).play()
    assert scene.when(ReplyAudio) - times[0] < 0.05


def test_a_conversation_that_was_begun_elsewhere_has_no_greeting() -> None:
    async def run() -> Stage:
        scene = stage()
        async with scene.session:
            scene.session.recall("早。")
            assert not scene.session.greet()
        return scene

    assert run_virtually(run()).events == []
