"""What the portraits have in common: the ground they are cut into, and eyes that can be closed.

The origin of a portrait is the point between its eyes, and the outer corners of its eyes are about 208 pixels apart.
A face is drawn so that it can be animated: skin calm around eyes and mouth, a clean white and one dark lid stroke, one
dark line between two lips that both show.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from portraits.woodcut import Line, Print, along, curve, disc, on

HIGHLIGHT = "#fbf3df"


@dataclass(frozen=True, slots=True)
class Wood:
    """The colours of a background: the block's own, what stays standing, and what is cut away."""

    plain: str
    standing: str
    cleared: str


def ground(sheet: Print, wood: Wood, tone: Callable[[float, float], float], slant: float) -> None:
    """Wood cleared in long slanting rows: what stays of it prints dark, what is cut shows the paper.

    Close to the head the cuts grow fine, so that the ground can be continued behind a head that moves.

    Args:
        tone: how bright the ground is at a place, 0..1.
        slant: of the rows, pixels down for each to the right.
    """
    sheet.fill("M-560 -480H560V640H-560Z", wood.plain)
    cleared: list[str] = []
    standing: list[str] = []
    for row in range(-28, 102):
        x = -560.0 + sheet.random.uniform(0, 60)
        while x < 560:
            length = sheet.random.uniform(44, 128)
            y = -470 + row * 13.5 + slant * x + sheet.jitter(2.6) + 7 * math.sin(x / 130 + row * 0.5)
            if -470 < y < 620:
                end = x + length, y + slant * length + sheet.jitter(3)
                bright = tone(x + length / 2, y)
                hand = sheet.random.uniform(0.6, 1.15) * _strength(x + length / 2, y + slant * length / 2)
                if bright > 0.13:
                    cleared.append(sheet.gouge((x, y), end, (9.4 * bright - 1.2) * hand, 0.02))
                if bright < 0.64:
                    low = (x, y + 6.6), (end[0], end[1] + 6.6)
                    standing.append(sheet.gouge(*low, (8.4 - 12.5 * bright) * hand, 0.02))
            x += length * sheet.random.uniform(0.72, 0.98)
    sheet.strokes(standing, wood.standing)
    sheet.strokes(cleared, wood.cleared)


def _strength(x: float, y: float) -> float:
    """How strong the cuts of the ground are: a fifth beside the head, whole at half its width from it."""
    away = (math.hypot(x / 205, (y + 50) / 300) - 1.05) / 0.5
    return 0.2 + 0.8 * max(0.0, min(1.0, away))


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye, drawn for the viewer's right side; the other is its mirror image.

    Attributes:
        upper, lower: the lids' edges around the white, corner to corner and back.
        lid: the stroke of the upper lid and its lashes.
        crease, rim, bag: the fold above, the edge of the lower lid, the fold below.
        iris: its centre and radius.
        strokes: the widths of lid, crease, rim and bag.
    """

    upper: Line
    lower: Line
    lid: Line
    crease: Line
    rim: Line
    bag: Line
    iris: tuple[float, float, float]
    strokes: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class EyeColours:
    """The colours of an eye and of the strokes around it."""

    white: str
    shadow: str
    iris: str
    glow: str
    pupil: str
    ink: str
    rim: str
    bag: str


def eye(sheet: Print, shape: Eye, colours: EyeColours, side: int) -> None:
    """Draw an eye. Args: side: -1 for the viewer's left, 1 for the right."""

    white = on(side, [*shape.upper, *shape.lower[1:-1]])
    name = sheet.clip(f"eye{side + 1}", white)
    sheet.plane(white, colours.white)
    shadow = [(x, y + 6.0 * math.sin(math.pi * k / (len(shape.upper) - 1))) for k, (x, y) in enumerate(shape.upper)]
    sheet.plane(on(side, [*shape.upper, *reversed(shadow[1:-1])]), colours.shadow, name)
    x, y, radius = side * shape.iris[0] - 0.5, shape.iris[1], shape.iris[2]
    sheet.fill(disc(x, y, radius), colours.iris, name)
    sheet.fill(disc(x, y + 0.28 * radius, 0.6 * radius), colours.glow, name)
    sheet.fill(disc(x, y, 0.5 * radius), colours.pupil, name)
    sheet.fill(disc(x - 0.36 * radius, y - 0.24 * radius, 0.23 * radius), HIGHLIGHT, name)
    lid, crease, rim, bag = shape.strokes
    swelling = sheet.brush(
        on(side, shape.lid), lid, lambda t: 0.25 + 0.75 * math.sin(math.pi * min(1.0, t * 1.04)) ** 0.6
    )
    sheet.strokes([swelling], colours.ink)
    sheet.strokes([sheet.brush(on(side, shape.rim), rim)], colours.rim)
    sheet.strokes([sheet.brush(on(side, shape.crease), crease)], colours.ink)
    sheet.strokes([sheet.brush(on(side, shape.bag), bag)], colours.bag)


def brow(sheet: Print, body: Line, spine: Line, hair: tuple[float, float], colour: str, side: int) -> None:
    """Draw an eyebrow: a plane, and hairs that lie down towards the temple.

    Args:
        spine: where the hairs grow, from the nose outwards.
        hair: their length at the nose, and their width.
    """
    sheet.plane([(side * x, y) for x, y in body], colour, round_=0.8)
    fine = curve(spine)
    hairs = []
    for k in range(30):
        t = k / 29
        x, y = along(fine, t)
        x, y = x + sheet.jitter(2), y + 5 + sheet.jitter(3)
        lean = 0.15 + 1.25 * t
        length = hair[0] * (sheet.random.uniform(0.83, 1.17) - 0.4 * t)
        end = side * (x + math.sin(lean) * length), y - math.cos(lean) * length
        hairs.append(sheet.gouge((side * x, y), end, hair[1], 0.05 * side))
    sheet.strokes(hairs, colour)


def flecks(sheet: Print, colour: str, clip: str, count: int) -> None:
    """Places on the cloth where the ink did not take."""
    paths = []
    for _ in range(count):
        x, y = sheet.random.uniform(-500, 500), sheet.random.uniform(380, 592)
        end = x + sheet.jitter(2), y + sheet.random.uniform(2, 9)
        paths.append(sheet.gouge((x, y), end, sheet.random.uniform(0.4, 1.3)))
    sheet.strokes(paths, colour, clip)
