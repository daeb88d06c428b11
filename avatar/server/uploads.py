"""Forms with files, of which only a few may be on their way at once."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request

from avatar.server.limits import Jobs


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
