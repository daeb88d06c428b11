"""Voices that travel with something else, such as a persona: out with their consent, in only with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from avatar.errors import NotFoundError
from avatar.voice.cloning import Cloning
from avatar.voice.consent.store import ConsentStore
from avatar.voice.own import OwnVoices
from avatar.voice.portable import exported, unpacked


class VoiceLuggage:
    """Packs the user's own voices, and takes them in. May be shared between threads.

    Args:
        own: keeps the voices.
        consents: what they hang on.
        cloning: hears a statement again; loaded when a voice arrives that is not there.
    """

    def __init__(self, own: OwnVoices, consents: ConsentStore, cloning: Callable[[], Cloning]) -> None:
        self._own = own
        self._consents = consents
        self._cloning = cloning

    def pack(self, voice: str) -> bytes:
        """A voice with its consent, as a .voice file; empty where it is none of the user's own.

        Raises:
            NotFoundError: its consent was revoked.
            InputError: its consent is over.
        """
        if all(each.id != voice for each in self._own.all()):
            return b""
        return exported(self._own, self._consents, voice)

    def take(self, data: bytes) -> tuple[str, bool]:
        """Keep the voice of a .voice file; its id, and whether it was not there before.

        Raises:
            InputError: it cannot be used; or its consent is missing, over, revoked, or not what it says.
        """
        wanted = unpacked(data).profile
        for each in self._own.all():
            if (each.consent, each.created_at) == (wanted.consent, wanted.created_at):
                self._consents.valid(each.consent)
                return each.id, False
        return self._cloning().take_in(data).id, True

    def drop(self, voice: str) -> None:
        """Take a voice that was kept away again; its consent stays."""
        with suppress(NotFoundError):
            self._own.delete(voice)
