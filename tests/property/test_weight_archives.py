"""Whatever bytes a registry gives, opening them ends in a SourceError or in bytes, never more than were asked for."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.models.archives import Archive
from avatar.models.sources import SourceError

DATA = bytes(range(256)) * 8


def _wheel() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d", DATA)
    return buffer.getvalue()


def _tarball() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("d")
        info.size = len(DATA)
        archive.addfile(info, io.BytesIO(DATA))
    return buffer.getvalue()


CARRIERS = {".whl": _wheel(), ".tgz": _tarball()}


@pytest.mark.parametrize("suffix", CARRIERS)
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_altered_archives_never_raise_anything_else(suffix: str, data: st.DataObject) -> None:
    raw = bytearray(CARRIERS[suffix])
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    read = _read(bytes(raw[:cut]) if data.draw(st.booleans()) else bytes(raw), suffix)
    # a zip checks each member; a tarball is checked as a whole, so there the catalog's hash has the last word
    assert read is None or len(read) <= len(DATA)
    assert suffix == ".tgz" or read in (None, DATA)


@pytest.mark.parametrize("suffix", CARRIERS)
@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_nonsense_is_no_archive(suffix: str, raw: bytes) -> None:
    assert _read(raw, suffix) is None


def _read(raw: bytes, suffix: str) -> bytes | None:
    """The member's bytes, or None where the archive was refused."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"carrier{suffix}"
        path.write_bytes(raw)
        try:
            archive = Archive(path)
        except SourceError:
            return None
        try:
            return b"".join(archive.blocks("d", len(DATA)))
        except SourceError:
            return None
        finally:
            archive.close()
