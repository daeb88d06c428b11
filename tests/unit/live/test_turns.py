"""Turn taking, window by window."""

from __future__ import annotations

from avatar.live.turns import (
    WINDOW,
    Closed,
    Dismissed,
    Floor,
    Held,
    Interrupted,
    Opened,
    Paused,
    Released,
    Resumed,
    TurnAction,
    TurnDetection,
    TurnTaker,
    windows,
)

VOICE, SILENCE = 0.9, 0.05


def feed(taker: TurnTaker, probability: float, milliseconds: int, floor: Floor = "free") -> list[TurnAction]:
    actions: list[TurnAction] = []
    for _ in range(windows(milliseconds)):
        actions += taker.push(probability, floor)
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


def test_a_voice_over_a_reply_holds_it_and_a_backchannel_lets_it_go_on() -> None:
    taker = TurnTaker()
    assert feed(taker, VOICE, 320, "sounding") == [Held()]
    assert taker.state == "held"
    assert feed(taker, SILENCE, 520, "sounding") == [Released(), Dismissed(0, 0, 16 * WINDOW)]
    assert feed(taker, SILENCE, 2000) == []


def test_a_voice_that_goes_on_over_a_reply_interrupts_it_once() -> None:
    taker = TurnTaker()
    assert kinds(feed(taker, VOICE, 1500, "sounding")) == [Held, Opened, Interrupted]
    feed(taker, SILENCE, 224)
    (closed,) = taker.score(0.9)
    assert isinstance(closed, Closed)
    assert closed.end - closed.start > 1500 * 16


def test_short_words_with_short_gaps_between_them_interrupt() -> None:
    taker = TurnTaker()
    actions = [feed(taker, p, ms, "sounding") for p, ms in [(VOICE, 290), (SILENCE, 130), (VOICE, 290)]]
    assert [kinds(part) for part in actions] == [[Held], [], [Opened, Interrupted]]


def test_two_backchannels_do_not_add_up_to_an_interruption() -> None:
    taker = TurnTaker()
    for _ in range(4):
        assert kinds(feed(taker, VOICE, 350, "sounding")) == [Held]
        assert kinds(feed(taker, SILENCE, 350, "sounding")) == [Released, Dismissed]


def test_a_reply_that_does_not_sound_yet_is_interrupted_sooner() -> None:
    taker = TurnTaker()
    assert kinds(feed(taker, VOICE, 224, "answering")) == [Held, Opened, Interrupted]


def test_a_reply_that_ends_while_it_is_held_leaves_an_utterance() -> None:
    taker = TurnTaker()
    feed(taker, VOICE, 128, "sounding")
    actions = feed(taker, VOICE, 640, "free")
    assert kinds(actions) == [Released, Opened]
    assert actions[1] == Opened(start=0, at=0)


def test_a_short_voice_that_outlasts_the_held_reply_is_an_utterance_too() -> None:
    taker = TurnTaker()
    feed(taker, VOICE, 128, "sounding")
    assert kinds(feed(taker, SILENCE, 224, "free")) == [Released, Opened, Paused]


def test_an_utterance_that_was_open_before_the_reply_interrupts_it_when_it_goes_on() -> None:
    taker = TurnTaker()
    feed(taker, VOICE, 1000)
    assert kinds(feed(taker, VOICE, 384, "sounding")) == []
    assert kinds(feed(taker, VOICE, 128, "sounding")) == [Interrupted]


def test_what_was_held_is_let_go_when_the_utterance_is_forgotten() -> None:
    taker = TurnTaker()
    feed(taker, VOICE, 128, "sounding")
    assert taker.reset() == [Released()]
    assert taker.reset() == []


def test_residual_echo_below_the_threshold_does_not_prolong_a_hold() -> None:
    taker = TurnTaker()
    feed(taker, VOICE, 128, "sounding")
    assert kinds(feed(taker, 0.45, 640, "sounding")) == [Released]


def test_where_interruption_is_switched_off_speech_over_a_reply_is_told_at_once() -> None:
    taker = TurnTaker(TurnDetection(interrupt_response=False))
    assert kinds(feed(taker, VOICE, 1500, "sounding")) == [Opened]


def test_server_vad_holds_and_interrupts_by_the_same_rules() -> None:
    taker = TurnTaker(TurnDetection(kind="server_vad"))
    assert kinds(feed(taker, VOICE, 320, "sounding")) == [Held]
    assert kinds(feed(taker, SILENCE, 224, "sounding")) == [Released, Dismissed]
    assert kinds(feed(taker, VOICE, 640, "sounding")) == [Held, Opened, Interrupted]
    assert kinds(feed(taker, SILENCE, 520)) == [Paused, Closed]


def test_an_open_utterance_outlives_a_weak_window() -> None:
    taker = TurnTaker()
    feed(taker, VOICE, 500)
    feed(taker, 0.4, 1000)
    assert taker.state == "speaking"
