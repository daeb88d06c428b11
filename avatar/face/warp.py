"""The warp engine: a photograph moved by its own mesh, on the processor, on one thread for each face."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from avatar.face.background import before
from avatar.face.landmarks import FaceFinder
from avatar.face.motion import Motion
from avatar.face.params import FaceParams
from avatar.face.render import Renderer, warm
from avatar.face.rig import Rig, load_rig
from avatar.media import Frame, PhoneSpan, Samples
from avatar.stages import ONLY_FACE, OWN_BACKGROUND, Background, FaceChoice, Presence, Style

logger = logging.getLogger(__name__)

KEPT_RIGS = 8
"""How many prepared portraits stay in memory; one takes some 10 MB at 512 pixels."""

_EVERYTHING = FaceParams(jaw=0.5, blink_left=1.0, blink_right=1.0, yaw=0.05)
"""A pose that takes every kernel to draw."""

_Key = tuple[Path, int, int, int, FaceChoice]


class WarpEngine:
    """Animates photographs by warping them. Safe to share between threads.

    Args:
        weights: the folder of the face landmark models.
        cache: the folder in which prepared portraits are kept.
        threads: for finding the face; drawing takes one thread for each face.
    """

    name = "warp"
    device = "cpu"

    def __init__(self, weights: Path, cache: Path, threads: int = 1) -> None:
        self._finder = FaceFinder(weights, threads)
        self._cache = cache
        self._rigs: OrderedDict[_Key, Rig] = OrderedDict()
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Compile the drawing kernels, some seconds once on each machine, so that the first face is not late."""
        warm()

    def animator(
        self,
        photo: Path,
        *,
        size: int,
        seed: int = 0,
        choice: FaceChoice = ONLY_FACE,
        background: Background = OWN_BACKGROUND,
    ) -> WarpAnimator:
        """A face made from a photograph; the preparation is kept, so the second time is quick.

        Args:
            size: width and height of the frames in pixels, 256..1024, even.
            seed: repeats its blinks and glances.
            choice: which face is meant, where there are several or none is found.
            background: what stands behind the person; it takes some hundredths of a second each time.

        Raises:
            PhotoError: the file or the background is no picture, or the face that is meant cannot be used.
            StorageError: the prepared portrait cannot be kept in the cache.
        """
        rig = before(self._rig(photo, size, choice), background)
        return self._face(rig, seed, clear=background.kind == "transparent")

    def _face(self, rig: Rig, seed: int, *, clear: bool) -> WarpAnimator:
        """The face of one session; an engine that draws more overrides it."""
        return WarpAnimator(rig, seed, clear=clear)

    def _rig(self, photo: Path, size: int, choice: FaceChoice) -> Rig:
        """The prepared portrait, from memory where the file has not changed since. One is prepared at a time."""
        with self._lock:
            key = _key(photo, size, choice)
            rig = self._rigs.pop(key, None) if key else None
            if rig is None:
                rig = load_rig(photo, self._finder, size=size, cache=self._cache, choice=choice)
                logger.info("portrait_prepared", extra={"size": size})
            if key:
                self._rigs[key] = rig
            while len(self._rigs) > KEPT_RIGS:
                self._rigs.popitem(last=False)
            return rig


def _key(photo: Path, size: int, choice: FaceChoice) -> _Key | None:
    """What tells one state of a file from another; None where there is no such file, which `load_rig` will say."""
    try:
        state = photo.stat()
    except OSError:
        return None
    return photo.resolve(), state.st_mtime_ns, state.st_size, size, choice


class WarpAnimator:
    """One session's face: its motion, and the renderer that draws it. Not shared between threads.

    The first of a process takes seconds where the drawing kernels are not compiled yet; they are kept on the disk.
    """

    def __init__(self, rig: Rig, seed: int = 0, *, clear: bool = False) -> None:
        self._renderer = Renderer(rig, clear=clear)
        self._renderer.render(_EVERYTHING)
        self._motion = Motion(seed)

    @property
    def size(self) -> int:
        """Width and height of the frames in pixels."""
        return self._renderer.size

    def begin(self, at: int = 0) -> None:
        """A reply starts, or goes on: the next frame shows it from sample `at` on; see `Animator.begin`."""
        self._motion.begin(at)

    def speak(self, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        """Tell what will sound, before the frames that show it are drawn; see `Animator.speak`.

        Without phones the sound itself moves the lips. What comes before `begin` or after `stop` is dropped.
        """
        self._motion.hear(samples, phones, at)

    def feel(self, style: Style, at: int = 0) -> None:
        """How the reply is meant from sample `at` on; see `Animator.feel`."""
        self._motion.feel(style, at)

    def stop(self) -> None:
        """The reply is over or broken off: the mouth comes to rest within half a second."""
        self._motion.stop()

    def attend(self, presence: Presence) -> None:
        """What the persona is doing from now on."""
        self._motion.attend(presence)

    def frame(self) -> Frame:
        """The next frame, 40 ms after the last."""
        image = self._renderer.render(self._motion.step())
        return Frame(image, self._renderer.aperture, self._renderer.alpha)

    def skip(self) -> None:
        """Let 40 ms pass without a picture, for one that would come too late."""
        self._motion.step()
