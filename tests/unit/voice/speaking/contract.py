"""What every Synthesizer has to do, whatever makes its sound. An engine's tests subclass `SynthesizerContract`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from avatar.errors import Language, NotFoundError
from avatar.media import SPEECH_RATE, ClauseSpeech, Samples
from avatar.stages import Synthesizer


@dataclass(frozen=True, slots=True)
class Subject:
    """A synthesizer, and what its tests have to know.

    Attributes:
        voice: one that it has.
        clauses: one in Chinese and one in English, each of which takes several blocks.
        computed: how many blocks were computed so far, in all.
    """

    synthesizer: Synthesizer
    voice: str
    clauses: dict[Language, str]
    computed: Callable[[], int]

    def say(self, language: Language = "zh", speed: float = 1.0) -> ClauseSpeech:
        """The clause of a language."""
        return self.synthesizer.speak(self.clauses[language], self.voice, language=language, speed=speed)


def whole(speech: ClauseSpeech) -> Samples:
    """All of it: float32 [n]."""
    return np.concatenate(list(speech.chunks))


class SynthesizerContract:
    """Give it a fixture `subject`."""

    alike = 0.0
    """How far two renderings of the same may be apart; a device that does not add in a fixed order needs a little."""

    def halted(self, subject: Subject, before: int) -> bool:
        """Whether nothing was computed since there were so many blocks."""
        return subject.computed() == before

    def test_it_says_what_and_where_it_is(self, subject: Subject) -> None:
        assert subject.synthesizer.name
        assert subject.synthesizer.device

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_speech_comes_in_blocks(self, subject: Subject, language: Language) -> None:
        speech = subject.say(language)
        blocks = list(speech.chunks)
        assert len(blocks) > 1
        assert all(block.dtype == np.float32 and block.ndim == 1 and block.size for block in blocks)
        sound = np.concatenate(blocks)
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() > 0.01
        assert SPEECH_RATE // 2 < sound.size < 30 * SPEECH_RATE
        if speech.length is not None:
            assert sound.size == speech.length

    def test_its_times_are_in_order(self, subject: Subject) -> None:
        speech = subject.say()
        assert "<" not in speech.text
        assert all(before.end <= after.start for before, after in pairwise(speech.phones))
        assert all(before.end <= after.start for before, after in pairwise(speech.words))
        assert not speech.words or "".join(word.text for word in speech.words) == speech.text

    def test_the_times_of_a_block_are_known_when_it_comes(self, subject: Subject) -> None:
        speech = subject.say()
        told, at = list(speech.phones), 0
        for block in speech.chunks:
            at += block.size
            assert not speech.phones or speech.phones[-1].end >= at
            assert list(speech.phones[: len(told)]) == told
            told = list(speech.phones)

    def test_nothing_is_computed_before_it_is_pulled_or_after_it_is_closed(self, subject: Subject) -> None:
        at_first = subject.computed()
        chunks = subject.say().chunks
        assert subject.computed() == at_first
        next(chunks)
        before = subject.computed()
        chunks.close()  # type: ignore[attr-defined]
        assert list(chunks) == []
        assert self.halted(subject, before)

    def test_one_that_is_left_standing_holds_nobody_up(self, subject: Subject) -> None:
        standing = subject.say().chunks
        next(standing)
        assert whole(subject.say("en")).size
        standing.close()  # type: ignore[attr-defined]

    @pytest.mark.parametrize("clause", ["", "   ", "……", "😀", "（）"])
    def test_what_cannot_be_said_has_no_length(self, subject: Subject, clause: str) -> None:
        before = subject.computed()
        speech = subject.synthesizer.speak(clause, subject.voice, language="zh")
        assert (speech.text, speech.length, list(speech.chunks)) == (clause, 0, [])
        assert subject.computed() == before

    def test_an_unknown_voice_is_named(self, subject: Subject) -> None:
        with pytest.raises(NotFoundError) as caught:
            whole(subject.synthesizer.speak("你好。", "nobody-at-all", language="zh"))
        assert caught.value.code == "voice_not_found"
        assert "nobody-at-all" in caught.value.en
        assert "nobody-at-all" in caught.value.zh

    def test_two_at_once_sound_as_one_after_another(self, subject: Subject) -> None:
        alone = [whole(subject.say(language)) for language in ("zh", "en")]
        with ThreadPoolExecutor(2) as pool:
            together = list(pool.map(lambda language: whole(subject.say(language)), ("zh", "en")))
        for first, second in zip(alone, together, strict=True):
            assert first.shape == second.shape
            assert np.allclose(first, second, rtol=0, atol=self.alike)

    def test_speed_changes_the_length(self, subject: Subject) -> None:
        slow, quick = (whole(subject.say(speed=speed)).size for speed in (0.8, 1.6))
        assert slow > 1.3 * quick
