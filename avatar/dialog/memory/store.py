"""What is remembered of users, on disk: one file for each user and persona, and none without the user's wish.

    <data_dir>/memories/<persona>/<user>.json    the wish, and the facts, oldest first

A user is known by a token that the user's own browser made up; the file's name is its digest, so the folder tells no
token. A file is written whole or not at all, and is read as hostile: one that is damaged is set aside.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from filelock import FileLock
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from avatar.dialog.memory.extracting import alike
from avatar.dialog.memory.facts import MAX_CHARACTERS, checked, fact
from avatar.errors import CapacityError, InputError, NotFoundError
from avatar.files import storing, write

log = logging.getLogger(__name__)

MAX_FACTS = 60
"""Of one user with one persona; the oldest go."""

MAX_USERS = 10_000
"""Of one persona: a client may make tokens up as it likes."""

MAX_BYTES = 128 * 1024

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,64}")
_USER = re.compile(r"[0-9a-f]{32}")
_PERSONA = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_FACT = re.compile(r"[0-9a-f]{8}")


def _may_be_kept(text: str) -> str:
    if fact(text) != text:
        raise ValueError("may not be remembered")
    return text


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fact(_Part):
    """One thing that is remembered.

    Attributes:
        text: a sentence about the guest, as `facts.fact` lets it pass.
        learned: the day.
    """

    id: Annotated[str, StringConstraints(pattern=f"^{_FACT.pattern}$")]
    text: Annotated[str, StringConstraints(max_length=MAX_CHARACTERS), AfterValidator(_may_be_kept)]
    learned: date


class Remembered(_Part):
    """What is remembered of one user by one persona, and whether it is wanted.

    Attributes:
        remember: whether the user has agreed.
    """

    format: Literal[1] = 1
    remember: bool = False
    facts: Annotated[tuple[Fact, ...], Field(max_length=MAX_FACTS)] = ()


NOTHING = Remembered()


class Memories:
    """The memories of a data folder. Safe to use from several threads, and beside the command line.

    Args:
        data_dir: they lie under `memories/`.
        today: the calendar.
    """

    def __init__(self, data_dir: Path, today: Callable[[], date] = date.today) -> None:
        self._root = data_dir / "memories"
        self._today = today
        self._lock = threading.Lock()

    def read(self, persona: str, user: str) -> Remembered:
        """What is remembered; nothing where there is no file.

        Args:
            user: as `user_of` gives it.
        """
        file = self._file(persona, user)
        try:
            with file.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError:
            return NOTHING
        try:
            if len(data) > MAX_BYTES:
                raise ValueError("too large")
            return Remembered.model_validate_json(data)
        except (ValidationError, ValueError):
            log.warning("memory_damaged", extra={"persona_id": persona, "user": user})
            file.replace(file.with_suffix(".damaged"))
            return NOTHING

    def wish(self, persona: str, user: str, remember: bool) -> Remembered:
        """Keep what the user wishes. Switched off, nothing is added or used; what is there stays until it is deleted.

        Raises:
            CapacityError: the persona remembers as many users as it may.
            StorageError: the disk is full or the folder cannot be written.
        """
        return self._change(persona, user, lambda now: now.model_copy(update={"remember": remember}))

    def learn(self, persona: str, user: str, texts: Sequence[str]) -> int:
        """Add facts that were found in a talk, where the user wishes it; returns how many were new.

        One that says what is known already takes that one's place.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        fresh = 0
        if not self.read(persona, user).remember:  # leaves no folder of a persona that is gone
            return 0

        def add(now: Remembered) -> Remembered:
            nonlocal fresh
            facts = list(now.facts) if now.remember else []
            for text in filter(None, map(fact, texts)) if now.remember else ():
                known = [each for each in facts if alike(each.text, text)]
                if any(len(each.text) >= len(text) for each in known):
                    continue
                facts = [each for each in facts if each not in known]
                facts.append(self._new(text))
                fresh += 1
            return now.model_copy(update={"facts": tuple(facts[-MAX_FACTS:])}) if fresh else now

        self._change(persona, user, add)
        return fresh

    def edit(self, persona: str, user: str, fact_id: str, text: str) -> Remembered:
        """Another wording of a fact.

        Raises:
            NotFoundError: there is none of that id.
            InputError: the new text may not be remembered.
            StorageError: as for `wish`.
        """
        plain = checked(text)

        def put(now: Remembered) -> Remembered:
            _known(now, fact_id)
            new = self._new(plain)
            return now.model_copy(update={"facts": tuple(new if f.id == fact_id else f for f in now.facts)})

        return self._change(persona, user, put)

    def replace(self, persona: str, user: str, texts: Sequence[tuple[str, str]]) -> Remembered:
        """The whole list as the user wants it: those that are left out are forgotten.

        Args:
            texts: id and text of each; an empty id adds a fact.

        Raises:
            NotFoundError: there is none of an id.
            InputError: a text may not be remembered, or there are too many.
            StorageError: as for `wish`.
        """
        if len(texts) > MAX_FACTS:
            raise InputError(
                f"At most {MAX_FACTS} memories are kept.", f"最多保留 {MAX_FACTS} 条记忆。", code="memory_refused"
            )

        def put(now: Remembered) -> Remembered:
            facts = []
            for fact_id, text in texts:
                known = _known(now, fact_id) if fact_id else None
                facts.append(known if known is not None and known.text == text else self._new(checked(text)))
            return now.model_copy(update={"facts": tuple(facts)})

        return self._change(persona, user, put)

    def forget(self, persona: str, user: str, fact_id: str | None = None) -> Remembered:
        """Forget a fact, or, without an id, everything, the wish and what was set aside as damaged included.

        Raises:
            NotFoundError: there is no fact of that id.
            StorageError: the folder cannot be written.
        """

        def drop(now: Remembered) -> Remembered:
            if fact_id is None:
                self._file(persona, user).with_suffix(".damaged").unlink(missing_ok=True)
                return NOTHING
            _known(now, fact_id)
            return now.model_copy(update={"facts": tuple(each for each in now.facts if each.id != fact_id)})

        return self._change(persona, user, drop)

    def users(self) -> Iterator[tuple[str, str]]:
        """Persona and user of every file, those that were set aside as damaged included."""
        files = (file for suffix in ("json", "damaged") for file in self._root.glob(f"*/*.{suffix}"))
        for persona, user in sorted({(file.parent.name, file.stem) for file in files}):
            if _PERSONA.fullmatch(persona) and _USER.fullmatch(user):
                yield persona, user

    def _new(self, text: str) -> Fact:
        return Fact(id=secrets.token_hex(4), text=text, learned=self._today())

    def _change(self, persona: str, user: str, change: Callable[[Remembered], Remembered]) -> Remembered:
        """Read, change and write; a memory that holds nothing is no file."""
        file = self._file(persona, user)
        with self._lock, storing(file.parent), _alone(file.parent):
            before = self.read(persona, user)
            after = change(before)
            if after == before:
                return before
            if after == NOTHING:
                for old in (file, file.with_suffix(".damaged")):
                    old.unlink(missing_ok=True)
                log.info("memory_deleted", extra={"persona_id": persona, "user": user})
                return after
            if not file.exists() and sum(1 for _ in file.parent.glob("*.json")) >= MAX_USERS:
                raise CapacityError(
                    "This persona remembers as many people as it may. Delete some: `avatar memory forget`.",
                    "这个人物记住的人已满。请用 `avatar memory forget` 删除一些。",
                    code="memory_full",
                )
            write(file, after.model_dump_json(indent=1).encode(), private=True)
            log.info("memory_changed", extra={"persona_id": persona, "user": user})
            return after

    def _file(self, persona: str, user: str) -> Path:
        if not _PERSONA.fullmatch(persona) or not _USER.fullmatch(user):
            raise NotFoundError("There is no such memory.", "没有这样的记忆。", code="memory_not_found")
        return self._root / persona / f"{user}.json"


def user_of(token: str) -> str:
    """The name under which a user's token is kept: 32 hexadecimal digits of its SHA-256.

    Args:
        token: 22 to 64 letters, digits, hyphens and underscores, at random: whoever has it reads the memories.

    Raises:
        InputError: it is none.
    """
    if not _TOKEN.fullmatch(token):
        raise InputError(
            "The user's token must be 22 to 64 letters, digits, hyphens and underscores, made at random.",
            "用户标识须为 22 到 64 个随机的字母、数字、连字符或下划线。",
            code="invalid_user",
        )
    return hashlib.sha256(b"avatar user " + token.encode()).hexdigest()[:32]


def _known(now: Remembered, fact_id: str) -> Fact:
    for each in now.facts:
        if each.id == fact_id:
            return each
    raise NotFoundError("There is no memory of that id.", "没有这条记忆。", code="memory_not_found")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes out, such as the command line."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(folder / ".lock"):
        yield
