"""Hears a statement, and tells whether whoever made it is whoever speaks in the samples."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from avatar.errors import AudioError, InputError
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample, wav_bytes
from avatar.stages import HearingHints, Recognizer
from avatar.voice.consent.record import Consent, Phrase, Statement
from avatar.voice.consent.statement import Comparison, compare, name_in
from avatar.voice.enrolment.enrol import Checked, Enroller
from avatar.voice.enrolment.reading import Source
from avatar.voice.speaker import Embedding, embedding_bytes, likeness, read_embedding

LONGEST_S = 60.0

SAME_PERSON = 0.80
"""Cosine from which statement and samples are one person's (docs/decisions/030-consent.md)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A statement that was understood.

    Attributes:
        phrase: that it says.
        statement: for the record.
        files: the recording and its embedding, to be kept beside the record.
    """

    phrase: Phrase
    statement: Statement
    files: dict[str, bytes]


class Witness:
    """Checks statements. May be shared between threads.

    Args:
        enroller: looks at the recording.
        recognizer: understands it.
        synthetic: tells whether a sound, float32 [n] at SPEECH_RATE, is synthetic speech of this project's.
    """

    def __init__(
        self, enroller: Enroller, recognizer: Recognizer, synthetic: Callable[[Samples], bool] = lambda sound: False
    ) -> None:
        self._enroller = enroller
        self._recognizer = recognizer
        self._synthetic = synthetic

    def hear(self, recording: Source, phrases: list[Phrase]) -> Heard:
        """The phrase that a recording says.

        Args:
            phrases: that wait; at least one.

        Raises:
            AudioError: no recording, silent, too noisy, music, or of more than one person.
            InputError: the one-time words were not heard, or something else was said.
        """
        checked = self._looked_at(recording)
        phrase, found, heard = self._best(checked.sound, phrases)
        _demand(found)
        wav = wav_bytes(checked.sound)
        statement = Statement(
            text=phrase.text,
            words=phrase.words,
            heard=heard[:2000],
            error=round(min(found.error, 1.0), 4),
            words_found=found.words_found,
            sha256=hashlib.sha256(wav).hexdigest(),
        )
        return Heard(phrase, statement, {"statement.wav": wav, "voice.npy": embedding_bytes(checked.embedding)})

    def again(self, consent: Consent, statement: Statement, wav: bytes) -> Checked:
        """Hear a statement that came with a voice once more; its recording, looked at.

        Args:
            consent: which the statement is of; whoever wrote it may have had any recording say anything.

        Raises:
            AudioError, InputError: as of `hear`; or the statement is none that a person is asked to read for such a
                consent, or it is another recording.
        """
        if not name_in(statement.text, consent.scope, statement.words, consent.language):
            raise InputError(
                "The statement of the record is not one that agrees to a synthetic voice.",
                "记录里的声明不是同意制作合成声音的声明。",
                code="consent_statement",
            )
        checked = self._looked_at(wav)
        heard = resample(checked.sound, SPEECH_RATE, HEARING_RATE)
        told = self._recognizer.transcribe(heard, HearingHints(language=consent.language))
        _demand(compare(statement.text, statement.words, told.text, consent.language))
        if hashlib.sha256(wav).hexdigest() != statement.sha256:
            raise InputError(
                "The recording is not the one of the record.", "录音与记录不符。", code="consent_statement"
            )
        return checked

    def _looked_at(self, recording: Source) -> Checked:
        """The recording of a statement, if it can be one."""
        checked = self._enroller.check([recording], shortest_s=3.0)
        if checked.report.total_s > LONGEST_S:
            raise AudioError(
                "The statement is longer than a minute. Read the sentence and nothing else.",
                "声明录音超过一分钟。请只读那一句话。",
                code="audio_too_long",
            )
        checked.demand()
        if self._synthetic(checked.sound):
            raise InputError(
                "The statement carries the mark of synthetic speech. The person has to say it.",
                "这段声明带有合成语音的水印。须由本人亲口说出。",
                code="consent_synthetic",
            )
        return checked

    def _best(self, sound: Samples, phrases: list[Phrase]) -> tuple[Phrase, Comparison, str]:
        """The phrase that is nearest to what was said. A recording is heard once in each language that is asked for."""
        heard = resample(sound, SPEECH_RATE, HEARING_RATE)
        told = {
            language: self._recognizer.transcribe(heard, HearingHints(language=language)).text
            for language in {each.wish.language for each in phrases}
        }
        scored = [
            (each, compare(each.text, each.words, told[each.wish.language], each.wish.language)) for each in phrases
        ]
        phrase, found = max(scored, key=lambda each: (each[1].words_found, -each[1].error))
        return phrase, found, told[phrase.wish.language]


def demand_same_person(statement: Embedding, samples: Embedding) -> float:
    """Go on only where statement and samples are of one person; how alike they are.

    Raises:
        InputError: they are not.
    """
    alike = likeness(statement, samples)
    if alike < SAME_PERSON:
        raise InputError(
            "Whoever read the consent is not whoever speaks in the samples. Record both with the same person, "
            "in the same way.",
            "读同意书的人与样本里说话的人不是同一个。请由同一个人、用同样的方式录制。",
            code="another_speaker",
        )
    return alike


def embedding_of(data: bytes | None) -> Embedding:
    """An embedding as it was kept.

    Raises:
        InputError: it is damaged.
    """
    try:
        return read_embedding(data or b"")
    except ValueError as error:
        raise InputError("The consent's files are damaged.", "同意书的文件已损坏。", code="consent_damaged") from error


def _demand(found: Comparison) -> None:
    if not found.fresh:
        raise InputError(
            "The words of today were not heard. Read the sentence on the screen as it stands; an older recording "
            "does not count.",
            "没有听到今天的口令。请照屏幕上的句子读;以前的录音不算数。",
            code="consent_words",
        )
    if not found.same:
        raise InputError(
            "Something else was said than the consent. Read the sentence as it stands, clearly and not too fast.",
            "说的内容与同意书不同。请照原句清楚地读,不要太快。",
            code="consent_statement",
        )
