"""The host: a museum guide whom nobody has ever met, cut in the same manner; the light comes from the viewer's left."""

from __future__ import annotations

import math

from portraits.features import Eye, EyeColours, Wood, brow, eye, flecks, ground
from portraits.woodcut import Cuts, Point, Print, even, on, outline

PAPER, LIGHT, SKIN, SHADE, DEEP, INK = "#f0e3c6", "#f5e2c3", "#e9cda6", "#cfa67c", "#94664a", "#1d1a1c"
LIP, UPPER_LIP, LIP_LIGHT = "#c0705a", "#ad5f4c", "#d38d74"
JACKET, SEAM, BLOUSE, FOLD, RED = "#1f3a3d", "#6f9088", "#efe3c8", "#cdb891", "#b23a26"
SHINE, SHINE_LOW = "#a9845c", "#6d4a35"
WOOD = Wood(plain="#9db0a0", standing="#6f897f", cleared="#cdd6c0")
EYES = EyeColours("#f5ead4", "#cfb998", "#33211a", "#5a3b29", "#130d0b", INK, DEEP, SHADE)

FACE = outline([
    (0, -180), (70, -176), (120, -152), (143, -92), (149, -30), (152, 24), (149, 72), (140, 122), (124, 168),
    (100, 208), (68, 240), (34, 258), (0, 263),
])  # fmt: skip


def draw() -> str:
    """The portrait as SVG."""
    sheet = Print(1024, seed=29, origin=(512.0, 440.0))
    ground(sheet, WOOD, _brightness, slant=0.24)
    _hair_behind(sheet)
    _neck(sheet)
    _clothes(sheet)
    _badge(sheet)
    _head(sheet)
    _nose(sheet)
    _eyes(sheet)
    _mouth(sheet)
    _hatching(sheet)
    _hair(sheet)
    return sheet.svg("The host 讲解员")


def _brightness(x: float, y: float) -> float:
    """The ground: a clear day that falls in from the right."""
    glow = math.exp(-((math.hypot(x - 60, y + 40) / 360) ** 4))
    slope = 0.52 + 0.36 * math.tanh(x / 260) - 0.22 * (y + 60) / 600
    return max(0.0, min(1.0, 0.72 * slope + 0.36 * glow))


BOB: list[Point] = [
    (-30, -296), (50, -300), (122, -270), (172, -210), (194, -124), (200, -30), (202, 60), (199, 140), (186, 204),
    (156, 238), (112, 244), (0, 120), (-112, 244), (-158, 238), (-188, 204), (-202, 140), (-206, 60), (-204, -30),
    (-194, -124), (-168, -208), (-112, -272),
]  # fmt: skip


def _hair_behind(sheet: Print) -> None:
    """The bob as one block of ink, with its loose ends."""
    sheet.plane(BOB, INK)
    for side in (-1, 1):
        ends = sheet.sweep(
            on(side, [(206, 130), (186, 200), (120, 226)]),
            on(side, [(204, 196), (172, 254), (112, 262)]),
            Cuts(22, 6.0, bend=-0.06 * side, loose=1.5, inset=(-0.1, 0.75), ragged=0.2),
        )
        sheet.strokes(ends, INK)


def _neck(sheet: Print) -> None:
    sheet.plane([(-78, 180), (-80, 300), (-110, 352), (0, 470), (110, 352), (80, 300), (78, 180)], SKIN)
    shadow: list[Point] = [
        (-80, 196), (-64, 250), (-20, 286), (14, 300), (34, 340), (30, 400), (120, 356), (84, 300), (82, 190),
    ]  # fmt: skip
    sheet.plane(shadow, SHADE, round_=0.7)
    sheet.plane(
        [(-66, 220), (-20, 262), (30, 268), (90, 200), (90, 316), (62, 322), (40, 290), (0, 278)], DEEP, round_=0.7
    )
    name = sheet.clip("neck", [(-78, 180), (-80, 300), (-100, 352), (100, 352), (80, 300), (78, 180)])
    cuts = sheet.sweep(
        [(88, 240), (88, 300), (96, 350)],
        [(16, 262), (28, 300), (40, 360)],
        Cuts(11, 5.0, bend=-0.03, loose=0.3, inset=(-0.1, 0.75), ragged=0.12),
    )
    sheet.strokes(cuts, INK, name)


def _clothes(sheet: Print) -> None:
    """A jacket over a blouse with an open collar."""
    body: list[Point] = [
        (-84, 318), (-150, 350), (-250, 384), (-340, 424), (-404, 490), (-440, 580), (-460, 700), (460, 700),
        (442, 580), (406, 490), (342, 424), (250, 384), (150, 350), (84, 318), (40, 400), (0, 452), (-40, 400),
    ]  # fmt: skip
    sheet.plane(body, JACKET, round_=0.7)
    clip = sheet.clip("body", body)
    sheet.plane(
        [(-84, 322), (-30, 404), (0, 440), (30, 404), (84, 322), (120, 420), (60, 660), (-60, 660), (-120, 420)],
        BLOUSE,
        round_=0.5,
    )
    folds = sheet.sweep(
        [(-50, 430), (0, 470), (50, 430)],
        [(-30, 640), (0, 640), (30, 640)],
        Cuts(12, 2.4, loose=0.8, inset=(0.1, 0.8), ragged=0.15),
    )
    sheet.strokes(folds, FOLD)
    for side in (-1, 1):
        collar = on(side, [(80, 306), (104, 322), (110, 386), (62, 438), (8, 452), (36, 404), (66, 350)])
        sheet.plane(
            on(side, [(84, 302), (109, 320), (115, 389), (63, 445), (2, 456), (33, 402), (64, 348)]), INK, round_=0.4
        )
        sheet.plane(collar, BLOUSE if side < 0 else FOLD, round_=0.4)
        lapel = on(side, [(112, 330), (142, 350), (160, 414), (150, 428), (192, 446), (66, 660), (20, 660), (118, 400)])
        sheet.plane(lapel, JACKET, round_=0.1)
        width = 4.6 if side < 0 else 3.0
        edges: list[list[Point]] = [
            [(112, 332), (118, 400), (92, 462), (60, 540), (24, 650)],
            [(142, 350), (152, 380), (160, 414)],
            [(160, 414), (154, 421), (150, 428)],
            [(150, 428), (170, 436), (192, 446)],
            [(192, 446), (132, 546), (66, 660)],
        ]
        sheet.strokes([sheet.brush(on(side, line), width, even) for line in edges], SEAM)
    lit: list[tuple[list[Point], list[Point], int, float, float]] = [
        ([(-400, 492), (-330, 428), (-180, 372)], [(-390, 640), (-300, 640), (-180, 600)], 30, 4.0, 0.6),
        ([(-150, 372), (-156, 410), (-170, 440)], [(-116, 400), (-124, 430), (-110, 470)], 8, 2.6, 0.8),
        ([(402, 492), (336, 428), (180, 376)], [(390, 640), (300, 640), (200, 600)], 24, 2.0, 0.5),
    ]
    for first, second, count, width, reach in lit:
        cuts = sheet.sweep(first, second, Cuts(count, width, bend=-0.03, loose=0.8, inset=(0.04, reach), ragged=0.14))
        sheet.strokes(cuts, SEAM, clip)
    flecks(sheet, SEAM, clip, 160)


def _badge(sheet: Print) -> None:
    """The red ribbon of a guide, and her name plate."""
    for side in (-1, 1):
        ribbon = on(side, [(98, 330), (104, 392), (72, 470), (30, 560), (4, 640)])
        sheet.strokes([sheet.brush(ribbon, 13, even)], INK)
        sheet.strokes([sheet.brush(ribbon, 10, even)], RED)
    sheet.plane([(218, 478), (302, 474), (304, 508), (220, 512)], INK, round_=0.1)
    sheet.plane([(221, 481), (299, 477), (301, 505), (223, 509)], PAPER, round_=0.1)
    words = [sheet.gouge((232, 489), (290, 486), 2.6), sheet.gouge((232, 499), (272, 497), 2.0)]
    sheet.strokes(words, DEEP)


def _head(sheet: Print) -> None:
    """The face's outline, thicker in the shade, and its planes as a knife would divide them."""
    sheet.plane([(x * 1.016 + 1.0, y * 1.008 + (2.0 if y > 220 else 0)) for x, y in FACE], INK)
    sheet.plane(FACE, SKIN)
    clip = sheet.clip("face", FACE)
    lights: list[list[Point]] = [
        [(-96, -110), (-60, -140), (20, -150), (52, -120), (34, -88), (-10, -74), (-50, -82), (-88, -80)],
        [(-136, 30), (-104, 40), (-66, 50), (-56, 74), (-72, 102), (-100, 112), (-126, 96), (-138, 66)],
        [(-30, 222), (-8, 214), (16, 218), (16, 238), (-4, 248), (-24, 242)],
    ]
    shades: list[list[Point]] = [
        [(180, -180), (112, -150), (116, -90), (132, -50), (128, -14), (136, 20), (130, 60), (116, 96), (112, 140),
         (96, 186), (66, 222), (34, 246), (20, 290), (60, 330), (220, 240), (200, 0)],
        [(-180, 90), (-144, 110), (-126, 140), (-108, 184), (-78, 222), (-40, 246), (-30, 300), (-180, 250)],
        [(-32, 208), (-10, 212), (12, 212), (34, 206), (24, 218), (4, 224), (-16, 222)],
    ]  # fmt: skip
    for points in lights:
        sheet.plane(points, LIGHT, clip, round_=0.6)
    for points in shades:
        sheet.plane(points, SHADE, clip, round_=0.6)
    for x in (-104.0, 104.0):
        for k in range(7):
            start = x - 22 + 7 * k, 92.0 + sheet.jitter(3)
            sheet.strokes([sheet.gouge(start, (start[0] - 9, start[1] + 22), 2.2)], "#d9a17f", clip)


def _nose(sheet: Print) -> None:
    planes: list[tuple[list[Point], str]] = [
        ([(18, -34), (28, -24), (20, 6), (18, 36), (24, 62), (36, 80), (42, 96), (30, 106), (12, 98), (16, 80),
          (10, 50), (8, 10)], SHADE),
        ([(-10, -24), (2, -26), (6, 14), (8, 52), (13, 76), (7, 90), (-10, 90), (-17, 76), (-11, 48), (-8, 10)], LIGHT),
        ([(-34, 97), (-24, 100), (-14, 96), (0, 103), (15, 96), (26, 100), (38, 95), (30, 108), (4, 114),
          (-24, 108)], DEEP),
    ]  # fmt: skip
    for points, colour in planes:
        sheet.plane(points, colour, "face", round_=0.6)
    wings: list[tuple[list[Point], float]] = [
        ([(-34, 80), (-39, 90), (-37, 100), (-30, 104)], 2.8),
        ([(33, 76), (41, 88), (40, 100), (31, 105)], 4.6),
        ([(-27, 103), (-16, 97.5), (-6, 103)], 6.4),
        ([(27, 103), (16, 97), (6, 103)], 7.2),
    ]
    sheet.strokes([sheet.brush(points, width) for points, width in wings], INK)
    bridge = sheet.sweep(
        [(20, -20), (16, 10), (15, 46), (20, 74)],
        [(30, -14), (26, 16), (30, 56), (38, 78)],
        Cuts(14, 2.2, bend=0.06, loose=0.3, inset=(0.05, 0.85), ragged=0.12),
    )
    sheet.strokes(bridge, DEEP, "face")


EYE = Eye(
    upper=[(40, 10), (49, -2), (62, -10), (76, -11.5), (91, -7), (105, 4)],
    lower=[(105, 4), (94, 11.5), (78, 15.5), (61, 15.5), (49, 13.5), (40, 10)],
    lid=[(35, 14), (41, 7), (50, -4), (63, -12.5), (78, -14.5), (94, -10), (108, 1), (120, 4)],
    crease=[(42, -9), (54, -20), (74, -26), (96, -21), (114, -7)],
    rim=[(45, 15), (60, 18.5), (77, 19.5), (94, 16), (106, 8)],
    bag=[(48, 27), (64, 32), (82, 32), (100, 25)],
    iris=(72.5, 1.0, 15.0),
    strokes=(8.0, 2.8, 2.2, 3.0),
)


def _eyes(sheet: Print) -> None:
    socket: list[Point] = [
        (28, -26), (50, -36), (82, -38), (110, -30), (120, -12), (110, -2), (96, -16), (76, -22), (56, -17), (42, -4),
        (34, 4), (28, -6),
    ]  # fmt: skip
    ridge: list[Point] = [
        (23, -46), (28, -58), (56, -67), (86, -71), (110, -64), (134, -42), (110, -54), (86, -60), (58, -56), (34, -46),
    ]  # fmt: skip
    for side in (-1, 1):
        sheet.plane(on(side, socket), SHADE, round_=0.7)
        eye(sheet, EYE, EYES, side)
        brow(sheet, ridge, [(26, -49), (54, -60), (88, -63), (124, -50)], (13.0, 2.8), INK, side)


def _mouth(sheet: Print) -> None:
    """A smile with the lips closed."""
    upper: list[Point] = [
        (-58, 163), (-34, 162), (-12, 156), (0, 159), (12, 156), (34, 162), (58, 163), (26, 174), (0, 177), (-26, 174),
    ]  # fmt: skip
    lower: list[Point] = [
        (-54, 166), (-26, 174), (0, 177), (26, 174), (54, 166), (42, 186), (20, 198), (-20, 198), (-42, 186),
    ]  # fmt: skip
    line: list[Point] = [(-68, 158), (-50, 166), (-22, 173), (0, 176), (22, 173), (50, 166), (68, 158)]
    sheet.plane(upper, UPPER_LIP)
    sheet.plane(lower, LIP)
    sheet.plane([(-34, 183), (-8, 184), (8, 185), (2, 191), (-18, 192)], LIP_LIGHT, round_=0.8)
    sheet.strokes([sheet.brush(line, 3.6, lambda t: 0.4 + 0.6 * math.sin(math.pi * t))], INK)
    sheet.strokes([sheet.brush([(-26, 204), (0, 208), (28, 203)], 4)], DEEP)
    for side in (-1, 1):
        sheet.strokes([sheet.brush(on(side, [(72, 148), (76, 158), (74, 168)]), 3.0)], DEEP, "face")
        sheet.strokes([sheet.brush(on(side, [(50, 98), (68, 118), (82, 142)]), 2.6)], SHADE, "face")


HATCHING: list[tuple[list[Point], list[Point], int, float, str, float, float]] = [
    ([(164, 30), (156, 90), (140, 150), (106, 214), (50, 262)], [(124, 44), (112, 100), (104, 146), (82, 196),
     (34, 240)], 36, 4.6, INK, 0.72, 0.03),
    ([(126, 50), (112, 100), (104, 146), (80, 200)], [(106, 56), (92, 96), (84, 138), (62, 190)],
     26, 2.4, SHADE, 0.7, 0.03),
    ([(-156, 110), (-134, 168), (-98, 220), (-50, 262)], [(-120, 132), (-104, 176), (-76, 212), (-34, 246)],
     20, 2.6, DEEP, 0.6, -0.03),
    ([(-128, 94), (-100, 108), (-72, 98), (-56, 74)], [(-118, 128), (-90, 136), (-54, 118), (-36, 84)],
     24, 2.8, LIGHT, 0.5, 0.0),
    ([(-90, -84), (-50, -86), (0, -78), (46, -104)], [(-92, -48), (-48, -44), (6, -42), (72, -88)],
     30, 2.8, LIGHT, 0.5, 0.0),
]  # fmt: skip
"""From where, to where, how many cuts, how wide, in which colour, how far they reach, how they bend."""


def _hatching(sheet: Print) -> None:
    for first, second, count, width, colour, reach, bend in HATCHING:
        cuts = sheet.sweep(first, second, Cuts(count, width, bend=bend, loose=0.35, inset=(-0.12, reach), ragged=0.12))
        sheet.strokes(cuts, colour, "face")


LEFT_OUTER: list[Point] = [(-58, -288), (-124, -260), (-178, -186), (-196, -90), (-200, 40), (-190, 150), (-166, 214)]
LEFT_INNER: list[Point] = [(-64, -228), (-98, -180), (-134, -122), (-152, -54), (-158, 40), (-154, 140), (-150, 206)]
RIGHT_OUTER: list[Point] = [(-42, -288), (52, -290), (140, -238), (186, -146), (196, -30), (194, 90), (168, 210)]
RIGHT_INNER: list[Point] = [(-54, -222), (4, -186), (74, -156), (124, -114), (152, -54), (162, 60), (154, 196)]
"""The way that the hair falls on either side of the parting."""


def _hair(sheet: Print) -> None:
    """The front of the bob: parted on one side, the longer half swept across the forehead."""
    swept: list[Point] = [
        (-54, -292), (40, -300), (122, -268), (172, -208), (194, -118), (200, -20), (202, 80), (196, 160), (178, 214),
        (150, 226), (146, 190), (154, 130), (158, 60), (154, -10), (142, -62), (116, -106), (70, -142), (14, -164),
        (-40, -182), (-66, -214),
    ]  # fmt: skip
    short: list[Point] = [
        (-52, -290), (-114, -270), (-168, -206), (-194, -120), (-204, -30), (-206, 60), (-200, 150), (-184, 212),
        (-154, 228), (-146, 196), (-154, 140), (-158, 70), (-154, 0), (-146, -60), (-128, -112), (-100, -152),
        (-70, -186), (-60, -220),
    ]  # fmt: skip
    sheet.plane(swept, INK, round_=0.9)
    sheet.plane(short, INK, round_=0.9)
    strands: list[tuple[list[Point], list[Point], int, float, str, tuple[float, float]]] = [
        (LEFT_OUTER, LEFT_INNER, 17, 4.0, SHINE, (0.1, 0.36)),
        (LEFT_OUTER, LEFT_INNER, 13, 2.2, SHINE_LOW, (0.5, 0.84)),
        (RIGHT_OUTER, RIGHT_INNER, 19, 3.0, SHINE, (0.14, 0.38)),
        (RIGHT_OUTER, RIGHT_INNER, 12, 1.8, SHINE_LOW, (0.56, 0.86)),
    ]
    for first, second, count, width, colour, span in strands:
        sheet.strokes(sheet.flow(first, second, count, width, span=span, ragged=0.07), colour)
    outside = [(-50, -302), (60, -306), (160, -238), (208, -120)]
    inside = [(-50, -290), (60, -292), (150, -232), (196, -120)]
    sheet.strokes(sheet.flow(outside, inside, 14, 4.0, span=(0.3, 0.7), ragged=0.28), INK)
    above, below = [(-58, -214), (14, -164), (70, -140), (128, -84)], [(-56, -206), (8, -150), (66, -126), (122, -70)]
    sheet.strokes(sheet.flow(above, below, 9, 5.0, span=(0.35, 0.9), ragged=0.12), INK)
