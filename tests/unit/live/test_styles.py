"""How a reply is meant: from the model's words to voice, face and client; the tags themselves to nobody."""

from __future__ import annotations

import asyncio

import pytest

from avatar.dialog.style import Phrase
from avatar.live.answering import Clauses
from avatar.live.events import ReplyAudio, ReplyDone, Styled
from avatar.live.options import SessionOptions
from avatar.voice.speaking.delivery import DELIVERIES, LEAST, MOST
from tests.unit.live.fakes import Stage, stage
from tests.unit.live.virtual_time import run_virtually

TAGGED = "[warm]你来了,坐下来慢慢地说罢。【悲伤】他的母亲昨天夜里走了。[amused"


def answered(answer: str, options: SessionOptions | None = None) -> Stage:
    """A session that gave one answer to a typed question."""

    async def play() -> Stage:
        scene = stage(answer=answer, options=options)
        async with scene.session:
            gathering = asyncio.create_task(scene.collect())
            scene.session.type("后来呢?")
            scene.session.reply()
            await asyncio.sleep(20)
        await gathering
        return scene

    return run_virtually(play())


def test_a_tagged_answer_is_meant_so_and_says_no_tag() -> None:
    scene = answered(TAGGED)
    spoken = "你来了,坐下来慢慢地说罢。他的母亲昨天夜里走了。"
    assert scene.said == spoken
    assert "".join(scene.synthesizer.clauses) == spoken
    assert [done.text for done in scene.of(ReplyDone)] == [spoken]
    assert scene.remembered == [("后来呢?", spoken)]
    assert [event.style for event in scene.of(Styled)] == ["warm", "sad"]


def test_voice_and_face_follow() -> None:
    scene = answered(TAGGED, SessionOptions(video=True))
    styles = [event.style for event in scene.of(Styled)]
    paces = {DELIVERIES[style].speed for style in styles}
    assert set(scene.synthesizer.speeds) == paces
    assert list(dict.fromkeys(scene.synthesizer.styles)) == styles
    assert scene.synthesizer.speeds[0] == DELIVERIES["warm"].speed
    moods = [told for told in scene.animator.told if told.split()[0] in styles]
    assert moods == [f"{event.style} {event.at}" for event in scene.of(Styled)]


def test_a_style_is_told_before_the_sound_that_it_holds_for() -> None:
    events = [event for _, event in answered(TAGGED).events if isinstance(event, Styled | ReplyAudio)]
    for place, event in enumerate(events):
        if isinstance(event, Styled):
            following = events[place + 1]
            assert isinstance(following, ReplyAudio)
            assert following.start == event.at


def test_words_tell_where_no_tag_does() -> None:
    scene = answered("后来她死在雪地里了。这些看客真是麻木得很。")
    assert [event.style for event in scene.of(Styled)] == ["sad", "stern"]
    assert scene.of(Styled)[0].at == 0


def test_a_calm_reply_tells_nothing() -> None:
    scene = answered("一八八一年生在绍兴。")
    assert scene.of(Styled) == []
    assert set(scene.synthesizer.speeds) == {1.0}


def test_a_reply_without_sound_has_no_tags_either() -> None:
    scene = answered(TAGGED, SessionOptions(sound=False, video=False))
    assert scene.said == "你来了,坐下来慢慢地说罢。他的母亲昨天夜里走了。"


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_no_style_takes_the_voice_out_of_its_range(speed: float) -> None:
    for delivery in DELIVERIES.values():
        assert LEAST <= delivery.pace(speed) <= MOST
        assert 0.94 <= delivery.speed <= 1.05
    assert DELIVERIES["calm"].pace(speed) == speed


def test_a_clause_is_meant_as_it_begins() -> None:
    clauses = Clauses()
    found = clauses.push(Phrase("你来了，", "warm")) + clauses.push(Phrase("坐下说话罢。", "sad"))
    found += clauses.push(Phrase("他走了很久以后，我才知道这件事情。", "stern")) + clauses.finish()
    assert [clause.style for clause in found][:2] == ["warm", "sad"]
    assert found[-1].style == "stern"
