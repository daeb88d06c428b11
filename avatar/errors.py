"""Every error that a person may meet, as one tree.

    AvatarError                 something of ours failed                         exit 1   HTTP 500
    ├── InputError              what was given cannot be used                    exit 2   HTTP 400
    │   ├── AudioError          not audio, too long, silent
    │   ├── PhotoError          not a picture, no face, several faces, too small
    │   ├── TextError           not text, empty, unreadable encoding
    │   ├── SettingsError       a setting is unknown or out of range
    │   └── ProtocolError       an event or message that the wire does not allow
    ├── NotFoundError           no persona, voice or model of that name          exit 2   HTTP 404
    ├── WeightsError            weights missing, unreachable or damaged          exit 3   HTTP 503
    ├── EngineError             a stage failed or did not answer in time         exit 4   HTTP 502   retryable
    ├── CapacityError           no room for another session                      exit 5   HTTP 503   retryable
    ├── StorageError            disk full, folder not writable                   exit 6   HTTP 507
    └── PortError               the address is taken                             exit 7

Each carries its sentence in English and in Chinese: what was wrong, where, and what to do. The command line, HTTP
and the sockets turn an error into their own form from these attributes alone, so that happens in one place for each.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Language = Literal["zh", "en"]


class AvatarError(Exception):
    """The base of the tree.

    Args:
        en: the sentence in English.
        zh: the same sentence in Chinese.
        code: a stable identifier for programs, in snake_case; the class's own where none is given.
    """

    code: str = "internal_error"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, en: str, zh: str, *, code: str | None = None) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh
        if code is not None:
            self.code = code

    def sentence(self, language: Language = "en") -> str:
        """The sentence in the language asked for."""
        return self.zh if language == "zh" else self.en


class InputError(AvatarError):
    code = "invalid_input"
    exit_code = 2
    http_status = 400


class AudioError(InputError):
    code = "invalid_audio"


class PhotoError(InputError):
    code = "invalid_photo"


class TextError(InputError):
    code = "invalid_text"


class SettingsError(InputError):
    code = "invalid_setting"


class ProtocolError(InputError):
    code = "invalid_event"


class NotFoundError(AvatarError):
    code = "not_found"
    exit_code = 2
    http_status = 404


class WeightsError(AvatarError):
    code = "weights_unavailable"
    exit_code = 3
    http_status = 503


class EngineError(AvatarError):
    code = "engine_failed"
    exit_code = 4
    http_status = 502
    retryable = True


class CapacityError(AvatarError):
    code = "at_capacity"
    exit_code = 5
    http_status = 503
    retryable = True


class StorageError(AvatarError):
    code = "storage_failed"
    exit_code = 6
    http_status = 507


class PortError(AvatarError):
    code = "port_in_use"
    exit_code = 7
