"""`.voice` files: a voice with its consent, to be carried elsewhere. What comes from outside may be anything."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from dataclasses import dataclass

import numpy as np
from pydantic import ValidationError

from avatar.errors import InputError
from avatar.media import SPEECH_RATE, read_audio
from avatar.voice.consent.record import Consent
from avatar.voice.consent.store import MAX_RECORD, ConsentStore
from avatar.voice.deltas import unpacked as unpacked_deltas
from avatar.voice.own import FILES, OwnVoices, as_toml
from avatar.voice.profiles import DELTAS_FILE, MAX_PROFILE_BYTES, PACK_SHAPE, VoiceProfile

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_FILE = 64 * 1024 * 1024
"""Bytes of a .voice file, and of everything in it unpacked."""

_MOST_ENTRIES = 120
_ENTRY = re.compile(rf"(?:{FILES.pattern})|consent/(?:consent\.json|statement\.wav|voice\.npy)")
_SAMPLES = re.compile(r"reference/|voice\.npy")
_LARGEST = 32.0
"""Of a pack's numbers; ten times the largest of the stock packs (3.2)."""

_LONGEST_S = 120.0
"""No window lasts as long, nor the two hundred characters of a sample."""

_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Parcel:
    """A voice on its way.

    Attributes:
        files: of the voice, but for the profile.
        consent_files: of the consent, but for the record.
    """

    profile: VoiceProfile
    files: dict[str, bytes]
    consent: Consent
    consent_files: dict[str, bytes]

    @property
    def samples(self) -> list[bytes]:
        """Of the person, as files."""
        return [data for name, data in self.files.items() if name.startswith("reference/") and name.endswith(".wav")]


def exported(own: OwnVoices, consents: ConsentStore, voice: str) -> bytes:
    """A voice and its consent as a .voice file.

    Raises:
        NotFoundError: there is no such voice, or no consent.
        InputError: its consent is over.
    """
    profile = own.get(voice)
    consent = consents.valid(profile.consent)
    names = ("statement.wav", "voice.npy")
    beside = {name: data for name in names if (data := consents.file(consent.id, name)) is not None}
    consents.audit("voice_exported", voice=voice, consent=consent.id)
    return packed(Parcel(profile, own.files(voice), consent, beside))


def packed(parcel: Parcel) -> bytes:
    """A parcel as a .voice file (zip)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("profile.toml", as_toml(parcel.profile))
        archive.writestr("consent/consent.json", parcel.consent.model_dump_json(indent=1))
        for name, data in parcel.files.items():
            archive.writestr(name, data)
        for name, data in parcel.consent_files.items():
            archive.writestr(f"consent/{name}", data)
    return buffer.getvalue()


def unpacked(data: bytes) -> Parcel:
    """The parcel in a .voice file, looked through.

    Raises:
        InputError: not such a file, too large, with entries that do not belong there, damaged, or without a consent.
    """
    entries = _entries(data)
    try:
        told, record = entries.pop("profile.toml"), entries.pop("consent/consent.json")
        if len(told) > MAX_PROFILE_BYTES // 2 or len(record) > MAX_RECORD:
            raise _unusable("its profile or its consent is too large", "音色文件或同意书过大")
        profile = VoiceProfile.model_validate(tomllib.loads(told.decode("utf-8")))
        consent = Consent.model_validate_json(record)
    except KeyError as error:
        raise _unusable(f"{error.args[0]} is missing", f"缺少 {error.args[0]}") from error
    except (ValidationError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise _unusable("its profile or its consent is damaged", "音色文件或同意书已损坏") from error
    if profile.kind != "own" or profile.consent != consent.id:
        raise _unusable("the consent is not this voice's", "同意书与音色不符")
    files = {name: content for name, content in entries.items() if not name.startswith("consent/")}
    if not consent.keep:
        files = {name: content for name, content in files.items() if not _SAMPLES.match(name)}
    _check_sound(files)
    beside = {name.removeprefix("consent/"): each for name, each in entries.items() if name.startswith("consent/")}
    return Parcel(profile, files, consent, beside)


def _entries(data: bytes) -> dict[str, bytes]:
    if len(data) > MAX_FILE:
        raise _unusable("it is larger than 64 MB", "文件超过 64 MB")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = archive.infolist()
            if len(found) > _MOST_ENTRIES or len({each.filename for each in found}) != len(found):
                raise _unusable("it has too many entries", "条目过多")
            entries, left = {}, MAX_FILE
            for entry in found:
                if not _ENTRY.fullmatch(entry.filename) or entry.flag_bits & 1:
                    raise _unusable("an entry does not belong in a voice", "含有不属于音色的条目")
                entries[entry.filename] = _read(archive, entry, left)
                left -= len(entries[entry.filename])
            return entries
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise _unusable("it is not a .voice file, or it is damaged", "不是 .voice 文件,或已损坏") from error


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    """An entry, no more of it than may be: what its header says of its size is not believed."""
    parts, size = [], 0
    with archive.open(entry) as stream:
        while part := stream.read(_AT_ONCE):
            size += len(part)
            if size > left:
                raise _unusable("unpacked it is larger than 64 MB", "解压后超过 64 MB")
            parts.append(part)
    return b"".join(parts)


def _check_sound(files: dict[str, bytes]) -> None:
    """Look into everything that an engine or a browser will be given."""
    pack = files.get("pack.bin")
    if pack is not None:
        values = np.frombuffer(pack[: len(pack) // 4 * 4], dtype="<f4")
        if len(pack) != PACK_SHAPE[0] * PACK_SHAPE[1] * 4 or not (np.abs(values) <= _LARGEST).all():
            raise _unusable("its pack is damaged", "音色包已损坏")
    if DELTAS_FILE in files:
        try:
            unpacked_deltas(files[DELTAS_FILE])
        except ValueError as error:
            raise _unusable("what was fitted is damaged", "拟合数据已损坏") from error
    for name, data in files.items():
        if name.endswith(".wav"):
            read_audio(data, SPEECH_RATE, max_seconds=_LONGEST_S)


def _unusable(en: str, zh: str) -> InputError:
    return InputError(
        f"The .voice file cannot be used: {en}.", f"无法使用这个 .voice 文件:{zh}。", code="voice_file_unusable"
    )
