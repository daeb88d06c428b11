"""What the sessions share: the engines, and how blocking calls are run."""

from __future__ import annotations

from dataclasses import dataclass, field

from avatar.live.leisure import Leisure
from avatar.live.prepared import PreparedSpeech
from avatar.live.running import Runner
from avatar.live.spotcheck import SpotCheck
from avatar.stages import Recognizer, Synthesizer, TurnDetector, VoiceActivity


@dataclass(frozen=True, slots=True)
class SharedStages:
    """The engines that sessions share.

    Attributes:
        synthesizer: keeps what was prepared.
        run: runs their blocking calls.
        max_tokens: of an answer, where a client leaves it open.
        leisure: when what is not urgent is done.
        checked: the synthesizer for what is written to files, each clause listened to; None where that is off.
        spot: listens to some of what is said live; None where that is off.
    """

    vad: VoiceActivity
    turn_detector: TurnDetector
    recognizer: Recognizer
    synthesizer: PreparedSpeech
    run: Runner
    max_tokens: int
    leisure: Leisure = field(default_factory=Leisure)
    checked: Synthesizer | None = None
    spot: SpotCheck | None = None
