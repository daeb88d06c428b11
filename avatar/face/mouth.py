"""The inside of the mouth: teeth fixed to the skull and to the jaw, the tongue, and the dark behind them.

Nothing of it is in a photograph with closed lips, so it is painted from proportions (a central incisor is about a
sixth of the mouth's width; with the lips at rest the upper teeth end just below their line) in colours taken from the
face itself: a grey photograph gets grey teeth, a yellowed painting warm ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.landmarks import Points
from avatar.face.shading import Colour, Floats, bump, compiled, kernel, lookup, mix, put, ramp, scaled, step, texel
from avatar.media import Pixels

COLUMNS = 96
"""Places across the mouth at which the lips' edges are tabulated."""


class Mouth(NamedTuple):
    """What the mouth is painted from.

    Attributes:
        colours: float32 [1, 4, 3]: of the cavity, the tongue, the teeth, and the lips' moist inner side.
        teeth: float32 [256]: brightness across the upper teeth, from -0.5 to 0.5 mouth widths.
        lower_teeth: float32 [256]: the same of the lower ones, which are narrower.
    """

    colours: Floats
    teeth: Floats
    lower_teeth: Floats


class Opening(NamedTuple):
    """The mouth in one frame. Lengths are in mouth widths, from the middle of the mouth along the head's axes.

    Attributes:
        corners, edges: as `lip_tables` gives them.
        frame: the middle of the mouth as the skull carries it (x, y in pixels), the unit vector across, and the
            mouth's width in pixels.
        state: how far the jaw has sunk; the tongue's rise 0..1; the opening in the photograph itself; the line
            between the lips at rest; the rounding 0..1.
    """

    corners: Floats
    edges: Floats
    frame: tuple[float, float, float, float, float]
    state: tuple[float, float, float, float, float]


def build_mouth(picture: Pixels, landmarks: Points) -> Mouth:
    """The mouth of a face.

    Args:
        picture: uint8 [size, size, 3].
        landmarks: float32 [478, 3] in its pixels.
    """
    lower_lip = _colour_of(picture, landmarks, (*topology.LOWER_OUTER[1:-1], *topology.LOWER_INNER[-2:0:-1]), 50)
    cheeks = [
        _colour_of(picture, landmarks, patch, 60) for patch in ((50, 101, 118, 117, 123), (280, 330, 347, 346, 352))
    ]
    skin = max(cheeks, key=lambda colour: float(colour.sum()))
    light, tint = _grey(skin), skin - _grey(skin)
    lip_light, lip_tint = _grey(lower_lip), lower_lip - _grey(lower_lip)
    teeth = min(0.92 * light + 8.0, 210.0) + 0.62 * tint
    moist = 0.62 * lip_light + 0.9 * lip_tint
    red = min(1.0, float(np.abs(tint).max()) / 20.0) * np.array([16.0, -7.0, -4.0], dtype=np.float32)
    tongue = 0.7 * lip_light + 0.85 * lip_tint + red
    cavity = 0.15 * lip_light + 0.25 * (lip_tint + red)
    colours = np.clip(np.stack([[cavity, tongue, teeth, moist]]), 4, 235).astype(np.float32)
    return Mouth(
        colours,
        _row_of_teeth((0.0, 0.155, 0.275, 0.385, 0.47, 0.54)),
        _row_of_teeth((0.0, 0.1, 0.205, 0.31, 0.4, 0.48)),
    )


def _grey(colour: Floats) -> float:
    return float(colour @ np.array([0.299, 0.587, 0.114], dtype=np.float32))


def _colour_of(picture: Pixels, landmarks: Points, outline: tuple[int, ...], percentile: float) -> Floats:
    """The colour of a patch of the face, at the given percentile of brightness."""
    import cv2

    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [landmarks[list(outline), :2].round().astype(np.int32)], 1)
    pixels = picture[mask > 0].astype(np.float32)
    if len(pixels) < 3:
        x, y = np.clip(landmarks[outline[0], :2].astype(int), 0, picture.shape[0] - 1)
        return np.asarray(picture[y, x], dtype=np.float32)
    order = np.argsort(pixels.sum(axis=1))
    middle = int(percentile / 100 * (len(order) - 1))
    near = order[max(0, middle - len(order) // 8) : middle + len(order) // 8 + 1]
    return np.asarray(pixels[near].mean(axis=0), dtype=np.float32)


def _row_of_teeth(bounds: tuple[float, ...]) -> Floats:
    """Brightness across a row of teeth: each a little rounded, soft lines between, darker towards the molars."""
    across = np.abs(np.linspace(-0.5, 0.5, 256))
    shade = np.ones_like(across)
    for low, high in zip(bounds, (*bounds[1:], 0.62), strict=True):
        inside = (across >= low) & (across < high)
        centred = (across[inside] - (low + high) / 2) / ((high - low) / 2)
        shade[inside] = 1.0 - 0.24 * np.abs(centred) ** 5
    return (shade * (1.0 - 0.75 * np.clip(across / 0.5, 0, 1) ** 2.2)).astype(np.float32)


def lip_tables(upper: NDArray[np.float64], lower: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """The lips' edges as smooth functions across the mouth.

    Args:
        upper, lower: float64 [k, 2]: points of the two edges from corner to corner, across and down.

    Returns:
        float32 [2]: where the corners are; float32 [2, COLUMNS]: how far down the two edges lie between them.
    """
    first = min(upper[0, 0], lower[0, 0])
    last = max(upper[-1, 0], lower[-1, 0], first + 1e-3)
    places = np.linspace(first, last, COLUMNS)
    table = np.empty((2, COLUMNS), dtype=np.float32)
    for row, edge in enumerate((upper, lower)):
        across = np.maximum.accumulate(edge[:, 0] + 1e-4 * np.arange(len(edge)))
        table[row] = _SMOOTHING @ np.interp(places, across, edge[:, 1])
    return np.array([first, last], dtype=np.float32), table


def _smoothing() -> NDArray[np.float64]:
    """float64 [COLUMNS, COLUMNS]: takes a table to its mean under a Hann window; it goes on evenly past its ends."""
    window = np.hanning(11) / np.hanning(11).sum()
    padded = np.pad(np.eye(COLUMNS), ((6, 6), (0, 0)), mode="reflect", reflect_type="odd")
    return np.stack([np.convolve(column, window, mode="same")[6:-6] for column in padded.T], axis=1)


_SMOOTHING = _smoothing()


@kernel
def paint_mouth(picture: NDArray[np.uint8], mouth: Mouth, opening: Opening) -> None:
    """Paint the opening between the lips. Args: picture: uint8 [height, width, 3], painted in place."""
    cx, cy, ax, ay, width = opening.frame
    first, last = opening.corners[0], opening.corners[1]
    highest, lowest = opening.edges[0].min(), opening.edges[1].max()
    far, tall = max(-first, last), max(-highest, lowest)
    reach_x, reach_y = (far * abs(ax) + tall * abs(ay)) * width + 2.0, (far * abs(ay) + tall * abs(ax)) * width + 2.0
    for y in range(max(0, int(cy - reach_y)), min(picture.shape[0], int(cy + reach_y) + 2)):
        for x in range(max(0, int(cx - reach_x)), min(picture.shape[1], int(cx + reach_x) + 2)):
            dx, dy = (x - cx) / width, (y - cy) / width
            across, down = dx * ax + dy * ay, dy * ax - dx * ay
            if across <= first or across >= last or down < highest - 0.02 or down > lowest + 0.02:
                continue
            place = (across - first) / (last - first)
            upper, lower = lookup(opening.edges[0], place), lookup(opening.edges[1], place)
            soft = 0.7 / width + 0.006
            cover = ramp(-soft, soft, down - upper) * ramp(-soft, 2.0 * soft, lower - down)
            cover *= step(0.004, 0.03, lower - upper - opening.state[2])
            if cover > 0.0:
                inside = _inside(mouth, opening, across, down, down - upper, lower - down)
                aside = step(0.0, 0.2, min(place, 1.0 - place))
                shows = 0.65 * step(0.05, 0.0, opening.state[2])  # of the lips' own wet skin, in the corners
                cover *= 1.0 - shows * (1.0 - aside)
                inside = scaled(inside, 0.55 + 0.45 * aside)
                old = (float(picture[y, x, 0]), float(picture[y, x, 1]), float(picture[y, x, 2]))
                put(picture, y, x, mix(old, inside, cover))


@compiled
def _inside(mouth: Mouth, opening: Opening, across: float, down: float, from_upper: float, from_lower: float) -> Colour:
    """The colour at one place, from back to front: the dark, the tongue, lower teeth, upper teeth, the lips' rim."""
    jaw, tongue, _, seam, rounding = opening.state
    dark, teeth = texel(mouth.colours, 0, 0), texel(mouth.colours, 0, 2)
    colour = scaled(dark, 1.0 + 0.6 * step(0.0, 0.5, from_upper))
    soft = 0.7 / opening.frame[4] + 0.006
    # the tongue: a mound behind the lower teeth, from which its tip, narrower, rises to the upper ones
    mound = max(0.0, 1.0 - (across / (0.36 - 0.08 * rounding)) ** 2)
    tip = bump(across, 0.15 - 0.03 * rounding)
    top = seam + 0.97 * jaw - (0.06 + 0.15 * min(1.0, 3.0 * jaw)) * mound
    top -= tongue * (0.35 * mound + 0.65 * tip) * (0.75 * jaw + 0.02)
    edge = bump(down - top - 0.035, 0.035)  # its rim takes the light, and beneath a raised tip lies a shadow
    light = 0.46 + 0.42 * step(0.0, 0.3, from_upper) + 0.12 * tongue - 0.07 * bump(across, 0.03)
    light += 0.06 * edge * (0.4 + 0.6 * tip) - 0.22 * tongue * step(0.06, 0.2, down - top)
    share = step(-0.03, 0.05, down - top) * (0.35 + 0.65 * mound) * min(1.0, 4.0 * mound)
    colour = mix(colour, scaled(texel(mouth.colours, 0, 1), light), share)
    # the lower teeth sink with the jaw and lie in the shadow of the upper ones
    edge = seam + 0.93 * jaw + 0.015 + 0.25 * across * across
    light = lookup(mouth.lower_teeth, across + 0.5) * (0.38 + 0.3 * step(0.02, 0.2, from_upper))
    light *= 1.0 - 0.35 * step(0.06, 0.16, down - edge)
    colour = mix(colour, mix(dark, teeth, light), step(-soft, soft, down - edge) * step(0.02, 0.09, jaw))
    # the upper teeth stay with the skull, in the shadow of the lip
    edge = seam + 0.04 - 0.24 * across * across
    light = lookup(mouth.teeth, across + 0.5) * (0.4 + 0.52 * step(-0.01, 0.06, from_upper))
    light *= 0.35 + 0.65 * step(0.0, 0.12, from_upper + from_lower)  # little light comes through a narrow slit
    colour = mix(colour, mix(dark, teeth, light), step(-1.4 * soft, 1.4 * soft, edge - down))
    # the lips' moist inner side softens the rim
    rim = 0.022 + 0.012 * rounding
    moist = 1.0 - step(0.0, rim, min(0.8 * from_lower, 2.4 * from_upper))
    return mix(colour, scaled(texel(mouth.colours, 0, 3), 0.4 + 0.25 * step(0.0, 0.1, from_upper)), 0.75 * moist)
