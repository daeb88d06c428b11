"""Functions on the wire."""

from __future__ import annotations

from typing import Any

from avatar.live.events import Called, ReplyDone, ReplyStarted, SessionEvent, StageTimes
from avatar.live.options import ReplyWish
from avatar.stages import Function, FunctionCall, Functions
from tests.unit.server.wire import Json, ask, pair, sent

WEATHER = {"type": "function", "name": "weather", "description": "of a place", "parameters": {"type": "object"}}
CALLS = (FunctionCall("call_1", "weather", '{"place": "绍兴"}'), FunctionCall("call_2", "weather", "{}"))


def updated(translator: Any, **session: Any) -> Json:
    (answer,) = ask(translator, "session.update", session=session)
    assert answer["type"] == "session.updated", answer
    shown: Json = answer["session"]
    return shown


def test_functions_are_offered_and_shown() -> None:
    session, translator = pair()
    shown = updated(translator, tools=[WEATHER, {"type": "function", "name": "time"}], tool_choice="required")
    assert shown["tools"][0] == WEATHER
    assert shown["tools"][1] == {"type": "function", "name": "time", "description": "", "parameters": None}
    assert shown["tool_choice"] == "required"
    known = (Function("weather", "of a place", {"type": "object"}), Function("time"))
    assert session.options.functions == Functions(known, "required")
    assert updated(translator, instructions="x")["tool_choice"] == "required"
    named = updated(translator, tool_choice={"type": "function", "name": "time"})
    assert named["tool_choice"] == {"type": "function", "name": "time"}
    assert updated(translator, tools=[WEATHER])["tool_choice"] == "auto"
    assert updated(translator, tools=[])["tools"] == []


def test_one_reply_has_functions_of_its_own() -> None:
    session, translator = pair()
    updated(translator, tools=[WEATHER])
    assert ask(translator, "response.create", response={"tool_choice": "none"}) == []
    known = (Function("weather", "of a place", {"type": "object"}),)
    assert session.asked[-1] == ("reply", ReplyWish(functions=Functions(known, "none")))


def test_a_call_is_an_item_of_its_own_and_its_result_another() -> None:
    session, translator = pair()
    happened: list[SessionEvent] = [
        ReplyStarted("resp_1", 1, "zh"),
        Called("resp_1", CALLS),
        ReplyDone("resp_1", 1, "completed", "", 0, StageTimes()),
    ]
    told = sent([message for event in happened for message in translator.from_session(event)])
    calls = [event for event in told if event.get("call_id") or event.get("item", {}).get("type") == "function_call"]
    assert [event["type"] for event in calls[:6]] == [
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "conversation.item.done",
    ]
    assert len(calls) == 12
    assert calls[3]["arguments"] == calls[2]["delta"] == CALLS[0].arguments
    assert {event.get("output_index", 2) for event in calls[6:]} == {2}
    done = told[-1]
    assert done["type"] == "response.done"
    assert [item["type"] for item in done["response"]["output"]] == ["message", "function_call", "function_call"]
    item_id = done["response"]["output"][1]["id"]
    result = {"type": "function_call_output", "call_id": "call_1", "output": "晴"}
    added, finished = ask(translator, "conversation.item.create", item=result)
    assert added["item"] == finished["item"]
    assert added["previous_item_id"] == done["response"]["output"][2]["id"]
    assert session.asked == [("returned", "call_1", "晴")]
    (retrieved,) = ask(translator, "conversation.item.retrieve", item_id=item_id)
    assert retrieved["item"]["name"] == "weather"


def test_calls_of_another_reply_are_not_told() -> None:
    _, translator = pair()
    translator.from_session(ReplyStarted("resp_1", 1, "zh"))
    assert translator.from_session(Called("resp_0", CALLS)) == []
    told = sent(translator.from_session(ReplyDone("resp_1", 1, "completed", "", 0, StageTimes())))
    assert [item["type"] for item in told[-1]["response"]["output"]] == ["message"]
