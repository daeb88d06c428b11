"""Sound between a client's format and the session's: float32 at SPEECH_RATE."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import numpy as np

from avatar.errors import AudioError
from avatar.media import SPEECH_RATE, Samples, from_pcm16, to_pcm16
from avatar.server.g711 import RATE, Law, compress, expand
from avatar.server.protocol.objects import Pcm, Pcma, Pcmu

if TYPE_CHECKING:
    from soxr import ResampleStream

Format = Pcm | Pcmu | Pcma

_LAWS: dict[type[Pcmu] | type[Pcma], Law] = {Pcmu: "mu", Pcma: "a"}


class SoundIn:
    """What a client sends, block by block."""

    def __init__(self, audio_format: Format) -> None:
        self._law: Law | None = None if isinstance(audio_format, Pcm) else _LAWS[type(audio_format)]
        self._resampler = None if self._law is None else _resampler(RATE, SPEECH_RATE)

    def decode(self, data: bytes) -> Samples:
        """float32 [n] at SPEECH_RATE.

        Raises:
            AudioError: PCM with an odd number of bytes.
        """
        if self._law is None or self._resampler is None:
            return from_pcm16(data)
        return np.asarray(self._resampler.resample_chunk(expand(data, self._law)), dtype=np.float32)


class SoundOut:
    """What a client is sent of one reply, block by block."""

    def __init__(self, audio_format: Format) -> None:
        self._law: Law | None = None if isinstance(audio_format, Pcm) else _LAWS[type(audio_format)]
        self._resampler = None if self._law is None else _resampler(SPEECH_RATE, RATE)

    def encode(self, samples: Samples) -> bytes:
        """The next bytes; fewer than the samples need while the resampler gathers."""
        if self._law is None or self._resampler is None:
            return to_pcm16(samples)
        block = self._resampler.resample_chunk(samples.astype(np.float32))
        return compress(np.asarray(block, dtype=np.float32), self._law)

    def finish(self) -> bytes:
        """What the resampler still holds."""
        if self._law is None or self._resampler is None:
            return b""
        block = self._resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True)
        return compress(np.asarray(block, dtype=np.float32), self._law)


def from_base64(text: str) -> bytes:
    """The bytes of an append.

    Raises:
        AudioError: not base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise AudioError("The audio is not valid base64.", "音频不是有效的 base64。") from error


def to_base64(data: bytes) -> str:
    """Bytes as a delta carries them."""
    return base64.b64encode(data).decode("ascii")


def _resampler(source_rate: int, target_rate: int) -> ResampleStream:
    import soxr

    return soxr.ResampleStream(source_rate, target_rate, 1, dtype="float32", quality="HQ")
