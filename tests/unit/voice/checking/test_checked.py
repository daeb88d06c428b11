"""A clause that lost words is said again; the best take counts, and only counts are kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from avatar.errors import EngineError, Language
from avatar.media import SPEECH_RATE, ClauseSpeech, PhoneSpan, Samples, WordSpan
from avatar.stages import HearingHints, Transcript
from avatar.voice.checking.checked import QUICKER, SLOWER, CheckedSynthesizer, halves
from avatar.voice.checking.listening import Listener
from avatar.voice.checking.tally import Tally
from avatar.voice.speaking.clauses import units

CLAUSE = "窗外下着小雨，我们在家里看书。"


@dataclass
class Voice:
    """Says each character as 0.1 s of tone."""

    said: list[tuple[str, float]] = field(default_factory=list)
    name = "fake"
    device = "cpu"

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        self.said.append((clause, speed))
        step = SPEECH_RATE // 10
        words = tuple(WordSpan(c, i * step, (i + 1) * step) for i, c in enumerate(clause))
        phones = tuple(PhoneSpan("a", word.start, word.end) for word in words)

        def render() -> Iterator[Samples]:
            for _ in clause:
                yield np.full(step, 0.1 * speed, dtype=np.float32)

        return ClauseSpeech(clause, phones, words, None, render())


@dataclass
class Ears:
    """Hears one text after another, the last one for ever; "!" fails."""

    texts: list[str]
    heard: list[int] = field(default_factory=list)
    name = "fake"
    device = "cpu"

    def transcribe(self, samples: Samples, hints: HearingHints) -> Transcript:
        self.heard.append(samples.size)
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        if text == "!":
            raise EngineError("It broke.", "它坏了。")
        return Transcript(text, "zh")


def checked(*texts: str) -> tuple[CheckedSynthesizer, Voice, Ears, Tally]:
    voice, ears, tally = Voice(), Ears(list(texts)), Tally()
    return CheckedSynthesizer(voice, Listener(lambda: ears), tally), voice, ears, tally


def outcome(tally: Tally) -> list[str]:
    return [outcome for (place, outcome), count in tally.clauses().items() for _ in range(count) if place == "script"]


def test_a_good_clause_is_said_once() -> None:
    synthesizer, voice, ears, tally = checked("窗外下着小雨我们在家里看书")
    speech = synthesizer.speak(CLAUSE, "v", language="zh", speed=1.2)
    assert voice.said == [(CLAUSE, 1.2)]
    assert speech.length == sum(block.size for block in speech.chunks) == len(CLAUSE) * SPEECH_RATE // 10
    assert ears.heard == [len(CLAUSE) * 1600]
    assert outcome(tally) == ["good"]
    assert tally.takes()["script"] == 1


def test_a_clause_that_lost_words_is_said_again_until_it_is_good() -> None:
    synthesizer, voice, _, tally = checked("窗外下着小雨", "窗外下着小雨我们看书", "窗外下着小雨我们在家里看书")
    speech = synthesizer.speak(CLAUSE, "v", language="zh")
    assert voice.said == [(CLAUSE, 1.0), (CLAUSE, SLOWER), ("窗外下着小雨，", 1.0), ("我们在家里看书。", 1.0)]
    assert speech.text == CLAUSE == "".join(word.text for word in speech.words)
    assert [word.start for word in speech.words] == [i * SPEECH_RATE // 10 for i in range(len(CLAUSE))]
    assert [(span.start, span.end) for span in speech.phones] == [(w.start, w.end) for w in speech.words]
    assert outcome(tally) == ["mended"]
    assert tally.takes()["script"] == 3
    assert tally.faults()["script", "lost"] == 7


def test_the_best_of_bad_takes_is_kept() -> None:
    synthesizer, voice, _, tally = checked("窗外", "窗外下着小雨我们看书", "窗外下着", "窗外下着小雨")
    speech = synthesizer.speak(CLAUSE, "v", language="zh")
    assert voice.said[-1] == (CLAUSE, QUICKER)
    assert float(next(speech.chunks)[0]) == pytest.approx(0.1 * SLOWER)
    assert outcome(tally) == ["mended"]
    assert tally.takes()["script"] == 4


def test_a_clause_that_stays_as_bad_stays_as_it_was() -> None:
    synthesizer, _, _, tally = checked("窗外")
    assert float(next(synthesizer.speak(CLAUSE, "v", language="zh").chunks)[0]) == pytest.approx(0.1)
    assert outcome(tally) == ["flawed"]


def test_speeds_stay_within_what_is_taken() -> None:
    synthesizer, voice, _, _ = checked("窗外")
    synthesizer.speak(CLAUSE, "v", language="zh", speed=2.0)
    assert max(speed for _, speed in voice.said) == 2.0


@pytest.mark.parametrize("clause", ["呔！", "", "……"])
def test_what_is_too_short_is_not_listened_to(clause: str) -> None:
    synthesizer, _, ears, tally = checked("别的话")
    synthesizer.speak(clause, "v", language="zh")
    assert ears.heard == []
    assert outcome(tally) == ["unheard"]


def test_a_recognizer_that_fails_stops_no_speech(caplog: pytest.LogCaptureFixture) -> None:
    synthesizer, voice, _, tally = checked("!")
    assert synthesizer.speak(CLAUSE, "v", language="zh").length
    assert len(voice.said) == 1
    assert outcome(tally) == ["unheard"]
    assert "engine_failed" in caplog.text


def test_no_log_says_what_was_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="avatar")
    synthesizer, _, _, _ = checked("窗外", "!")
    synthesizer.speak(CLAUSE, "v", language="zh")
    assert "outcome=mended takes=2 lost=11" in caplog.text
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in caplog.text)


@pytest.mark.parametrize(
    "clause", [CLAUSE, "我们在家里看书看了很久很久", "He went home, and she stayed there.", "one two three four"]
)
def test_halves_make_the_whole(clause: str) -> None:
    parts = halves(clause)
    assert parts is not None
    assert "".join(parts) == clause
    assert min(units(part) for part in parts) >= units(clause) // 4
    assert halves(f'<style name="sad">{clause}</style>') == tuple(f'<style name="sad">{part}</style>' for part in parts)


@pytest.mark.parametrize(
    "clause", ["", "很短。", '<break time="1s"/>窗外下着小雨，我们在家里看书。', "antidisestablishmentarianism"]
)
def test_what_is_not_cut(clause: str) -> None:
    assert halves(clause) is None
