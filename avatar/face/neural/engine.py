"""The portrait engine with a network's mouth: the head, the eyes and all the rest are drawn as ever.

While a reply sounds, the portrait is drawn with its lips closed, the network is shown that face and the sound of the
frame, and the mouth that it draws is laid over the portrait's own. Before and after, nothing of the network is seen,
and it does not run. A frame hears `mel.SPAN` samples of the reply, of which 212 ms lie after the frame's start; what
was not told yet counts as silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from avatar.face.neural.blend import cut, lay, place
from avatar.face.neural.mel import SPAN, first_sample, mel
from avatar.face.neural.network import SIDE, LipNetwork
from avatar.face.params import MOUTH, FaceParams, intended_aperture
from avatar.face.rig import Rig
from avatar.face.soundshape import Sound
from avatar.face.warp import WarpAnimator, WarpEngine
from avatar.media import SAMPLES_PER_FRAME, Frame, PhoneSpan, Samples

FADE_FRAMES = 4
"""Frames in which the network's mouth takes the place of the portrait's own, and gives it back."""


class NeuralLipsEngine(WarpEngine):
    """Animates photographs by warping them, with the mouth of a network. Safe to share between threads.

    Args:
        weights: the folder of the face landmark models.
        cache: the folder in which prepared portraits are kept.
        network: draws the mouths.
        threads: for finding the face.
    """

    name = "wav2lip"

    def __init__(self, weights: Path, cache: Path, network: LipNetwork, threads: int = 1) -> None:
        super().__init__(weights, cache, threads)
        self._network = network
        self.device = network.device

    def _face(self, rig: Rig, seed: int, *, clear: bool) -> NeuralLips:
        return NeuralLips(rig, self._network, seed, clear=clear)


class NeuralLips(WarpAnimator):
    """One session's face. Not shared between threads."""

    def __init__(self, rig: Rig, network: LipNetwork, seed: int = 0, *, clear: bool = False) -> None:
        super().__init__(rig, seed, clear=clear)
        self._rig = rig
        self._network = network
        self._sound: Sound | None = None
        self._number = 0
        self._share = 0.0

    def begin(self, at: int = 0) -> None:
        """A reply starts, or goes on; see `Animator.begin`."""
        super().begin(at)
        self._sound, self._number = Sound(at), at // SAMPLES_PER_FRAME

    def speak(self, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        """Tell what will sound; see `Animator.speak`. The lips need no phones."""
        super().speak(samples, phones, at)
        if self._sound is not None:
            self._sound.add(samples)

    def stop(self) -> None:
        """The reply is over or broken off: what was to come is forgotten, and the mouth comes to rest."""
        super().stop()
        self._sound = None

    def frame(self) -> Frame:
        """The next frame, 40 ms after the last.

        Raises:
            EngineError: the network failed.
        """
        params, heard = self._step()
        if self._share == 0.0:
            return Frame(self._renderer.render(params), self._renderer.aperture, self._renderer.alpha)
        image = self._renderer.render(_shown(params, self._share))
        where = place(self._renderer.mesh)
        drawn = self._network(mel(heard), cut(image, where, SIDE))
        shown = lay(image, drawn, where, self._share)
        return Frame(shown, intended_aperture(params, self._rig), self._renderer.alpha)

    def skip(self) -> None:
        """Let 40 ms pass without a picture; the network does not run."""
        self._step()

    def _step(self) -> tuple[FaceParams, Samples]:
        """Let a frame pass: its parameters, and the sound that its lips show."""
        start = first_sample(self._number)
        self._number += 1
        if self._sound is None:
            self._share = max(0.0, self._share - 1.0 / FADE_FRAMES)
            return self._motion.step(), Sound().between(0, SPAN)
        self._share = min(1.0, self._share + 1.0 / FADE_FRAMES)
        self._sound.forget(start)
        return self._motion.step(), self._sound.between(start, start + SPAN)


def _shown(params: FaceParams, share: float) -> FaceParams:
    """The face with as much of its own mouth as the network leaves; what a mood makes of its corners stays."""
    own = {name: (1.0 - share) * getattr(params, name) for name in MOUTH if name != "smile"}
    return replace(params, **{**own, "close": own["close"] + share})
