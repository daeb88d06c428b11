"""From a file of any kind to pixels.

Policy on size: a side under 64 pixels cannot hold a usable face and is refused; more than 80 megapixels are refused
unread, so a decompression bomb never unfolds; anything larger than 2048 pixels on a side is scaled down to it, which
is still twice the largest rig.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from avatar.errors import PhotoError
from avatar.files import reading
from avatar.media import Pixels

MIN_SIDE = 64
"""The shortest side in pixels that is taken."""

MAX_PIXELS = 80_000_000
"""The largest picture that is read."""

MAX_SIDE = 2048
"""Larger pictures are scaled down to this many pixels on the longer side."""

MAX_BYTES = 64 << 20
"""The largest file that is read: 64 MiB."""

_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF")
_BACKDROP = (200, 200, 200)  # what shows through transparent parts
_SIXTEEN_BIT = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_TWELVE_BIT = 4095  # scanners put twelve bits into sixteen


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph that was read.

    Attributes:
        pixels: uint8 [height, width, 3] RGB, upright, at most MAX_SIDE on a side.
        width, height: of the file, upright, before it was scaled down.
        pictures: how many the file holds; the first is taken.
        black_and_white: whether it has no greys at all, as a scan of one bit.
    """

    pixels: Pixels
    width: int
    height: int
    pictures: int
    black_and_white: bool


def load_photo(source: Path | bytes) -> Pixels:
    """A photograph's pixels; see `read_photo`."""
    return read_photo(source).pixels


def read_photo(source: Path | bytes) -> Photograph:
    """A photograph as people have them: turned, grey, transparent, with a palette, in 16 bits or in printer's colours.

    A colour profile is applied, so that what was taken in other colours than sRGB does not look pale.

    Args:
        source: a file, or a file's bytes.

    Raises:
        PhotoError: no such file, not a picture, damaged, cut off, too small or too large.
    """
    name = source.name if isinstance(source, Path) else ""
    data = _read(source, name) if isinstance(source, Path) else source
    if len(data) > MAX_BYTES:
        raise _too_large(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                return _photograph(image, name)
    except UnidentifiedImageError as error:
        raise _not_a_picture(name, data) from error
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError, MemoryError) as error:
        raise _damaged(name) from error


def _read(path: Path, name: str) -> bytes:
    with reading(name, PhotoError, "photo_not_found"), path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _photograph(image: Image.Image, name: str) -> Photograph:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_large(name)
    if min(width, height) < MIN_SIDE:
        raise _too_small(name, width, height)
    pictures = int(getattr(image, "n_frames", 1))
    two_tone = image.mode == "1"
    image.draft("RGB", (MAX_SIDE, MAX_SIDE))
    upright = ImageOps.exif_transpose(image)
    if (upright.width > upright.height) != (image.width > image.height):
        width, height = height, width
    flat = _flat(upright)
    flat.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    if min(flat.size) < MIN_SIDE:
        raise _too_small(name, width, height)
    return Photograph(np.array(flat, dtype=np.uint8), width, height, pictures, two_tone or _two_tone(flat))


def _two_tone(image: Image.Image) -> bool:
    """Whether nearly all of a picture is black or white."""
    counts = image.convert("L").histogram()
    total, black, white = sum(counts), sum(counts[:8]), sum(counts[248:])
    return black + white > 0.98 * total and min(black, white) > 0.02 * total


def _flat(image: Image.Image) -> Image.Image:
    """The picture in RGB; what is transparent shows a light grey."""
    if image.mode in _SIXTEEN_BIT or image.mode == "F":
        values = np.nan_to_num(np.asarray(image, dtype=np.float64))
        peak = max(float(values.max()), 1e-9)
        if image.mode != "F":
            peak = _TWELVE_BIT if peak <= _TWELVE_BIT else 65535.0
        return Image.fromarray(np.clip(values * (255.0 / peak), 0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        backdrop = Image.new("RGBA", rgba.size, (*_BACKDROP, 255))
        return Image.alpha_composite(backdrop, rgba).convert("RGB")
    return _managed(image).convert("RGB")


def _managed(image: Image.Image) -> Image.Image:
    """The picture in sRGB, by its own colour profile; as it is, where that is absent or cannot be used."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        managed = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return managed if managed is not None else image


_KNOWN = (
    (b"%PDF", "a PDF document", "PDF 文档", "Save its page as a picture.", "请把页面另存为图片。"),
    (b"ftypheic", "a HEIC picture", "HEIC 图片", "Save it as JPEG.", "请另存为 JPEG。"),
    (b"ftypmif1", "a HEIF picture", "HEIF 图片", "Save it as JPEG.", "请另存为 JPEG。"),
    (b"ftyp", "a video", "视频", "Save one of its pictures as JPEG or PNG.", "请截取其中一帧,存为 JPEG 或 PNG。"),
    (b"8BPS", "a Photoshop file", "Photoshop 文件", "Export it as PNG.", "请导出为 PNG。"),
    (b"<svg", "an SVG drawing, which is a program and is never run here", "SVG 图形(它是程序,这里不会执行)",
     "Export it as PNG.", "请导出为 PNG。"),
)  # fmt: skip
"""What people take for photographs: the bytes that tell it among the first of the file, and what to do."""


def _en(name: str) -> str:
    return name or "This file"


def _zh(name: str) -> str:
    return f"{name} " if name else "这个文件"


def _not_a_picture(name: str, data: bytes) -> PhotoError:
    head = data[:1024].lstrip(b"\xef\xbb\xbf").lower()
    for mark, en, zh, advice_en, advice_zh in _KNOWN:
        if mark.lower() in head:
            return PhotoError(
                f"{_en(name)} is {en}. {advice_en}", f"{_zh(name)}是 {zh}。{advice_zh}", code="photo_unreadable"
            )
    return PhotoError(
        f"{_en(name)} is not a picture that can be read. Use JPEG, PNG, WebP, AVIF, TIFF, BMP or GIF.",
        f"{_zh(name)}不是可以读取的图片。请使用 JPEG、PNG、WebP、AVIF、TIFF、BMP 或 GIF。",
        code="photo_unreadable",
    )


def _damaged(name: str) -> PhotoError:
    return PhotoError(
        f"{_en(name)} is damaged or cut off. Export or upload it again.",
        f"{_zh(name)}已损坏或不完整。请重新导出或重新上传。",
        code="photo_damaged",
    )


def _too_small(name: str, width: int, height: int) -> PhotoError:
    return PhotoError(
        f"{_en(name)} is {width} x {height} pixels; a portrait needs at least {MIN_SIDE} on each side, better 300.",
        f"{_zh(name)}只有 {width} x {height} 像素;人像每边至少要 {MIN_SIDE} 像素,最好有 300。",
        code="photo_too_small",
    )


def _too_large(name: str) -> PhotoError:
    return PhotoError(
        f"{_en(name)} is larger than {MAX_PIXELS // 1_000_000} megapixels or {MAX_BYTES >> 20} MB. Scale it down.",
        f"{_zh(name)}超过 {MAX_PIXELS // 10_000} 万像素或 {MAX_BYTES >> 20} MB。请先缩小。",
        code="photo_too_large",
    )
