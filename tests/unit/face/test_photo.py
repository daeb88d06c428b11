from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from avatar.errors import PhotoError
from avatar.face.photo import MAX_SIDE, load_photo, read_photo


def _file(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _gradient(width: int = 120, height: int = 80) -> Image.Image:
    """Dark at the left, light at the right."""
    row = np.linspace(0, 255, width).astype(np.uint8)
    return Image.fromarray(np.dstack([np.tile(row, (height, 1))] * 3))


def _refused(data: bytes) -> PhotoError:
    with pytest.raises(PhotoError) as caught:
        load_photo(data)
    assert caught.value.zh
    assert caught.value.zh != caught.value.en
    return caught.value


def test_a_plain_picture_comes_back_as_it_is() -> None:
    image = _gradient()
    assert np.array_equal(load_photo(_file(image)), np.asarray(image))


def test_a_turned_picture_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = (
        6  # the camera was turned: the top of the scene is the stored picture's right... 90 degrees clockwise
    )
    photo = load_photo(_file(_gradient(), "JPEG", exif=exif, quality=95))
    assert photo.shape == (120, 80, 3)
    assert photo[:10].mean() < 40
    assert photo[-10:].mean() > 200


def test_grey_sixteen_bit_palette_and_printed_colours_are_read() -> None:
    image = _gradient()
    deep = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    for data in (
        _file(image.convert("L")),
        _file(image.convert("1")),
        _file(deep),
        _file(image.convert("P")),
        _file(image.convert("CMYK"), "JPEG", quality=95),
        _file(image, "WEBP", lossless=True),
        _file(image, "TIFF"),
        _file(image, "BMP"),
        _file(image, "GIF"),
    ):
        photo = load_photo(data)
        assert photo.shape == (80, 120, 3)
        assert photo.dtype == np.uint8
        assert photo[:, :20].mean() < 60
        assert photo[:, -20:].mean() > 195


def test_what_is_transparent_is_light() -> None:
    clear = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    assert (load_photo(_file(clear)) == 200).all()
    palette = Image.new("P", (100, 100), 0)
    palette.putpalette([255, 0, 0] * 256)
    assert (load_photo(_file(palette, transparency=0)) == 200).all()


def test_a_large_picture_is_scaled_down() -> None:
    photo = load_photo(_file(_gradient(5000, 3000), "JPEG"))
    assert photo.shape == (round(MAX_SIDE * 0.6), MAX_SIDE, 3)


def test_twenty_pixels_are_too_few() -> None:
    error = _refused(_file(_gradient(20, 20)))
    assert error.code == "photo_too_small"
    assert "20 x 20" in error.en
    assert "20 x 20" in error.zh


def test_a_strip_that_scaling_makes_too_thin_is_refused() -> None:
    assert _refused(_file(_gradient(20_000, 70), "PNG")).code == "photo_too_small"


def test_a_bomb_is_refused_by_its_header() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = b""
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b"")):
        chunks += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    assert _refused(b"\x89PNG\r\n\x1a\n" + chunks).code == "photo_too_large"


def test_a_hundred_megapixels_are_refused() -> None:
    assert _refused(_file(Image.new("1", (10_000, 10_000)))).code == "photo_too_large"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_picture_cut_off_is_refused(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 90, 3), dtype=np.uint8))
    data = _file(noise, kind)
    assert _refused(data[: len(data) // 2]).code in ("photo_damaged", "photo_unreadable")


@pytest.mark.parametrize("data", [b"", b"hello", b"\0" * 500, b"RIFF\x24\0\0\0WAVEfmt ", b"<svg/>", b"%PDF-1.7"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    assert _refused(data).code == "photo_unreadable"


@pytest.mark.parametrize(
    ("data", "en", "zh"),
    [
        (b'<?xml version="1.0"?>\n<svg xmlns="x"><script>alert(1)</script></svg>', "never run", "不会执行"),
        (b"%PDF-1.7", "PDF", "PDF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC", "HEIC"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "video", "视频"),
    ],
)
def test_what_people_take_for_photographs_is_named(data: bytes, en: str, zh: str) -> None:
    error = _refused(data)
    assert en in error.en
    assert zh in error.zh


def test_twelve_bits_in_sixteen_are_not_taken_for_darkness() -> None:
    deep = Image.fromarray(np.asarray(_gradient().convert("L")).astype(np.uint16) * 16)
    assert load_photo(_file(deep)).max() > 240


def test_of_an_animation_the_first_picture_is_taken_and_counted() -> None:
    frames = [Image.new("RGB", (80, 80), colour) for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200))]
    for kind in ("GIF", "WEBP", "PNG"):
        photo = read_photo(_file(frames[0], kind, save_all=True, append_images=frames[1:]))
        assert photo.pictures == 3
        red, green, _ = photo.pixels[40, 40]
        assert red > 180
        assert green < 60


def test_a_scan_of_one_bit_is_told_from_a_dark_picture() -> None:
    assert read_photo(_file(_gradient().convert("1"))).black_and_white
    assert not read_photo(_file(_gradient())).black_and_white
    assert not read_photo(_file(Image.new("RGB", (80, 80)))).black_and_white


def test_sides_are_told_as_a_person_sees_them() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = read_photo(_file(_gradient(), "JPEG", exif=exif))
    assert (photo.width, photo.height) == (80, 120)


def test_a_colour_profile_is_applied_and_a_broken_one_ignored() -> None:
    plain = _file(_gradient())
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"no profile"):
        photo = load_photo(_file(_gradient(), icc_profile=profile))
        assert np.abs(photo.astype(int) - load_photo(plain)).max() <= 2
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert load_photo(_file(_gradient(), icc_profile=lab)).shape == (80, 120, 3)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"no file absent\.png") as caught:
        load_photo(tmp_path / "absent.png")
    assert caught.value.code == "photo_not_found"
    with pytest.raises(PhotoError, match="cannot be read"):
        load_photo(tmp_path)
