"""What one frame's face looks like: some thirty numbers between the motion and the renderer.

All are zero in the photograph. Weights outside their range are allowed and clipped by the renderer, so motion may add
freely. Directions are the viewer's: right is the right of the picture, up is its top. Left and right *eyes*, however,
are the person's own, as in an anatomy book: `blink_left` closes the eye that the viewer sees on the right.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from avatar.face.rig import Rig


@dataclass(frozen=True, slots=True)
class FaceParams:
    """The pose of the face in one frame.

    Mouth, each 0..1 unless said otherwise:
        jaw: the jaw drops; 1 opens the lips by about 0.55 of the mouth's width.
        upper: the upper lip rises and shows the upper teeth.
        lower: the lower lip falls away from the lower teeth.
        pucker: the lips round and come forward (u, w, o); the mouth narrows by a third at 1.
        wide: -1..1, the corners move apart (i, e) or, negative, together.
        smile: -1..1, the corners rise or, negative, sink.
        press: the lips roll in and thin, as in a firm m, p, b. Does not itself close an open jaw: add `close`.
        tuck: the lower lip rises beneath the upper teeth (f, v).
        tongue: the tip of the tongue rises behind the upper teeth (l, n, d, t, th).
        close: the share of whatever opening the other weights and the photograph itself leave that is taken away;
            1 closes the lips exactly, whatever the rest says.
    Eyes:
        blink_left, blink_right: 0 as in the photograph, 1 shut.
        gaze_x, gaze_y: -1..1, to the viewer's right, and up; 1 is as far as a person looks without turning.
        squint: 0..1, the lower lids rise and the eyes narrow.
    Brows, 0..1:
        brow_up, brow_down.
        brow_inner: their inner ends rise and draw together, as in sorrow and in concern.
    Head, moved relative to the photograph:
        yaw: radians, positive turns the nose to the viewer's right; clipped to ±0.35, and softly to less where the
            photograph shows the head turned already.
        pitch: radians, positive raises the nose; clipped to ±0.25.
        roll: radians, positive tips the crown to the viewer's right; clipped to ±0.25.
        tx, ty: the head's shift to the viewer's right, and up, in widths of the face; clipped to ±0.12.
        scale: growth of the head by nearing the camera, 0.05 is five per cent; clipped to ±0.1.
    Body:
        breath: 0..1, breathed out to breathed in.
    """

    jaw: float = 0.0
    upper: float = 0.0
    lower: float = 0.0
    pucker: float = 0.0
    wide: float = 0.0
    smile: float = 0.0
    press: float = 0.0
    tuck: float = 0.0
    tongue: float = 0.0
    close: float = 0.0
    blink_left: float = 0.0
    blink_right: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    squint: float = 0.0
    brow_up: float = 0.0
    brow_down: float = 0.0
    brow_inner: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    tx: float = 0.0
    ty: float = 0.0
    scale: float = 0.0
    breath: float = 0.0

    def vector(self) -> NDArray[np.float32]:
        """float32 [len(NAMES)], in the order of NAMES."""
        return np.array([getattr(self, name) for name in NAMES], dtype=np.float32)

    @classmethod
    def of(cls, vector: NDArray[np.float32]) -> FaceParams:
        """The parameters that a vector in the order of NAMES holds."""
        return cls(*(float(value) for value in vector))


NAMES: tuple[str, ...] = tuple(field.name for field in fields(FaceParams))
"""The parameters in the order of their vector."""

INDEX: dict[str, int] = {name: place for place, name in enumerate(NAMES)}
"""Where a parameter stands in the vector."""

MOUTH: tuple[str, ...] = NAMES[: INDEX["close"] + 1]
"""The parameters that speech moves."""

_LIMITS: dict[str, tuple[float, float]] = {
    "wide": (-1.0, 1.0),
    "smile": (-1.0, 1.0),
    "gaze_x": (-1.0, 1.0),
    "gaze_y": (-1.0, 1.0),
    "yaw": (-0.35, 0.35),
    "pitch": (-0.25, 0.25),
    "roll": (-0.25, 0.25),
    "tx": (-0.12, 0.12),
    "ty": (-0.12, 0.12),
    "scale": (-0.1, 0.1),
}
LOWEST: NDArray[np.float32] = np.array([_LIMITS.get(name, (0.0, 1.0))[0] for name in NAMES], dtype=np.float32)
"""The least value of each parameter."""
HIGHEST: NDArray[np.float32] = np.array([_LIMITS.get(name, (0.0, 1.0))[1] for name in NAMES], dtype=np.float32)
"""The greatest value of each parameter."""


def clipped(params: FaceParams) -> NDArray[np.float32]:
    """The parameters as a vector within their ranges; what is not a number counts as zero.

    Returns:
        float32 [len(NAMES)], in the order of NAMES.
    """
    vector = np.nan_to_num(params.vector(), nan=0.0, posinf=np.inf, neginf=-np.inf)
    return np.clip(vector, LOWEST, HIGHEST)


def intended_aperture(params: FaceParams, rig: Rig) -> float:
    """How far the inner lips are meant to be open, as a fraction of the mouth's width at rest (`Frame.aperture`).

    Computed from the rig's vertices before the head turns, at the middle third of the mouth; never negative.
    """
    return rig.aperture(clipped(params))
