"""Cards read and written in every form: nothing is lost, and what is hostile is refused in both languages."""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
import zlib

import pytest
from PIL import Image

from avatar.dialog.cards.card import Card, as_v2, as_v3, read, to_charx, to_json, to_png, with_extension
from avatar.dialog.cards.png import SIGNATURE, read_texts
from avatar.errors import InputError
from tests.unit.dialog.cards.samples import CARDS, V1, V2, V3, Body, picture

every_card = pytest.mark.parametrize("body", CARDS.values(), ids=CARDS)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(*texts: tuple[str, bytes]) -> bytes:
    """A picture with these text chunks before its end."""
    bare = picture()
    return bare[:-12] + b"".join(chunk(b"tEXt", key.encode() + b"\0" + text) for key, text in texts) + bare[-12:]


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for path, data in files.items():
            target.writestr(path, data)
    return buffer.getvalue()


def test_there_are_twenty_cards_and_more() -> None:
    assert len(CARDS) >= 20


@every_card
def test_json_keeps_every_key(body: Body) -> None:
    source = json.dumps(body).encode()
    card = read(source, "card.json")
    assert json.loads(to_json(card)) == body
    assert to_json(read(to_json(card), "card.json")) == to_json(card)


@every_card
def test_png_keeps_every_key_and_the_picture(body: Body) -> None:
    written = to_png(Card(body), picture())
    card = read(written, "card.png")
    assert card.body == body
    assert card.picture == picture()
    assert Image.open(io.BytesIO(written)).size == (8, 8)


@every_card
def test_charx_keeps_every_key_and_every_file(body: Body) -> None:
    files = {"assets/icon/images/main.png": picture(), "module.json": b"{}"}
    card = read(to_charx(Card(body, files=files)), "card.charx")
    assert card.version == 3 and card.files == files
    assert card.body == as_v3(Card(body)).body


@every_card
def test_a_newer_version_keeps_the_fields(body: Body) -> None:
    old = Card(body)
    new = as_v3(old)
    assert new.version == 3
    for key, value in old.data.items():
        if old.version > 1 or key in V1:
            assert new.data[key] == value
        else:
            assert new.extensions["avatar/v1"][key] == value


def test_v3_in_a_png_is_given_as_v2_too() -> None:
    texts = read_texts(to_png(Card(V3), picture()), "card.png")
    older = json.loads(base64.b64decode(texts["chara"]))
    assert older["spec"] == "chara_card_v2"
    assert "Character Card V3" in older["data"]["creator_notes"]
    assert older["data"]["character_book"]["entries"][0]["content"] == "Willow."
    assert json.loads(base64.b64decode(texts["ccv3"])) == V3


def test_of_two_versions_the_newer_counts() -> None:
    both = png_with(
        ("chara", base64.b64encode(json.dumps(V2).encode())), ("ccv3", base64.b64encode(json.dumps(V3).encode()))
    )
    assert read(both, "a.png").version == 3


def test_other_chunks_of_a_picture_are_kept() -> None:
    card = read(png_with(("Comment", b"by hand"), ("chara", base64.b64encode(json.dumps(V1).encode()))), "a.png")
    assert card.picture is not None
    assert read_texts(card.picture, "a.png") == {"Comment": b"by hand"}
    assert set(read_texts(to_png(card, card.picture), "a.png")) == {"Comment", "chara"}


def test_the_main_icon_of_a_charx_is_the_picture() -> None:
    card = read(to_charx(Card(V3, files={"assets/icon/images/main.png": b"face"})), "a.charx")
    assert card.icon == b"face"
    assert Card(V2, picture=b"p").icon == b"p" and Card(V2).icon is None


def test_ours_stands_among_the_extensions() -> None:
    card = with_extension(as_v2(Card(V2)), "avatar/persona", {"id": "a"})
    assert card.extensions["avatar/persona"] == {"id": "a"}
    assert card.extensions["fav"] is False
    assert with_extension(card, "avatar/persona", None).body == V2


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "invalid_json"),
        (b"[]", "invalid_json"),
        (b'{"name": NaN, "description": ""}', "invalid_json"),
        (b'{"name": "a", "description": 1e999}', "invalid_json"),
        (b'{"name": "\xff"}', "invalid_json"),
        (b"[" * 10_000 + b"]" * 10_000, "json_too_deep"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "json_too_deep"),
        (b'{"n":' + b"9" * 100_000 + b"}", "invalid_json"),
        (b" " * (16 * 1024 * 1024 + 1), "json_too_large"),
        (b'{"name": "a"}', "no_card"),
        (b'{"spec": "chara_card_v9", "data": {"name": "a"}}', "no_card"),
        (b'{"spec": ["chara_card_v2"], "data": {"name": "a"}}', "no_card"),
        (b'{"spec": "chara_card_v2", "data": {"name": 3}}', "no_card"),
        (b'{"spec": "chara_card_v2", "data": []}', "no_card"),
        (picture(), "no_card"),
        (png_with(("chara", b"A")), "no_card"),
        (png_with(("chara", b"!")), "invalid_json"),
        (png_with(("chara", b"e30=")), "no_card"),
        (png_with(("chara", b"A" * 50_000_000)), "png_text_too_large"),
        (picture()[:-20], "png_damaged"),
        (SIGNATURE, "png_damaged"),
        (SIGNATURE + chunk(b"IDAT", b""), "png_damaged"),
        (picture().replace(b"IDAT", b"IDAX"), "png_damaged"),
        (SIGNATURE + b"\xff\xff\xff\xffIHDR", "png_damaged"),
        (b"PK\x03\x04 and nothing else", "archive_damaged"),
        (zipped({"other.json": b"{}"}), "archive_incomplete"),
        (zipped({"card.json": b"[" * 10_000}), "json_too_deep"),
        (zipped({"card.json": json.dumps(V3).encode(), "../../x": b""}), "archive_unsafe"),
        (zipped({"card.json": json.dumps(V3).encode(), "/etc/x": b""}), "archive_unsafe"),
        (zipped({"card.json": json.dumps(V3).encode(), "a\\..\\b": b""}), "archive_unsafe"),
        (zipped({"card.json": json.dumps(V3).encode(), "C:/x": b""}), "archive_unsafe"),
        (zipped({"card.json": json.dumps(V3).encode(), "bomb": bytes(70 * 1024 * 1024)}), "archive_too_large"),
        (zipped({f"{n}": b"" for n in range(5001)}), "archive_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_hostile_is_refused_in_both_languages(data: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read(data, "card")
    assert caught.value.code == code
    assert "card" in caught.value.en and "card" in caught.value.zh


def test_a_zip_under_a_password_is_refused() -> None:
    data = bytearray(zipped({"card.json": b"{}"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InputError, match="password") as caught:
        read(bytes(data), "a.charx")
    assert "密码" in caught.value.zh


def test_a_zip_that_lies_about_its_sizes_is_refused() -> None:
    data = bytearray(zipped({"card.json": b" " * 1_000_000}))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 100)
    with pytest.raises(InputError):
        read(bytes(data), "a.charx")
