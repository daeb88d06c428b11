"""One pull of a model: each file that is missing, from the first source that can give it."""

from __future__ import annotations

import logging
import shutil
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType

from avatar.errors import WeightsError
from avatar.models.assembly import Assembly
from avatar.models.catalog import InstalledSource, Model, WeightFile
from avatar.models.hub import Hub
from avatar.models.packages import Carriers
from avatar.models.progress import Meter
from avatar.models.sources import SourceError

log = logging.getLogger(__name__)


class Pull(AbstractContextManager["Pull"]):
    """The working folder of a pull. Once everything is in place it is deleted; otherwise whole parts stay in it.

    Args:
        folder: kept between attempts; belongs to one process at a time.
    """

    def __init__(self, model: Model, folder: Path, hub: Hub, meter: Meter) -> None:
        self._model = model
        self._folder = folder
        self._hub = hub
        self._meter = meter
        self._carriers = Carriers(folder / "carrier")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._carriers.close()
        if error is None:
            shutil.rmtree(self._folder, ignore_errors=True)
        else:
            with suppress(OSError):  # something is kept in it, or it was never made
                self._folder.rmdir()

    def fetch(self, file: WeightFile, target: Path) -> None:
        """Put one file in its place.

        Raises:
            WeightsError: no source could give it; the text has one sentence for each.
            StorageError: the disk is full.
        """
        self._meter.begin(file)
        failures: list[SourceError] = []
        for source in self._model.sources:
            if isinstance(source, InstalledSource) or not source.offers(file.name):
                continue
            assembly = Assembly(file, source, self._folder, self._meter)
            try:
                assembly.fetch(self._hub, self._carriers)
                assembly.finish(target)
            except SourceError as failure:
                log.debug("source_failed model=%s file=%s source=%s", self._model.name, file.name, source.label)
                failures.append(failure)
            else:
                return
        raise self._unreachable(file, failures)

    def _unreachable(self, file: WeightFile, failures: list[SourceError]) -> WeightsError:
        command = f"avatar models pull {self._model.name}"
        return WeightsError(
            f"{file.name} of {self._model.name} could not be fetched. "
            + " ".join(failure.en for failure in failures)
            + f" Run `{command}` again when a source is in reach; what came is kept.",
            f"无法取得 {self._model.name} 的 {file.name}。"
            + "".join(failure.zh for failure in failures)
            + f"有来源可用时请再运行 `{command}`;已取得的部分会保留。",
        )
