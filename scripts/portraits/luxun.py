"""Lu Xun, frontal, in the manner of the new woodcut that he championed; the light comes from the viewer's left."""

from __future__ import annotations

import math

from portraits.features import Eye, EyeColours, Wood, brow, eye, flecks, ground
from portraits.seal import seal
from portraits.woodcut import Cuts, Line, Point, Print, along, curve, disc, even, mirrored, on, outline

PAPER, LIGHT, SKIN, SHADE, DEEP, INK = "#eddfbf", "#f0deb9", "#e2c698", "#c39d6e", "#8d6642", "#1e1814"
LIP, UPPER_LIP, LIP_LIGHT = "#b98a64", "#a67853", "#cfa27a"
CLOTH, THREAD, SEAL = "#211b19", "#b79b6c", "#a5301e"
WOOD = Wood(plain="#b79b6c", standing="#7d6342", cleared="#dcc79c")
EYES = EyeColours("#f1e5cb", "#c8b48d", "#2f1f16", "#4b3322", "#120d0a", INK, DEEP, SHADE)

FACE = outline([
    (0, -170), (84, -168), (136, -150), (153, -92), (156, -32), (164, 18), (163, 56), (152, 104), (143, 148),
    (131, 194), (112, 233), (78, 262), (42, 277), (0, 280),
])  # fmt: skip


def draw() -> str:
    """The portrait as SVG."""
    sheet = Print(1024, seed=1881, origin=(512.0, 432.0))
    ground(sheet, WOOD, _brightness, slant=-0.3)
    _gown(sheet)
    _neck(sheet)
    _collar(sheet)
    _ears(sheet)
    _head(sheet)
    _nose(sheet)
    _eyes(sheet)
    _mouth(sheet)
    _hatching(sheet)
    _creases(sheet)
    _moustache(sheet)
    _hair(sheet)
    seal(sheet, (-466, 262), SEAL, PAPER)
    return sheet.svg("鲁迅 Lu Xun")


def _brightness(x: float, y: float) -> float:
    """The ground: dark beside the lit cheek, bright beside the shadowed one and around the head."""
    glow = math.exp(-((math.hypot(x - 40, y + 60) / 330) ** 4))
    slope = 0.5 + 0.42 * math.tanh(x / 190) - 0.2 * (y + 100) / 600
    return max(0.0, min(1.0, 0.75 * slope + 0.35 * glow))


def _gown(sheet: Print) -> None:
    """The changshan, black, with the cuts of its folds."""
    body: list[Point] = [
        (-92, 300), (-140, 344), (-240, 376), (-350, 410), (-430, 466), (-488, 560), (-520, 700), (520, 700),
        (490, 560), (436, 468), (356, 410), (240, 376), (140, 344), (92, 300),
    ]  # fmt: skip
    sheet.plane(body, CLOTH)
    clip = sheet.clip("body", body)
    lit: list[tuple[list[Point], list[Point], int, float, float, tuple[float, float]]] = [
        (
            [(-440, 470), (-340, 412), (-190, 372)],
            [(-400, 640), (-310, 640), (-236, 640)],
            30,
            4.6,
            -0.05,
            (0.02, 0.62),
        ),
        ([(-440, 560), (-380, 520), (-300, 520)], [(-470, 640), (-380, 640), (-290, 640)], 12, 3.2, 0.04, (0.0, 1.0)),
        ([(-170, 372), (-150, 400), (-120, 440)], [(-236, 520), (-214, 560), (-190, 600)], 12, 2.6, 0.05, (0.1, 0.8)),
    ]
    for first, second, count, width, bend, inset in lit:
        cuts = sheet.sweep(first, second, Cuts(count, width, bend=bend, loose=0.8, inset=inset, ragged=0.14))
        sheet.strokes(cuts, THREAD, clip)
    first, second = [(436, 480), (330, 404), (180, 366)], [(400, 640), (300, 640), (180, 640)]
    cuts = sheet.sweep(first, second, Cuts(30, 2.2, bend=0.05, loose=0.8, inset=(0.04, 0.5), ragged=0.14))
    sheet.strokes(cuts, DEEP, clip)
    flecks(sheet, DEEP, clip, 420)
    _fastening(sheet, clip)


def _fastening(sheet: Print, clip: str) -> None:
    """The flap that closes to the wearer's right, and its knotted buttons."""
    seam: list[Point] = [(0, 436), (-40, 462), (-110, 482), (-176, 510), (-214, 556), (-232, 640)]
    sheet.strokes([sheet.brush(seam, 5, even)], THREAD, clip)
    sheet.strokes([sheet.brush([(x + 7, y + 10) for x, y in seam], 2, even)], DEEP, clip)
    for t in (0.24, 0.78):
        (x, y), ahead = along(curve(seam), t), along(curve(seam), t + 0.02)
        length = math.dist((x, y), ahead)
        across, down = (ahead[1] - y) / length, (x - ahead[0]) / length
        for shift, colour, width in ((0.0, CLOTH, 15.0), (3.4, THREAD, 3.4), (-3.4, PAPER, 3.4)):
            middle = x + shift * down, y - shift * across
            bar = [(middle[0] + k * across, middle[1] + k * down) for k in (-30, 0, 30)]
            sheet.strokes([sheet.brush(bar, width, even)], colour, clip)
        sheet.fill(disc(x, y, 9), CLOTH, clip)
        sheet.fill(disc(x - 0.6, y - 0.6, 6.5), PAPER, clip)


def _neck(sheet: Print) -> None:
    sheet.plane([(-100, 180), (-100, 320), (-40, 392), (0, 404), (40, 392), (100, 320), (100, 180)], SHADE)
    name = sheet.clip("neck", [(-100, 200), (-100, 320), (-40, 396), (40, 396), (100, 320), (100, 200)])
    shadow: list[Point] = [
        (-104, 214), (-92, 262), (-60, 296), (-10, 312), (18, 338), (26, 410), (100, 350), (110, 220),
    ]  # fmt: skip
    sheet.plane(shadow, DEEP, round_=0.6)
    dark: list[Point] = [
        (-84, 240), (-40, 288), (10, 292), (60, 284), (120, 220), (120, 330), (88, 330), (64, 308), (0, 302),
        (-52, 292),
    ]  # fmt: skip
    sheet.plane(dark, INK, name, round_=0.7)
    first: Line = [(110, 300), (100, 330), (60, 372), (30, 396)]
    cuts = sheet.sweep(
        first,
        [(0, 296), (14, 318), (20, 348), (14, 392)],
        Cuts(15, 5.4, bend=-0.03, loose=0.3, inset=(-0.1, 0.8), ragged=0.12),
    )
    sheet.strokes(cuts, INK, name)
    cuts = sheet.sweep(
        [(-104, 262), (-100, 300), (-70, 340)],
        [(-30, 304), (-36, 324), (-30, 346)],
        Cuts(8, 2.6, bend=0.04, loose=0.3, inset=(0.1, 0.8), ragged=0.12),
    )
    sheet.strokes(cuts, DEEP, name)


def _collar(sheet: Print) -> None:
    """The white edge of the undercollar, and the standing collar over it."""
    inner: list[Point] = [
        (104, 262), (92, 306), (60, 344), (24, 368), (2, 378), (2, 398), (40, 384), (84, 344), (108, 296),
    ]  # fmt: skip
    outer: list[Point] = [
        (112, 266), (104, 312), (70, 354), (30, 380), (1, 392), (0, 452), (54, 432), (112, 394), (142, 348),
        (134, 296),
    ]  # fmt: skip
    for side, linen, edge, width in ((1, SHADE, DEEP, 2.4), (-1, PAPER, THREAD, 5.0)):
        sheet.plane(on(side, inner), linen, round_=0.8)
        sheet.plane(on(side, outer), CLOTH, round_=0.8)
        rim = on(side, [(114, 272), (106, 315), (72, 357), (32, 383), (3, 394)])
        sheet.strokes([sheet.brush(rim, width)], THREAD)
        foot = on(side, [(146, 352), (116, 398), (58, 436), (3, 456)])
        sheet.strokes([sheet.brush(foot, width)], edge)
        first, second = [(116, 300), (104, 334), (60, 374)], [(136, 344), (118, 378), (64, 418)]
        cuts = sheet.sweep(
            on(side, first), on(side, second), Cuts(9, 0.9 * width, loose=0.6, inset=(0.1, 0.75), ragged=0.1)
        )
        sheet.strokes(cuts, edge)
    sheet.strokes([sheet.brush([(1, 390), (2, 420), (0, 454)], 3)], THREAD)


def _ears(sheet: Print) -> None:
    rim: list[Point] = [(146, -26), (170, -40), (194, -26), (197, 12), (187, 58), (172, 100), (150, 92)]
    skin: list[Point] = [(146, -20), (169, -34), (189, -22), (192, 12), (182, 56), (169, 93), (150, 86)]
    for side, tone, line in ((-1, SKIN, DEEP), (1, SHADE, INK)):
        sheet.plane(on(side, rim), INK)
        sheet.plane(on(side, skin), tone)
        folds = [
            sheet.brush(on(side, [(158, -12), (172, -22), (181, -8), (180, 20), (170, 48)]), 6),
            sheet.brush(on(side, [(158, 14), (168, 28), (166, 52), (158, 66)]), 9),
        ]
        sheet.strokes(folds, line)


LIGHTS: list[list[Point]] = [
    [(-128, -130), (-84, -150), (20, -156), (62, -148), (50, -112), (22, -84), (-12, -76), (-48, -86), (-96, -84),
     (-122, -96)],
    [(-146, 22), (-112, 32), (-72, 46), (-60, 66), (-76, 92), (-104, 108), (-134, 92), (-152, 62)],
    [(-40, 246), (-16, 236), (14, 238), (18, 256), (0, 268), (-30, 266)],
    [(-118, 150), (-98, 158), (-90, 186), (-96, 204), (-112, 190)],
]  # fmt: skip
"""Forehead, lit cheekbone, chin, and the cheek beside the mouth."""

SHADES: list[list[Point]] = [
    [(180, -180), (122, -160), (112, -120), (120, -84), (136, -46), (134, -20), (142, 14), (138, 40), (112, 66),
     (96, 96), (92, 128), (98, 166), (88, 204), (66, 238), (34, 262), (20, 290), (60, 330), (220, 240), (200, 0)],
    [(-180, 70), (-154, 92), (-126, 112), (-108, 128), (-112, 142), (-126, 148), (-124, 190), (-104, 226), (-70, 254),
     (-34, 272), (-26, 310), (-180, 250)],
    [(-170, -120), (-146, -116), (-138, -84), (-142, -46), (-134, -30), (-146, -14), (-170, -10)],
    [(-36, 212), (-12, 216), (14, 216), (38, 210), (30, 228), (8, 238), (-16, 236), (-30, 226)],
]  # fmt: skip
"""The turned side from the temple to the jaw, the hollow of the lit cheek, its temple, and beneath the lower lip."""


def _head(sheet: Print) -> None:
    """The face's outline, thicker in the shade, and its planes as a knife would divide them."""
    sheet.plane([(x * 1.018 + 1.2, y * 1.008 + (2.5 if y > 230 else 0)) for x, y in FACE], INK)
    sheet.plane(FACE, SKIN)
    clip = sheet.clip("face", FACE)
    for points in LIGHTS:
        sheet.plane(points, LIGHT, clip, round_=0.45)
    for points in SHADES:
        sheet.plane(points, SHADE, clip, round_=0.45)


def _nose(sheet: Print) -> None:
    planes: list[tuple[list[Point], str]] = [
        ([(20, -44), (34, -34), (26, -4), (22, 24), (30, 56), (46, 78), (54, 100), (40, 112), (16, 104), (20, 84),
          (14, 52), (10, 10), (12, -24)], SHADE),
        ([(-24, -44), (-14, -36), (-16, -8), (-22, 14), (-32, 4), (-34, -20)], SHADE),
        ([(-12, -34), (4, -36), (8, 10), (10, 54), (16, 80), (8, 96), (-12, 96), (-20, 82), (-14, 52),
          (-10, 8)], LIGHT),
        ([(-44, 86), (-36, 78), (-30, 90), (-33, 101), (-44, 99)], LIGHT),
        ([(-46, 104), (-34, 107), (-20, 102), (-8, 108), (6, 110), (22, 102), (38, 106), (50, 100), (45, 114),
          (26, 120), (4, 127), (-18, 121), (-38, 116)], DEEP),
    ]  # fmt: skip
    for points, colour in planes:
        sheet.plane(points, colour, "face", round_=0.6)
    wings: list[tuple[list[Point], float]] = [
        ([(-42, 82), (-49, 93), (-48, 106), (-39, 113), (-31, 111)], 3.2),
        ([(40, 74), (51, 90), (51, 106), (40, 114), (31, 111)], 6.0),
        ([(-33, 111), (-21, 104.5), (-9, 112)], 8.5),
        ([(33, 111), (21, 104), (9, 112)], 9.5),
        ([(-7, 117), (1, 121), (11, 115)], 3.4),
    ]
    sheet.strokes([sheet.brush(points, width) for points, width in wings], INK)
    bridge = sheet.sweep(
        [(22, -36), (18, 0), (18, 50), (24, 84)],
        [(34, -30), (30, 8), (40, 62), (50, 90)],
        Cuts(18, 2.6, bend=0.06, loose=0.3, inset=(0.05, 0.85), ragged=0.12),
    )
    sheet.strokes(bridge, DEEP, "face")


EYE = Eye(
    upper=[(41, 10), (50, 1), (62, -5.5), (75, -7), (91, -4), (107, 5)],
    lower=[(107, 5), (95, 11), (78, 14.5), (61, 14.5), (49, 13), (41, 10)],
    lid=[(34, 15), (41, 7), (50, -2), (63, -8.5), (78, -10.5), (94, -7), (109, 4), (120, 13)],
    crease=[(38, -3), (50, -14), (70, -20), (95, -18), (115, -6), (128, 9)],
    rim=[(45, 15), (60, 18), (77, 18.5), (94, 15), (108, 8)],
    bag=[(42, 25), (60, 34), (82, 34), (106, 22)],
    iris=(73.5, 1.5, 14.2),
    strokes=(8.6, 3.6, 2.6, 4.0),
)


def _eyes(sheet: Print) -> None:
    """Calm eyes under level brows: "with a stern brow I coolly face a thousand pointing fingers"."""
    socket: list[Point] = [
        (22, -30), (46, -38), (80, -40), (112, -34), (127, -14), (118, 4), (106, -6), (84, -17), (60, -18), (42, -6),
        (30, 8), (24, -4),
    ]  # fmt: skip
    ridge: list[Point] = [
        (19, -31), (23, -47), (50, -57), (84, -66), (116, -63), (143, -36), (116, -46), (86, -48), (56, -40),
        (36, -29),
    ]  # fmt: skip
    for side in (-1, 1):
        sheet.plane(on(side, socket), SHADE, round_=0.7)
        eye(sheet, EYE, EYES, side)
        brow(sheet, ridge, [(20, -33), (52, -47), (90, -55), (134, -42)], (23.0, 4.4), INK, side)


def _mouth(sheet: Print) -> None:
    upper: list[Point] = [
        (-58, 184), (-34, 175), (-12, 167.5), (0, 170), (12, 167.5), (34, 175), (58, 184), (22, 187), (0, 188.5),
        (-22, 187),
    ]  # fmt: skip
    lower: list[Point] = [
        (-54, 185), (-24, 187), (0, 188), (24, 187), (54, 185), (40, 198), (18, 207), (-18, 207), (-40, 198),
    ]  # fmt: skip
    line: list[Point] = [
        (-66, 180), (-44, 183.5), (-16, 185.5), (0, 188.5), (16, 185.5), (44, 183.5), (66, 180),
    ]  # fmt: skip
    shadow: list[Point] = [(-54, 174), (-20, 150), (20, 150), (54, 174), (30, 182), (-30, 182)]
    sheet.plane(shadow, SHADE, round_=0.5)
    sheet.plane(upper, UPPER_LIP)
    sheet.plane(lower, LIP)
    sheet.plane([(-38, 194), (-8, 192), (8, 193), (2, 201), (-20, 202)], LIP_LIGHT, round_=0.7)
    sheet.strokes([sheet.brush(line, 4.2, lambda t: 0.6 + 0.4 * math.sin(math.pi * t))], INK)
    sheet.strokes([sheet.brush([(-30, 212), (0, 217), (34, 211)], 5)], DEEP)


def _moustache(sheet: Print) -> None:
    """One broad stroke, as the character for "one" is written in clerical script; it leaves the upper lip free."""
    half_top: list[Point] = [(-82, 164), (-70, 145), (-46, 131), (-18, 125), (0, 127)]
    half_low: list[Point] = [(-85, 175), (-65, 176), (-42, 170), (-16, 161), (0, 163)]
    top, low = [*half_top, *mirrored(half_top)[1:]], [*half_low, *mirrored(half_low)[1:]]
    sheet.plane([*top, *reversed(low)], INK)
    hairs: list[str] = []
    cuts: list[str] = []
    fine_top, fine_low = curve(top), curve(low)
    for k in range(84):
        t = (k + 0.5) / 84
        side = 2 * t - 1
        a, b = along(fine_top, t), along(fine_low, t)
        root = a[0] - 3 * side + sheet.jitter(2), a[1] - 3 + sheet.jitter(3)
        tip = b[0] + 9 * side + sheet.jitter(2), b[1] + 2.5 + sheet.jitter(2.5)
        hairs.append(sheet.gouge(root, tip, 3.4, -0.06 * side))
        if 0.05 < abs(side) < 0.85 and k % 3 == 0:
            high, deep = 0.2 + sheet.jitter(0.1), 0.72 + sheet.jitter(0.12)
            one = a[0] + (b[0] - a[0]) * high, a[1] + (b[1] - a[1]) * high
            two = a[0] + (b[0] - a[0]) * deep + 6 * side, a[1] + (b[1] - a[1]) * deep
            cuts.append(sheet.gouge(one, two, 1.3 if side < 0 else 0.7, -0.06 * side))
    sheet.strokes(hairs, INK)
    sheet.strokes(cuts, DEEP)


HATCHING: list[tuple[list[Point], list[Point], int, float, str, float, float]] = [
    # the turned side, from the temple to the chin, and where its shade meets the skin
    ([(158, -160), (158, -80), (158, -16)], [(112, -132), (124, -76), (136, -20)], 19, 4.4, INK, 0.75, 0.03),
    ([(172, -8), (168, 80), (150, 160), (118, 240), (60, 284)], [(134, 6), (92, 96), (92, 158), (80, 208), (34, 256)],
     42, 5.6, INK, 0.8, 0.03),
    ([(134, 40), (100, 92), (94, 160), (78, 208)], [(108, 44), (74, 84), (74, 150), (56, 200)],
     30, 2.6, SHADE, 0.75, 0.03),
    # the lit side turns away only at its edge
    ([(-170, 86), (-150, 150), (-118, 238), (-60, 284)], [(-120, 112), (-124, 156), (-92, 218), (-36, 268)],
     26, 3.2, DEEP, 0.7, -0.03),
    ([(-128, 108), (-122, 160), (-100, 220), (-56, 262)], [(-92, 104), (-98, 148), (-76, 200), (-36, 246)],
     24, 2.2, SHADE, 0.7, -0.03),
    # where the light of forehead and cheekbone meets the skin
    ([(-120, -100), (-60, -86), (20, -84), (60, -120)], [(-116, -62), (-56, -46), (18, -46), (98, -108)],
     34, 3.0, LIGHT, 0.5, 0.0),
    ([(-134, 90), (-100, 104), (-72, 90), (-58, 62)], [(-124, 128), (-90, 134), (-52, 114), (-32, 72)],
     26, 3.0, LIGHT, 0.5, 0.0),
]  # fmt: skip
"""From where, to where, how many cuts, how wide, in which colour, how far they reach, how they bend."""


def _hatching(sheet: Print) -> None:
    """Cuts that follow the turn of the forms."""
    for first, second, count, width, colour, reach, bend in HATCHING:
        cuts = sheet.sweep(first, second, Cuts(count, width, bend=bend, loose=0.35, inset=(-0.12, reach), ragged=0.12))
        sheet.strokes(cuts, colour, "face")


def _creases(sheet: Print) -> None:
    """What fifty years leave: folds beside nose and mouth, between the brows and on the forehead."""
    for side, colour, width in ((-1, DEEP, 3.6), (1, INK, 5.0)):
        fold = on(side, [(58, 104), (74, 124), (88, 150), (94, 166)])
        sheet.strokes([sheet.brush(fold, width)], colour, "face")
        sheet.strokes([sheet.brush(on(side, [(84, 194), (88, 206), (84, 218)]), 3.0)], DEEP, "face")
    frown = [
        sheet.brush([(-11, -62), (-14, -48), (-11, -38)], 3.2),
        sheet.brush([(12, -64), (15, -48), (12, -36)], 4.0),
    ]
    sheet.strokes(frown, DEEP)
    forehead = [
        sheet.brush([(-66, -104), (-20, -109), (30, -107), (84, -100)], 2.8),
        sheet.brush([(-34, -126), (20, -129), (66, -124)], 2.2),
    ]
    sheet.strokes(forehead, SHADE)


SCALP: list[Point] = [
    (-160, 30), (-172, 0), (-182, -60), (-188, -130), (-182, -196), (-160, -246), (-112, -278), (-40, -290),
    (40, -292), (108, -282), (158, -250), (184, -196), (190, -130), (184, -60), (174, 0), (160, 30),
]  # fmt: skip
HAIRLINE: list[Point] = [
    (-148, 34), (-146, -10), (-146, -76), (-138, -124), (-124, -146), (-84, -152), (-40, -160), (20, -163), (80, -156),
    (126, -144), (140, -120), (147, -76), (148, -10), (148, 34),
]  # fmt: skip
TIPS: list[Point] = [
    (-164, 16), (-180, -36), (-192, -104), (-200, -166), (-201, -226), (-180, -278), (-128, -318), (-50, -340),
    (40, -346), (118, -326), (176, -280), (202, -226), (204, -166), (195, -104), (183, -36), (164, 16),
]  # fmt: skip


def _hair(sheet: Print) -> None:
    """Hair that stands up like a brush: a black block, its bristles, and the cuts in which the light catches."""
    sheet.plane([*SCALP, *reversed(HAIRLINE)], INK, round_=0.8)
    bristles = sheet.sweep(SCALP, TIPS, Cuts(150, 7.5, bend=0.03, loose=2.2, inset=(-0.9, 0.8), ragged=0.32))
    roots = sheet.sweep(HAIRLINE, SCALP, Cuts(130, 4.0, loose=1.5, inset=(-0.06, 0.3), ragged=0.06))
    sheet.strokes(bristles + roots, INK)
    shine = sheet.sweep(
        [(-152, -50), (-152, -130), (-118, -166), (-50, -176), (40, -180)],
        [(-184, -70), (-192, -190), (-150, -262), (-60, -300), (52, -304)],
        Cuts(54, 4.6, last=2.0, bend=0.03, loose=1.6, inset=(0.28, 0.9), ragged=0.22),
    )
    sheet.strokes(shine, THREAD)
    bright = sheet.sweep(
        [(-146, -140), (-110, -180), (-60, -190)],
        [(-178, -214), (-136, -268), (-70, -298)],
        Cuts(16, 3.6, bend=0.03, loose=1.6, inset=(0.3, 0.9), ragged=0.22),
    )
    sheet.strokes(bright, PAPER)
    rim = sheet.sweep(
        [(70, -186), (140, -160), (158, -60)],
        [(100, -292), (184, -216), (188, -76)],
        Cuts(30, 2.2, bend=-0.02, loose=1.6, inset=(0.3, 0.85), ragged=0.2),
    )
    sheet.strokes(rim, DEEP)
