"""Speech that was prepared is the same as speech that is not, and is there at once."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from avatar.errors import NotFoundError
from avatar.live import prepared
from avatar.live.prepared import PreparedSpeech, clauses
from avatar.media import ClauseSpeech
from tests.unit.live.fakes import BrokenError, ToneSynthesizer

TEXT = "我是鲁迅,或者说,是照他的文章做成的影子。有什么想问的,就问罢。"


def sound(speech: ClauseSpeech) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.concatenate(list(speech.chunks))


def test_a_text_is_spoken_in_the_clauses_of_a_reply() -> None:
    assert "".join(clauses(TEXT)) == TEXT
    assert len(clauses(TEXT)) > 1


def test_what_was_prepared_is_not_made_again() -> None:
    engine = ToneSynthesizer()
    speech = PreparedSpeech(engine)
    speech.prepare(TEXT, "luxun", language="zh")
    speech.prepare(TEXT, "luxun", language="zh")
    assert engine.clauses == clauses(TEXT)
    for _ in range(2):
        for clause in clauses(TEXT):
            kept, made = (
                speech.speak(clause, "luxun", language="zh"),
                ToneSynthesizer().speak(clause, "", language="zh"),
            )
            assert (sound(kept) == sound(made)).all()
            assert replace(kept, chunks=iter(())).words == made.words
    assert engine.clauses == clauses(TEXT)


def test_another_voice_language_speed_or_text_is_made() -> None:
    engine = ToneSynthesizer()
    speech = PreparedSpeech(engine)
    speech.prepare("早。", "luxun", language="zh")
    speech.speak("早。", "host", language="zh")
    speech.speak("早。", "luxun", language="en")
    speech.speak("早。", "luxun", language="zh", speed=1.5)
    speech.speak("早安。", "luxun", language="zh")
    assert len(engine.clauses) == 5
    assert speech.prepared("早安。", "luxun", language="zh") is None


def test_all_of_a_text_is_prepared_or_none() -> None:
    speech = PreparedSpeech(ToneSynthesizer())
    speech.prepare(TEXT, "luxun", language="zh", most=1)
    assert speech.prepared(clauses(TEXT)[0], "luxun", language="zh") is not None
    assert speech.prepared(TEXT, "luxun", language="zh") is None
    speech.prepare(TEXT, "luxun", language="zh")
    ready = speech.prepared(TEXT, "luxun", language="zh")
    assert ready is not None
    assert [each.text for each in ready] == clauses(TEXT)


def test_a_voice_that_breaks_leaves_nothing_half_made() -> None:
    speech = PreparedSpeech(ToneSynthesizer())
    with pytest.raises(BrokenError):
        speech.prepare("希望是坏的。", "luxun", language="zh")
    assert speech.prepared("希望是坏的。", "luxun", language="zh") is None


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "MOST_CLAUSES", 3)
    speech = PreparedSpeech(ToneSynthesizer())
    for text in "一二三四":
        speech.prepare(text, "luxun", language="zh")
    assert [speech.prepared(text, "luxun", language="zh") is not None for text in "一二三四"] == [
        False,
        True,
        True,
        True,
    ]


def test_several_sessions_may_prepare_at_once() -> None:
    speech = PreparedSpeech(ToneSynthesizer())
    threads = [
        threading.Thread(target=speech.prepare, args=(TEXT, "luxun"), kwargs={"language": "zh"}) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert speech.prepared(TEXT, "luxun", language="zh") is not None


def test_a_voice_that_may_speak_no_more_is_not_heard_from_what_is_kept() -> None:
    engine, standing = ToneSynthesizer(), {"own": "first"}

    def of(voice: str) -> str:
        if voice not in standing:
            raise NotFoundError("gone", "没有了")
        return standing[voice]

    speech = PreparedSpeech(engine, of)
    speech.prepare("早。", "own", language="zh")
    assert speech.prepared("早。", "own", language="zh") is not None
    standing["own"] = "made anew"
    assert speech.prepared("早。", "own", language="zh") is None
    speech.prepare("早。", "own", language="zh")
    del standing["own"]
    assert speech.prepared("早。", "own", language="zh") is None
    made = len(engine.clauses)
    speech.speak("早。", "own", language="zh")
    assert len(engine.clauses) == made + 1
