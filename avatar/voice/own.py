"""The user's own voices on disk: each a folder that is there whole, or not at all.

voices/zhang-san/profile.toml
                 pack.bin           float32 [510, 256]; where it is absent the profile's blend speaks
                 deltas.npz         what a fitting adds to the network
                 sample.wav         the clone, to listen to
                 reference/NN.wav, reference/words.json      the person, where the consent lets it be kept
                 voice.npy          the speaker embedding, likewise
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from avatar.errors import InputError, Language, NotFoundError, SettingsError, StorageError
from avatar.media import SPEECH_RATE, read_audio, wav_bytes
from avatar.voice.consent.record import plain_name
from avatar.voice.enrolment.windows import Enrolment, Report, Sex, Window
from avatar.voice.profiles import NAME, PACK_SHAPE, Style, VoiceProfile, load_profile
from avatar.voice.speaker import embedding_bytes, read_embedding

log = logging.getLogger(__name__)

MOST_VOICES = 200

_LEFTOVER = re.compile(r"\.(?:new|old|gone)-[0-9a-f]{16}")
_STALE_S = 600.0
"""A folder that was begun so long ago, in seconds, is nobody's any more."""

FILES = re.compile(
    r"profile\.toml|pack\.bin|deltas\.npz|sample\.wav|voice\.npy|reference/(?:[0-9]{2}\.wav|words\.json)"
)
"""What a voice's folder may hold."""


class _Words(BaseModel):
    """`reference/words.json`."""

    model_config = ConfigDict(extra="forbid")

    texts: list[tuple[str, Language]] = Field(max_length=99)
    pitch_hz: float = Field(ge=0, le=1000)
    sex: Sex
    language: Language


class OwnVoices:
    """Keeps the user's voices. May be shared between threads.

    Args:
        folder: made where it is missing.
        taken: ids of voices that are not the user's.
    """

    def __init__(self, folder: Path, taken: Sequence[str] = ()) -> None:
        self.folder = folder
        self._taken = frozenset(taken)

    def all(self) -> list[VoiceProfile]:
        """Every voice, the newest first; a folder that is damaged is passed over."""
        found = []
        for path in sorted(self.folder.glob("*/profile.toml")):
            if NAME.fullmatch(path.parent.name):
                try:
                    found.append(load_profile(path))
                except InputError:
                    log.warning("voice_damaged voice=%s", path.parent.name)
        return sorted((each for each in found if each.kind == "own"), key=lambda each: (-each.created_at, each.id))

    def get(self, voice: str) -> VoiceProfile:
        """The profile of a voice of the user's.

        Raises:
            NotFoundError: there is none of that id.
            SettingsError: its file is damaged.
        """
        path = self.folder / voice / "profile.toml"
        if NAME.fullmatch(voice) and path.is_file():
            profile = load_profile(path)
            if profile.kind == "own":
                return profile
        raise NotFoundError(
            f"There is no voice {voice[:40]!r} of your own.",
            f"没有名为 {voice[:40]!r} 的自有音色。",
            code="voice_not_found",
        )

    def free_id(self, name: str) -> str:
        """An id for a voice of that name: its letters, hanzi as pinyin, and a number where it is taken.

        Raises:
            InputError: there are too many voices.
        """
        from pypinyin import lazy_pinyin

        if len(self.all()) >= MOST_VOICES:
            raise InputError(
                f"There are {MOST_VOICES} voices already. Delete one first.",
                f"已有 {MOST_VOICES} 个音色。请先删除一个。",
                code="too_many_voices",
            )
        words = re.findall(r"[a-z0-9]+", "-".join(lazy_pinyin(name)).lower())
        base = "-".join(words)[:48].strip("-") or "voice"
        ids = [base, *(f"{base}-{number}" for number in range(2, MOST_VOICES + 3))]
        return next(each for each in ids if each not in self._taken and not (self.folder / each).exists())

    def save(self, profile: VoiceProfile, files: dict[str, bytes]) -> None:
        """Keep a voice, in place of what was there under its id.

        Args:
            files: everything but the profile, by name.

        Raises:
            StorageError: it cannot be written; what was there is there still.
        """
        place = self.folder / profile.id
        mark = secrets.token_hex(8)
        self._sweep()
        unfinished, before = self.folder / f".new-{mark}", self.folder / f".old-{mark}"
        try:
            unfinished.mkdir(parents=True)
            for name, data in {**files, "profile.toml": as_toml(profile)}.items():
                path = unfinished / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(data)
            if place.exists():
                place.rename(before)
            unfinished.rename(place)
        except OSError as error:
            if before.exists() and not place.exists():
                before.rename(place)
            raise StorageError(
                f"The voice cannot be kept: {error.strerror}.", f"无法保存音色:{error.strerror}。"
            ) from error
        finally:
            for leftover in (unfinished, before):
                shutil.rmtree(leftover, ignore_errors=True)

    def files(self, voice: str) -> dict[str, bytes]:
        """Everything of a voice but its profile, by name."""
        folder = self.folder / self.get(voice).id
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "profile.toml"]
        names = {path.relative_to(folder).as_posix(): path for path in paths}
        return {name: path.read_bytes() for name, path in names.items() if FILES.fullmatch(name)}

    def file(self, voice: str, name: str) -> Path | None:
        """One file of a voice; None where there is none."""
        path = self.folder / self.get(voice).id / name
        return path if FILES.fullmatch(name) and path.is_file() else None

    def delete(self, voice: str) -> None:
        """Take a voice away, a damaged one as well: at one stroke out of sight, then its files.

        Raises:
            NotFoundError: there is none.
            StorageError: it cannot be moved.
        """
        with suppress(SettingsError):
            self.get(voice)
        self._drop(voice)

    def delete_of(self, consent: str) -> list[str]:
        """Take every voice of a consent away; their ids. A folder whose profile cannot be read is looked into."""
        gone = []
        for path in list(self.folder.glob("*/profile.toml")):
            with suppress(FileNotFoundError):
                told = path.read_text(encoding="utf-8", errors="replace")
                if not re.search(rf"""(?m)^\s*consent\s*=\s*["']{re.escape(consent)}["']""", told):
                    continue
                self._drop(path.parent.name)
                gone.append(path.parent.name)
        self._sweep()
        return gone

    def _sweep(self) -> None:
        """Remove what a process that was killed left half made."""
        for leftover in self.folder.glob(".*-*"):
            with suppress(FileNotFoundError):  # whoever made it has just finished with it
                if _LEFTOVER.fullmatch(leftover.name) and time.time() - leftover.stat().st_mtime > _STALE_S:
                    shutil.rmtree(leftover, ignore_errors=True)

    def _drop(self, name: str) -> None:
        leaving = self.folder / f".gone-{secrets.token_hex(8)}"
        try:
            (self.folder / name).rename(leaving)
            shutil.rmtree(leaving)
        except OSError as error:
            raise StorageError(
                f"The voice cannot be removed: {error.strerror}.", f"无法删除音色:{error.strerror}。"
            ) from error

    def texts(self, voice: str) -> list[tuple[str, Language]]:
        """What is said in each recording of the person that was kept, by their numbers; none where none was.

        Raises:
            InputError: the file is damaged.
        """
        path = self.folder / self.get(voice).id / "reference" / "words.json"
        if not path.is_file():
            return []
        try:
            return _Words.model_validate_json(path.read_bytes()[: 1 << 20]).texts
        except (OSError, ValidationError) as error:
            raise damaged(voice) from error

    def enrolment(self, voice: str) -> Enrolment | None:
        """The person as enrolled; None where it was not kept.

        Raises:
            InputError: the files are damaged.
        """
        folder = self.folder / self.get(voice).id
        if not (folder / "reference" / "words.json").is_file():
            return None
        try:
            words = _Words.model_validate_json((folder / "reference" / "words.json").read_bytes()[: 1 << 20])
            embedding = read_embedding((folder / "voice.npy").read_bytes())
        except (OSError, ValueError, ValidationError) as error:
            raise damaged(voice) from error
        windows = tuple(
            Window(read_audio(folder / "reference" / f"{index:02}.wav", SPEECH_RATE), text, language)
            for index, (text, language) in enumerate(words.texts)
        )
        if not windows:
            raise damaged(voice)
        seconds = sum(each.seconds for each in windows)
        report = Report(seconds, seconds, 0.0, 0.0, None, 0.0, 0.0, 1, 0.0)
        return Enrolment(windows, embedding, words.pitch_hz, words.sex, words.language, seconds, report)


def renamed(own: OwnVoices, voice: str, name: str) -> VoiceProfile:
    """A voice under another name for people; its id stays.

    Raises:
        InputError: no name.
        NotFoundError: there is no such voice.
    """
    plain = plain_name(name)
    changed = VoiceProfile.model_validate({**own.get(voice).model_dump(), "name": {"zh": plain, "en": plain}})
    own.save(changed, own.files(voice))
    return changed


def reference_files(enrolment: Enrolment) -> dict[str, bytes]:
    """An enrolment as files: its windows, their words, the embedding."""
    windows = enrolment.windows[:99]
    words = {
        "texts": [(each.text, each.language) for each in windows],
        "pitch_hz": round(enrolment.pitch_hz, 2),
        "sex": enrolment.sex,
        "language": enrolment.language,
    }
    files = {f"reference/{index:02}.wav": wav_bytes(each.samples) for index, each in enumerate(windows)}
    return {
        **files,
        "reference/words.json": json.dumps(words, ensure_ascii=False).encode(),
        "voice.npy": embedding_bytes(enrolment.embedding),
    }


def pack_bytes(style: Style) -> bytes:
    """A pack as a file: float32 [510, 256], little-endian."""
    if style.shape != PACK_SHAPE or not np.isfinite(style).all():
        raise InputError("The voice pack is damaged.", "音色包已损坏。", code="voice_damaged")
    return style.astype("<f4").tobytes()


def as_toml(profile: VoiceProfile) -> bytes:
    """A profile as its file. JSON's strings, numbers and lists are TOML's, too, but for one sign; tables are written
    out."""
    told = profile.model_dump(mode="json")
    plain = {key: value for key, value in told.items() if not isinstance(value, dict)}
    lines = [f"{key} = {_as_value(value)}" for key, value in plain.items()]
    for key, table in told.items():
        if isinstance(table, dict):
            lines += _table(key, table)
    return ("\n".join(lines) + "\n").encode("utf-8")


def _table(name: str, table: dict[str, object]) -> list[str]:
    lines = ["", f"[{name}]"]
    lines += [f"{key} = {_as_value(value)}" for key, value in table.items() if not isinstance(value, dict)]
    for key, inner in table.items():
        if isinstance(inner, dict):
            lines += _table(f"{name}.{key}", inner)
    return lines


def _as_value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("\x7f", "\\u007f")


def damaged(voice: str) -> InputError:
    """The error of a voice whose files cannot be used."""
    return InputError(
        f"The files of the voice {voice[:40]} are damaged. Clone it again.",
        f"音色 {voice[:40]} 的文件已损坏。请重新克隆。",
        code="voice_damaged",
    )
