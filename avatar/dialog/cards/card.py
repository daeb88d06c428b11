"""Character cards: found in JSON, PNG and CHARX files, kept whole, written again.

Sources: the Character Card V2 specification (malfoyslastname) and the Character Card V3 specification (kwaroran). A
card is kept as the JSON object it was, so a key that nobody here knows is written as it was read. What is ours stands
in `extensions` under names that begin with "avatar/".
"""

from __future__ import annotations

import base64
import binascii
import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from avatar.dialog.archive import Archive, pack, safe_path
from avatar.dialog.cards.decorators import split
from avatar.dialog.cards.jsontext import Json, dump, parse
from avatar.dialog.cards.png import is_png, read_texts, write_texts
from avatar.errors import InputError

Version = Literal[1, 2, 3]

V1_FIELDS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
OURS = "avatar/persona"
"""The extension that holds all fields of a persona of ours."""
VOICE = "avatar/voice"
"""The extension that names a voice profile."""
EMBEDDED = "embeded://"
"""The specification's own spelling."""
_SPECS: dict[str, Version] = {"chara_card_v2": 2, "chara_card_v3": 3}
_V2_DEFAULTS: Json = {
    "creator_notes": "", "system_prompt": "", "post_history_instructions": "", "alternate_greetings": [],
    "tags": [], "creator": "", "character_version": "", "extensions": {},
}  # fmt: skip
_BACKFILLED = (
    "This is a Character Card V3 written as V2 for programs that read nothing newer; use one that reads V3 to have all."
)


@dataclass(frozen=True, slots=True)
class Card:
    """A character card.

    Attributes:
        body: the whole JSON object, as it was read.
        picture: the PNG that carried it.
        files: other files of a CHARX by their paths.
    """

    body: Json
    picture: bytes | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def version(self) -> Version:
        """Of the specification it follows."""
        return _SPECS.get(str(self.body.get("spec")), 1)

    @property
    def data(self) -> Json:
        """The object that holds the fields: the card itself in V1."""
        return self.body if self.version == 1 else self.body["data"]

    @property
    def extensions(self) -> Json:
        """What programs keep in it for themselves; empty in V1."""
        found = self.data.get("extensions")
        return found if isinstance(found, dict) else {}

    @property
    def icon(self) -> bytes | None:
        """The main picture: an asset of the CHARX, else the PNG that carried the card."""
        assets = self.data.get("assets")
        icons = [a for a in assets if _is_icon(a)] if isinstance(assets, list) else []
        icons.sort(key=lambda asset: asset.get("name") != "main")
        for asset in icons:
            if (path := asset["uri"].removeprefix(EMBEDDED)) in self.files:
                return self.files[path]
        return self.picture

    def text(self, key: str) -> str:
        """A field that is a text; empty where it is absent or something else."""
        found = self.data.get(key)
        return found if isinstance(found, str) else ""


def read(data: bytes, name: str) -> Card:
    """The card in a file, whichever kind of file it is.

    Raises:
        InputError: no card, damaged, or beyond a limit; the sentence says which.
    """
    if is_png(data):
        return _from_png(data, name)
    if data.startswith(b"PK\x03\x04"):
        return _from_charx(data, name)
    return Card(_checked(parse(data, name), name))


def to_json(card: Card) -> bytes:
    """The card as a JSON file."""
    return dump(card.body, indent=2)


def to_png(card: Card, picture: bytes) -> bytes:
    """The card inside a picture. A V3 card is given as V2 beside it, for older programs.

    Args:
        card: V1 or V2 is written as `chara`, V3 as `ccv3` and `chara`.
        picture: a PNG.

    Raises:
        InputError: the picture is no PNG, or the card is too large for one.
    """
    texts = {"chara": base64.b64encode(dump(card.body))}
    if card.version == 3:
        texts = {"chara": base64.b64encode(dump(_backfill(card).body)), "ccv3": base64.b64encode(dump(card.body))}
    return write_texts(picture, texts, "PNG", without=frozenset({"chara", "ccv3"}))


def to_charx(card: Card) -> bytes:
    """The card and its files as a CHARX; a card of an older version becomes V3."""
    return to_zip(as_v3(card))


def to_zip(card: Card) -> bytes:
    """The card and its files in a zip, of whichever version it is; `read` reads it again."""
    return pack({"card.json": to_json(card), **card.files})


def as_v2(card: Card) -> Card:
    """The card as V2; fields of V3 stay where they are, since V2 forbids to destroy unknown keys."""
    if card.version == 1:
        known = {key: card.text(key) for key in V1_FIELDS}
        rest = {key: value for key, value in card.body.items() if key not in V1_FIELDS}
        extensions = {"avatar/v1": rest} if rest else {}
        data = {**known, **copy.deepcopy(_V2_DEFAULTS), "extensions": extensions}
        return replace(card, body={"spec": "chara_card_v2", "spec_version": "2.0", "data": data})
    return replace(card, body={**card.body, "spec": "chara_card_v2", "spec_version": "2.0"})


def as_v3(card: Card) -> Card:
    """The card as V3, with the fields that V3 asks for."""
    if card.version == 3:
        return card
    body = as_v2(card).body
    data = {**copy.deepcopy(_V2_DEFAULTS), "group_only_greetings": [], **body["data"]}
    return replace(card, body={**body, "spec": "chara_card_v3", "spec_version": "3.0", "data": data})


def with_extension(card: Card, key: str, value: Any) -> Card:
    """The card (V2 or V3) with a value of ours among its extensions; None takes it away."""
    extensions = {k: v for k, v in card.extensions.items() if k != key}
    if value is not None:
        extensions[key] = value
    return replace(card, body={**card.body, "data": {**card.data, "extensions": extensions}})


def with_icon(card: Card, picture: bytes | None, name: str) -> Card:
    """A V3 card with its picture among its files, where it has none there yet.

    Args:
        card: V3.
        picture: PNG, JPEG or WebP.
        name: of the picture's file; its ending counts.
    """
    if picture is None or (card.icon is not None and card.icon == picture):
        return card
    ending = name.rsplit(".", 1)[-1]
    path = f"assets/icon/images/avatar-main.{ending}"
    main = {"type": "icon", "uri": EMBEDDED + path, "name": "main", "ext": ending}
    before = card.data.get("assets")
    others = [a for a in before if not _is_main_icon(a)] if isinstance(before, list) else []
    body = {**card.body, "data": {**card.data, "assets": [main, *others]}}
    return replace(card, body=body, files={**card.files, path: picture})


def _is_main_icon(asset: object) -> bool:
    return isinstance(asset, dict) and (asset.get("type"), asset.get("name")) == ("icon", "main")


def _backfill(card: Card) -> Card:
    """V3 as V2 for older programs: it says so in its notes, and its lorebook has no decorators."""
    older = as_v2(card)
    notes = "\n\n".join(filter(None, (_BACKFILLED, older.text("creator_notes"))))
    data = {**older.data, "creator_notes": notes}
    book = data.get("character_book")
    if isinstance(book, dict) and isinstance(book.get("entries"), list):
        data["character_book"] = {**book, "entries": [_undecorated(entry) for entry in book["entries"]]}
    return replace(older, body={**older.body, "data": data})


def _undecorated(entry: Any) -> Any:
    if isinstance(entry, dict) and isinstance(entry.get("content"), str):
        return {**entry, "content": split(entry["content"])[1]}
    return entry


def _from_png(data: bytes, name: str) -> Card:
    texts = read_texts(data, name)
    text = texts.get("ccv3", texts.get("chara"))
    if text is None:
        raise InputError(
            f"{name} is a picture without a character card.", f"{name} 是一张没有人物卡的图片。", code="no_card"
        )
    try:
        body = base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError) as error:
        raise InputError(
            f"The card in {name} is damaged: it is not base64.",
            f"{name} 里的人物卡已损坏:不是 base64。",
            code="no_card",
        ) from error
    bare = write_texts(data, {}, name, without=frozenset({"chara", "ccv3"}))
    return Card(_checked(parse(body, name), name), picture=bare)


def _from_charx(data: bytes, name: str) -> Card:
    archive = Archive(data, name)
    body = _checked(parse(archive.read("card.json"), name), name)
    return Card(body, files={path: archive.read(path) for path in archive.names if path != "card.json"})


def _checked(body: Json, name: str) -> Json:
    """The object, if it is a card: a `data` of V2 or V3, or a name and a text of V1."""
    spec = body.get("spec")
    if spec is None:
        good = isinstance(body.get("name"), str) and any(isinstance(body.get(key), str) for key in V1_FIELDS[1:])
    else:
        data = body.get("data")
        good = isinstance(spec, str) and spec in _SPECS and isinstance(data, dict) and isinstance(data.get("name"), str)
    if not good:
        raise InputError(
            f"{name} holds no character card of version 1, 2 or 3.",
            f"{name} 里没有第 1、2、3 版的人物卡。",
            code="no_card",
        )
    return body


def _is_icon(asset: object) -> bool:
    if not isinstance(asset, dict) or asset.get("type") != "icon":
        return False
    uri = asset.get("uri")
    return isinstance(uri, str) and uri.startswith(EMBEDDED) and safe_path(uri.removeprefix(EMBEDDED))
