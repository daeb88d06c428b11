"""The 468-point face mesh as facts: which landmark lies where, and which three make a triangle.

The numbering is that of MediaPipe's face mesh (Google, Apache-2.0), whose landmark model we run; `triangles.csv` lists
its 852 triangles, with holes where the two eyes and the mouth are. Points 468-477 are the irises: centre and four of
the rim, the person's right eye first. Rings run in order along the curve; for the eyes from the outer corner to the
inner one, for the lips from the viewer's left to right.
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

COUNT = 468
"""Points of the mesh without the irises."""

OVAL: tuple[int, ...] = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The face's outline from the top of the forehead, clockwise as the viewer sees it."""

UPPER_INNER: tuple[int, ...] = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
"""The upper lip's inner edge, both corners included."""
LOWER_INNER: tuple[int, ...] = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
"""The lower lip's inner edge, both corners included; point by point beneath UPPER_INNER."""
UPPER_OUTER: tuple[int, ...] = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
"""The upper lip's outer edge."""
LOWER_OUTER: tuple[int, ...] = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
"""The lower lip's outer edge."""

RIGHT_UPPER_LID: tuple[int, ...] = (33, 246, 161, 160, 159, 158, 157, 173, 133)
"""The edge of the upper lid of the person's right eye, corners included."""
RIGHT_LOWER_LID: tuple[int, ...] = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_UPPER_LID: tuple[int, ...] = (263, 466, 388, 387, 386, 385, 384, 398, 362)
LEFT_LOWER_LID: tuple[int, ...] = (263, 249, 390, 373, 374, 380, 381, 382, 362)
RIGHT_CREASE: tuple[int, ...] = (130, 247, 30, 29, 27, 28, 56, 190, 243)
"""The fold above the right eye's upper lid."""
LEFT_CREASE: tuple[int, ...] = (359, 467, 260, 259, 257, 258, 286, 414, 463)
RIGHT_BELOW: tuple[int, ...] = (130, 25, 110, 24, 23, 22, 26, 112, 243)
"""The skin below the right eye's lower lid."""
LEFT_BELOW: tuple[int, ...] = (359, 255, 339, 254, 253, 252, 256, 341, 463)
RIGHT_BROW: tuple[int, ...] = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
"""The right eyebrow, upper edge from the outside inwards, then the lower edge back."""
LEFT_BROW: tuple[int, ...] = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
RIGHT_IRIS = 468
LEFT_IRIS = 473
CHIN = 152
NOSE_TIP = 1


def triangles() -> NDArray[np.int32]:
    """int32 [852 + 46, 3]: the face with the mouth and the eyes closed by strips; the strips come last.

    All turn clockwise as the viewer sees a face from the front. The order of the last 46: the mouth (18), the right
    eye (14), the left eye (14).
    """
    text = files("avatar.face").joinpath("triangles.csv").read_text(encoding="ascii")
    skin = np.array([line.split(",") for line in text.split()], dtype=np.int32)
    gaps = [
        *_strip(UPPER_INNER, LOWER_INNER),
        *_strip(RIGHT_UPPER_LID, RIGHT_LOWER_LID),
        *_strip(LEFT_UPPER_LID[::-1], LEFT_LOWER_LID[::-1]),
    ]
    return np.concatenate([skin, np.array(gaps, dtype=np.int32)])


SKIN_TRIANGLES = 852
"""How many of `triangles()` are skin; the others span the mouth and the eyes."""

GAPS = 46
"""How many those are."""


def _strip(above: tuple[int, ...], below: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Triangles between two curves that share both ends, from the viewer's left to right."""
    strip = [(above[0], above[1], below[1])]
    for left in range(1, len(above) - 2):
        strip.append((above[left], above[left + 1], below[left]))
        strip.append((above[left + 1], below[left + 1], below[left]))
    strip.append((above[-2], above[-1], below[-2]))
    return strip
