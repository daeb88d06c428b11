"""What is measured of one photograph that speaks: the figures of `avatar bench face`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.encode import H264Encoder
from avatar.face.film import write_film
from avatar.face.landmarks import FaceFinder, Points
from avatar.face.measure import correlation, film_frames
from avatar.face.params import FaceParams
from avatar.face.photo import load_photo
from avatar.face.render import Renderer
from avatar.face.rig import build_rig
from avatar.face.visemes import VISEMES, visemes_of
from avatar.face.warp import WarpAnimator
from avatar.media import FPS, SAMPLES_PER_FRAME, SPEECH_RATE, Frame, PhoneSpan, Pixels, Samples
from benchmarks._witness import Witness, lip_gap

SIZE = 512
TIMED_FRAMES = 150
WARM_FRAMES = 10
WINDOW = int(0.040 * SPEECH_RATE)
"""How far beside its phone a bilabial may close: 40 ms."""

CLOSED = 0.005
"""Lips this near, in widths of the mouth, are closed: a third of a pixel at 512."""

EVERY = 4
"""Of the frames of a film, one in so many is compared with the photograph by face descriptor."""

BEST_PSNR = 99.0
"""What is told of a frame that is the photograph to the last grey level."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence: its sound and the phones in it."""

    name: str
    sound: Samples
    phones: tuple[PhoneSpan, ...]


@dataclass(slots=True)
class Film:
    """A sentence as one photograph says it."""

    frames: list[Frame]
    apertures: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        self.apertures = np.array([frame.aperture for frame in self.frames], dtype=np.float32)


class Portrait:
    """One photograph, made ready to speak. Raises PhotoError where it cannot be."""

    def __init__(self, photo: Path, finder: FaceFinder, witness: Witness) -> None:
        self.name = photo.stem
        self._picture, self._finder, self._witness = load_photo(photo), finder, witness
        self.rig = build_rig(self._picture, finder, SIZE)
        self.still = Renderer(self.rig).render(FaceParams())
        self._face = finder.only_face(self.still)
        self._rest = finder.landmarks(self.still, self._face)

    def say(self, spoken: Spoken) -> Film:
        """All frames of a sentence."""
        return Film(list(_speaking(WarpAnimator(self.rig, seed=1), spoken)))

    def pace(self, spoken: Spoken, size: int) -> NDArray[np.float64]:
        """float64 [n, 2]: milliseconds for each frame with motion, drawing and H.264, by the clock and by the core."""
        rig = self.rig if size == SIZE else build_rig(self._picture, self._finder, size)
        encoder, times = H264Encoder(size), []
        with one_core():
            frames = _speaking(WarpAnimator(rig, seed=1), spoken)
            for _ in range(WARM_FRAMES + TIMED_FRAMES):
                start, worked = time.perf_counter(), time.thread_time()
                encoder.encode(next(frames).image)
                times.append((time.perf_counter() - start, time.thread_time() - worked))
        return np.array(times[WARM_FRAMES:]) * 1000.0

    def follows(self, film: Film) -> dict[str, float]:
        """How well two networks' view of the lips follows what was meant, and chance beside it."""
        ours, theirs = [], []
        for frame in film.frames:
            points = self._finder.landmarks(frame.image, self._face)
            ours.append(_our_gap(points))
            theirs.append(lip_gap(self._witness.points(frame.image, points)))
        tracks = [np.array(track, dtype=np.float32) for track in (ours, theirs)]
        found = [correlation(track, film.apertures).r for track in tracks]
        return {"ours": found[0], "dlib": found[1], "null": max(_chance(track, film.apertures) for track in tracks)}

    def identity(self, film: Film) -> float:
        """The largest distance of dlib's face descriptor between the photograph and a frame of the film."""
        known = self._witness.identity(self.rig.picture, self._rest)
        far = 0.0
        for frame in film.frames[::EVERY]:
            points = self._finder.landmarks(frame.image, self._face)
            far = max(far, float(np.linalg.norm(self._witness.identity(frame.image, points) - known)))
        return far

    def blink(self) -> float:
        """What is left of the eyes' opening when both are shut, as the lid network sees it: the worse eye's share."""
        shut = Renderer(self.rig).render(FaceParams(blink_left=1.0, blink_right=1.0))
        return float(np.max(_lid_gaps(self._finder.landmarks(shut, self._face)) / _lid_gaps(self._rest)))

    def rest_psnr(self) -> float:
        """Decibels between the face at rest and the photograph."""
        error = np.square(self.still.astype(np.float64) - self.rig.picture).mean()
        return BEST_PSNR if error == 0 else min(BEST_PSNR, float(10 * np.log10(255.0**2 / error)))

    def flicker(self, film: Film) -> float:
        """Grey levels by which the background changes from frame to frame: all that is not the person or near it."""
        still = self.rig.matte < 1 / 255
        if not still.any():
            return 0.0
        steps = [
            np.abs(one.image[still].astype(np.int16) - other.image[still]).mean()
            for one, other in zip(film.frames, film.frames[1:], strict=False)
        ]
        return float(np.mean(steps))


def closures(film: Film, spoken: Spoken) -> tuple[int, int]:
    """How many bilabials close to the last vertex within WINDOW of their phone, and how many there are."""
    closed = spans = 0
    for span in spoken.phones:
        names = visemes_of(span.phone)
        if not names or VISEMES[names[0]].name not in ("PP", "MM"):
            continue
        first = max(0, -(-(span.start - WINDOW) // SAMPLES_PER_FRAME))
        last = min(film.apertures.size - 1, (span.end + WINDOW) // SAMPLES_PER_FRAME)
        spans += 1
        closed += bool(film.apertures[first : last + 1].min(initial=1.0) <= CLOSED)
    return closed, spans


def av_offset_ms(film: Film, spoken: Spoken) -> float:
    """Milliseconds between picture and sound in the film file, decoded again."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        write_film(path, (frame.image for frame in film.frames), spoken.sound)
        return abs(_picture_delay(path, film) - _sound_delay(path, spoken.sound)) * 1000.0


def _picture_delay(path: Path, film: Film) -> float:
    """Seconds by which the decoded pictures come later than they were drawn: the shift that matches them best."""
    import av

    with av.open(str(path)) as container:
        begins = float(next(container.decode(video=0)).time or 0.0)
    drawn = np.array([_thumbnail(frame.image) for frame in film.frames])
    seen = np.array([_thumbnail(image) for image in film_frames(path)])[: len(drawn)]
    shifts = range(-3, 4)
    errors = [np.abs(seen[3 + shift : len(seen) - 3 + shift] - drawn[3 : len(seen) - 3]).mean() for shift in shifts]
    return begins + shifts[int(np.argmin(errors))] / FPS


def _sound_delay(path: Path, sound: Samples) -> float:
    """Seconds by which the decoded sound comes later than it was given, by cross-correlation."""
    import av

    with av.open(str(path)) as container:
        blocks = [(float(block.time or 0.0), block.to_ndarray().reshape(-1)) for block in container.decode(audio=0)]
    heard = np.concatenate([block for _, block in blocks])
    length = 1 << int(np.ceil(np.log2(heard.size + sound.size)))
    both = np.fft.irfft(np.fft.rfft(heard, length) * np.conj(np.fft.rfft(sound, length)), length)
    lag = int(np.argmax(both))
    return blocks[0][0] + (lag if lag < length // 2 else lag - length) / SPEECH_RATE


def _thumbnail(image: Pixels) -> NDArray[np.float32]:
    """The picture at an eighth of its size, sharp enough to tell one frame from the next."""
    return image[::8, ::8].astype(np.float32)


@contextmanager
def one_core() -> Iterator[None]:
    """Let this thread run on one core alone."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(all_cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)


def _speaking(animator: WarpAnimator, spoken: Spoken) -> Iterator[Frame]:
    """The frames of a sentence."""
    animator.attend("speaking")
    animator.begin()
    animator.speak(spoken.sound, spoken.phones, 0)
    for _ in range(-(-spoken.sound.size // SAMPLES_PER_FRAME)):
        yield animator.frame()


def _our_gap(points: Points) -> float:
    """The gap of the inner lips' middle third in widths of the mouth, as the landmark network sees it."""
    across = points[291, :2] - points[61, :2]
    width = max(float(np.hypot(*across)), 1e-6)
    down = np.array([-across[1], across[0]]) / width
    upper, lower = list(topology.UPPER_INNER[4:7]), list(topology.LOWER_INNER[4:7])
    return max(0.0, float(((points[lower, :2] - points[upper, :2]) @ down).mean()) / width)


def _lid_gaps(points: Points) -> NDArray[np.float64]:
    """float64 [2]: the height of each eye in its widths."""
    gaps = []
    for upper, lower in (
        (topology.RIGHT_UPPER_LID, topology.RIGHT_LOWER_LID),
        (topology.LEFT_UPPER_LID, topology.LEFT_LOWER_LID),
    ):
        across = points[upper[-1], :2] - points[upper[0], :2]
        width = float(np.hypot(*across))
        normal = np.array([-across[1], across[0]]) / width
        gaps.append(float(np.abs((points[list(lower), :2] - points[list(upper), :2]) @ normal).max() / width))
    return np.array(gaps)


def _chance(track: NDArray[np.float32], meant: NDArray[np.float32]) -> float:
    """The 95th percentile of the correlation with the same track rolled by half a second and more."""
    turned = [correlation(track, np.roll(meant, shift)).r for shift in range(FPS // 2, meant.size - FPS // 2, 3)]
    return float(np.percentile(turned, 95)) if turned else 0.0
