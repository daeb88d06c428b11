"""The user's texts on disk: whole or not at all, once each, and mended where damaged."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from avatar.dialog.columns import let_go
from avatar.dialog.library import Library, text_id
from avatar.dialog.stopping import StoppedError, stopped
from avatar.errors import NotFoundError, StorageError

TEXT = "渡口的水最深，夏天涨水时有三丈。\n\n船是柳木做的，已经用了二十年。\n"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "knowledge" / "ah-san")


def test_what_is_added_can_be_read_again(library: Library) -> None:
    added = library.add(TEXT, "河")
    assert library.ids() == [added.entry.id]
    assert library.read(added.entry.id) == added
    assert added.entry.title == "河" and added.entry.passages == len(added.passages) == 1
    assert (library.folder / f"{added.entry.id}.txt").read_text("utf-8") == TEXT


def test_the_same_text_is_kept_once(library: Library) -> None:
    first, second = library.add(TEXT, "河"), library.add(TEXT, "另一个名字")
    assert first == second
    assert sorted(f.suffix for f in library.folder.iterdir()) == [".idx", ".json", ".txt"]


def test_texts_are_listed_in_the_order_they_came(library: Library) -> None:
    ids = [library.add(f"第{n}篇文字。", str(n)).entry.id for n in range(4)]
    for n, one in enumerate(ids):
        os.utime(library.folder / f"{one}.json", ns=(n, n))
    assert library.ids() == ids


def test_removing_leaves_nothing(library: Library) -> None:
    added = library.add(TEXT, "河")
    library.keep_vectors(added.entry.id, added.passages, np.ones((1, 384), dtype=np.float32))
    library.remove(added.entry.id)
    assert list(library.folder.iterdir()) == []
    with pytest.raises(NotFoundError):
        library.remove(added.entry.id)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "0" * 15, "0" * 16, "../" + "0" * 13])
def test_an_id_never_becomes_a_path(name: str, library: Library) -> None:
    library.add(TEXT, "河")
    for action in (library.read, library.remove):
        with pytest.raises(NotFoundError):
            action(name)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"format": 1}', b"\xff\x00", b'{"format": 0, "entry": {"title": "x"}}']
)
def test_a_damaged_index_is_made_again_from_the_text(damage: bytes, library: Library) -> None:
    added = library.add(TEXT, "河")
    (library.folder / f"{added.entry.id}.json").write_bytes(damage)
    assert library.read(added.entry.id).passages[0].text == added.passages[0].text


def test_the_title_survives_a_new_format(library: Library) -> None:
    added = library.add(TEXT, "河")
    file = library.folder / f"{added.entry.id}.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), "format": 0}), encoding="utf-8")
    assert library.read(added.entry.id) == added


def test_vectors_are_kept_by_passage(library: Library) -> None:
    added = library.add(TEXT, "河")
    row = np.linspace(-1, 1, 384, dtype=np.float32)[None]
    library.keep_vectors(added.entry.id, added.passages, row)
    assert np.allclose(library.vectors(added.entry.id, added.passages), row, atol=1e-3)
    other = library.add("别的文字。", "别")
    assert not library.vectors(added.entry.id, other.passages).any()


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", b"\x00" * 64])
def test_damaged_vectors_are_made_again(damage: bytes, library: Library) -> None:
    added = library.add(TEXT, "河")
    (library.folder / f"{added.entry.id}.vec").write_bytes(damage)
    assert not library.vectors(added.entry.id, added.passages).any()


def test_a_full_disk_leaves_nothing_half_written(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError) as caught:
        library.add(TEXT, "河")
    assert caught.value.code == "disk_full" and "已满" in caught.value.zh
    assert list(library.folder.iterdir()) == []


def test_what_is_being_written_can_be_stopped(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avatar.dialog.library.FLUSHED", 64)
    steps: list[int] = []

    def told(step: str, share: float) -> None:
        files = [file for file in library.folder.rglob("*") if file.is_file() and file.suffix == ".part"]
        steps.append(files[0].stat().st_size if files else 0)
        if steps[-1] >= 128:
            raise stopped()

    with pytest.raises(StoppedError), library.adding() as adding:
        adding.add(TEXT * 5, "河", told)
    assert steps[-1] == 128 and steps.count(64) == 1, "each block is on the disk before the next is begun"
    assert list(library.folder.iterdir()) == []


def test_a_mapped_file_is_let_go_of_and_stays_readable(library: Library) -> None:
    added = library.add("".join(f"第{n}条船装着{n}箱茶叶。\n\n" for n in range(4000)), "船")
    words, counts = added.words.at.copy(), added.words.counts.sum()
    assert not SMAPS.exists() or resident(".idx") > 0
    let_go(added.passages.ids)
    assert not SMAPS.exists() or resident(".idx") == 0
    assert np.array_equal(added.words.at, words) and added.words.counts.sum() == counts
    let_go(words)


SMAPS = Path("/proc/self/smaps")


def resident(ending: str) -> int:
    """Kilobytes in memory of the mapped files that end so."""
    found, meant = 0, False
    for line in SMAPS.read_text().splitlines():
        meant = line.endswith(ending) if "-" in line.split(" ", 1)[0] else meant
        found += int(line.split()[1]) if meant and line.startswith("Rss:") else 0
    return found


def test_a_text_without_its_index_is_not_there(library: Library) -> None:
    added = library.add(TEXT, "河")
    (library.folder / f"{added.entry.id}.json").unlink()
    assert library.ids() == []
    assert library.add(TEXT, "河") == added


def half_made(library: Library, name: str) -> Path:
    folder = library.folder / name
    folder.mkdir(parents=True)
    (folder / "0123456789abcdef.txt").write_text(TEXT, encoding="utf-8")
    return folder


def test_what_killed_processes_left_is_removed(library: Library) -> None:
    added = library.add(TEXT, "河")
    kept = sorted(library.folder.iterdir())
    half_made(library, ".adding-k3j_x9a1")
    half_made(library, ".adding-0123456789abcdef").with_suffix(".lock").touch()
    (library.folder / ".adding-fedcba9876543210.lock").touch()
    old, new = (library.folder / f".avatar-{16 * digit}.part" for digit in "ab")
    for part in (old, new):
        part.write_bytes(b"vectors")
    os.utime(old, (0, 0))
    library.tidy()
    assert sorted(library.folder.iterdir()) == sorted([*kept, new])
    assert library.ids() == [added.entry.id]


def test_what_is_being_added_is_not_removed(library: Library) -> None:
    with library.adding() as adding:
        digest = adding.add(TEXT, "河")
        Library(library.folder).tidy()
        assert adding.keep() == [digest]
    assert sorted(f.suffix for f in library.folder.iterdir()) == [".idx", ".json", ".txt"]


def test_what_another_process_adds_is_kept_until_it_is_killed(library: Library) -> None:
    script = (
        "import sys, pathlib, avatar.dialog.unfinished as u\n"
        "with u.unfinished(pathlib.Path(sys.argv[1]), 'adding') as folder:\n"
        "    (folder / 'part.txt').write_text('x'); print(folder, flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(library.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        library.tidy()
        assert (folder / "part.txt").is_file()
        other.kill()
    library.tidy()
    assert list(library.folder.iterdir()) == []


def test_an_unwritable_library_opens_nevertheless(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    half_made(library, ".adding-k3j_x9a1")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("avatar.dialog.unfinished.FileLock.acquire", refuse)
    library.tidy()
    assert library.ids() == []


def test_a_library_that_is_not_there_is_not_made_by_tidying(library: Library) -> None:
    library.tidy()
    assert not library.folder.exists()


def test_ids_are_made_from_words() -> None:
    assert text_id(TEXT) == text_id(TEXT) != text_id(TEXT + "。")
