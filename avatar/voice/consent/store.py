"""The consents on disk, and everything that hangs on them.

    consents/cons_…/consent.json  statement.wav  voice.npy      a consent; the last two only of a statement
    consents/.revoked/cons_…/                                   one that is being taken back
    consents/revoked.txt                                        ids that were: such a voice is not let in again
    consents/phrases.json                                       statements that wait to be read aloud
    consents/audit.log                                          what happened, by ids

A consent is revoked by one renaming, and from that moment its voices do not speak; then they are removed. Where that is
cut off, the folder in .revoked says what is left to do, and the next one to open the store does it.
"""

from __future__ import annotations

import datetime
import json
import logging
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from avatar.errors import CapacityError, InputError, NotFoundError, StorageError
from avatar.files import whole
from avatar.voice.consent.blocking import check_name
from avatar.voice.consent.record import CONSENT_ID, LASTS, LONGEST, Consent, GroundWish, Phrase, PhraseWish, plain_name
from avatar.voice.consent.statement import statement
from avatar.voice.consent.words import drawn

log = logging.getLogger(__name__)

PHRASE_S = 3600
"""Seconds that a phrase can be used."""

_MOST_PHRASES = 200
_PHRASES: TypeAdapter[list[Phrase]] = TypeAdapter(list[Phrase])
MAX_RECORD = 64 * 1024
"""Bytes of a record."""

_DAY_S = 86_400
"""By which the clock of the machine that a consent comes from may be ahead."""

OnRevoke = Callable[[str], list[str]]
"""Removes every voice of a consent, and what was made from it; the ids of the voices."""


class ConsentStore:
    """Keeps consents. May be shared between threads and processes.

    Args:
        folder: made where it is missing.
        remove_voices: see `OnRevoke`; it has to bear being called again.
        now: the clock, seconds since 1970.
    """

    def __init__(self, folder: Path, remove_voices: OnRevoke, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._remove_voices = remove_voices
        self._now = now
        self.finish()

    def issue(self, wish: PhraseWish) -> Phrase:
        """A statement to be read aloud, with words that were never used before.

        Raises:
            InputError: the name is blocked, or the date is past or too far away.
            CapacityError: too many statements wait already.
        """
        self.permit_name(wish.name)
        self._until(wish.until)
        words = drawn(wish.language)
        text = statement(wish.name, wish.scope, words, wish.language)
        expires = int(self._now()) + PHRASE_S
        phrase = Phrase(id=f"phr_{secrets.token_hex(10)}", wish=wish, text=text, words=words, expires_at=expires)
        with self._locked():
            waiting = self._phrases()
            if len(waiting) >= _MOST_PHRASES:
                raise CapacityError("Too many statements wait to be read aloud.", "等待朗读的声明太多,请稍后再试。")
            self._write_phrases([*waiting, phrase])
        self.audit("phrase_issued", phrase=phrase.id)
        return phrase

    def open_phrases(self, phrase_id: str = "") -> list[Phrase]:
        """The statements that wait; the one of an id where one is given.

        Raises:
            NotFoundError: there is none, or it was used, or its hour is over.
        """
        waiting = [each for each in self._phrases() if not phrase_id or each.id == phrase_id]
        if not waiting:
            raise NotFoundError(
                "There is no such statement to be read, or its hour is over. Ask for a new one.",
                "没有这份待朗读的声明,或已超过一小时。请重新获取。",
                code="phrase_not_found",
            )
        return waiting

    def use(self, phrase: Phrase) -> None:
        """Strike a statement out. Raises NotFoundError where somebody was quicker."""
        with self._locked():
            waiting = self._phrases()
            if phrase.id not in {each.id for each in waiting}:
                self.open_phrases(phrase.id)
            self._write_phrases([each for each in waiting if each.id != phrase.id])

    def add(self, consent: Consent, files: dict[str, bytes]) -> None:
        """Keep a consent, whole or not at all.

        Args:
            files: what lies beside the record, by name.

        Raises:
            InputError: the name is blocked, it was revoked before or is over, or its dates cannot be.
            StorageError: it cannot be written.
        """
        self.permit_name(consent.name)
        if consent.id in self._revoked() or consent.expired(self.today()):
            raise InputError(
                "This consent was revoked or is over; it cannot be used again.",
                "这份同意书已撤销或已过期,不能再用。",
                code="consent_over",
            )
        self._until(consent.until)
        if consent.created_at > self.clock() + _DAY_S:
            raise InputError(
                "This consent was given on a day that has not come yet.",
                "这份同意书的日期在将来。",
                code="consent_over",
            )
        unfinished = self._folder / f".new-{secrets.token_hex(8)}"
        try:
            unfinished.mkdir(parents=True)
            for name, data in {**files, "consent.json": consent.model_dump_json(indent=1).encode()}.items():
                _write(unfinished / name, data)
            unfinished.rename(self._folder / consent.id)
        except OSError as error:
            raise _unwritable(error) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        self.audit("consent_added", consent=consent.id, ground=consent.ground, scope=consent.scope)

    def ground(self, wish: GroundWish) -> Consent:
        """Keep a historical ground.

        Raises:
            InputError: the name is blocked, or the ground does not hold.
        """
        try:
            consent = Consent(
                id=new_id(),
                created_at=int(self._now()),
                **wish.model_dump(exclude={"until"}),
                until=self._until(wish.until),
            )
        except ValidationError as error:
            raise InputError(
                f"This ground does not hold: {error.errors()[0]['msg'].removeprefix('Value error, ')}.",
                "这个理由不成立:公有领域须去世满五十年,并用至少二十个字说明为什么可以使用。",
                code="ground_insufficient",
            ) from error
        self.add(consent, {})
        return consent

    def get(self, consent_id: str) -> Consent:
        """A consent, over or not.

        Raises:
            NotFoundError: there is none, or it was revoked.
        """
        path = self._folder / consent_id / "consent.json"
        if CONSENT_ID.fullmatch(consent_id) and path.is_file():
            try:
                return Consent.model_validate_json(path.read_bytes()[:MAX_RECORD])
            except (OSError, ValidationError) as error:
                log.warning("consent_damaged consent=%s", consent_id)
                raise _unknown() from error
        raise _unknown()

    def valid(self, consent_id: str) -> Consent:
        """A consent that can be used now.

        Raises:
            NotFoundError: there is none.
            InputError: its last day is over.
        """
        consent = self.get(consent_id)
        if consent.expired(self.today()):
            raise InputError(
                f"The consent ended on {consent.until}. Ask the person again.",
                f"同意书已于 {consent.until} 到期。请重新征得本人同意。",
                code="consent_over",
            )
        return consent

    def file(self, consent_id: str, name: str) -> bytes | None:
        """What lies beside a record; None where it does not."""
        self.get(consent_id)
        path = self._folder / consent_id / name
        return path.read_bytes() if name in ("statement.wav", "voice.npy") and path.is_file() else None

    def all(self) -> list[Consent]:
        """All of them, the newest first; one whose record is damaged is passed over."""
        found = []
        for path in self._folder.glob("cons_*/consent.json"):
            with suppress(NotFoundError):  # damaged, or revoked just now
                found.append(self.get(path.parent.name))
        return sorted(found, key=lambda each: (-each.created_at, each.id))

    def rename(self, consent_id: str, name: str) -> Consent:
        """Correct the spelling of a name; the statement stays as it was said.

        Raises:
            InputError: no name, or a blocked one.
            NotFoundError: there is no such consent.
        """
        self.permit_name(name)
        consent = self.get(consent_id).model_copy(update={"name": plain_name(name)})
        _write(self._folder / consent_id / "consent.json", consent.model_dump_json(indent=1).encode())
        self.audit("consent_renamed", consent=consent_id)
        return consent

    def revoke(self, consent_id: str) -> list[str]:
        """Take a consent back, and with it every voice and file made from it; the ids of the voices.

        Raises:
            NotFoundError: there is none.
            StorageError: it cannot be moved; nothing was changed then.
        """
        self.get(consent_id)
        leaving = self._folder / ".revoked" / consent_id
        try:
            leaving.parent.mkdir(exist_ok=True)
            (self._folder / consent_id).rename(leaving)
        except OSError as error:
            raise _unwritable(error) from error
        return self.finish()

    def finish(self) -> list[str]:
        """Do what is left to do of revocations; the ids of the voices that were removed."""
        removed: list[str] = []
        if not any(self._folder.glob(".revoked/cons_*")):
            return removed
        with self._locked():
            for leaving in sorted(self._folder.glob(".revoked/cons_*")):
                voices = self._remove_voices(leaving.name)
                with (self._folder / "revoked.txt").open("a", encoding="ascii") as file:
                    file.write(f"{leaving.name}\n")
                shutil.rmtree(leaving)
                self.audit("consent_revoked", consent=leaving.name, voices=len(voices))
                removed += voices
        return removed

    def permit_name(self, name: str) -> None:
        """Refuse a name of which no voice is made, by the project's list and the operator's.

        Raises:
            InputError: it is on one.
        """
        check_name(name, self._folder / "blocked.txt")

    def audit(self, event: str, **facts: str | int) -> None:
        """Note what happened: ids, kinds and counts, never a name or what was said."""
        line = json.dumps({"at": int(self._now()), "event": event, **facts}, ensure_ascii=True)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / "audit.log").open("a", encoding="ascii") as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise _unwritable(error) from error

    def clock(self) -> int:
        """Seconds since 1970."""
        return int(self._now())

    def today(self) -> datetime.date:
        """By the clock."""
        return datetime.datetime.fromtimestamp(self._now(), datetime.timezone.utc).date()

    def until(self, phrase: Phrase) -> datetime.date:
        """The last day of a consent that a phrase leads to."""
        return self._until(phrase.wish.until)

    def _until(self, wish: datetime.date | None) -> datetime.date:
        last = wish or self.today() + LASTS
        if not self.today() <= last <= self.today() + LONGEST:
            raise InputError(
                "The last day of a consent lies between today and ten years from now.",
                "同意书的截止日期须在今天到十年之内。",
                code="invalid_until",
            )
        return last

    def _revoked(self) -> set[str]:
        path = self._folder / "revoked.txt"
        leaving = {each.name for each in self._folder.glob(".revoked/cons_*")}
        return leaving | (set(path.read_text(encoding="ascii").split()) if path.is_file() else set())

    def _phrases(self) -> list[Phrase]:
        path = self._folder / "phrases.json"
        try:
            return [each for each in _PHRASES.validate_json(path.read_bytes()) if each.expires_at > self._now()]
        except (OSError, ValidationError):
            return []

    def _write_phrases(self, phrases: list[Phrase]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        _write(self._folder / "phrases.json", _PHRASES.dump_json(phrases))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / ".lock", timeout=20):
            yield


def new_id() -> str:
    """An id that nobody can guess."""
    return f"cons_{secrets.token_hex(10)}"


def _write(path: Path, data: bytes) -> None:
    """A file, whole or not at all."""
    try:
        with whole(path, private=True) as unfinished:
            unfinished.write_bytes(data)
    except OSError as error:
        raise _unwritable(error) from error


def _unwritable(error: OSError) -> StorageError:
    return StorageError(f"The consent cannot be kept: {error.strerror}.", f"无法保存同意书:{error.strerror}。")


def _unknown() -> NotFoundError:
    return NotFoundError("There is no such consent.", "没有这份同意书。", code="consent_not_found")
