"""Files written whole or not at all, and a sentence where that, or reading one, fails.

What is written goes into a file of another name beside the one that is meant, and from there to the disk, before it
takes the name. So a full disk, a killed process or a power cut leaves what was there before; of a killed process it
leaves the other file as well, which `tidy` removes.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from avatar.errors import InputError, StorageError

STALE_S = 3600.0
"""Seconds without a change after which an unfinished file is taken to be left over."""

_UNFINISHED = re.compile(r"\.avatar-[0-9a-f]{16}\.part")


@contextmanager
def whole(path: Path, *, private: bool = False) -> Iterator[Path]:
    """An empty file beside a path, to be written; at the end it takes the path's name, or it vanishes.

    Args:
        path: in a folder that is there. What is no file, such as a device, is not replaced.
        private: only its owner may read it.

    Raises:
        OSError: the folder cannot be written, which is found out at once; the disk is full; the path is no file.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file")
    unfinished = path.with_name(f".avatar-{secrets.token_hex(8)}.part")
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o666))
    try:
        yield unfinished
        settle(unfinished, path)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def settle(unfinished: Path, path: Path) -> None:
    """Give a finished file its name, so that a power cut leaves either all of it or what was there before.

    Raises:
        OSError: the disk is full, or the folder cannot be written.
    """
    with unfinished.open("rb+") as stream:
        os.fsync(stream.fileno())
    unfinished.replace(path)
    if os.name == "posix":  # elsewhere a folder cannot be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file whole or not at all; its folder is made.

    Args:
        private: only its owner may read it.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path, private=private) as unfinished:
            unfinished.write_bytes(data)


@contextmanager
def storing(place: Path) -> Iterator[None]:
    """Turn the failures of writing a file, or into a folder, into a sentence.

    Raises:
        StorageError: `disk_full`, or it cannot be written for another reason.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                f"The disk that holds {place} is full. Free some space and try again.",
                f"{place} 所在的磁盘已满。请腾出空间后重试。",
                code="disk_full",
            ) from error
        raise StorageError(
            f"{place} cannot be written: {reason(error)}. Check its permissions or choose another place.",
            f"无法写入 {place}:{reason(error)}。请检查权限,或换一个位置。",
        ) from error


@contextmanager
def reading(file: Path | str, kind: type[InputError], missing: str) -> Iterator[None]:
    """Turn the failures of reading a file that somebody named into a sentence.

    Args:
        file: as the sentence names it.
        kind: of the error.
        missing: the error's code where there is no such file.

    Raises:
        InputError: of that kind; there is no such file, or it cannot be read for another reason.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise kind(f"There is no file {file}.", f"没有文件 {file}。", code=missing) from error
    except OSError as error:
        raise kind(f"{file} cannot be read: {reason(error)}.", f"无法读取 {file}:{reason(error)}。") from error


def check_folder(file: Path) -> None:
    """Find out, before anything is computed for a file, that its folder is not there.

    Raises:
        InputError: it is not.
    """
    if not file.absolute().parent.is_dir():
        raise InputError(f"There is no folder {file.parent}.", f"没有文件夹 {file.parent}。", code="bad_output")


def reason(error: OSError) -> str:
    """Why the system refused, as it says it."""
    return error.strerror or str(error)


def tidy(folder: Path) -> None:
    """Remove unfinished files that killed processes left; what cannot be removed stays."""
    for left in folder.glob(".avatar-*.part"):
        with suppress(OSError):
            if _UNFINISHED.fullmatch(left.name) and time.time() - left.stat().st_mtime > STALE_S:
                left.unlink()
