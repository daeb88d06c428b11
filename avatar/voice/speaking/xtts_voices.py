"""What XTTS knows of each voice: heard once in the recordings that were kept of a person, then kept beside them.

voices/zhang-san/reference/xtts-<checkpoint>.npz    gpt, speaker, loudness

It is as personal as the recordings, so it lies in their folder: it goes when they go, and it is neither exported nor
taken in from outside. Another checkpoint has another name; a folder that is made anew has none.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol
from zipfile import BadZipFile

import numpy as np

from avatar.errors import InputError, Language, NotFoundError
from avatar.files import whole
from avatar.media import Samples
from avatar.voice.profiles import VoiceProfile
from avatar.voice.speaking import level
from avatar.voice.speaking.xtts_model import Latents, XttsModel

MOST_RECORDINGS = 16
"""Of a person that are listened to."""

_REMEMBERED = 64

_SAMPLES: dict[Language, str] = {
    "zh": "今天天气很好,我们一起去公园里走一走吧。",
    "en": "The weather is fine today, so let us take a walk in the park.",
}
"""What a voice's loudness is measured on."""

log = logging.getLogger(__name__)


class Recordings(Protocol):
    """What is asked about voices of the user's own."""

    def get(self, voice: str) -> VoiceProfile:
        """See `VoiceLibrary.get`."""

    def references(self, profile: VoiceProfile) -> tuple[Path, ...]:
        """See `VoiceLibrary.references`."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A voice that XTTS can speak with.

    Attributes:
        loudness: in LUFS, as it speaks by itself.
        speed, gain_db: the profile's.
    """

    latents: Latents
    loudness: float
    speed: float = 1.0
    gain_db: float = 0.0


class XttsVoices:
    """The voices of one checkpoint. Safe to share between threads.

    Args:
        checkpoint: a name for its weights that no others have.
    """

    def __init__(self, model: XttsModel, checkpoint: str, recordings: Recordings) -> None:
        self._model = model
        self._file = f"xtts-{checkpoint}.npz"
        self._recordings = recordings
        self._known: OrderedDict[tuple[object, ...], Known] = OrderedDict()
        self._lock = Lock()
        self._making = Lock()

    def get(self, voice: str) -> Known:
        """A voice of the user's own, else one that came with the checkpoint. The first time it takes seconds.

        Raises:
            NotFoundError: there is no such voice, or its consent was revoked.
            InputError: its consent is over, or there is no recording of it that XTTS could follow.
        """
        try:
            profile = self._recordings.get(voice)
        except NotFoundError:
            latents = self._model.speakers.get(voice)
            if latents is None:
                raise
            return self._once((voice,), lambda: Known(latents, self._loudness(latents, "en")))
        references = self._recordings.references(profile)[:MOST_RECORDINGS]
        if not references:
            raise self._unheard(profile)
        key = (voice, profile.consent, profile.created_at, profile.revision)
        return self._once(key, lambda: self._heard(profile, references))

    def _once(self, key: tuple[object, ...], make: Callable[[], Known]) -> Known:
        known = self._remembered(key)
        if known is None:
            with self._making:
                known = self._remembered(key) or make()
                with self._lock:
                    self._known[key] = known
                    while len(self._known) > _REMEMBERED:
                        self._known.popitem(last=False)
        return known

    def _remembered(self, key: tuple[object, ...]) -> Known | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def _heard(self, profile: VoiceProfile, references: tuple[Path, ...]) -> Known:
        path = references[0].parent / self._file
        kept = _read(path)
        if kept is None:
            latents = self._model.latents(references)
            kept = latents, self._loudness(latents, profile.languages[0])
            if self._recordings.get(profile.id) == profile:  # else the folder may be another person's by now
                _write(path, *kept)
        return Known(*kept, profile.speed, profile.gain_db)

    def _loudness(self, latents: Latents, language: Language) -> float:
        name = self._model.language(language)
        spoken = list(self._model.speak(_SAMPLES[language], name, latents, seed=0, speed=1.0))
        return level.through_the_limiter(np.concatenate(spoken))

    def _unheard(self, profile: VoiceProfile) -> InputError:
        if profile.kind == "own":
            return InputError(
                f"XTTS speaks after recordings, and those of {profile.id} were not kept. "
                "Clone it again with a consent that lets its samples be kept.",
                f"XTTS 需要依照录音来说话,而 {profile.id} 的样本没有保留。请用允许保留样本的同意书重新克隆。",
                code="samples_not_kept",
            )
        own = ", ".join(list(self._model.speakers)[:4])
        return InputError(
            f"XTTS speaks after recordings, and {profile.id} is made of numbers for another engine. Clone a voice with "
            "`avatar clone`, or let speaking.voices name another for it" + (f": {own}, …" if own else "."),
            f"XTTS 需要依照录音来说话,而 {profile.id} 是为另一引擎合成的音色。请用 `avatar clone` 克隆一个声音,"
            "或在 speaking.voices 里为它指定别的音色" + (f":{own}……" if own else "。"),
            code="voice_without_recording",
        )


def _read(path: Path) -> tuple[Latents, float] | None:
    """What was kept; None where nothing was, or not the whole of it."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as table:
            latents = Latents(_checked(table["gpt"], 3), _checked(table["speaker"], 3))
            return latents, float(table["loudness"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
        log.warning("xtts_voice_damaged file=%s", path.name)
        return None


def _checked(values: Samples, dimensions: int) -> Samples:
    if values.dtype != np.float32 or values.ndim != dimensions or not np.isfinite(values).all():
        raise ValueError("not what was kept")
    return values


def _write(path: Path, latents: Latents, loudness: float) -> None:
    """Keep it, whole or not at all; a voice that was deleted meanwhile stays deleted."""
    try:
        with whole(path) as unfinished, unfinished.open("wb") as stream:
            np.savez(stream, gpt=latents.gpt, speaker=latents.speaker, loudness=np.float64(loudness))
    except OSError as error:
        log.warning("xtts_voice_not_kept errno=%s", error.errno)
