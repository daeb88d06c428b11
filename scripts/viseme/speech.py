"""Speech for training and for tests: our own synthesis, whose phone times are exact because it made them.

The texts are the sentences of the repository's own knowledge files, the voices the packaged Kokoro voices. Six voices
are held out: no sound of theirs is trained on, and their sentences are not spoken by the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avatar.errors import Language
from avatar.media import PhoneSpan, Samples, from_pcm16, to_pcm16
from avatar.settings import PACKAGE_ROOT
from avatar.stages import Synthesizer

HELD_OUT = ("zf_xiaoyi", "zm_yunxia", "af_sky", "am_puck", "bf_lily", "bm_lewis")
"""Voices for evaluation alone: both sexes of Mandarin, of American and of British English."""

KNOWLEDGE = PACKAGE_ROOT / "dialog" / "personas" / "luxun" / "knowledge"

_TEST_SHARE = 6
"""Every sixth sentence is for the held-out voices."""


@dataclass(frozen=True, slots=True)
class Take:
    """One spoken clause: float32 [n] in -1..1 at SPEECH_RATE, its phones, and who spoke it."""

    sound: Samples
    phones: tuple[PhoneSpan, ...]
    voice: str


def sentences(language: Language) -> list[str]:
    """Clauses of a few seconds from the knowledge files, in the files' order, without repeats."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(KNOWLEDGE.glob(f"*.{language}.md")))
    lines = [line.strip("-* ") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    marks, least, most = (r"(?<=[。！？；，])", 9, 26) if language == "zh" else (r"(?<=[.!?;,:])\s+", 24, 84)
    parts = [part.strip() for line in lines for part in re.split(marks, line)]
    return list(dict.fromkeys(part for part in parts if least <= len(part) <= most))


def plan(voices: list[str], *, held_out: bool, seed: int) -> Iterator[tuple[str, str, Language]]:
    """Voice, text and language of one take after the other, without end; languages in turn."""
    rng = np.random.default_rng(seed)
    chosen = [voice for voice in voices if (voice in HELD_OUT) is held_out]
    by_language: dict[Language, list[str]] = {
        "zh": [voice for voice in chosen if voice[0] == "z"],
        "en": [voice for voice in chosen if voice[0] in "ab"],
    }
    texts = {
        language: [text for place, text in enumerate(sentences(language)) if (place % _TEST_SHARE == 0) is held_out]
        for language in by_language
    }
    while True:
        for language, known in by_language.items():
            yield str(rng.choice(known)), str(rng.choice(texts[language])), language


def speak(synthesizer: Synthesizer, voice: str, text: str, language: Language, speed: float) -> Take:
    """One take."""
    speech = synthesizer.speak(text, voice, language=language, speed=speed)
    sound = np.concatenate([np.zeros(0, dtype=np.float32), *speech.chunks])
    return Take(sound, speech.phones, voice)


def write_take(take: Take, path: Path) -> None:
    """Keep a take: 16-bit sound, and the phones as JSON beside it in one file."""
    phones = json.dumps([[span.phone, span.start, span.end] for span in take.phones])
    np.savez(path, sound=np.frombuffer(to_pcm16(take.sound), dtype="<i2"), phones=phones, voice=take.voice)


def read_take(path: Path) -> Take:
    """A take that `write_take` kept."""
    with np.load(path, allow_pickle=False) as stored:
        phones = tuple(PhoneSpan(*span) for span in json.loads(str(stored["phones"])))
        return Take(from_pcm16(stored["sound"].tobytes()), phones, str(stored["voice"]))
