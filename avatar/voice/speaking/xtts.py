"""The voice on a graphics card: XTTS-v2, which follows recordings of a person and speaks seventeen languages.

It tells neither phones nor words nor the length beforehand, so the face reads the lips from the sound, and what was
heard is cut at the clause. Its weights are under the Coqui Public Model License; who builds the engine sees to that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from avatar.errors import EngineError
from avatar.media import SPEECH_RATE, ClauseSpeech, Samples
from avatar.models.files import sha256_of
from avatar.voice.speaking import level
from avatar.voice.speaking.pauses import pause_ms
from avatar.voice.speaking.trimming import Trimmer
from avatar.voice.speaking.xtts_model import XttsModel
from avatar.voice.speaking.xtts_text import Part, parts
from avatar.voice.speaking.xtts_voices import Known, Recordings, XttsVoices

_HELLO = {"zh": "你好。", "en": "Hello."}


class XttsSynthesizer:
    """Speech in the voices of recordings. Safe to share between threads; clauses take turns piece by piece."""

    name = "xtts"

    def __init__(
        self,
        folder: Path,
        voices: Recordings,
        device: str = "cpu",
        *,
        names: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> None:
        """
        Args:
            folder: of the checkpoint: config.json, model.pth, vocab.json, perhaps speakers_xtts.pth.
            voices: the profiles that can be spoken with, where recordings were kept.
            device: "cpu", "cuda" or "cuda:N".
            names: which voice speaks for another.
            seed: the same seed gives the same sound for a text and a voice.

        Raises:
            EngineError: the extra `xtts` is not installed, the checkpoint cannot be used, or the device is not there.
        """
        self._model = XttsModel(folder, device)
        self._voices = XttsVoices(self._model, _fingerprint(folder), voices)
        self._names = dict(names or {})
        self._seed = seed

    @property
    def device(self) -> str:
        return self._model.device

    @property
    def speakers(self) -> tuple[str, ...]:
        """The voices that came with the checkpoint."""
        return tuple(self._model.speakers)

    def warm(self, voices: Sequence[str] = ()) -> None:
        """Hear voices' recordings and speak a word with each, so that the first clause is as quick as the second.

        Raises: as of `speak`.
        """
        for voice in voices:
            for language, hello in _HELLO.items():
                for _ in self.speak(hello, voice, language=language).chunks:
                    pass

    def speak(self, clause: str, voice: str, *, language: str, speed: float = 1.0) -> ClauseSpeech:
        """See `avatar.stages.Synthesizer.speak`. Breaks, `say-as` and `sub` (`speaking.marks`) are heeded in Chinese
        and English; a clause in which nothing can be said has length 0, or that of its breaks.

        Args:
            language: "zh", "en", or another of the checkpoint's.

        Raises:
            NotFoundError: there is no such voice.
            InputError: it may not speak, XTTS has no recording of it, or does not speak the language.
            EngineError: the network failed; while sound is pulled, too.
        """
        spoken = self._model.language(language)
        known = self._voices.get(self._names.get(voice, voice))
        text, found, after = parts(clause, language, lambda part: self._model.takes(part, spoken))
        if not found:
            silence = np.zeros(after, dtype=np.float32)
            return ClauseSpeech(text, (), (), after, iter((silence,) if after else ()))
        pace = min(4.0, max(0.25, speed * known.speed))
        pause = after + int(pause_ms(found[-1].text) * SPEECH_RATE / 1000 / pace)
        return ClauseSpeech(text, (), (), None, self._render(found, known, spoken, pace, pause))

    def _render(self, found: Sequence[Part], known: Known, language: str, pace: float, pause: int) -> Iterator[Samples]:
        gain = level.gain(known.loudness, known.gain_db)
        for number, part in enumerate(found):
            if part.before:
                yield np.zeros(part.before, dtype=np.float32)
            trimmer = Trimmer()
            pieces = self._model.speak(part.text, language, known.latents, seed=self._seed + number, speed=pace)
            with closing(pieces):
                for piece in pieces:
                    if (sound := trimmer.push(piece * gain)).size:
                        yield sound
            if (sound := trimmer.flush()).size:
                yield sound
        yield np.zeros(pause, dtype=np.float32)


def _fingerprint(folder: Path) -> str:
    """A name for the weights of a checkpoint."""
    try:
        return sha256_of(folder / "model.pth")[:16]
    except OSError as error:
        raise EngineError(
            f"{folder.name}/model.pth cannot be read.", f"无法读取 {folder.name}/model.pth。", code="xtts_checkpoint"
        ) from error
