"""A persona in one file: `.persona`, a zip with everything it needs.

    manifest.json       the format, the persona's id, the titles of its texts, the SHA-256 of every other file
    persona.toml        the card
    portrait.png        and whatever else lies in the persona's folder: notes, earlier versions, the imported card
    texts/<id>.txt      the texts it may quote; they are indexed again where they arrive
    voice/<id>.voice    the voice with its consent, where it is the user's own

A bundle is checked to its last byte before anything is written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from avatar.dialog.archive import MAX_TOTAL_BYTES, Archive, pack
from avatar.dialog.cards.jsontext import Json, dump, parse
from avatar.dialog.folders import IMPORTED, VERSIONS, contents, portrait_file
from avatar.dialog.library import Library, index, packed, text_id
from avatar.dialog.persona import CARD, MAX_CARD_BYTES, Persona, check_fields, parse_fields
from avatar.dialog.texts import decode
from avatar.errors import InputError

FORMAT = "avatar-persona"
VERSION = 1
_MANIFEST = "manifest.json"
_TEXTS = "texts/"
_VOICE = "voice/"
_PORTRAIT = re.compile(r"portrait[a-z0-9-]{0,40}\.(?:png|jpg|webp)")


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a `.persona` file holds.

    Attributes:
        fields: of the card.
        files: of the persona's folder besides the card, by path.
        texts: of the library, by id.
        titles: of the texts, by id.
        voice: the voice with its consent, as a .voice file; empty where none travels along.
    """

    fields: Json
    files: Mapping[str, bytes] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    voice: bytes = b""

    def library_files(self) -> dict[str, bytes]:
        """The texts with their indexes, as a library keeps them. Takes a second for a book."""
        found: dict[str, bytes] = {}
        for text in self.texts.values():
            key = text_id(text)
            title = self.titles.get(key, key)
            found[f"{key}.txt"] = text.encode()
            found |= {f"{key}.{end}": b"".join(data) for end, data in packed(index(text, title, key)).items()}
        return found


def write_bundle(persona: Persona, data_dir: Path, voice: bytes = b"") -> bytes:
    """A persona as a `.persona` file.

    Args:
        persona: with its folder.
        data_dir: where its texts lie.
        voice: its voice with the consent, as a .voice file, where that is to travel.

    Raises:
        InputError: a picture or a text is damaged, or there is more than a bundle may hold.
    """
    library = Library(data_dir / "knowledge" / persona.id)
    if sum(map(library.size, library.ids())) > MAX_TOTAL_BYTES // 2:
        raise InputError(
            f"The texts of {persona.id} are larger than the {MAX_TOTAL_BYTES >> 21} MB that a bundle holds. "
            "Export a character card, and add the texts where it arrives.",
            f"{persona.id} 的文本超过人物文件可容纳的 {MAX_TOTAL_BYTES >> 21} MB。"
            "请导出人物卡,再在导入处重新添加文本。",
            code="bundle_too_large",
        )
    titles = {key: library.read(key).entry.title for key in library.ids()}
    files = {CARD: (persona.folder / CARD).read_bytes(), **contents(persona.folder)}
    files |= {f"{_TEXTS}{key}.txt": (library.folder / f"{key}.txt").read_bytes() for key in titles}
    if voice:
        files[f"{_VOICE}{persona.voice}.voice"] = voice
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "id": persona.id,
        "titles": titles,
        "files": {path: hashlib.sha256(data).hexdigest() for path, data in files.items()},
    }
    return pack({_MANIFEST: dump(manifest, indent=2), **files})


def read_bundle(data: bytes, name: str) -> Bundle:
    """What a `.persona` file holds, checked to the last byte.

    Args:
        data: the whole file.
        name: what the error calls it.

    Raises:
        InputError: no bundle, of a newer format, damaged, or with a file that does not belong there.
    """
    archive = Archive(data, name)
    manifest = parse(archive.read(_MANIFEST, 1 << 20), name)
    if manifest.get("format") != FORMAT or not isinstance(manifest.get("files"), dict):
        raise _no_bundle(name)
    if manifest.get("version") != VERSION:
        raise InputError(
            f"{name} was written by a newer version of this program. Update and try again.",
            f"{name} 由更新版本的程序写成。请升级后再试。",
            code="bundle_newer",
        )
    files = {path: archive.read(path) for path in archive.names if path != _MANIFEST}
    if {path: hashlib.sha256(body).hexdigest() for path, body in files.items()} != manifest["files"]:
        raise _no_bundle(name)
    return _sorted_out(files, manifest, name)


def _sorted_out(files: dict[str, bytes], manifest: Json, name: str) -> Bundle:
    card = files.pop(CARD, b"")
    if not card or len(card) > MAX_CARD_BYTES:
        raise _no_bundle(name)
    fields = parse_fields(card, f"{name}/{CARD}")
    persona = check_fields(fields, Path(str(fields.get("id"))), name)
    texts = {p: files.pop(p) for p in list(files) if p.startswith(_TEXTS)}
    voice = {p: files.pop(p) for p in list(files) if p.startswith(_VOICE)}
    for path, body in files.items():
        if _PORTRAIT.fullmatch(path) or path == persona.portrait:
            portrait_file(body, f"{name}/{path}")
        elif path.startswith("knowledge/") and path.endswith(".md"):
            decode(body, f"{name}/{path}")
        elif path.startswith(f"{VERSIONS}/") and path.endswith(".toml"):
            check_fields(parse_fields(body, f"{name}/{path}"), Path(persona.id), f"{name}/{path}")
    kept = {path: body for path, body in files.items() if _belongs(path, persona)}
    if sum(map(len, texts.values())) > MAX_TOTAL_BYTES // 2:
        raise InputError(
            f"The texts in {name} are larger than {MAX_TOTAL_BYTES >> 21} MB. Nothing was imported.",
            f"{name} 里的文本超过 {MAX_TOTAL_BYTES >> 21} MB。没有导入任何内容。",
            code="bundle_too_large",
        )
    titles = manifest.get("titles")
    return Bundle(
        dict(fields),
        kept,
        {text_id(text): text for text in (decode(body, f"{name}/{path}") for path, body in texts.items())},
        {str(k): str(v)[:80] for k, v in titles.items()} if isinstance(titles, dict) else {},
        voice.get(f"{_VOICE}{persona.voice}.voice", b""),
    )


def _belongs(path: str, persona: Persona) -> bool:
    """Whether a file has a place in a persona's folder; anything else in a bundle is left behind."""
    one_level = path.count("/") == 1
    return (
        path in (persona.portrait, IMPORTED)
        or _PORTRAIT.fullmatch(path) is not None
        or (one_level and path.startswith("knowledge/") and path.endswith(".md"))
        or (one_level and path.startswith(f"{VERSIONS}/") and path.endswith(".toml"))
    )


def _no_bundle(name: str) -> InputError:
    return InputError(
        f"{name} is no persona bundle, or it is damaged. Nothing was imported.",
        f"{name} 不是人物文件(.persona),或已损坏。没有导入任何内容。",
        code="bundle_damaged",
    )
