"""Stamps: the record that a file once had the right hash.

Hashing a gigabyte at every start would cost seconds. A stamp holds each file's hash with the size and the time of
change it had when it was hashed; while those stand, the hash is believed. `avatar models verify` reads every byte.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from avatar.models.catalog import Model, WeightFile
from avatar.models.files import read_json, write_json

log = logging.getLogger(__name__)

Row = list[Any]
"""[SHA-256, size in bytes, time of change in ns]"""


class Stamps:
    """The stamps of all models, one small JSON file each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def holds(self, model: Model, file: WeightFile, path: Path) -> bool:
        """Whether the file at the path is known to have the catalog's hash."""
        return self._rows(model).get(file.name) == _row(file, path)

    def set(self, model: Model, files: Sequence[WeightFile], folder: Path) -> None:
        """Record that files in the folder have the catalog's hashes.

        Where stamps cannot be written, the files are hashed again at the next start; nothing else is lost.
        """
        rows = self._rows(model)
        rows.update({file.name: _row(file, folder / file.name) for file in files})
        try:
            write_json(self._path(model), rows)
        except OSError as error:
            log.warning("stamp_not_written model=%s errno=%s", model.name, error.errno)

    def clear(self, model: Model) -> None:
        """Forget a model."""
        with suppress(OSError):
            self._path(model).unlink()

    def _rows(self, model: Model) -> dict[str, Row]:
        value = read_json(self._path(model))
        return value if isinstance(value, dict) else {}

    def _path(self, model: Model) -> Path:
        return self.folder / f"{model.name}.json"


def _row(file: WeightFile, path: Path) -> Row:
    status = path.stat()
    return [file.sha256, status.st_size, status.st_mtime_ns]
