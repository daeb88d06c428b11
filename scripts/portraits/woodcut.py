"""The woodcutter's tools: planes of colour with cut edges, and tapered strokes of the gouge.

Everything is a filled path in SVG; coordinates are pixels, x to the right and y down. Randomness comes from one seeded
generator, so a drawing is the same on every run.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]
Line = Sequence[Point]


def _number(value: float) -> str:
    text = f"{value:.1f}"
    return text.removesuffix(".0").replace("-0", "0") if text in ("-0.0", "0.0") else text.removesuffix(".0")


def _pair(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def smooth(points: Line, *, closed: bool, round_: float = 1.0) -> str:
    """A path through all points, as cubic Bézier curves with Catmull-Rom tangents.

    Args:
        round_: 1 for a drawn curve, less for the facets that a knife leaves, 0 for straight cuts.
    """
    n = len(points)
    reach = round_ / 6

    def at(i: int) -> Point:
        return points[i % n] if closed else points[min(max(i, 0), n - 1)]

    parts = [f"M{_pair(points[0])}"]
    for i in range(n if closed else n - 1):
        a, b, c, d = at(i - 1), at(i), at(i + 1), at(i + 2)
        first = (b[0] + (c[0] - a[0]) * reach, b[1] + (c[1] - a[1]) * reach)
        second = (c[0] - (d[0] - b[0]) * reach, c[1] - (d[1] - b[1]) * reach)
        parts.append(f"C{_pair(first)} {_pair(second)} {_pair(c)}")
    return "".join(parts) + ("Z" if closed else "")


def polygon(points: Line) -> str:
    """A path of straight cuts."""
    return "M" + "L".join(_pair(point) for point in points) + "Z"


def along(line: Line, t: float) -> Point:
    """The point at a share 0..1 of a polyline's length."""
    lengths = [math.dist(a, b) for a, b in pairwise(line)]
    rest = max(0.0, min(1.0, t)) * sum(lengths)
    for (a, b), length in zip(pairwise(line), lengths, strict=True):
        if rest <= length and length > 0:
            share = rest / length
            return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
        rest -= length
    return line[-1]


def curve(points: Line, steps: int = 12) -> list[Point]:
    """An open Catmull-Rom curve through the points, as a fine polyline."""
    n = len(points)
    fine: list[Point] = []
    for i in range(n - 1):
        a, b, c, d = points[max(i - 1, 0)], points[i], points[i + 1], points[min(i + 2, n - 1)]
        for k in range(steps):
            t = k / steps
            fine.append((_spline(a[0], b[0], c[0], d[0], t), _spline(a[1], b[1], c[1], d[1], t)))
    return [*fine, points[-1]]


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)


_HAND = (
    '<filter id="hand" x="0" y="0" width="100%" height="100%" color-interpolation-filters="sRGB">'
    '<feTurbulence type="fractalNoise" baseFrequency="0.05" numOctaves="2" seed="7" result="grain"/>'
    '<feDisplacementMap in="SourceGraphic" in2="grain" scale="3.6" xChannelSelector="R" yChannelSelector="G"/></filter>'
)
"""A knife follows no line exactly."""


def disc(x: float, y: float, radius: float) -> str:
    """A path around a disc."""
    r, d = _number(radius), _number(2 * radius)
    return f"M{_pair((x - radius, y))}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0Z"


def on(side: int, points: Line) -> list[Point]:
    """Points drawn for the viewer's right, on the side that is meant: -1 is the left."""
    return [(side * x, y) for x, y in points]


def even(_: float) -> float:
    """The profile of a stroke that does not taper."""
    return 1.0


def mirrored(points: Line, axis: float = 0.0) -> list[Point]:
    """The points on the other side of a vertical line, in reverse order."""
    return [(2 * axis - x, y) for x, y in reversed(points)]


def outline(half: Line) -> list[Point]:
    """A closed, symmetrical shape from its right half, whose first and last points lie on the axis x = 0."""
    return [*half, *mirrored(half)[1:-1]]


@dataclass(frozen=True, slots=True)
class Cuts:
    """Strokes side by side from one guide to another.

    Attributes:
        count: how many.
        width: of each, where the guides begin.
        last: of each, where the guides end; None for the same.
        bend: as in `Print.gouge`.
        loose: how far the ends stray along their guides, in shares of the distance between strokes.
        inset: where between the guides the strokes begin and end, 0..1; beyond that they reach over.
        ragged: how much of their length the ends stray.
    """

    count: int
    width: float
    last: float | None = None
    bend: float = 0.0
    loose: float = 0.0
    inset: tuple[float, float] = (0.0, 1.0)
    ragged: float = 0.0


class Print:
    """A print that is pulled block after block: each call lays something over what is there.

    Args:
        size: width and height in pixels.
        seed: of the hand's unsteadiness.
        origin: where (0, 0) of all further coordinates lies.
    """

    def __init__(self, size: int, seed: int, origin: Point = (0.0, 0.0)) -> None:
        self.size = size
        self.random = random.Random(seed)  # noqa: S311, a hand's unsteadiness is no secret
        self._origin = origin
        self._items: list[str] = []
        self._clips: list[str] = []

    def fill(self, path: str, colour: str, clip: str | None = None) -> None:
        """Print one path in one colour."""
        held = f' clip-path="url(#{clip})"' if clip else ""
        self._items.append(f'<path fill="{colour}"{held} d="{path}"/>')

    def plane(self, points: Line, colour: str, clip: str | None = None, round_: float = 1.0) -> None:
        """Print a closed curve."""
        self.fill(smooth(points, closed=True, round_=round_), colour, clip)

    def clip(self, name: str, points: Line) -> str:
        """Name an area that later strokes stay within."""
        self._clips.append(f'<clipPath id="{name}"><path d="{smooth(points, closed=True)}"/></clipPath>')
        return name

    def strokes(self, paths: Sequence[str], colour: str, clip: str | None = None) -> None:
        """Print many strokes as one path."""
        if paths:
            self.fill("".join(paths), colour, clip)

    def jitter(self, amount: float) -> float:
        return self.random.uniform(-amount, amount)

    def gouge(self, start: Point, end: Point, width: float, bend: float = 0.0, belly: float = 0.5) -> str:
        """One cut of the V-gouge: thin where it enters and leaves the wood.

        Args:
            width: at its widest.
            bend: how far its middle lies to the right of the straight line, as a share of its length.
            belly: where it is widest, 0..1.
        """
        dx, dy = end[0] - start[0], end[1] - start[1]
        length = math.hypot(dx, dy) or 1.0
        nx, ny = -dy / length, dx / length
        x = start[0] + dx * belly + nx * bend * length * 2
        y = start[1] + dy * belly + ny * bend * length * 2
        one = (x + nx * width, y + ny * width)
        two = (x - nx * width, y - ny * width)
        return f"M{_pair(start)}Q{_pair(one)} {_pair(end)}Q{_pair(two)} {_pair(start)}Z"

    def brush(
        self,
        line: Line,
        width: float,
        profile: Callable[[float], float] | None = None,
        wobble: float = 0.0,
        steps: int = 4,
    ) -> str:
        """A stroke along a curve whose width follows a profile of 0..1; by default thin at both ends."""
        shape = profile or (lambda t: math.sin(math.pi * t) ** 0.7)
        fine = curve(line, steps)
        left: list[Point] = []
        right: list[Point] = []
        for i, (x, y) in enumerate(fine):
            a, b = fine[max(i - 1, 0)], fine[min(i + 1, len(fine) - 1)]
            length = math.dist(a, b) or 1.0
            nx, ny = -(b[1] - a[1]) / length, (b[0] - a[0]) / length
            half = shape(i / (len(fine) - 1)) * width / 2
            one, two = half + self.jitter(wobble), half + self.jitter(wobble)
            left.append((x + nx * one, y + ny * one))
            right.append((x - nx * two, y - ny * two))
        return smooth(left + right[::-1], closed=True)

    def sweep(self, first: Line, second: Line, cuts: Cuts) -> list[str]:
        """Strokes from one guide to another, side by side."""
        one, two = curve(first), curve(second)
        paths = []
        for k in range(cuts.count):
            t = (k + 0.5) / cuts.count
            a = along(one, t + self.jitter(cuts.loose / cuts.count))
            b = along(two, t + self.jitter(cuts.loose / cuts.count))
            low, high = cuts.inset[0] + self.jitter(cuts.ragged), cuts.inset[1] + self.jitter(cuts.ragged)
            start = (a[0] + (b[0] - a[0]) * low, a[1] + (b[1] - a[1]) * low)
            end = (a[0] + (b[0] - a[0]) * high, a[1] + (b[1] - a[1]) * high)
            width = cuts.width + (cuts.last - cuts.width) * t if cuts.last is not None else cuts.width
            paths.append(self.gouge(start, end, width * self.random.uniform(0.75, 1.2), cuts.bend + self.jitter(0.02)))
        return paths

    def flow(
        self, first: Line, second: Line, count: int, width: float, *, span: tuple[float, float], ragged: float = 0.0
    ) -> list[str]:
        """Strokes that run along between two guides, as hair does, rather than across.

        Args:
            span: where along the guides, 0..1, the strokes begin and end.
            ragged: how much of the guides' length the ends stray.
        """
        one, two = curve(first), curve(second)
        paths = []
        for k in range(count):
            share = (k + self.random.random()) / count
            low, high = span[0] + self.jitter(ragged), span[1] + self.jitter(ragged)
            line = []
            for step in range(5):
                a, b = (along(guide, low + (high - low) * step / 4) for guide in (one, two))
                line.append((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share))
            paths.append(self.brush(line, width * self.random.uniform(0.6, 1.2), steps=2))
        return paths

    def svg(self, title: str) -> str:
        """The finished print."""
        defs = f"<defs>{_HAND}{''.join(self._clips)}</defs>"
        x, y = self._origin
        body = "\n".join(self._items)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.size} {self.size}" '
            f'width="{self.size}" height="{self.size}">\n<title>{title}</title>\n{defs}\n'
            f'<g filter="url(#hand)" transform="translate({_number(x)} {_number(y)})">\n{body}\n</g>\n</svg>\n'
        )
