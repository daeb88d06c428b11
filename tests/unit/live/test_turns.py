"""Turn taking, window by window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from avatar.live.turns import (
    WINDOW,
    Closed,
    Interrupted,
    Opened,
    Paused,
    Resumed,
    TurnAction,
    TurnDetection,
    TurnTaker,
    windows,
)

VOICE, SILENCE = 0.9, 0.05


def feed(taker: TurnTaker, probability: float, milliseconds: int, *, replying: bool = False) -> list[TurnAction]:
    actions: list[TurnAction] = []
    for _ in range(windows(milliseconds)):
        actions += taker.push(probability, replying=replying)
    return actions


def kinds(actions: list[TurnAction]) -> list[type]:
    return [type(action) for action in actions]


def test_a_click_opens_nothing() -> None:
    taker = TurnTaker()
    assert feed(taker, VOICE, 64) == []
    assert feed(taker, SILENCE, 500) == []


def test_speech_opens_with_the_sound_before_it() -> None:
    taker = TurnTaker()
    feed(taker, SILENCE, 960)
    (opened,) = feed(taker, VOICE, 96)
    assert isinstance(opened, Opened)
    assert opened.at == 30 * WINDOW
    assert opened.start == opened.at - 4800


def test_the_first_silence_prepares_and_asks() -> None:
    taker = TurnTaker()
    feed(taker, VOICE, 1000)
    (paused,) = feed(taker, SILENCE, 224)
    assert isinstance(paused, Paused)
    assert paused.ask_detector
    assert paused.end > paused.start


def test_a_finished_turn_closes_at_once() -> None:
    taker = TurnTaker()
    feed(taker, VOICE, 1000)
    feed(taker, SILENCE, 224)
    (closed,) = taker.score(0.9)
    assert isinstance(closed, Closed)
    assert not closed.backchannel
    assert closed.silence <= 8 * WINDOW


def test_an_unfinished_turn_waits_and_goes_on() -> None:
    taker = TurnTaker()
    feed(taker, VOICE, 1000)
    feed(taker, SILENCE, 224)
    assert taker.score(0.2) == []
    assert kinds(feed(taker, VOICE, 320)) == [Resumed]


def test_the_detector_is_asked_again_in_a_long_silence() -> None:
    taker = TurnTaker()
    feed(taker, VOICE, 1000)
    assert kinds(feed(taker, SILENCE, 1300)) == [Paused, Paused, Paused]


def test_a_late_answer_of_the_detector_does_not_cut_the_speaker_off() -> None:
    taker = TurnTaker()
    feed(taker, VOICE, 1000)
    feed(taker, SILENCE, 224)
    feed(taker, VOICE, 320)
    assert taker.score(0.99) == []


def test_nobody_is_waited_for_for_ever() -> None:
    taker = TurnTaker(TurnDetection(eagerness="high"))
    feed(taker, VOICE, 1000)
    assert kinds(feed(taker, SILENCE, 2100))[-1] is Closed


def test_plain_vad_goes_by_silence_alone() -> None:
    taker = TurnTaker(TurnDetection(kind="server_vad", silence_ms=500))
    feed(taker, VOICE, 1000)
    actions = feed(taker, SILENCE, 520)
    assert kinds(actions) == [Paused, Closed]
    assert isinstance(actions[0], Paused)
    assert not actions[0].ask_detector


def test_a_backchannel_leaves_the_reply_alone() -> None:
    taker = TurnTaker(TurnDetection(kind="server_vad"))
    assert kinds(feed(taker, VOICE, 320, replying=True)) == [Opened]
    closed = feed(taker, SILENCE, 520, replying=True)[-1]
    assert isinstance(closed, Closed)
    assert closed.backchannel


def test_speech_over_a_reply_interrupts_once() -> None:
    taker = TurnTaker()
    actions = feed(taker, VOICE, 1500, replying=True)
    assert kinds(actions) == [Opened, Interrupted]
    feed(taker, SILENCE, 224)
    (closed,) = taker.score(0.9)
    assert isinstance(closed, Closed)
    assert not closed.backchannel


def test_interruption_can_be_switched_off() -> None:
    taker = TurnTaker(TurnDetection(interrupt_response=False))
    assert kinds(feed(taker, VOICE, 1500, replying=True)) == [Opened]


def test_an_open_utterance_outlives_a_weak_window() -> None:
    taker = TurnTaker()
    feed(taker, VOICE, 500)
    feed(taker, 0.4, 1000)
    assert taker.state == "speaking"


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.none() | st.floats(0, 1)), max_size=400))
def test_order_holds_for_every_sound(steps: list[tuple[float, bool, float | None]]) -> None:
    taker = TurnTaker()
    is_open, last_end = False, 0
    for probability, replying, score in steps:
        actions = taker.push(probability, replying=replying) + ([] if score is None else taker.score(score))
        for action in actions:
            if isinstance(action, Opened):
                assert not is_open
                assert 0 <= action.start <= action.at < taker.position
                is_open = True
            else:
                assert is_open
            if isinstance(action, Closed):
                assert last_end <= action.end <= taker.position
                assert action.start < action.end
                is_open, last_end = False, action.end
        assert taker.earliest_needed <= taker.position
