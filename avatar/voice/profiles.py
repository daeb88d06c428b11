"""Voice profiles: what a voice is, where it comes from, and how an engine makes it sound.

A profile is a folder `<id>/profile.toml`. The stock voices lie in `voices/` beside the package in a checkout and in
`avatar/_voices` in an installed wheel; other folders may add to them.
"""

from __future__ import annotations

import difflib
import logging
import re
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from avatar.errors import InputError, Language, NotFoundError, SettingsError, UnfitError, WeightsError, fault
from avatar.settings import PACKAGE_ROOT
from avatar.voice.deltas import NO_DELTAS, Deltas, read_deltas

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Style = NDArray[np.float32]
"""float32 [510, 256]: Kokoro's style for clauses of 1..510 tokens; columns 0-127 timbre, 128-255 rhythm and tune."""

PACK_SHAPE = (510, 256)

DELTAS_FILE = "deltas.npz"
"""Beside a profile: what a fitted voice adds to the network."""

PACK_FILE = "pack.bin"
"""Beside a profile of the user's own: a pack made for it, in place of the blend."""

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""An id."""

MAX_PROFILE_BYTES = 64 * 1024
"""Of a profile's file."""

_MOST_WEIGHT = 2.0
"""Of a pack in a blend; huge ones that cancel out would add up to 1 as well."""

_TIMBRE = 128
"""The first columns of a style."""

log = logging.getLogger(__name__)


class Bilingual(BaseModel):
    """A text for people, in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str
    en: str


class VoiceProfile(BaseModel):
    """One voice.

    Attributes:
        id: the name of its folder, by which the settings, the API and a persona call it.
        name: for people.
        description: how it sounds, for people.
        languages: that it was recorded in; it speaks the other one with an accent.
        sex: of the voice as it is heard.
        accent: of its English.
        engine: the synthesizer that can speak it.
        blend: for each language the packs it is mixed from and their weights; a language without takes the other's.
        speed: 1 is the pack's own.
        pitch: factor on the fundamental frequency.
        gain_db: how much louder than all others it is.
        licence: of the pack, as an SPDX expression.
        origin: who made it.
        notice: what a listener is told about it.
        format: of the file.
        kind: a stock pack, a blend of some, or a person's, made by the user.
        consent: the id of the consent that a person's voice hangs on.
        created_at: seconds since 1970.
        revision: counts up whenever the voice was made anew.
        stage: how near to the person it was brought: a stock voice near it, at once, or by fitting.
        made: what was done for it, in order.
        scores: figures that tell how well.
        sample_text: what `sample.wav` says, beside the project's own blends `sample.ogg`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=NAME.pattern)
    name: Bilingual
    description: Bilingual
    languages: tuple[Language, ...] = Field(min_length=1)
    sex: Literal["female", "male"]
    accent: Literal["en-us", "en-gb"] = "en-us"
    engine: str = "kokoro"
    blend: dict[Language, dict[str, float]] = Field(min_length=1)
    speed: float = Field(1.0, ge=0.5, le=2.0)
    pitch: float = Field(1.0, ge=0.5, le=2.0)
    gain_db: float = Field(0.0, ge=-24.0, le=24.0)
    licence: str
    origin: str
    notice: Bilingual
    format: Literal[1] = 1
    kind: Literal["stock", "blend", "own"] = "stock"
    consent: str = Field("", max_length=32)
    created_at: int = Field(0, ge=0)
    revision: int = Field(1, ge=1)
    stage: Literal["nearest", "instant", "fitted"] = "nearest"
    made: tuple[Annotated[str, Field(max_length=40)], ...] = Field((), max_length=40)
    scores: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")], Annotated[float, Field(allow_inf_nan=False)]] = (
        Field(default_factory=dict, max_length=40)
    )
    sample_text: str = Field("", max_length=400)

    @model_validator(mode="after")
    def _check_blend(self) -> VoiceProfile:
        for packs in self.blend.values():
            if not packs or any(not NAME.fullmatch(pack) for pack in packs):
                raise UnfitError(
                    "blend: each language needs packs, named in lower case", "blend:每种语言都要有以小写命名的音色包"
                )
            if not 0.99 <= sum(packs.values()) <= 1.01 or any(abs(weight) > _MOST_WEIGHT for weight in packs.values()):
                raise UnfitError(
                    "blend: the weights of a language add up to 1, none beyond 2 or -2",
                    "blend:一种语言的权重之和为 1,每个在 -2 到 2 之间",
                )
        if (self.kind == "own") != bool(self.consent):
            raise UnfitError(
                "consent: a person's voice has one, and no other voice has", "consent:只有真人的音色才有同意书,且必须有"
            )
        return self

    def packs(self, language: Language) -> dict[str, float]:
        """The packs and weights that speak a language."""
        return self.blend.get(language) or next(iter(self.blend.values()))


Permit = Callable[[VoiceProfile], object]
"""Raises NotFoundError or InputError where a person's voice may not speak."""


class Voices(Protocol):
    """What a synthesizer asks about voices."""

    def get(self, voice: str) -> VoiceProfile:
        """See `VoiceLibrary.get`."""

    def style(self, profile: VoiceProfile, language: Language) -> Style:
        """See `VoiceLibrary.style`."""

    def deltas(self, profile: VoiceProfile) -> Deltas:
        """See `VoiceLibrary.deltas`."""


class VoiceLibrary:
    """The profiles of some folders and the packs they are mixed from. Safe to share; reads files when asked."""

    def __init__(self, folders: Sequence[Path], packs: Path, permit: Permit | None = None) -> None:
        """
        Args:
            folders: each holds `<id>/profile.toml`; the first folder that has an id wins.
            packs: the folder of Kokoro's voices, `<pack>.bin`.
            permit: looks at the consent of a person's voice; without it no such voice speaks.
        """
        self._folders = tuple(folders)
        self._packs = packs
        self._permit = permit or _refuse
        self._style = lru_cache(maxsize=64)(self._mix)
        self._deltas = lru_cache(maxsize=64)(_deltas_of)
        self._own = lru_cache(maxsize=64)(_pack_of)

    def get(self, voice: str) -> VoiceProfile:
        """The profile of that id.

        Raises:
            NotFoundError: there is none; the sentence names those that are near. Or its consent was revoked.
            InputError: its consent is over.
            SettingsError: its file is damaged.
        """
        folder = self._folder(voice)
        if folder is None:
            raise self._unknown(voice)
        profile = load_profile(folder / "profile.toml")
        if profile.kind == "own":
            self._permit(profile)
        return profile

    def standing(self, voice: str) -> str:
        """What sound that was kept of a voice hangs on: another word once the voice was made anew. Empty for one that
        is not here, which may be another engine's.

        Raises: as of `get`.
        """
        if self._folder(voice) is None:
            return ""
        profile = self.get(voice)
        return f"{profile.consent} {profile.created_at} {profile.revision}"

    def list(self) -> tuple[VoiceProfile, ...]:
        """Every profile that may speak, by id."""
        found = []
        for name in _ids(self._folders):
            try:
                found.append(self.get(name))
            except (NotFoundError, InputError) as error:
                log.warning("voice_silent voice=%s code=%s", name, error.code)
        return tuple(found)

    def style(self, profile: VoiceProfile, language: Language) -> Style:
        """The style that speaks a language: the profile's own pack, else the weighted mean of its packs.

        In a language that it was not recorded in, an own pack has the rhythm and tune of the blend, which is a
        native's.

        Raises:
            WeightsError: a pack is missing or damaged.
        """
        blend = tuple(profile.packs(language).items())
        folder = self._folder(profile.id) if profile.kind == "own" else None
        path = folder / PACK_FILE if folder else None
        changed = _changed(path)
        if path is None or changed is None:
            return self._style(blend)
        own = self._own(path, changed)
        if language in profile.languages:
            return own
        mixed = self._style(blend).copy()
        mixed[:, :_TIMBRE] = own[:, :_TIMBRE]
        return mixed

    def deltas(self, profile: VoiceProfile) -> Deltas:
        """What the voice adds to the network; nothing for one that was not fitted.

        Raises:
            WeightsError: the file is damaged.
        """
        folder = self._folder(profile.id)
        path = folder / DELTAS_FILE if folder else None
        changed = _changed(path)
        return NO_DELTAS if path is None or changed is None else self._deltas(path, changed)

    def references(self, profile: VoiceProfile) -> tuple[Path, ...]:
        """The recordings of the person that were kept, the best first; none of a voice that is nobody's, or where the
        consent does not let them be kept."""
        folder = self._folder(profile.id) if profile.kind == "own" else None
        return tuple(sorted(folder.glob("reference/[0-9][0-9].wav"))) if folder else ()

    def _folder(self, voice: str) -> Path | None:
        """Where a voice lies."""
        if not NAME.fullmatch(voice):
            return None
        places = (folder / voice for folder in self._folders)
        return next((place for place in places if (place / "profile.toml").is_file()), None)

    def _mix(self, packs: tuple[tuple[str, float], ...]) -> Style:
        mixed = np.zeros(PACK_SHAPE, dtype=np.float32)
        for pack, weight in packs:
            mixed += np.float32(weight) * self._read(pack)
        return mixed

    def _read(self, pack: str) -> Style:
        return read_pack(self._packs / f"{pack}.bin")

    def _unknown(self, voice: str) -> NotFoundError:
        shown = voice[:40]
        near = difflib.get_close_matches(shown.lower(), _ids(self._folders), n=4, cutoff=0.4) or _ids(self._folders)[:4]
        return NotFoundError(
            f"There is no voice {shown!r}. Near it: {', '.join(near) or 'none'}.",
            f"没有名为 {shown!r} 的音色。相近的有:{'、'.join(near) or '无'}。",
            code="voice_not_found",
        )


def read_pack(path: Path) -> Style:
    """A pack from its file.

    Raises:
        WeightsError: it is missing or damaged.
    """
    try:
        values = np.fromfile(path, dtype="<f4")
    except OSError as error:
        raise _damaged(path.stem) from error
    if values.size != PACK_SHAPE[0] * PACK_SHAPE[1] or not np.isfinite(values).all():
        raise _damaged(path.stem)
    return values.reshape(PACK_SHAPE).astype(np.float32)


def _pack_of(path: Path, changed: int) -> Style:
    """An own pack as it was at some time."""
    del changed
    return read_pack(path)


def _refuse(profile: VoiceProfile) -> None:
    raise NotFoundError(
        f"There is no consent for the voice {profile.id}.", f"音色 {profile.id} 没有同意书。", code="consent_not_found"
    )


def _deltas_of(path: Path, changed: int) -> Deltas:
    """The deltas of a file as it was at some time; kept for that time only."""
    del changed
    return read_deltas(path)


def _changed(path: Path | None) -> int | None:
    """When a file was written; None where there is none, or no more."""
    try:
        return None if path is None else path.stat().st_mtime_ns
    except OSError:
        return None


def _ids(folders: Sequence[Path]) -> list[str]:
    found = {path.parent.name for folder in folders for path in folder.glob("*/profile.toml")}
    return sorted(name for name in found if NAME.fullmatch(name))


def load_profile(path: Path) -> VoiceProfile:
    """A profile from its file.

    Raises:
        SettingsError: not TOML, too large, a key is unknown or missing, or the id is not the folder's name.
    """
    try:
        data = path.read_bytes()
        if len(data) > MAX_PROFILE_BYTES:
            raise _unusable(path, "it is larger than 64 KB", "文件超过 64 KB")
        profile = VoiceProfile.model_validate(tomllib.loads(data.decode("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unusable(path, "it is not readable as TOML in UTF-8", "不是 UTF-8 编码的 TOML") from error
    except ValidationError as error:
        first = error.errors()[0]
        place, (en, zh) = ".".join(str(part) for part in first["loc"]) or "profile", fault(first)
        raise _unusable(path, f"{place}: {en}", f"{place}:{zh}") from error
    if profile.id != path.parent.name:
        raise _unusable(path, f"its id {profile.id} is not its folder's name", f"id {profile.id} 与文件夹名不同")
    return profile


def stock_voices_dir() -> Path:
    """The profiles that come with the project: `avatar/_voices` in a wheel, `voices/` in a checkout."""
    packaged = PACKAGE_ROOT / "_voices"
    return packaged if packaged.is_dir() else PACKAGE_ROOT.parent / "voices"


def _unusable(path: Path, en: str, zh: str) -> SettingsError:
    name = f"{path.parent.name}/{path.name}"
    return SettingsError(f"Voice profile {name} cannot be used: {en}.", f"音色文件 {name} 无法使用:{zh}。")


def _damaged(pack: str) -> WeightsError:
    return WeightsError(
        f"Voice pack {pack} is missing or damaged. Run `avatar models pull kokoro-voices`.",
        f"音色包 {pack} 缺失或损坏。请运行 `avatar models pull kokoro-voices`。",
    )
