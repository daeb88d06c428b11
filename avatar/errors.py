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

import traceback
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

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


class UnfitError(ValueError):
    """What is wrong with a field, in both languages, from a check that has no place for a whole sentence."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


def whence(error: BaseException) -> str:
    """What kind of error it is and where it was raised, innermost first, for the log.

    Its message is left out, since that of an error that nobody foresaw may quote a person.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}"


_FAULTS: dict[str, tuple[str, str]] = {
    "missing": ("it is missing", "缺少此项"),
    "extra_forbidden": ("there is no such field", "没有这个字段"),
    "string_type": ("it has to be a text", "须为文字"),
    "string_too_long": ("it has {max_length} characters at most", "最多 {max_length} 个字符"),
    "string_too_short": ("it has {min_length} characters at least", "至少 {min_length} 个字符"),
    "string_pattern_mismatch": ("it has another form", "格式不符"),
    "literal_error": ("it is one of {expected}", "须为 {expected} 之一"),
    "int_type": ("it has to be a whole number", "须为整数"),
    "int_parsing": ("it has to be a whole number", "须为整数"),
    "int_from_float": ("it has to be a whole number", "须为整数"),
    "float_type": ("it has to be a number", "须为数字"),
    "float_parsing": ("it has to be a number", "须为数字"),
    "finite_number": ("it has to be a number", "须为数字"),
    "bool_type": ("it is true or false", "须为 true 或 false"),
    "bool_parsing": ("it is true or false", "须为 true 或 false"),
    "greater_than": ("it is more than {gt}", "须大于 {gt}"),
    "greater_than_equal": ("it is {ge} at least", "不得小于 {ge}"),
    "less_than": ("it is less than {lt}", "须小于 {lt}"),
    "less_than_equal": ("it is {le} at most", "不得大于 {le}"),
    "multiple_of": ("it is a multiple of {multiple_of}", "须为 {multiple_of} 的倍数"),
    "list_type": ("it has to be a list", "须为列表"),
    "tuple_type": ("it has to be a list", "须为列表"),
    "dict_type": ("it has to be a table", "须为对象"),
    "model_type": ("it has to be a table", "须为对象"),
    "model_attributes_type": ("it has to be a table", "须为对象"),
    "too_long": ("it has {max_length} entries at most", "最多 {max_length} 项"),
    "too_short": ("it has {min_length} entries at least", "至少 {min_length} 项"),
    "date_type": ("it has to be a day such as 2027-12-31", "须为 2027-12-31 这样的日期"),
    "date_parsing": ("it has to be a day such as 2027-12-31", "须为 2027-12-31 这样的日期"),
    "date_from_datetime_parsing": ("it has to be a day such as 2027-12-31", "须为 2027-12-31 这样的日期"),
    "json_invalid": ("it is no valid JSON", "不是有效的 JSON"),
}
"""What pydantic finds wrong with a field, by its `type`, and what it tells of it."""


def fault(problem: Mapping[str, Any]) -> tuple[str, str]:
    """What is wrong with a field, in English and in Chinese.

    Args:
        problem: one of a pydantic ValidationError's `errors()`. What is not known is told in pydantic's own words.
    """
    context = problem.get("ctx") or {}
    if isinstance(error := context.get("error"), UnfitError):
        return error.en, error.zh
    said = str(problem.get("msg", "not valid")).removeprefix("Value error, ")
    if (known := _FAULTS.get(str(problem.get("type")))) is None:
        return said, said
    try:
        return known[0].format(**context), known[1].format(**context).replace(" or ", "、").replace(", ", "、")
    except KeyError:
        return said, said
