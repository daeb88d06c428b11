"""How good a photograph is for this purpose, told in sentences: what is not as it should be, and what will suffer.

What can be told robustly: size, blur, the head's turn, a mouth that is open, faces cut by the edge, light, grain, hands
in front (a palm network), the frame of a pair of glasses (a line across the bridge of the nose), eyes that are shut.
What cannot, and is not claimed: rimless glasses, dark glasses against closed eyes, hair over the eyes, make-up, a face
that is not a person's. The limits were set on four old portraits, two woodcuts, and on the same blurred, grained,
spectacled and with lids shut by our own renderer (tests/integration/face/test_quality.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from avatar.errors import PhotoError
from avatar.face.landmarks import COMPARABLE, Face, FaceFinder, Points, chosen_face, place_of
from avatar.face.measures import Measures, measure
from avatar.face.photo import Photograph
from avatar.stages import ONLY_FACE, FaceChoice

Weight = Literal["note", "warning", "error"]
"""A note will hardly show, a warning will, an error must be mended first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a photograph, in both languages.

    Attributes:
        code: stable, in snake_case.
    """

    code: str
    weight: Weight
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found in a photograph.

    Attributes:
        faces: the largest first.
        number: of the face that was looked at, from 1; None where none could be, or it was marked by hand.
        points: its landmarks, or None.
        measures: of that face, or None.
        findings: the gravest first.
    """

    faces: tuple[Face, ...]
    number: int | None
    points: Points | None
    measures: Measures | None
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Whether this face can be animated as things are."""
        return self.points is not None and all(finding.weight != "error" for finding in self.findings)


def examine(photo: Photograph, finder: FaceFinder, choice: FaceChoice = ONLY_FACE) -> Examination:
    """Look at a photograph: who is in it, and what about it will be seen in the film."""
    findings = _of_the_file(photo)
    faces = [] if choice.marks is not None else finder.faces(photo.pixels)
    points, number = None, None
    try:
        if choice.marks is not None:
            points = finder.chosen(photo.pixels, choice)
        else:
            face = chosen_face(faces, choice, photo.pixels)
            number = faces.index(face) + 1
            points = finder.landmarks(photo.pixels, face)
    except PhotoError as error:
        findings.append(Finding(error.code, "error", error.en, error.zh))
    measures = None
    if points is not None:
        measures = measure(photo.pixels, points)
        findings += of_the_face(measures, finder.hands(photo.pixels, points))
        if choice == ONLY_FACE and len(faces) > 1:
            findings.append(_bystanders(len(faces) - 1))
    order: dict[Weight, int] = {"error": 0, "warning": 1, "note": 2}
    ordered = sorted(findings, key=lambda finding: order[finding.weight])
    return Examination(tuple(faces), number, points, measures, tuple(ordered))


def places(examination: Examination, photo: Photograph) -> list[tuple[str, str]]:
    """Where each face is, in English and in Chinese."""
    height, width = photo.pixels.shape[:2]
    return [place_of(face, width, height) for face in examination.faces]


def rivals(examination: Examination) -> int:
    """How many faces are of comparable size, so that one has to be chosen."""
    faces = examination.faces
    return sum(face.height >= COMPARABLE * faces[0].height for face in faces)


def of_the_face(measures: Measures, hands: float) -> list[Finding]:
    """What a face's measures say.

    Args:
        hands: the share of the face behind hands, 0..1.
    """
    found = [
        _size(measures.height),
        _sharpness(measures.blur),
        _turn(measures),
        _eyes(measures),
        _mouth(measures.mouth),
        _covered(hands),
        _glasses(measures.bridge) if abs(measures.roll) < 35 else None,
        _cut(measures.inside),
        *_light(measures),
        _grain(measures.noise),
    ]
    return [finding for finding in found if finding is not None]


def _size(height: float) -> Finding | None:
    if height >= 160:
        return None
    shown = f"{height:.0f}"
    if height < 80:
        return Finding(
            "face_small",
            "warning",
            f"The face is only {shown} pixels high: skin and teeth will look soft and painted. "
            "Scan it larger, or let it be enlarged.",
            f"脸只有 {shown} 像素高:皮肤和牙齿会显得模糊、像画的。请扫描得大一些,或使用放大修复。",
        )
    return Finding(
        "face_small",
        "note",
        f"The face is {shown} pixels high: fine detail will be missing in a large film.",
        f"脸有 {shown} 像素高:大尺寸视频里会缺少细节。",
    )


def _sharpness(blur: float) -> Finding | None:
    if blur < 0.68:
        return None
    if blur > 0.76:
        return Finding(
            "blurred",
            "warning",
            "The face is blurred: the painted teeth and lids will look sharper than the face around them.",
            "脸很模糊:合成的牙齿和眼睑会比周围更清晰,看得出不一致。",
        )
    return Finding("soft", "note", "The face is a little soft; the film will be, too.", "脸略有些模糊,视频也会如此。")


def _turn(measures: Measures) -> Finding | None:
    yaw, pitch = abs(measures.yaw), measures.pitch
    if abs(measures.roll) > 35:
        return Finding(
            "lying",
            "warning",
            "The head lies on its side: turn the picture upright first, or lids and lips are found less exactly.",
            "头是横着的:请先把图片转正,否则眼睑和嘴唇找得不够准。",
        )
    if yaw > 22:
        return Finding(
            "turned_away",
            "warning",
            f"The head is turned about {yaw:.0f} degrees aside: it will hardly turn in the film, and the far corner of "
            "the mouth moves less.",
            f"头侧转了约 {yaw:.0f} 度:视频里头部几乎不会转动,远侧的嘴角动得较少。",
        )
    if abs(pitch) > 18:
        en, zh = ("up", "仰起") if pitch > 0 else ("down", "低下")
        return Finding(
            "tilted",
            "warning",
            f"The head is tilted {en} about {abs(pitch):.0f} degrees: the mouth is foreshortened and its shapes are "
            "less clear.",
            f"头{zh}约 {abs(pitch):.0f} 度:嘴部有透视变形,口型会不够清楚。",
        )
    if yaw > 15:
        return Finding(
            "turned_aside",
            "note",
            f"The head is turned about {yaw:.0f} degrees aside: it will turn less in the film.",
            f"头侧转了约 {yaw:.0f} 度:视频里头部转动会小一些。",
        )
    return None


def _eyes(measures: Measures) -> Finding | None:
    opening, dark = (sum(pair) / 2 for pair in (measures.eyes, measures.irises))
    if opening * dark >= 0.075:
        return None
    return Finding(
        "eyes_closed",
        "warning",
        "The eyes look closed, or nearly so: there is no eye to show, so they will stay as they are and only the mouth "
        "lives.",
        "眼睛看起来闭着或几乎闭着:没有可显示的眼球,视频里眼睛会保持原样,只有嘴在动。",
    )


def _mouth(gap: float) -> Finding | None:
    if gap < 0.13:
        return None
    return Finding(
        "mouth_open",
        "warning",
        "The mouth is open or shows teeth: they stay while it is at rest and are painted over while it speaks.",
        "嘴张着或露出牙齿:静止时保留原样,说话时会被合成的口腔盖住。",
    )


def _covered(hands: float) -> Finding | None:
    if hands < 0.04:
        return None
    return Finding(
        "hand_on_face",
        "warning",
        "A hand seems to cover part of the face: it will be stretched along with the skin beneath it.",
        "似乎有手遮住了部分脸:它会跟着下面的皮肤一起变形。",
    )


def _glasses(bridge: float) -> Finding | None:
    if bridge < 0.22:
        return None
    return Finding(
        "glasses",
        "note",
        "There seem to be glasses: the frame moves with the skin, and blinks pass behind it less cleanly.",
        "似乎戴着眼镜:镜框会随皮肤移动,眨眼时不够干净。",
    )


def _cut(inside: float) -> Finding | None:
    if inside > 0.97:
        return None
    return Finding(
        "face_cut",
        "warning",
        "The edge of the picture cuts through the face: what is missing is only smeared on when the head moves.",
        "图片边缘切到了脸:头部移动时,缺少的部分只能用边缘像素补上。",
    )


def _light(measures: Measures) -> list[Finding]:
    found = []
    if measures.contrast < 55:
        found.append(
            Finding(
                "faded",
                "warning",
                "The face is pale and faded: lips and lids hardly stand out. Let the levels be restored.",
                "脸色灰淡、褪色:嘴唇和眼睑不分明。建议使用褪色修复。",
            )
        )
    if measures.light < 45 or measures.light > 232:
        en, zh = ("too dark", "太暗") if measures.light < 45 else ("overexposed", "过曝")
        found.append(
            Finding(
                "exposure", "warning", f"The face is {en}: its features can hardly be told.", f"脸{zh}:五官难以分辨。"
            )
        )
    if measures.balance < 0.4:
        found.append(
            Finding(
                "half_in_shadow",
                "note",
                "Half of the face lies in shadow: the painted mouth may look too light on that side.",
                "半边脸在阴影里:合成的口腔在那一侧可能显得偏亮。",
            )
        )
    return found


def _grain(noise: float) -> Finding | None:
    if noise < 6:
        return None
    return Finding(
        "grainy",
        "note",
        "The picture is grainy: the grain will move with the skin. Let the noise be removed.",
        "照片颗粒较重:颗粒会跟着皮肤移动。建议使用降噪修复。",
    )


def _of_the_file(photo: Photograph) -> list[Finding]:
    found = []
    if photo.pictures > 1:
        found.append(
            Finding(
                "several_pictures",
                "note",
                f"The file holds {photo.pictures} pictures; the first is used.",
                f"文件里有 {photo.pictures} 张图片,只使用第一张。",
            )
        )
    if photo.black_and_white:
        found.append(
            Finding(
                "black_and_white",
                "warning",
                "The scan has only black and white, no greys: the film will show its dots. Scan it again in greys.",
                "扫描件只有黑白两色,没有灰阶:视频里会看到网点。请用灰度重新扫描。",
            )
        )
    return found


def _bystanders(count: int) -> Finding:
    return Finding(
        "bystanders",
        "note",
        f"There {'is another, smaller face' if count == 1 else f'are {count} other, smaller faces'} in the picture; "
        "the largest one speaks.",
        f"图片里还有 {count} 张较小的脸;说话的是最大的那张。",
    )
