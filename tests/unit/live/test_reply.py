"""How far a reply was heard, by the clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.live.reply import Playhead, Reply, Stopwatch
from avatar.media import SPEECH_RATE, ClauseSpeech, WordSpan


def test_a_player_plays_at_once_what_it_gets() -> None:
    head = Playhead()
    head.send(2 * SPEECH_RATE, 10.0)
    assert head.position(10.5) == SPEECH_RATE // 2
    assert head.left(10.5) == pytest.approx(1.5)


def test_it_stands_still_where_the_sound_has_run_dry() -> None:
    head = Playhead()
    head.send(SPEECH_RATE, 0.0)
    assert head.position(5.0) == SPEECH_RATE
    assert head.left(5.0) == pytest.approx(-4.0)
    head.send(SPEECH_RATE, 5.0)
    assert head.position(5.25) == SPEECH_RATE * 5 // 4


def test_it_stands_still_while_it_is_held() -> None:
    head = Playhead()
    head.send(2 * SPEECH_RATE, 0.0)
    head.hold(0.5)
    assert head.position(9.0) == SPEECH_RATE // 2
    head.go_on(9.0)
    assert head.position(9.25) == SPEECH_RATE * 3 // 4
    assert head.left(9.25) == pytest.approx(1.25)


STEPS = st.lists(st.tuples(st.sampled_from(["send", "hold", "go on"]), st.integers(0, 48_000), st.floats(0, 3)))


@given(STEPS)
def test_nothing_is_heard_that_was_not_sent_nor_faster_than_it_sounds(steps: list[tuple[str, int, float]]) -> None:
    head, now, before = Playhead(), 0.0, 0
    for action, count, seconds in steps:
        if action == "send":
            head.send(count, now)
        elif action == "hold":
            head.hold(now)
        else:
            head.go_on(now)
        now += seconds
        position = head.position(now)
        assert before <= position <= min(head.sent, before + seconds * SPEECH_RATE + 1)
        before = position


def test_the_words_heard_are_those_that_have_begun() -> None:
    time = 0.0
    reply = Reply("resp", 1, "zh", Stopwatch(0.0, lambda: time))
    words = tuple(WordSpan(word, index * 4800, index * 4800 + 4800) for index, word in enumerate("希望是路"))
    reply.place(ClauseSpeech("希望是路", (), words, 19_200, iter(())))
    reply.playhead.send(19_200, 0.0)
    assert reply.heard(0.5) == "希望是"
    time = 0.3
    reply.hold(player_waits=True)
    assert reply.held
    assert reply.heard(9.0) == "希望"
    reply.played = 4800
    assert reply.heard(9.0) == "希"


def test_words_that_become_known_while_a_clause_sounds_are_heard_in_their_turn() -> None:
    reply = Reply("resp", 1, "zh", Stopwatch(0.0, lambda: 0.0))
    words = [WordSpan("希", 0, 4800), WordSpan("望", 4800, 9600)]
    reply.place(ClauseSpeech("希望是路", (), words, None, iter(())))
    reply.playhead.send(9600, 0.0)
    assert reply.text_until(reply.sent) == "希望"
    words.append(WordSpan("是路", 9600, 19_200))
    assert reply.text_until(reply.sent) == "希望"
    reply.playhead.send(1, 0.0)
    assert reply.text_until(reply.sent) == reply.text == "希望是路"


def test_the_clock_of_a_player_that_does_not_wait_runs_on() -> None:
    reply = Reply("resp", 1, "zh", Stopwatch(0.0, lambda: 0.3))
    reply.playhead.send(SPEECH_RATE, 0.0)
    reply.hold(player_waits=False)
    assert reply.held
    assert reply.left_to_play(0.5) == pytest.approx(0.5)
