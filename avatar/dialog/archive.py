"""Zip files of unknown origin: CHARX cards, `.persona` bundles, and the documents that are zips inside (docx, epub).

Nothing is unpacked to the disk by a name that stands in the file. Every name is checked before anything is read, sizes
are counted while reading instead of believed, and the whole has a limit, so a zip bomb ends in a sentence.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping

from avatar.errors import InputError

MAX_MEMBERS = 5000
MAX_MEMBER_BYTES = 64 * 1024 * 1024
MAX_TOTAL_BYTES = 256 * 1024 * 1024
_BLOCK = 1 << 18
_EPOCH = (1980, 1, 1, 0, 0, 0)
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)


class Archive:
    """An open zip, read with limits that count over its whole life.

    Args:
        data: the whole file.
        name: what the errors call it.
        total: bytes that may be read from it in all.

    Raises:
        InputError: not a zip, encrypted, with too many files, or with a path that climbs out or stands twice.
    """

    def __init__(self, data: bytes, name: str, *, total: int = MAX_TOTAL_BYTES) -> None:
        self.name = name
        self._left = total
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            members = [info for info in self._zip.infolist() if not info.is_dir()]
        except _DAMAGED as error:
            raise _damaged(name) from error
        if len(members) > MAX_MEMBERS:
            raise _too_large(name)
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in members:
            self._check(info)
            self._members[info.filename] = info

    @property
    def names(self) -> list[str]:
        """The paths of the files in it, separated by "/"."""
        return list(self._members)

    def read(self, member: str, limit: int = MAX_MEMBER_BYTES) -> bytes:
        """One file of it.

        Raises:
            InputError: there is none of that path, it is larger than the limit, or the zip is damaged.
        """
        info = self._members.get(member)
        if info is None:
            raise InputError(
                f"{self.name} does not hold {member[:80]}.",
                f"{self.name} 里没有 {member[:80]}。",
                code="archive_incomplete",
            )
        limit = min(limit, self._left)
        if info.file_size > limit:
            raise _too_large(self.name)
        blocks, size = [], 0
        try:
            with self._zip.open(info) as stream:
                while block := stream.read(_BLOCK):
                    size += len(block)
                    if size > limit:
                        raise _too_large(self.name)
                    blocks.append(block)
        except _DAMAGED as error:
            raise _damaged(self.name) from error
        self._left -= size
        return b"".join(blocks)

    def _check(self, info: zipfile.ZipInfo) -> None:
        """Refuse a member whose name or kind could do harm."""
        if info.flag_bits & 0x1:
            raise InputError(
                f"{self.name} is protected by a password. Save it without one and try again.",
                f"{self.name} 有密码保护。请去掉密码后再试。",
                code="password_protected",
            )
        if not safe_path(info.filename) or info.filename in self._members or stat.S_ISLNK(info.external_attr >> 16):
            shown = repr(info.filename[:80])
            raise InputError(
                f"{self.name} holds a file with the path {shown}, which is not allowed. Nothing was imported.",
                f"{self.name} 含有不允许的路径 {shown}。没有导入任何内容。",
                code="archive_unsafe",
            )


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files; the same files give the same bytes.

    Args:
        files: contents by path, written in this order.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path, data in files.items():
            info = zipfile.ZipInfo(path, date_time=_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            zipped.writestr(info, data)
    return buffer.getvalue()


def safe_path(path: str) -> bool:
    """Whether a path inside an archive stays inside it, on every system."""
    return (
        0 < len(path) <= 300
        and path.isprintable()
        and not any(c in path for c in '\\:*?"<>|')
        and not {"", ".", ".."} & set(path.split("/"))
    )


def _damaged(name: str) -> InputError:
    return InputError(
        f"{name} is not a zip file, or it is damaged. Nothing was imported.",
        f"{name} 不是 zip 文件,或已损坏。没有导入任何内容。",
        code="archive_damaged",
    )


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name} holds more than is allowed once unpacked. Nothing was imported.",
        f"{name} 解压后超过允许的大小。没有导入任何内容。",
        code="archive_too_large",
    )
