"""What enrolment gives and fitting takes: clean windows of one person's speech with their words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from avatar.errors import Language
from avatar.media import SPEECH_RATE, Samples

if TYPE_CHECKING:
    from avatar.voice.speaker import Embedding

Weight = Literal["error", "warning", "note"]
"""An error stands in the way, a warning will be heard in the result, a note is good to know."""

Sex = Literal["female", "male"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a recording that a person should know.

    Attributes:
        code: a stable identifier, in snake_case.
    """

    code: str
    weight: Weight
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured of the recordings, and what to make of it.

    Attributes:
        speech_s: seconds of speech.
        total_s: seconds of everything.
        snr_db: level of the speech above what is heard between it.
        clipped: share of the speech's samples at the limit of the scale.
        decay_s: seconds that sound takes to fall by 60 dB after a word; None where it could not be told.
        bandwidth_hz: up to where the speech has energy.
        music: share of windows that sound like music.
        speakers: how many people speak.
        agreement: mean cosine of the windows' embeddings with the whole's.
        done: what was done to the recordings, as words: "high_pass", "denoised", "trimmed".
    """

    speech_s: float
    total_s: float
    snr_db: float
    clipped: float
    decay_s: float | None
    bandwidth_hz: float
    music: float
    speakers: int
    agreement: float
    findings: tuple[Finding, ...] = ()
    done: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of speech, cleaned, without silence around it, and its words.

    Attributes:
        samples: float32 [n] in -1..1 at SPEECH_RATE; 2 to 12 seconds, a short recording's may be less.
        text: as the recognizer understood it.
        language: of the text.
    """

    samples: Samples = field(repr=False)
    text: str
    language: Language

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.samples.size / SPEECH_RATE


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A person's voice, ready to be fitted.

    Attributes:
        windows: the best first.
        embedding: float32 [256] of length 1, over all windows.
        pitch_hz: median fundamental frequency of the voiced frames.
        sex: as the voice is heard.
        language: that most of the windows are in.
        seconds: of all windows together.
        report: for people.
    """

    windows: tuple[Window, ...]
    embedding: Embedding = field(repr=False)
    pitch_hz: float
    sex: Sex
    language: Language
    seconds: float
    report: Report
