"""Lu Xun's name, cut white into red as in a seal."""

from __future__ import annotations

from itertools import pairwise

from portraits.woodcut import Point, Print, even

LU: list[list[Point]] = [
    [(5, 0), (2, 3.4)], [(4, 1.4), (11, 1.4), (9, 4)], [(3, 4), (13, 4), (13, 9.4), (3, 9.4), (3, 4)],
    [(8, 4), (8, 9.4)], [(3, 6.7), (13, 6.7)], [(0.4, 11), (15.6, 11)],
    [(3.6, 12.8), (12.4, 12.8), (12.4, 17), (3.6, 17), (3.6, 12.8)], [(3.6, 14.9), (12.4, 14.9)],
]  # fmt: skip
XUN: list[list[Point]] = [
    [(5.4, 2), (12, 2), (12, 10.6), (13.4, 13), (15.4, 11.4)], [(8.7, 2), (8.7, 12.6)], [(5, 7), (11.4, 7)],
    [(1.4, 1.4), (2.8, 3.4)], [(0.4, 6), (3, 6), (3, 12.4), (0.4, 15)], [(1.4, 14), (5, 16.4), (15.6, 16.4)],
]  # fmt: skip

_UNIT = 3.4  # a character is drawn on a grid of 16 by 18


def seal(sheet: Print, place: Point, block: str, paper: str) -> None:
    """Print the seal.

    Args:
        place: of its left top corner.
        block, paper: the colour of the seal, and of the strokes cut into it.
    """
    left, top = place
    shape: list[Point] = [(-8, -8), (30, -10), (62, -7), (63, 50), (61, 124), (26, 126), (-7, 123), (-9, 60)]
    sheet.plane([(left + x, top + y) for x, y in shape], block, round_=0.35)
    cuts: list[str] = []
    for number, character in enumerate((LU, XUN)):
        for stroke in character:
            points = [(left + x * _UNIT, top + 1 + y * _UNIT + 60 * number) for x, y in stroke]
            for a, b in pairwise(points):
                cuts.append(sheet.brush([a, ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), b], 4.2, even, 0.3))
    sheet.strokes(cuts, paper)
