"""Files are written whole or not at all: full disks, folders that cannot be written, processes that are killed."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from avatar.errors import InputError, StorageError, TextError
from avatar.files import STALE_S, check_folder, reading, storing, tidy, whole, write


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "kept.json"
    path.write_bytes(b"before")
    return path


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def test_a_file_appears_under_its_name_when_it_is_whole(place: Path) -> None:
    with whole(place) as unfinished:
        unfinished.write_bytes(b"after")
        assert place.read_bytes() == b"before" and unfinished.parent == place.parent
    assert place.read_bytes() == b"after" and names(place) == ["kept.json"]


def test_the_folder_of_a_file_is_made(tmp_path: Path) -> None:
    write(tmp_path / "some" / "where" / "file.txt", "话".encode())
    assert (tmp_path / "some" / "where" / "file.txt").read_text("utf-8") == "话"


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_a_private_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write(tmp_path / "own", b"", private=True)
        write(tmp_path / "any", b"")
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("own", "any")] == [0o600, 0o644]


@pytest.mark.parametrize("call", ["fsync", "replace", "write_bytes"])
def test_a_full_disk_leaves_what_was_there(call: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os if call == "fsync" else Path, call, full)
    with pytest.raises(StorageError) as caught:
        write(place, b"after")
    assert caught.value.code == "disk_full" and "已满" in caught.value.zh and str(place) in caught.value.en
    assert place.read_bytes() == b"before" and names(place) == ["kept.json"]


def test_what_breaks_off_the_writing_is_passed_on(place: Path) -> None:
    with pytest.raises(KeyboardInterrupt), storing(place), whole(place) as unfinished:
        unfinished.write_bytes(b"half")
        raise KeyboardInterrupt
    assert place.read_bytes() == b"before" and names(place) == ["kept.json"]


def test_a_folder_that_cannot_be_written_is_told_before_the_work(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    worked = False
    with pytest.raises(StorageError, match="Permission denied") as caught, storing(place), whole(place):
        worked = True
    assert not worked and caught.value.code == "storage_failed" and caught.value.http_status == 507


def test_a_folder_that_is_a_file_is_a_sentence(place: Path) -> None:
    with pytest.raises(StorageError, match=r"kept\.json"):
        write(place / "inner", b"")
    assert place.read_bytes() == b"before"


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="no file"):
        write(tmp_path / "folder", b"")
    with pytest.raises(OSError, match="no file"), whole(Path(os.devnull)):
        pass
    assert (tmp_path / "folder").is_dir() and not Path(os.devnull).is_file()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_a_killed_process_leaves_what_was_there(place: Path) -> None:
    script = (
        "import sys, os, signal, pathlib, avatar.files as f\n"
        "with f.whole(pathlib.Path(sys.argv[1])) as unfinished:\n"
        "    unfinished.write_bytes(b'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(place)], check=False)
    assert ended.returncode == -signal.SIGKILL and place.read_bytes() == b"before"
    (left,) = (each for each in place.parent.iterdir() if each != place)
    tidy(place.parent)
    assert left.read_bytes() == b"half", "somebody may still be writing it"
    long_ago = left.stat().st_mtime - STALE_S - 1
    os.utime(left, (long_ago, long_ago))
    tidy(place.parent)
    assert names(place) == ["kept.json"]


def test_tidying_leaves_what_is_not_ours(tmp_path: Path) -> None:
    others = [tmp_path / name for name in (".film.part", "avatar-0123456789abcdef.part", ".avatar-x.part", ".avatar-a")]
    for each in others:
        each.touch()
        os.utime(each, (0, 0))
    tidy(tmp_path)
    tidy(tmp_path / "absent")
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_what_cannot_be_read_is_said_with_its_kind(tmp_path: Path) -> None:
    with pytest.raises(TextError) as absent, reading("story.txt", TextError, "text_not_found"):
        (tmp_path / "story.txt").read_bytes()
    assert (absent.value.code, absent.value.zh) == ("text_not_found", "没有文件 story.txt。")
    with pytest.raises(TextError, match="cannot be read: ") as unreadable, reading(tmp_path, TextError, "x"):
        tmp_path.read_bytes()
    assert unreadable.value.code == TextError.code


def test_a_folder_that_is_not_there_is_found_out_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_folder(Path("film.mp4"))
    with pytest.raises(InputError, match="There is no folder nowhere"):
        check_folder(Path("nowhere/film.mp4"))
