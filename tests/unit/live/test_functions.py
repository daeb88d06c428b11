"""Functions through a whole session: offered, asked for, answered, gone on from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from avatar.errors import ProtocolError
from avatar.live.events import Called, Cited, ReplyDone
from avatar.live.options import ReplyWish, SessionOptions
from avatar.stages import Function, FunctionCall, Functions, Message
from tests.unit.live.fakes import ScriptedGenerator, Stage
from tests.unit.live.playing import Script, play

OFFERED = Functions((Function("weather"),))
CALL = FunctionCall("call_1", "weather", '{"place": "绍兴"}')


@dataclass
class Asking(ScriptedGenerator):
    """Asks for the weather until it is told; then it says what it is."""

    offered: list[Functions] = field(default_factory=list)
    before: str = ""
    calls_functions = True

    async def converse(
        self, messages: Sequence[Message], functions: Functions, *, max_tokens: int, seed: int | None = None
    ) -> AsyncIterator[str | FunctionCall]:
        self.offered.append(functions)
        self.asked.append(list(messages))
        if any(message.role == "tool" for message in messages):
            yield "天晴着。"
        else:
            if self.before:
                yield self.before
            yield CALL


def run(script: Script, *, before: str = "", sound: bool = False) -> tuple[Stage, Asking]:
    """Run a script against a session whose model asks for the weather."""
    asking = Asking("", before=before)
    return play(script, options=SessionOptions(sound=sound, functions=OFFERED), generator=asking), asking


async def ask(scene: Stage, text: str = "天气怎么样?") -> None:
    scene.session.type(text)
    scene.session.reply()
    await asyncio.sleep(5)


def test_a_function_is_asked_for_and_its_result_gone_on_from() -> None:
    async def script(scene: Stage) -> None:
        await ask(scene)
        scene.session.returned("call_1", "晴")
        scene.session.reply()
        await asyncio.sleep(5)

    scene, model = run(script)
    assert [event.calls for event in scene.of(Called)] == [(CALL,)]
    assert [event.status for event in scene.of(ReplyDone)] == ["completed", "completed"]
    assert scene.said == "天晴着。"
    assert len(scene.of(Cited)) <= 1
    assert [message.role for message in model.asked[1]][-3:] == ["user", "assistant", "tool"]
    assert model.asked[1][-2].calls == (CALL,)
    assert model.asked[1][-1].content == "晴"
    assert model.offered == [OFFERED, OFFERED]


def test_words_before_a_call_are_spoken_and_a_result_may_come_while_they_sound() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("天气怎么样?")
        scene.session.reply()
        await asyncio.sleep(0.3)
        scene.session.returned("call_1", "晴")
        scene.session.reply()
        await asyncio.sleep(15)

    scene, model = run(script, before="我看一看。", sound=True)
    assert scene.said == "我看一看。天晴着。"
    assert model.asked[1][-1].content == "晴"


def test_a_question_instead_of_a_result() -> None:
    async def script(scene: Stage) -> None:
        await ask(scene)
        await ask(scene, "算了。您是谁?")

    _, model = run(script)
    roles = [message.role for message in model.asked[1]]
    assert "tool" not in roles
    assert roles[-1] == "user"
    assert not any(message.calls for message in model.asked[1])


def test_a_result_that_nobody_asked_for() -> None:
    async def script(scene: Stage) -> None:
        await ask(scene)
        with pytest.raises(ProtocolError) as caught:
            scene.session.returned("call_9", "?")
        assert caught.value.code == "function_call_not_found"

    run(script)


@pytest.mark.parametrize(
    "wish",
    [
        ReplyWish(functions=Functions(())),
        ReplyWish(functions=Functions(OFFERED.known, "none")),
        ReplyWish(apart=True, question="?"),
    ],
)
def test_one_reply_may_be_offered_none(wish: ReplyWish) -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("天气怎么样?")
        scene.session.reply(wish)
        await asyncio.sleep(5)

    scene, model = run(script)
    assert model.offered == []
    assert scene.of(Called) == []


def test_a_model_that_calls_no_functions_is_offered_none() -> None:
    async def script(scene: Stage) -> None:
        await ask(scene)

    scene = play(script, options=SessionOptions(sound=False, functions=OFFERED))
    assert scene.of(Called) == []
    assert scene.said
