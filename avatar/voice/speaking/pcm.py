"""Sound that comes as bytes in pieces, as services send it: raw PCM, or a WAV file that may not know its length."""

from __future__ import annotations

import re
import struct

import numpy as np
import soxr

from avatar.media import SPEECH_RATE, Samples

_NOTHING = np.zeros(0, dtype=np.float32)
_LARGEST_HEADER = 64 * 1024
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_WIDTHS = {(_PCM, 16): "<i2", (_PCM, 32): "<i4", (_FLOAT, 32): "<f4"}
_RATES = range(4000, 192_001)
_KINDS = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")


class PcmError(Exception):
    """What came is no sound of these kinds; the text says what it is."""


class Pcm:
    """Turns bytes into samples at SPEECH_RATE as they come. A WAV file is known by its first four bytes.

    Args:
        content_type: of the answer; of raw PCM its `rate` counts, which is 24000 where it has none.

    Raises:
        PcmError: it is text, or sound in another form.
    """

    def __init__(self, content_type: str) -> None:
        kind = content_type.partition(";")[0].strip().lower()
        if kind.startswith("text/") or kind == "application/json" or kind in ("audio/mpeg", "audio/ogg", "audio/aac"):
            raise PcmError(kind if _KINDS.fullmatch(kind) else "something")
        told = re.search(r";\s*rate=([0-9]{4,6})\b", content_type)
        rate = int(told[1]) if told else SPEECH_RATE
        if rate not in _RATES:
            raise PcmError(f"sound of {rate} samples a second")
        self._format = _Format("<i2", 1, rate)
        self._head: bytes | None = b""
        self._left: int | None = None
        self._rest = b""
        self._resampler: soxr.ResampleStream | None = None

    @property
    def over(self) -> bool:
        """Whether a file's sound was all there; what follows it is none."""
        return self._left == 0

    def push(self, data: bytes) -> Samples:
        """The samples that are whole by now: float32 [n] in -1..1.

        Raises:
            PcmError: it is a WAV file of a kind that is not understood.
        """
        if self._head is not None:
            self._head += data
            data = self._begun()
        return self._samples(data, last=False)

    def flush(self) -> Samples:
        """What is left at the end; half a sample is dropped.

        Raises:
            PcmError: the file broke off in its header.
        """
        if self._head:
            if self._head.startswith(b"RIFF"):
                raise PcmError("a WAV file that breaks off")
            data, self._head = self._head, None
            return self._samples(data, last=True)
        return self._samples(b"", last=True)

    def _begun(self) -> bytes:
        """What follows a header that is whole by now; nothing as long as it is not."""
        head = self._head or b""
        if not head.startswith(b"RIFF"[: len(head)]):
            self._head = None
            return head
        found = _wav_header(head)
        if found is None:
            if len(head) > _LARGEST_HEADER:
                raise PcmError("a WAV file without sound")
            return b""
        self._format, start, self._left = found
        self._head = None
        return head[start:]

    def _samples(self, data: bytes, *, last: bool) -> Samples:
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        data = self._rest + data
        form = self._format
        size = np.dtype(form.width).itemsize * form.channels
        whole = len(data) // size * size
        self._rest = data[whole:]
        values = np.frombuffer(data[:whole], dtype=form.width)
        samples = values.astype(np.float32)
        if values.dtype.kind == "i":
            samples /= np.float32(-int(np.iinfo(values.dtype).min))
        if form.channels > 1:
            samples = samples.reshape(-1, form.channels).mean(axis=1, dtype=np.float32)
        samples = np.clip(np.nan_to_num(samples), -1.0, 1.0).astype(np.float32)
        return self._resampled(samples, last=last)

    def _resampled(self, samples: Samples, *, last: bool) -> Samples:
        if self._format.rate == SPEECH_RATE:
            return samples
        if self._resampler is None:
            if last and not samples.size:
                return _NOTHING
            self._resampler = soxr.ResampleStream(self._format.rate, SPEECH_RATE, 1, dtype="float32")
        return np.asarray(self._resampler.resample_chunk(samples, last=last), dtype=np.float32)


class _Format:
    """How samples lie in bytes."""

    def __init__(self, width: str, channels: int, rate: int) -> None:
        self.width = width
        self.channels = channels
        self.rate = rate


def _wav_header(data: bytes) -> tuple[_Format, int, int | None] | None:
    """Format, where the sound begins, and its bytes (None where the header does not know: it is still being made); None
    as long as the header is not whole.

    Raises:
        PcmError: the sound is of a kind that is not understood.
    """
    at, form = 12, None
    while len(data) >= at + 8:
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"data":
            if form is None:
                raise PcmError("a WAV file without a format")
            return form, at + 8, size if 0 < size < 0x7FFFFFFF else None
        if name == b"fmt " and len(data) >= at + 8 + min(size, 40):
            form = _wav_format(data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return None


def _wav_format(chunk: bytes) -> _Format:
    if len(chunk) < 16:
        raise PcmError("a WAV file without a format")
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if code == _EXTENSIBLE and len(chunk) >= 26:
        code = struct.unpack_from("<H", chunk, 24)[0]
    width = _WIDTHS.get((code, bits))
    if width is None or not 1 <= channels <= 8 or rate not in _RATES:
        raise PcmError(f"a WAV file of kind {code} with {bits} bits")
    return _Format(width, channels, rate)
