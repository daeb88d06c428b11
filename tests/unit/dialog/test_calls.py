"""Functions that a model asks for: on the service's wire, and in the history."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.dialog.llm import OpenAIGenerator
from avatar.dialog.prompt import UNHEARD, Turn, build, trim
from avatar.dialog.sse import MAX_ARGUMENTS, MAX_CALLS, CallBuffer, StreamError, pieces
from avatar.stages import Function, FunctionCall, Functions, Message
from tests.unit.dialog.test_llm import HEADERS, MESSAGES, event, saying, serving

WEATHER = Function("weather", "of a place", {"type": "object", "properties": {"place": {"type": "string"}}})
CALL = FunctionCall("call_1", "weather", '{"place": "绍兴"}')


def part(index: int, **fields: Any) -> dict[str, Any]:
    """A part of a call, as a service sends it."""
    return {"index": index, **{key: value for key, value in fields.items() if key == "id"}, "function": fields}


def asking(*parts: dict[str, Any]) -> bytes:
    return (
        b"data: "
        + json.dumps({"choices": [{"delta": {"content": None, "tool_calls": list(parts)}}]}).encode()
        + b"\n\n"
    )


async def test_a_service_is_offered_functions_and_asks_for_them() -> None:
    data = (
        HEADERS
        + event("等一等。")
        + asking(part(0, id="call_1", name="weather", arguments=""))
        + asking(part(0, arguments='{"place": '), part(1, id="call_2", name="time"))
        + asking(part(0, arguments='"绍兴"}'))
        + b"data: [DONE]\n\n"
    )
    async with serving(saying(data)) as (service, url):
        generator = OpenAIGenerator(url)
        told = [
            piece
            async for piece in generator.converse(
                MESSAGES, Functions((WEATHER, Function("time")), only="weather"), max_tokens=9, seed=3
            )
        ]
        await generator.aclose()
    assert told == ["等一等。", CALL, FunctionCall("call_2", "time", "{}")]
    tools: Any = service.body["tools"]
    assert tools[0] == {
        "type": "function",
        "function": {"name": "weather", "description": "of a place", "parameters": WEATHER.parameters},
    }
    assert tools[1]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert service.body["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert service.body["seed"] == 3


async def test_calls_and_results_are_sent_back() -> None:
    messages = [Message("assistant", "", (CALL,)), Message("tool", "晴", call_id="call_1")]
    async with serving(saying(HEADERS + event("天晴。"))) as (service, url):
        generator = OpenAIGenerator(url)
        assert [p async for p in generator.converse(messages, Functions((WEATHER,)), max_tokens=9)] == ["天晴。"]
        await generator.aclose()
    sent: Any = service.body["messages"]
    assert sent[0]["tool_calls"][0]["function"] == {"name": "weather", "arguments": CALL.arguments}
    assert sent[1] == {"role": "tool", "content": "晴", "tool_call_id": "call_1"}
    assert service.body["tool_choice"] == "auto"


@pytest.mark.parametrize(
    "parts",
    [
        [part(index, name="f") for index in range(MAX_CALLS + 1)],
        [part(0, name="f", arguments="x" * (MAX_ARGUMENTS + 1))],
    ],
    ids=["many", "long"],
)
async def test_too_many_calls_are_none(parts: list[dict[str, Any]]) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield asking(*parts)

    with pytest.raises(StreamError):
        _ = [piece async for piece in pieces(chunks())]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["index", "id", "function", "name", "arguments"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=5))
def test_whatever_a_service_sends_gives_whole_calls(sent: list[object]) -> None:
    buffer = CallBuffer()
    for parts in sent:
        buffer.push(parts)
    assert all(call.id and call.name and call.arguments for call in buffer.finish())


def test_a_call_without_a_result_is_left_out() -> None:
    turn = Turn("天气?", "", calls=(CALL, FunctionCall("call_2", "time", "{}")), results=(("call_1", "晴"),))
    told = build([], [turn], "")
    assert told == [
        Message("user", "天气?"),
        Message("assistant", "", (CALL,)),
        Message("tool", "晴", call_id="call_1"),
    ]
    assert build([], [turn], "然后呢?")[-1] == Message("user", "然后呢?")


def test_a_long_result_is_cut_and_counts() -> None:
    turn = Turn("天气?", "", calls=(CALL,), results=(("call_1", "晴" * 5000),))
    assert len(build([], [turn], "")[-1].content) <= 500
    assert trim([turn], 400) == []
    assert trim([turn], 800) == [turn]


def test_an_answer_that_is_forgotten_takes_its_calls_along() -> None:
    turn = Turn("天气?", "看看。", (("a", "天气?"),), "resp_1", (CALL,), (("call_1", "晴"),))
    left = turn.without("resp_1")
    assert left is not None
    assert (left.answered, left.calls, left.results) == (UNHEARD, (), ())
