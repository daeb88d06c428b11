"""A filler where the answer is long in coming: part of the reply's sound, and none of its words."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from avatar.dialog.persona import Variants
from avatar.live.events import Filled, ReplyAudio, ReplyDone, ReplyText, SpeechStopped, Video
from avatar.live.filler import Fillers, joined
from avatar.live.options import SessionOptions
from avatar.live.prepared import PreparedSpeech
from avatar.media import SPEECH_RATE, ClauseSpeech, PhoneSpan
from tests.unit.live.fakes import CHARACTER, Stage, Takes, ToneSynthesizer, lu_xun
from tests.unit.live.scenes import (
    ANSWER,
    ANSWERED,
    ASKED,
    HEARD,
    Moment,
    Scenario,
    all_sent,
    cancel,
    do,
    out,
    player_reports,
    quiet,
    quiet_until,
    recognizing,
    say,
    wait,
    write,
)

FILLED = SessionOptions(filler=True)
SLOW = Takes(first_token=2.0)
QUICK = Takes(first_token=0.1, each_token=0.02)


def filling(seconds: float) -> Moment:
    """So much of the filler has sounded."""
    return lambda scene: bool(scene.of(Filled)) and len(scene.events) > 0 and _since(scene) >= seconds


def _since(scene: Stage) -> float:
    return scene.session._now() - scene.when(Filled)


ROWS = [
    Scenario("a slow answer", [*ASKED, out(16)], ANSWERED, ["all"], FILLED, takes=SLOW),
    Scenario(
        "slow passages, before the reply was announced",
        [*ASKED, out(16)],
        ANSWERED,
        ["all"],
        FILLED,
        takes=Takes(retrieving=1.6),
    ),
    Scenario(
        "goes on speaking: the rest of the question, and no answer was heard",
        [*ASKED, quiet_until(filling(0.4)), say(1), out(20)],
        f"{HEARD} reply sound held speech interrupted silence understood reply sound completed",
        ["all"],
        FILLED,
        takes=SLOW,
        texts=("您怎么看", "希望?"),
    ),
    Scenario(
        "a cough over the filler holds it",
        [*ASKED, quiet_until(filling(0.3)), say(0.12), out(20)],
        f"{HEARD} reply sound held resumed sound completed",
        ["all"],
        FILLED,
        takes=SLOW,
    ),
    Scenario(
        "is cancelled while the filler sounds",
        [*ASKED, quiet_until(filling(0.3)), cancel, quiet(3)],
        f"{HEARD} reply sound cancelled",
        ["none"],
        FILLED,
        takes=SLOW,
    ),
    Scenario(
        "is lost while the filler sounds: the reply is begun again",
        [
            *ASKED,
            quiet_until(filling(0.3)),
            do(lambda scene: scene.session.suspend()),
            wait(3),
            do(lambda scene: scene.session.resume()),
            out(16),
        ],
        f"{HEARD} reply sound left reply sound completed",
        ["all"],
        FILLED,
        takes=SLOW,
    ),
    Scenario(
        "fails after the filler",
        [*ASKED, out(10)],
        f"{HEARD} reply sound error failed",
        ["none"],
        FILLED,
        takes=SLOW,
        answer="!",
    ),
    Scenario("a typed question", [write(), out(16)], "reply sound completed", ["all"], FILLED, takes=SLOW),
]

WITHOUT = [
    Scenario("a quick answer", [*ASKED, out(14)], ANSWERED, ["all"], FILLED, takes=QUICK),
    Scenario("where none is wanted", [*ASKED, out(16)], ANSWERED, ["all"], takes=SLOW),
    Scenario(
        "an answer to read",
        [write(), quiet(6)],
        "reply words completed",
        ["all"],
        replace(FILLED, sound=False),
        takes=SLOW,
    ),
    Scenario("the greeting", [do(lambda scene: scene.session.reply()), out(20)], "reply sound completed", [], FILLED),
    Scenario(
        "a first clause that is with the voice already",
        [*ASKED, out(16)],
        ANSWERED,
        ["all"],
        FILLED,
        takes=Takes(first_token=0.1, each_token=0.02, clause=1.5),
    ),
    Scenario(
        "a question that is not understood in time, and has no words",
        [*ASKED, quiet_until(recognizing), quiet(4)],
        "speech silence nothing",
        [],
        FILLED,
        texts=("",),
        takes=Takes(recognizing=2.0),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_is_filled(row: Scenario) -> None:
    scene = row.play()
    assert scene.of(Filled)
    own = scene.session.persona.fillers.zh
    assert {event.text for event in scene.of(Filled)} <= set(own)
    assert not any(text in event.text for event in scene.of(ReplyText) for text in own)
    assert not any(text in heard for _, heard in scene.remembered for text in own)


@pytest.mark.parametrize("row", WITHOUT, ids=lambda row: row.name)
def test_what_is_not(row: Scenario) -> None:
    assert not row.play().of(Filled)


def test_it_comes_a_second_after_the_question_and_is_followed_by_the_answer() -> None:
    scene = ROWS[0].play()
    (filled,), (done,) = scene.of(Filled), scene.of(ReplyDone)
    assert done.times.filler_s == pytest.approx(1.0, abs=0.05)
    assert scene.when(ReplyText) - scene.when(SpeechStopped) > 2.0
    assert done.times.first_audio_s is not None
    assert done.times.first_audio_s > 2.0
    blocks = scene.of(ReplyAudio)
    assert [block.filler for block in blocks] == sorted((block.filler for block in blocks), reverse=True)
    assert sum(block.samples.size for block in blocks if block.filler) == filled.length
    assert filled.length == len(filled.text) * CHARACTER
    assert done.length == filled.length + len(ANSWER) * CHARACTER
    assert done.text == ANSWER


def test_what_was_heard_is_counted_from_after_it() -> None:
    report = player_reports(1700)
    row = replace(ROWS[0], steps=[*ASKED, quiet_until(all_sent), report, cancel], remembers=("some",))
    scene = row.play()
    (filled,), ((_, heard),) = scene.of(Filled), scene.remembered
    after = 1.7 - filled.length / SPEECH_RATE
    assert len(heard) == pytest.approx(after / 0.2, abs=1)


def test_the_mouth_moves_with_it() -> None:
    scene = replace(ROWS[0], options=replace(FILLED, video=True)).play()
    told = scene.animator.told
    (filled,) = scene.of(Filled)
    assert told[told.index("begin") + 1] == f"speak {filled.length} {len(filled.text)} 0"
    first = next(time for time, event in scene.events if isinstance(event, Video) and event.generation == 1)
    assert first - scene.when(Filled) < 0.1


def test_it_is_never_the_same_twice_running() -> None:
    steps = [step for _ in range(6) for step in (write(), wait(12))]
    scene = Scenario("", steps, " ".join(["reply sound completed"] * 6), ["all"] * 6, FILLED, takes=SLOW).play()
    texts = [event.text for event in scene.of(Filled)]
    assert len(texts) == 6
    assert all(one != other for one, other in pairwise(texts))


def fillers(*texts: str, seed: int = 0) -> Fillers:
    persona = lu_xun()[0].model_copy(update={"fillers": Variants(zh=texts)})
    chooser = Fillers(persona, PreparedSpeech(ToneSynthesizer()), seed)
    chooser.prepare("luxun", "zh", 1.0)
    return chooser


def test_a_seed_repeats_a_choice() -> None:
    def chosen(seed: int) -> list[str]:
        chooser = fillers("一", "二", "三", "四", seed=seed)
        speeches = [chooser.choose("luxun", "zh", 1.0) for _ in range(20)]
        return [speech.text for speech in speeches if speech is not None]

    assert chosen(3) == chosen(3) != chosen(4)
    assert set(chosen(3)) == {"一", "二", "三", "四"}


def test_only_what_is_ready_is_said() -> None:
    chooser = fillers("一")
    assert chooser.choose("host", "zh", 1.0) is None
    assert chooser.choose("luxun", "en", 1.0) is None
    assert chooser.choose("luxun", "zh", 1.0) is not None
    assert chooser.choose("luxun", "zh", 1.0) is None


def test_the_silence_at_its_end_is_cut_off() -> None:
    sound = np.zeros(SPEECH_RATE, dtype=np.float32)
    sound[2400:9600] = 0.3
    phones = (PhoneSpan("a", 2400, 9600), PhoneSpan("sil", 9600, 24000))
    clause = ClauseSpeech("嗯……", phones, (), sound.size, iter(np.split(sound, 4)))
    speech = joined("嗯……", [clause])
    (block,) = speech.chunks
    assert block.size == speech.length == 9599 + 2400
    assert speech.phones == (phones[0], PhoneSpan("sil", 9600, 9599 + 2400))
    assert speech.words == ()


def test_a_filler_of_silence_is_none() -> None:
    silence = ClauseSpeech("……", (), (), 100, iter([np.zeros(100, dtype=np.float32)]))
    assert joined("……", [silence]).length == 0
