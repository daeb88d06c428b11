"""The user's own personas on disk: made, changed, brought back, deleted; each change keeps what was before.

    <data_dir>/personas/<id>/persona.toml        the card
    <data_dir>/personas/<id>/versions/0001.toml  earlier cards, oldest first; the last hundred are kept
    <data_dir>/personas/<id>/card.zip            the character card it was imported from, whole

The present card is the version after the last of those. A file's time says when that version was made. A new persona is
put together under another name and then renamed, so there is all of it or nothing; whoever changes one holds a lock,
also against other processes.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from filelock import FileLock
from PIL import Image, UnidentifiedImageError

from avatar.dialog.archive import safe_path
from avatar.dialog.cards.convert import plain
from avatar.dialog.cards.jsontext import Json, dump
from avatar.dialog.persona import (
    BUILT_IN,
    CARD,
    MAX_CARD_BYTES,
    Persona,
    check_fields,
    is_id,
    load_persona,
    read_fields,
)
from avatar.dialog.tomltext import toml
from avatar.dialog.unfinished import sweep, unfinished
from avatar.errors import InputError, NotFoundError, PhotoError
from avatar.files import storing, write

log = logging.getLogger(__name__)

IMPORTED = "card.zip"
VERSIONS = "versions"
MAX_PICTURE_BYTES = 32 * 1024 * 1024
_MAX_PIXELS = 64_000_000
_KEPT = 100
_VERSION = re.compile(r"[0-9]{4}\.toml")
_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
_LOCK_S = 20.0


class StaleError(InputError):
    """The card was changed by somebody else meanwhile."""

    code = "persona_changed"
    http_status: ClassVar[int] = 409


@dataclass(frozen=True, slots=True)
class Version:
    """A card of a persona, as it was or is.

    Attributes:
        number: from 1 on.
        made_at: when it was made, in seconds since 1970.
        persona: what it said.
        current: whether it is the present one.
    """

    number: int
    made_at: float
    persona: Persona
    current: bool


class Personas:
    """The personas of a data folder.

    Args:
        data_dir: where the user's own lie, under `personas/`.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data = data_dir
        self._root = data_dir / "personas"

    def owns(self, persona_id: str) -> bool:
        """Whether there is a persona of the user's own under that id."""
        return is_id(persona_id) and (self._root / persona_id / CARD).is_file()

    def create(
        self, fields: Json, files: Mapping[str, bytes] | None = None, texts: Mapping[str, bytes] | None = None
    ) -> Persona:
        """A new persona, whole or not at all.

        Args:
            fields: of its card.
            files: what else lies in its folder, by path: portrait, notes, earlier versions.
            texts: files of its library of texts, by name.

        Raises:
            InputError: the card is wrong, or there is a persona of that id.
            StorageError: the disk is full or the folder cannot be written.
        """
        with self._alone():
            return self._create(fields, files or {}, texts or {})

    def _create(self, fields: Json, files: Mapping[str, bytes], texts: Mapping[str, bytes]) -> Persona:
        persona = check_fields(fields, self._root / str(fields.get("id")), str(fields.get("id"))[:64])
        if persona.folder.exists():
            raise InputError(
                f"There is a persona {persona.id} already. Choose another id, or delete that one first.",
                f"已有名为 {persona.id} 的人物。请换一个 id,或先删除它。",
                code="persona_exists",
            )
        contents = {CARD: _card(persona), **files}
        library = self._data / "knowledge" / persona.id
        with storing(self._root), unfinished(self._root, "making") as making:
            _fill(making / "texts", texts)
            _fill(making / "persona", contents)
            _settle(making / "texts", library)
            (making / "persona").replace(persona.folder)
        log.info("persona_created", extra={"persona_id": persona.id})
        return load_persona(persona.id, self._data)

    def change(
        self,
        persona_id: str,
        fields: Json,
        files: Mapping[str, bytes] | None = None,
        *,
        expected: str | None = None,
    ) -> Persona:
        """Another card for a persona; the one before is kept. One that comes with the project is copied first.

        Args:
            persona_id: whose card.
            fields: of the new card.
            files: what is new in its folder, by path: a portrait.
            expected: the `mark` of the card that is to be changed; None takes whichever is there.

        Raises:
            NotFoundError: there is no such persona.
            StaleError: the card is another than expected.
            InputError: the card is wrong, or changes the id.
            StorageError: the disk is full or the folder cannot be written.
        """
        with self._alone():
            return self._change(persona_id, fields, files or {}, expected)

    def _change(self, persona_id: str, fields: Json, files: Mapping[str, bytes], expected: str | None) -> Persona:
        before = load_persona(persona_id, self._data)
        if expected is not None and expected != mark(before):
            raise stale(persona_id)
        after = check_fields(fields, self._root / persona_id, persona_id)
        if after.id != persona_id:
            raise InputError(
                "The id of a persona cannot be changed. Export it and import it under another.",
                "人物的 id 不能更改。可以导出后以另一个 id 导入。",
                code="invalid_persona",
            )
        if plain(after) == plain(before):
            return before
        if not self.owns(persona_id):
            self._create(plain(before), contents(before.folder), {})
        card = _card(after)
        folder = self._root / persona_id
        numbers = self.versions(persona_id)
        number = numbers[-1] + 1 if numbers else 1
        for path, data in files.items():
            write(folder / path, data, private=True)
        earlier = folder / VERSIONS / f"{number:04d}.toml"
        write(earlier, (folder / CARD).read_bytes(), private=True)
        made = (folder / CARD).stat().st_mtime_ns
        os.utime(earlier, ns=(made, made))
        write(folder / CARD, card, private=True)
        for old in numbers[: max(0, len(numbers) + 1 - _KEPT)]:
            (folder / VERSIONS / f"{old:04d}.toml").unlink(missing_ok=True)
        log.info("persona_changed", extra={"persona_id": persona_id, "version": number})
        return load_persona(persona_id, self._data)

    def versions(self, persona_id: str) -> list[int]:
        """The numbers of the earlier cards, oldest first."""
        folder = self._root / persona_id / VERSIONS
        found = folder.iterdir() if is_id(persona_id) and folder.is_dir() else ()
        return sorted(int(file.stem) for file in found if _VERSION.fullmatch(file.name))

    def number(self, persona_id: str) -> int:
        """The number of the present card."""
        return max(self.versions(persona_id), default=0) + 1

    def version(self, persona_id: str, number: int) -> Version:
        """One card of a persona: an earlier one, or the present.

        Raises:
            NotFoundError: there is no such persona or version.
            TextError, InputError: that card is damaged.
        """
        persona = load_persona(persona_id, self._data)
        earlier = self.versions(persona_id)
        if number == max(earlier, default=0) + 1:
            return Version(number, (persona.folder / CARD).stat().st_mtime, persona, current=True)
        file = self._root / persona_id / VERSIONS / f"{number:04d}.toml"
        if number not in earlier:
            known = ", ".join(map(str, [*earlier, max(earlier, default=0) + 1]))
            raise NotFoundError(
                f"{persona.id} has no version {number}. There are: {known}.",
                f"{persona.id} 没有第 {number} 版。现有:{known}。",
                code="version_not_found",
            )
        return Version(number, file.stat().st_mtime, read_version(file, persona.folder), current=False)

    def history(self, persona_id: str) -> list[Version]:
        """Every card of a persona that can be read, oldest first; the present one is the last.

        Raises:
            NotFoundError: there is no such persona.
        """
        found: list[Version] = []
        for number in [*self.versions(persona_id), self.number(persona_id)]:
            try:
                found.append(self.version(persona_id, number))
            except InputError as error:
                log.warning("persona_version_damaged", extra={"persona_id": persona_id, "version": number})
                if number == self.number(persona_id):
                    raise error
        return found

    def restore(self, persona_id: str, version: int) -> Persona:
        """An earlier card made the present one; the present one becomes the last of the earlier.

        Raises:
            NotFoundError: there is no such persona or version.
            InputError: that card is damaged.
            StorageError: the disk is full or the folder cannot be written.
        """
        with self._alone():
            return self._change(persona_id, plain(self.version(persona_id, version).persona), {}, None)

    def delete(self, persona_id: str) -> None:
        """Forget a persona of the user's own, its earlier cards, its texts and what it remembers.

        Where one of the same id comes with the project, that one is there again, and keeps texts and memories.

        Raises:
            NotFoundError: there is no such persona.
            InputError: it comes with the project.
        """
        if not self.owns(persona_id):
            load_persona(persona_id, self._data)
            raise InputError(
                f"{persona_id} comes with the project and cannot be deleted.",
                f"{persona_id} 是项目自带的人物,不能删除。",
                code="persona_built_in",
            )
        with self._alone(), storing(self._root), unfinished(self._root, "going") as going:
            (self._root / persona_id).replace(going / "persona")
            for kept in () if is_built_in(persona_id) else ("knowledge", "memories"):
                folder = self._data / kept / persona_id
                if folder.is_dir():
                    folder.replace(going / kept)
        log.info("persona_deleted", extra={"persona_id": persona_id})

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else changes a persona of this folder meanwhile; what a killed process left is gone."""
        with storing(self._data):
            self._data.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._data / "personas.lock", timeout=_LOCK_S)
            lock.acquire()
        try:
            for kind in ("making", "going"):
                sweep(self._root, kind)
            yield
        finally:
            lock.release()


def stale(persona_id: str) -> StaleError:
    """What to raise where a card is another than it was taken for."""
    return StaleError(
        f"{persona_id} was changed meanwhile. Load it again, and make the change once more.",
        f"{persona_id} 在此期间已被修改。请重新载入后再改一次。",
    )


def mark(persona: Persona) -> str:
    """What changes with a card: 16 hexadecimal digits."""
    return hashlib.sha256(dump(plain(persona))).hexdigest()[:16]


def _card(persona: Persona) -> bytes:
    """A card as its file.

    Raises:
        InputError: it is larger than can be read again.
    """
    card = toml(plain(persona)).encode()
    if len(card) > MAX_CARD_BYTES:
        raise InputError(
            f"The card of {persona.id} is larger than 256 KB. Shorten its texts, or leave out examples.",
            f"{persona.id} 的人物卡超过 256 KB。请缩短文字或减少示例。",
            code="invalid_persona",
        )
    return card


def is_built_in(persona_id: str) -> bool:
    """Whether a persona of that id comes with the project."""
    return is_id(persona_id) and (BUILT_IN / persona_id / CARD).is_file()


def read_version(file: Path, folder: Path) -> Persona:
    """An earlier card.

    Raises:
        TextError, InputError: as for `read_card`.
    """
    return check_fields(read_fields(file), folder, file.name)


def portrait_file(data: bytes, name: str) -> tuple[str, bytes]:
    """The name that a picture gets in a persona's folder, and the picture.

    The name is made from its bytes, so an earlier card finds its own picture.

    Args:
        data: PNG, JPEG or WebP of at most 32 MB and 64 megapixels.
        name: what the error calls it.

    Raises:
        PhotoError: it is none.
    """
    try:
        if len(data) > MAX_PICTURE_BYTES:
            raise ValueError("too large")
        with Image.open(io.BytesIO(data), formats=tuple(_SUFFIXES)) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise ValueError("too many pixels")
            suffix = _SUFFIXES[str(image.format)]
            image.verify()
    except (ValueError, OSError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise PhotoError(
            f"{name} is not a picture that can be used: PNG, JPEG or WebP, at most 32 MB and 64 megapixels.",
            f"{name} 不是可用的图片:须为 PNG、JPEG 或 WebP,不超过 32 MB、6400 万像素。",
        ) from error
    return f"portrait-{hashlib.sha256(data).hexdigest()[:8]}{suffix}", data


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a persona's folder besides its card, by path."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    named = {file.relative_to(folder).as_posix(): file for file in files}
    return {path: file.read_bytes() for path, file in named.items() if path != CARD and safe_path(path)}


def _settle(texts: Path, library: Path) -> None:
    """Move texts into a library, which may hold others already (of a persona that comes with the project)."""
    for file in sorted(texts.iterdir(), key=lambda file: file.suffix == ".json"):  # its presence says: complete
        library.mkdir(parents=True, exist_ok=True)
        if not (library / file.name).exists():
            file.replace(library / file.name)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for path, data in files.items():
        write(folder / path, data, private=True)
