"""Forms with files, of which only a few may be on their way at once, and what stands in their fields."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from avatar.server.limits import Jobs
from avatar.server.protocol.parsing import EventError


class UploadedForm:
    """A request's form, while it holds one of the places for uploads; its files are gone afterwards.

    Args:
        request: with the form.
        uploads: where it holds a place.
        files: that it may have.
        fields: that it may have besides.
        field_bytes: of one field.
    """

    def __init__(self, request: Request, uploads: Jobs, *, files: int, fields: int, field_bytes: int) -> None:
        self._request, self._uploads = request, uploads
        self._files, self._fields, self._field_bytes = files, fields, field_bytes
        self._form: FormData | None = None

    async def __aenter__(self) -> FormData:
        """The form.

        Raises:
            CapacityError: too many are on their way already; nothing of this one is read.
        """
        self._uploads.take()
        try:
            self._form = await self._request.form(
                max_files=self._files, max_fields=self._fields, max_part_size=self._field_bytes
            )
        except BaseException:
            self._uploads.free()
            raise
        return self._form

    async def __aexit__(self, *error: object) -> None:
        self._uploads.free()
        if self._form is not None:
            await self._form.close()


def text_of(form: FormData, name: str) -> str:
    """The text of a field; empty where there is none."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def file_of(form: FormData, name: str = "file") -> UploadFile:
    """The file of a field, not yet read.

    Raises:
        EventError: there is none.
    """
    file = form.get(name)
    if not isinstance(file, UploadFile):
        raise _no_file(name)
    return file


async def only_file(form: FormData, name: str, most: int) -> bytes:
    """The bytes of a field's one file.

    Args:
        most: bytes that it may have.

    Raises:
        EventError: there is none, there are several, or it is too large.
    """
    found = await all_files(form, (name,), most)
    if len(found) > 1:
        raise EventError(
            f"Send one file in the field `{name}`.", f"`{name}` 字段只能放一个文件。", code="invalid_value", param=name
        )
    return found[0]


async def all_files(form: FormData, names: Sequence[str], most: int) -> list[bytes]:
    """The bytes of all files of some fields, at least one.

    Args:
        names: of the fields; the first is the one that errors name.
        most: bytes that they may have together.

    Raises:
        EventError: there is none, or they are too large.
    """
    found = [await each.read(most + 1) for name in names for each in form.getlist(name) if isinstance(each, UploadFile)]
    if not found:
        raise _no_file(names[0])
    if sum(map(len, found)) > most:
        megabytes = most >> 20
        raise EventError(
            f"What the field `{names[0]}` holds is larger than {megabytes} MB.",
            f"`{names[0]}` 字段的内容超过 {megabytes} MB。",
            code="file_too_large",
            param=names[0],
        )
    return found


def _no_file(name: str) -> EventError:
    return EventError(
        f"The form has no file: send it in the field `{name}`.",
        f"表单里没有文件:请放在 `{name}` 字段。",
        code="missing_field",
        param=name,
    )
