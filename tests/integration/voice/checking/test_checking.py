"""The self-check with the real voice and recognizer: what is whole passes, what is cut does not, and is mended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from avatar.engines import Engines
from avatar.errors import Language
from avatar.media import ClauseSpeech, Samples
from avatar.stages import Synthesizer
from avatar.voice.checking.checked import CheckedSynthesizer
from avatar.voice.checking.listening import Listener
from avatar.voice.checking.tally import Tally

pytestmark = pytest.mark.integration

CLAUSES: list[tuple[str, str, Language, str]] = [
    ("我家的后面有一个很大的园，相传叫作百草园。", "zf_xiaoxiao", "zh", "后面"),
    ("Every evening the old man took his ladder and walked down the street.", "af_heart", "en", "ladder "),
]


@dataclass
class Clumsy:
    """Another synthesizer whose first take of a clause lacks some of its words."""

    inner: Synthesizer
    without: str
    takes: list[tuple[str, float]] = field(default_factory=list)
    name = "clumsy"
    device = "cpu"

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        self.takes.append((clause, speed))
        speech = self.inner.speak(clause, voice, language=language, speed=speed)
        if len(self.takes) > 1:
            return speech
        return replace(speech, length=None, chunks=iter([cut(speech, self.without)]))


def cut(speech: ClauseSpeech, words: str) -> Samples:
    """A clause's sound without some of its words."""
    sound = np.concatenate(list(speech.chunks))
    written = "".join(word.text for word in speech.words)
    place, at, spans = written.index(words), 0, []
    for word in speech.words:
        if place <= at < place + len(words):
            spans.append((word.start, word.end))
        at += len(word.text)
    return np.concatenate([sound[: spans[0][0]], sound[spans[-1][1] :]])


@pytest.mark.parametrize(("clause", "voice", "language", "lost"), CLAUSES)
def test_what_lost_words_is_said_again(
    engines: Engines, clause: str, voice: str, language: Language, lost: str
) -> None:
    tally, clumsy = Tally(), Clumsy(engines.synthesizer, lost)
    checked = CheckedSynthesizer(clumsy, engines.self_check.listener, tally)
    speech = checked.speak(clause, voice, language=language)
    assert len(clumsy.takes) == 2
    assert tally.clauses()["script", "mended"] == 1
    assert "".join(word.text for word in speech.words) == clause
    again = checked.speak(clause, voice, language=language)
    assert len(clumsy.takes) == 3
    assert tally.clauses()["script", "good"] == 1
    assert again.length == sum(block.size for block in again.chunks)


def test_silence_is_noticed_without_a_recognizer(engines: Engines) -> None:
    listener = Listener(lambda: engines.recognizer)
    speech = engines.synthesizer.speak(*CLAUSES[0][:2], language="zh")
    sound = np.concatenate(list(speech.chunks))
    assert listener.judge(CLAUSES[0][0], "zh", speech, sound).faults == 0
    sound[sound.size * 2 // 3 :] = 0
    assert listener.judge(CLAUSES[0][0], "zh", speech, sound).mute_s > 0.4
