"""The record of a consent, or of the historical ground that stands in its place."""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from avatar.errors import InputError, Language, UnfitError

Relation = Literal["self", "family", "friend", "colleague", "contract"]
"""Of whoever makes the voice to the person whose it is."""

Scope = Literal["personal", "project", "public", "commercial"]
"""What the voice may be used for."""

Ground = Literal["statement", "public_domain", "family", "estate"]
"""Why a voice may be made: the person said so; or, of the dead, what stands in for it."""

CONSENT_ID = re.compile(r"cons_[0-9a-f]{20}")

LASTS = datetime.timedelta(days=730)
"""A consent without a date ends after two years."""

LONGEST = datetime.timedelta(days=3660)

_LAST_SECOND = 253_402_300_799
"""Of the year 9999, the last that a date can be in."""

LONG_DEAD_YEARS = 50
"""Years after which the public domain may be a ground; the family and the estate may speak at once."""


def _plain(name: str) -> str:
    """A name without what could steer a terminal, a path or a page."""
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not tidy or any(unicodedata.category(sign)[0] == "C" or sign in '/\\<>"|' for sign in tidy) or ".." in tidy:
        raise UnfitError(
            "a name is 1 to 64 characters, without slashes, brackets or control characters",
            "名字须为 1 到 64 个字符,不含斜杠、括号或控制字符",
        )
    return tidy


PersonName = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_plain)]
"""A person's or a voice's name, for people."""


_NAME: TypeAdapter[str] = TypeAdapter(PersonName)


def plain_name(name: str) -> str:
    """The name, tidy.

    Raises:
        InputError: it is empty, too long, or has signs that no name has.
    """
    try:
        return _NAME.validate_python(name)
    except ValidationError as error:
        raise InputError(
            "A name is 1 to 64 characters, without slashes, brackets or control characters.",
            "名字须为 1 到 64 个字符,不含斜杠、括号或控制字符。",
            code="invalid_name",
        ) from error


class Statement(BaseModel):
    """What was read aloud, and how it was checked.

    Attributes:
        text: that was to be read.
        words: the one-time words in it.
        heard: as the recognizer understood it.
        error, words_found: see `avatar.voice.consent.statement.Comparison`.
        sha256: of the recording as it is kept.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(max_length=400)
    words: tuple[str, ...] = Field(max_length=8)
    heard: str = Field(max_length=2000)
    error: float = Field(ge=0.0, le=1.0)
    words_found: int = Field(ge=0, le=8)
    sha256: str = Field(pattern=r"[0-9a-f]{64}")


class Consent(BaseModel):
    """Who agreed to what. `consent.json` in a folder of its own.

    Attributes:
        name: of the person.
        until: the last day on which the voice may speak.
        keep: whether samples may be kept beside the voice, for engines to come.
        statement: of a living person.
        words: of a ground: why it holds.
        died: of a ground: the year.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    id: str = Field(pattern=rf"^{CONSENT_ID.pattern}$")
    name: PersonName
    language: Language
    ground: Ground
    relation: Relation = "self"
    scope: Scope
    until: datetime.date
    keep: bool = True
    created_at: int = Field(ge=0, le=_LAST_SECOND)
    statement: Statement | None = None
    words: str = Field("", max_length=2000)
    died: int | None = Field(None, ge=-3000, le=3000)

    @model_validator(mode="after")
    def _check_ground(self) -> Consent:
        if (self.ground == "statement") != (self.statement is not None):
            raise ValueError("a living person's consent has a statement, a historical ground has none")
        if self.ground != "statement":
            if len(self.words.strip()) < 20:
                raise UnfitError(
                    "words: say in at least 20 characters why the voice may be made",
                    "words:请用至少二十个字说明为什么可以制作",
                )
            year = datetime.datetime.fromtimestamp(self.created_at, datetime.timezone.utc).year
            if (
                self.died is None
                or self.died > year
                or (self.ground == "public_domain" and year - self.died < LONG_DEAD_YEARS)
            ):
                raise UnfitError(
                    f"died: the public domain speaks for those dead for {LONG_DEAD_YEARS} years",
                    f"died:公有领域须去世满 {LONG_DEAD_YEARS} 年",
                )
        return self

    def expired(self, today: datetime.date) -> bool:
        """Whether its last day is over."""
        return today > self.until


class PhraseWish(BaseModel):
    """What a consent is to say."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: PersonName
    language: Language
    relation: Relation = "self"
    scope: Scope = "personal"
    until: datetime.date | None = None
    keep: bool = True


class Phrase(BaseModel):
    """A statement that waits to be read aloud; used once.

    Attributes:
        expires_at: seconds since 1970.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^phr_[0-9a-f]{20}$")
    wish: PhraseWish
    text: str
    words: tuple[str, ...]
    expires_at: int


class GroundWish(BaseModel):
    """A historical ground as it is told."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: PersonName
    ground: Literal["public_domain", "family", "estate"]
    words: str = Field(max_length=2000)
    died: int
    language: Language = "zh"
    scope: Scope = "personal"
    until: datetime.date | None = None
    keep: bool = True
