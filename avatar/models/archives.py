"""Reading one file out of a wheel or an npm tarball.

Nothing is extracted by its own path: a member is asked for by its exact name and its bytes are handed on, so a name
such as `../../x` inside an archive has no effect. A member larger than expected is refused before it is read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator
from pathlib import Path
from tarfile import TarError, TarFile
from typing import IO
from zipfile import BadZipFile, ZipFile

from avatar.models.files import BLOCK
from avatar.models.sources import SourceError

_DAMAGED = (BadZipFile, TarError, zlib.error, EOFError, OSError, RuntimeError, struct.error, ValueError)
"""What the standard library raises for archives that are cut, altered, encrypted or nonsense."""


class Archive:
    """An open wheel (zip) or npm tarball (tar.gz).

    Raises:
        SourceError: it is neither.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._file: ZipFile | TarFile
        try:
            self._file = ZipFile(path) if path.suffix == ".whl" else TarFile.open(path, "r:gz")
        except _DAMAGED as error:
            raise self._damaged() from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def blocks(self, member: str, limit: int) -> Generator[bytes, None, None]:
        """The bytes of one member, in blocks.

        Args:
            member: its exact name.
            limit: the most bytes that it may have.

        Raises:
            SourceError: there is no such regular file, it is larger, or the archive is damaged.
        """
        try:
            with self._open(member, limit) as stream:
                while block := stream.read(BLOCK):
                    yield block
        except _DAMAGED as error:
            raise self._damaged() from error

    def _open(self, member: str, limit: int) -> IO[bytes]:
        try:
            archive = self._file
            size, stream = _in_zip(archive, member) if isinstance(archive, ZipFile) else _in_tar(archive, member)
        except KeyError:
            raise SourceError(
                f"The package {self.name} does not hold {member}.", f"软件包 {self.name} 里没有 {member}。"
            ) from None
        if size > limit:
            stream.close()
            raise SourceError(
                f"{member} in the package {self.name} is larger than the catalog allows.",
                f"软件包 {self.name} 里的 {member} 比目录允许的更大。",
            )
        return stream

    def _damaged(self) -> SourceError:
        return SourceError(f"The package {self.name} is damaged.", f"软件包 {self.name} 已损坏。")


def _in_zip(archive: ZipFile, member: str) -> tuple[int, IO[bytes]]:
    """A member's size and stream; the stream never gives more than the size."""
    info = archive.getinfo(member)
    return info.file_size, archive.open(info)


def _in_tar(archive: TarFile, member: str) -> tuple[int, IO[bytes]]:
    """The same of a tarball; a link or a folder counts as absent."""
    info = archive.getmember(member)
    stream = archive.extractfile(info) if info.isreg() else None
    if stream is None:
        raise KeyError(member)
    return info.size, stream
