"""When the person's turn is over, and what is no turn: pauses, false starts, backchannels, push-to-talk, typing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from avatar.live.events import ReplyAudio, ReplyHeld, ReplyResumed, Understood, Video
from avatar.live.options import SessionOptions
from avatar.live.turns import TurnDetection
from tests.unit.live.fakes import CHARACTER, Takes
from tests.unit.live.scenes import (
    ANSWER,
    ANSWERED,
    ASKED,
    BACKCHANNEL,
    HEARD,
    LONG,
    PATIENT,
    PUSH_TO_TALK,
    SERVER_VAD,
    STRICT,
    TEXT_ONLY,
    WITH_FACE,
    Scenario,
    all_sent,
    answer_now,
    cancel,
    clear,
    commit,
    do,
    last_reply,
    out,
    player_reports,
    quiet,
    quiet_until,
    recognizing,
    refused,
    say,
    sounding,
    truncate,
    voice_over,
    write,
    writing,
)

EAGER = SessionOptions(turn_detection=TurnDetection(eagerness="high"))
RELUCTANT = SessionOptions(turn_detection=TurnDetection(eagerness="low"))
UNANSWERING = SessionOptions(turn_detection=TurnDetection(create_response=False))
SLOW_EARS = Takes(recognizing=0.8)

PAUSES = [
    Scenario("a question is answered", [*ASKED, out(14)], ANSWERED, ["all"]),
    Scenario("a breath inside a sentence", [*ASKED, quiet(0.15), say(1), out(14)], ANSWERED, ["all"]),
    Scenario(
        "a pause inside a sentence",
        [*ASKED, quiet(0.4), say(1), out(14)],
        ANSWERED,
        ["all"],
        scores=(0.1, 0.9),
    ),
    Scenario(
        "three pauses inside a sentence",
        [*ASKED, quiet(0.4), say(0.8), quiet(0.4), say(0.8), quiet(0.4), say(0.8), out(14)],
        ANSWERED,
        ["all"],
        scores=(0.1, 0.2, 0.3, 0.9),
    ),
    Scenario(
        "a long pause for thought",
        [*ASKED, quiet(2.5), say(1), out(14)],
        ANSWERED,
        ["all"],
        scores=(0.1, 0.1, 0.1, 0.1, 0.1, 0.9),
    ),
    Scenario("an unfinished sentence is waited for", [*ASKED, quiet(3.5)], "speech", [], scores=(0.1,)),
    Scenario("and answered after four seconds", [*ASKED, quiet(5), out(13)], ANSWERED, ["all"], scores=(0.1,)),
    Scenario("an eager persona waits for two", [*ASKED, out(16)], ANSWERED, ["all"], EAGER, scores=(0.1,)),
    Scenario("an eager persona takes a doubtful end", [*ASKED, out(14)], ANSWERED, ["all"], EAGER, scores=(0.4,)),
    Scenario("a reluctant one does not", [*ASKED, quiet(3)], "speech", [], RELUCTANT, scores=(0.6,)),
    Scenario("the detector thinks again", [*ASKED, out(14)], ANSWERED, ["all"], scores=(0.1, 0.9)),
    Scenario("silence alone ends a turn of server_vad", [*ASKED, out(14)], ANSWERED, ["all"], SERVER_VAD),
    Scenario(
        "server_vad bears a pause of 400 ms", [*ASKED, quiet(0.4), say(1), out(14)], ANSWERED, ["all"], SERVER_VAD
    ),
    Scenario("nothing is said", [quiet(10)], ""),
    Scenario("a click", [quiet(1), say(0.04), quiet(3)], ""),
    Scenario("a voice without words", [*ASKED, quiet(5)], "speech silence nothing", texts=("",)),
    Scenario("words that are only reported", [*ASKED, quiet(5)], HEARD, options=UNANSWERING),
    Scenario(
        "two questions, one after the other",
        [*ASKED, out(14), *ASKED, out(14)],
        f"{ANSWERED} {ANSWERED}",
        ["all", "all"],
    ),
]

FALSE_STARTS = [
    Scenario(
        "the question goes on before a word of the reply",
        [*ASKED, quiet(0.35), say(1), out(14)],
        "speech silence understood reply speech interrupted silence understood reply sound completed",
        ["all"],
        texts=("您怎么看", "希望?"),
    ),
    Scenario(
        "it goes on while its beginning is still recognized",
        [*ASKED, quiet_until(recognizing), say(1), out(14)],
        "speech silence speech understood silence understood reply sound completed",
        ["all"],
        texts=("您怎么看", "希望?"),
        takes=SLOW_EARS,
    ),
    Scenario(
        "it goes on by one word, before the reply sounds",
        [*ASKED, quiet_until(writing), say(0.26), out(14)],
        "speech silence understood reply speech interrupted silence understood reply sound completed",
        ["all"],
        texts=("您怎么看希望", "呢?"),
    ),
    Scenario(
        "a cough before the reply sounds only delays it",
        [*ASKED, quiet_until(writing), say(0.12), out(14)],
        ANSWERED,
        ["all"],
    ),
    Scenario(
        "it goes on twice",
        [*ASKED, quiet(0.35), say(1), quiet(0.35), say(1), out(14)],
        "speech silence understood reply speech interrupted silence understood reply speech interrupted "
        "silence understood reply sound completed",
        ["all"],
        texts=("您怎么看", "希望", "和青年?"),
    ),
    Scenario(
        "the going on was only noise",
        [*ASKED, quiet(0.35), say(0.6), out(14)],
        "speech silence understood reply speech interrupted silence nothing reply sound completed",
        ["all"],
        texts=("您怎么看希望?", ""),
    ),
]


BACKCHANNELS = [
    Scenario(
        "a click over the reply",
        [*ASKED, quiet_until(sounding(1)), say(0.02), out(14)],
        ANSWERED,
        ["all"],
    ),
    *[
        voice_over(f"a backchannel of {length * 1000:.0f} ms", length, BACKCHANNEL)
        for length in (0.12, 0.2, 0.26, 0.32, 0.38)
    ],
    Scenario(
        "嗯, 嗯, 嗯",
        [*ASKED, quiet_until(sounding(1)), say(0.3), quiet(0.5), say(0.3), quiet(0.5), say(0.3), out(20)],
        f"{HEARD} reply sound held resumed sound held resumed sound held resumed sound completed",
        ["all"],
        answer=LONG,
    ),
    Scenario(
        "a backchannel while the player only plays out",
        [write(), quiet_until(all_sent), quiet(0.3), say(0.3), out(14)],
        "reply sound completed held resumed",
        ["all"],
    ),
    voice_over("a backchannel of server_vad", 0.3, BACKCHANNEL, options=SERVER_VAD),
    voice_over("a backchannel to a strict client", 0.3, BACKCHANNEL, options=STRICT),
    Scenario(
        "嗯 over a reply that is not to be interrupted is told, and answered after it",
        [*ASKED, quiet_until(sounding(1)), say(0.3), out(32)],
        f"{HEARD} reply sound speech silence understood completed reply sound completed",
        ["all", "all"],
        PATIENT,
        answer=LONG,
    ),
    Scenario(
        "a backchannel to a reply that is read",
        [*ASKED, quiet_until(lambda scene: bool(scene.said)), say(0.3), quiet(6)],
        f"{HEARD} reply words completed",
        ["all"],
        TEXT_ONLY,
        answer=LONG,
    ),
    Scenario(
        "the reply ends while it is held: the sound was a turn of its own",
        [*ASKED, quiet_until(sounding(1)), say(0.3), player_reports(60_000), out(10)],
        f"{HEARD} reply sound completed held resumed speech silence nothing",
        ["all"],
        texts=("您怎么看希望?", ""),
        answer="希望是有的。",
    ),
]

BY_HAND = [
    Scenario(
        "push to talk",
        [say(1), commit, answer_now, out(14)],
        "reply understood sound completed",
        ["all"],
        PUSH_TO_TALK,
    ),
    Scenario("a commit alone asks for nothing", [say(1), commit, quiet(3)], "understood", [], PUSH_TO_TALK),
    Scenario(
        "a commit of nothing is refused",
        [say(0.04), refused(lambda scene: scene.session.commit(), "input_audio_buffer_commit_empty"), quiet(1)],
        "",
        [],
        PUSH_TO_TALK,
    ),
    Scenario(
        "what was cleared is not heard",
        [
            say(1),
            clear,
            quiet(0.02),
            refused(lambda scene: scene.session.commit(), "input_audio_buffer_commit_empty"),
        ],
        "",
        [],
        PUSH_TO_TALK,
    ),
    Scenario(
        "pushing and talking for long does not break a reply off",
        [write(), quiet_until(sounding(1)), say(2), out(14)],
        "reply sound completed",
        ["all"],
        PUSH_TO_TALK,
    ),
    Scenario(
        "a commit ends a turn that was being held",
        [write(), quiet_until(sounding(1)), say(0.2), quiet(0.1), commit, out(20)],
        "reply sound held resumed understood sound completed",
        ["all"],
        answer=LONG,
    ),
    Scenario(
        "turn detection is switched off while a reply is held",
        [
            write(),
            quiet_until(sounding(1)),
            say(0.2),
            do(lambda scene: scene.session.configure(PUSH_TO_TALK)),
            out(20),
        ],
        "reply sound held resumed sound completed",
        ["all"],
        answer=LONG,
    ),
    Scenario(
        "clearing lets a held reply go on",
        [write(), quiet_until(sounding(1)), say(0.2), quiet(0.1), clear, out(20)],
        "reply sound held resumed sound completed",
        ["all"],
        answer=LONG,
    ),
]

TYPED = [
    Scenario("a typed question", [write(), out(14)], "reply sound completed", ["all"]),
    Scenario("the greeting", [answer_now, out(20)], "reply sound completed", []),
    Scenario("an answer to read", [write(), quiet(5)], "reply words completed", ["all"], TEXT_ONLY),
    Scenario(
        "a typed question during a reply is refused until that is cancelled",
        [
            write(),
            quiet_until(sounding(1)),
            do(lambda scene: scene.session.type("那青年呢?")),
            refused(lambda scene: scene.session.reply(), "conversation_already_has_active_response"),
            cancel,
            answer_now,
            out(20),
        ],
        "reply sound cancelled reply sound completed",
        ["some", "all"],
        answer=LONG,
    ),
    Scenario(
        "a typed question while the last reply plays out",
        [write(), quiet_until(all_sent), write("那青年呢?"), out(14)],
        "reply sound completed reply sound completed",
        ["some", "all"],
    ),
    Scenario(
        "a typed question while the person speaks is answered first",
        [say(0.5), write(), say(0.1), out(20)],
        "speech reply silence understood sound completed reply sound completed",
        ["all", "all"],
    ),
    Scenario(
        "truncated where the player stopped it",
        [write(), quiet_until(sounding(2)), cancel, truncate(700), quiet(1)],
        "reply sound cancelled",
        [ANSWER[:4]],
        answer=LONG,
    ),
    Scenario(
        "a later report of the player puts the history right",
        [write(), quiet_until(sounding(2)), cancel, player_reports(900), quiet(1)],
        "reply sound cancelled",
        [ANSWER[:5]],
        answer=LONG,
    ),
    Scenario(
        "truncated beyond its end is refused",
        [
            write(),
            quiet_until(sounding(1)),
            cancel,
            refused(
                lambda scene: scene.session.truncate(last_reply(scene), 90_000),
                "item_truncate_invalid_audio_end_ms",
            ),
        ],
        "reply sound cancelled",
        ["some"],
        answer=LONG,
    ),
    Scenario(
        "truncated to nothing",
        [write(), quiet_until(sounding(1)), cancel, truncate(0)],
        "reply sound cancelled",
        ["none"],
        answer=LONG,
    ),
]

ROWS = [*PAUSES, *FALSE_STARTS, *BACKCHANNELS, *BY_HAND, *TYPED]


@pytest.mark.parametrize("scenario", ROWS, ids=lambda scenario: scenario.name)
def test_turns(scenario: Scenario) -> None:
    scenario.play()


@pytest.mark.parametrize("row", [BACKCHANNELS[1], BACKCHANNELS[4]], ids=lambda row: row.name)
def test_a_held_reply_loses_no_sample_and_its_face_lives_on_while_it_stands(row: Scenario) -> None:
    scene = replace(row, options=WITH_FACE).play()
    assert sum(event.samples.size for event in scene.of(ReplyAudio)) == len(LONG) * CHARACTER
    began, ended = scene.when(ReplyHeld), scene.when(ReplyResumed)
    assert 0.2 < ended - began < 0.7
    assert not [time for time, event in scene.events if isinstance(event, ReplyAudio) and began <= time < ended]
    pictures = [(time, event) for time, event in scene.events if isinstance(event, Video) and event.generation == 1]
    waiting = [(time, event.pts_ms) for time, event in pictures if event.waiting]
    assert len(waiting) == pytest.approx((ended - began) * 25, abs=2)
    assert all(began <= time <= ended + 0.04 for time, _ in waiting)
    (stood,) = {pts for _, pts in waiting}
    before = [event.pts_ms for time, event in pictures if not event.waiting and time < ended]
    after = [event.pts_ms for time, event in pictures if not event.waiting and time >= ended]
    assert before == [40 * index for index in range(len(before))]
    assert stood <= 1000 * (began - scene.when(ReplyAudio)) < before[-1]
    assert stood < after[0] <= stood + 120
    assert after == [after[0] + 40 * index for index in range(len(after))]
    idle_at = scene.events[-1][0]
    assert idle_at - scene.when(ReplyAudio) > len(LONG) * 0.2 + (ended - began)


def test_the_parts_of_a_question_are_answered_as_one() -> None:
    scene = FALSE_STARTS[4].play()
    assert scene.remembered == [("您怎么看\n希望\n和青年?", ANSWER)]
    assert [event.text for event in scene.of(Understood)] == ["您怎么看", "希望", "和青年?"]
