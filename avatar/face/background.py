"""Another background behind the person: out of focus, a colour, a picture, or none."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from avatar.errors import InputError
from avatar.face.matte import fill_smoothly, foreground
from avatar.face.photo import load_photo
from avatar.face.rig import Rig, texture_of
from avatar.media import Pixels
from avatar.stages import OWN_BACKGROUND, Background

_BLUR = 0.035  # of the picture's side
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LONGEST = 4096  # characters of a path that are looked at


def background_of(text: str) -> Background:
    """What a person wrote: keep, blur, transparent, a colour as #rrggbb, or the file of a picture.

    Raises:
        InputError: it is none of these.
    """
    if text == "keep":
        return OWN_BACKGROUND
    if text == "blur":
        return Background("blur")
    if text == "transparent":
        return Background("transparent")
    if _COLOUR.fullmatch(text):
        return Background("colour", (int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)))
    if text and len(text) < _LONGEST and "\0" not in text and Path(text).is_file():
        return Background("picture", picture=Path(text))
    raise InputError(
        f"The background is keep, blur, transparent, a colour such as #1e3a5f or a picture's file, not {text[:60]!r}.",
        f"背景可以是 keep(原样)、blur(虚化)、transparent(透明)、#1e3a5f 这样的颜色或图片文件,不能是 {text[:60]!r}。",
        code="bad_background",
    )


def before(rig: Rig, background: Background) -> Rig:
    """A rig with the person before another background; the same rig where it is the photograph's own.

    A transparent one has the person's colours continued as its colours, so that the edge is of no other.

    Raises:
        PhotoError: the picture cannot be read.
    """
    if background.kind == "keep":
        return rig
    person = foreground(rig.picture, rig.cut)
    return replace(rig, matte=rig.cut, texture=texture_of(person, rig.cut), plate=_plate(rig, person, background))


def _plate(rig: Rig, person: Pixels, background: Background) -> Pixels:
    """uint8 [size, size, 3]."""
    if background.kind == "blur":
        return _blurred(rig)
    if background.kind == "picture" and background.picture is not None:
        return _covering(load_photo(background.picture), rig.size)
    if background.kind == "transparent":
        return person
    return np.full_like(rig.picture, background.colour)


def _blurred(rig: Rig) -> Pixels:
    """The photograph's background without the person, out of focus."""
    grown = cv2.dilate((rig.cut > 0.02).astype(np.float32), np.ones((3, 3), np.uint8), iterations=rig.size // 64)
    empty = fill_smoothly(rig.picture.astype(np.float32), np.asarray(1.0 - grown, dtype=np.float32))
    soft = cv2.GaussianBlur(empty, (0, 0), _BLUR * rig.size)
    return np.asarray(np.clip(soft + 0.5, 0, 255), dtype=np.uint8)


def _covering(picture: Pixels, size: int) -> Pixels:
    """The middle of a picture as a square of so many pixels."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side]
    method = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (size, size), interpolation=method), dtype=np.uint8)
