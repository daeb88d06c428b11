"""Files on disk: hashing them, writing them whole or not at all, and saying in a sentence why that failed."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from avatar.errors import StorageError
from avatar.files import settle, whole

BLOCK = 1 << 20
"""Bytes read or written at once."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def sha256_of(path: Path, advance: Callable[[int], None] | None = None) -> str:
    """The SHA-256 of a file in lower-case hex.

    Args:
        advance: told how many bytes were read, block by block.
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            if advance is not None:
                advance(len(block))
    return digest.hexdigest()


def disk_full(folder: Path) -> StorageError:
    """The error for a full disk."""
    return StorageError(
        f"The disk that holds {folder} is full. Free some space, or set AVATAR_MODELS_DIR to another disk; "
        "what was fetched is kept.",
        f"{folder} 所在的磁盘已满。请腾出空间,或将 AVATAR_MODELS_DIR 设到另一块磁盘;已取得的部分会保留。",
        code="disk_full",
    )


@contextmanager
def storing(folder: Path) -> Iterator[None]:
    """Turn the failures of writing into a folder into StorageError."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full(folder) from error
        if error.errno in _REFUSED:
            raise StorageError(
                f"The folder {folder} cannot be written. Change its permissions or set AVATAR_MODELS_DIR.",
                f"文件夹 {folder} 无法写入。请修改权限,或设置 AVATAR_MODELS_DIR。",
                code="folder_not_writable",
            ) from error
        raise StorageError(
            f"Writing into {folder} failed: {error.strerror}.", f"写入 {folder} 失败:{error.strerror}。"
        ) from error


def write_json(path: Path, value: Any) -> None:
    """Write a small JSON file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as unfinished:
        unfinished.write_text(json.dumps(value), encoding="utf-8")


def read_json(path: Path) -> Any:
    """A small JSON file's value, or None where it is absent or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def put_in_place(source: Path, target: Path) -> None:
    """Move a finished file to its name, so that a power cut leaves either nothing or all of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    settle(source, target)
