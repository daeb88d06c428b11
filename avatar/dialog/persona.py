"""Personas: who speaks. A persona is a folder with a card, `persona.toml`, and what belongs to it.

    personas/<id>/persona.toml      the card
    personas/<id>/portrait.png      the picture the face is made from
    personas/<id>/knowledge/*.md    what the persona knows from the start

Those that come with the project lie in this package; the user's own lie in `<data_dir>/personas` and go first where
an id is the same. A card is read as hostile: its size, its lengths, its file names and its characters are checked.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from avatar.dialog.later import LATEST
from avatar.errors import InputError, Language, NotFoundError, TextError, UnfitError, fault
from avatar.files import reading

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

log = logging.getLogger(__name__)

BUILT_IN = Path(__file__).resolve().parent / "personas"
CARD = "persona.toml"
MAX_CARD_BYTES = 256 * 1024
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise UnfitError("holds a control character", "含有控制字符")
    return text


def _file_name(name: str) -> str:
    if name != Path(name).name or name.startswith(".") or "\\" in name:
        raise UnfitError("must be the name of a file in the persona's own folder", "须为人物自己文件夹里的文件名")
    return name


_READING = re.compile(r"/[^/\d<>]{1,120}/|(?:[^\W\d_][\w:'’-]*(?: +|$))+")


def _reading(text: str) -> str:
    if not _READING.fullmatch(text):
        raise UnfitError(
            "is no reading: pinyin with its tones (lu3 xun4), hanzi, English words, or /IPA/",
            "不是读音:须为带声调的拼音(lu3 xun4)、汉字、英文单词或 /国际音标/",
        )
    return text


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)
]
Prose = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), AfterValidator(_printable)
]
Reading = Annotated[Line, AfterValidator(_reading)]
FileName = Annotated[Line, AfterValidator(_file_name)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Name(_Part):
    """A short text in both languages."""

    zh: Line
    en: Line

    def of(self, language: Language) -> str:
        """The text in one language."""
        return self.zh if language == "zh" else self.en


class Both(_Part):
    """A longer text in both languages."""

    zh: Prose
    en: Prose

    def of(self, language: Language) -> str:
        """The text in one language."""
        return self.zh if language == "zh" else self.en


class Variants(_Part):
    """Short texts that can stand for each other, in both languages; a language may have none."""

    zh: Annotated[tuple[Line, ...], Field(max_length=12)] = ()
    en: Annotated[tuple[Line, ...], Field(max_length=12)] = ()

    def of(self, language: Language) -> tuple[str, ...]:
        """Those of one language."""
        return self.zh if language == "zh" else self.en


class Example(_Part):
    """A question and how the persona answers it; `quote` is put before the question as a passage found would be."""

    language: Language
    question: Prose
    answer: Prose
    quote: Annotated[str, StringConstraints(strip_whitespace=True, max_length=400), AfterValidator(_printable)] = ""


class Consent(_Part):
    """That a living person agreed to be portrayed.

    Attributes:
        person: who agreed.
        given: on which day, as 2026-11-22.
    """

    person: Line
    given: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[01][0-9]-[0-3][0-9]$")]


class Ground(_Part):
    """With what right there is such a persona.

    Attributes:
        kind: a person of history, one made up, or a living one who agreed.
        basis: why it may be portrayed, in a sentence.
        synthetic: what is said to whoever asks whether this is the person: it is not.
        consent: of the living person; None where there is none.
    """

    kind: Literal["historical", "fictional", "consent"]
    basis: Both
    synthetic: Both
    consent: Consent | None = None

    @model_validator(mode="after")
    def _consent_where_it_is_the_ground(self) -> Ground:
        if (self.kind == "consent") != (self.consent is not None):
            raise UnfitError(
                "consent: who agreed, and when, belongs to the kind consent and to no other",
                "consent:何人、何日同意,只用于 consent 这一依据,且必须写明",
            )
        return self


class Persona(_Part):
    """Everything a card says.

    Attributes:
        id: the folder's name.
        languages: those it answers in, its first language first.
        names: people, places and works it is likely to be asked about, likeliest first, for the recognizer.
        topic: a sentence on its conversations, for the recognizer's prompt.
        identity: said to whoever asks who or what this is, where the model does not find the honest words itself.
        fillers: said while an answer is still being made, where that is wanted.
        closing: said in character where no answer came that could be spoken.
        knows_until: the last year of the world that it has heard of; None where there is none. See `later`.
        voice: the id of a voice profile.
        lexicon: words that no dictionary knows, and how they are read.
        portrait: the picture's file name in the folder.
        folder: where the card lies.
    """

    id: Annotated[str, StringConstraints(pattern=f"^{_ID.pattern}$")]
    name: Name
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=2)]
    biography: Both
    manner: Both
    limits: Both
    greeting: Both
    identity: Both
    closing: Both
    fillers: Variants = Variants()
    topic: Both
    ground: Ground
    examples: Annotated[tuple[Example, ...], Field(max_length=24)]
    names: Annotated[tuple[Line, ...], Field(max_length=200)] = ()
    knows_until: Annotated[int, Field(ge=1, le=LATEST)] | None = None
    voice: Line
    lexicon: Annotated[dict[Line, Reading], Field(max_length=500)] = {}
    portrait: FileName = "portrait.png"
    folder: Path = Field(exclude=True)

    @model_validator(mode="after")
    def _examples_in_each_language(self) -> Persona:
        for language in self.languages:
            if not any(example.language == language for example in self.examples):
                raise UnfitError(f"no example dialogue in {language}", f"缺少 {language} 的示例对话")
        return self

    @property
    def portrait_file(self) -> Path:
        """The picture the face is made from; it may be absent."""
        return self.folder / self.portrait

    @property
    def knowledge_folder(self) -> Path:
        """The notes that come with the card; the folder may be absent."""
        return self.folder / "knowledge"

    def speaks(self, language: Language) -> Language:
        """The language it answers in when spoken to in this one."""
        return language if language in self.languages else self.languages[0]


def load_persona(persona_id: str, data_dir: Path) -> Persona:
    """The persona of that id: the user's own, or one that comes with the project.

    Raises:
        NotFoundError: there is none; the sentence names those there are.
        TextError: the card is not text or not TOML.
        InputError: the card lacks something or holds what it may not; the sentence names the place.
    """
    folder = _folders(data_dir).get(persona_id)
    if folder is None:
        known = ", ".join(sorted(_folders(data_dir)))
        shown = persona_id if _ID.fullmatch(persona_id) else repr(persona_id[:40])
        raise NotFoundError(
            f"There is no persona {shown}. There are: {known}.",
            f"没有名为 {shown} 的人物。现有:{known}。",
            code="persona_not_found",
        )
    return read_card(folder / CARD)


def list_personas(data_dir: Path) -> list[Persona]:
    """Every persona whose card can be read, by id; one damaged card does not hide the others."""
    return surveyed(data_dir)[0]


def surveyed(data_dir: Path) -> tuple[list[Persona], list[InputError]]:
    """Every persona whose card can be read, by id, and what is wrong with the other cards."""
    found: list[Persona] = []
    wrong: list[InputError] = []
    for persona_id, folder in sorted(_folders(data_dir).items()):
        try:
            found.append(read_card(folder / CARD))
        except InputError as error:
            log.warning("persona_damaged", extra={"persona_id": persona_id})
            wrong.append(error)
    return found, wrong


def is_id(persona_id: str) -> bool:
    """Whether a persona can have this id: small letters, digits, "-" and "_", 64 at most."""
    return _ID.fullmatch(persona_id) is not None


def read_card(card: Path) -> Persona:
    """A card, checked.

    Raises:
        TextError: not text, not TOML, or too large.
        InputError: something is missing, unknown or out of bounds.
    """
    return _checked(read_fields(card), card)


def read_fields(card: Path) -> dict[str, object]:
    """What stands in a card, not yet checked.

    Raises:
        TextError: not text, not TOML, or too large.
    """
    with reading(card, TextError, "text_not_found"), card.open("rb") as stream:
        data = stream.read(MAX_CARD_BYTES + 1)
    if len(data) > MAX_CARD_BYTES:
        raise TextError(f"{card} is larger than 256 KB; a card is shorter.", f"{card} 超过 256 KB,不像一张人物卡。")
    return parse_fields(data, str(card))


def parse_fields(data: bytes, name: str) -> dict[str, object]:
    """A card's bytes as fields, not yet checked.

    Raises:
        TextError: not text or not TOML.
    """
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise TextError(
            f"{name} is not a TOML file in UTF-8: {error}.", f"{name} 不是 UTF-8 的 TOML 文件:{error}。"
        ) from error


def check_fields(fields: Mapping[str, object], folder: Path, name: str) -> Persona:
    """The fields of a card, checked.

    Args:
        fields: as they stand in the card.
        folder: where the card lies or will lie.
        name: what the error calls it.

    Raises:
        InputError: something is missing, unknown or out of bounds.
    """
    try:
        return Persona.model_validate({**fields, "folder": folder})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        en, zh = fault(first)
        place = ".".join(str(part) for part in first["loc"]) or "card"
        raise InputError(
            f"{name}, {place}: {en}. See docs/persona.md.",
            f"{name} 的 {place} 有误:{zh}。见 docs/persona.md。",
            code="invalid_persona",
        ) from error


def _checked(fields: dict[str, object], card: Path) -> Persona:
    persona = check_fields(fields, card.parent, str(card))
    if persona.id != card.parent.name:
        raise InputError(
            f"{card}: the id is {persona.id}, the folder {card.parent.name}; they must be the same.",
            f"{card}:id 是 {persona.id},文件夹是 {card.parent.name},两者须相同。",
            code="invalid_persona",
        )
    return persona


def _folders(data_dir: Path) -> dict[str, Path]:
    """The folders that hold a card, by id; the user's own go before the built-in ones."""
    found: dict[str, Path] = {}
    for root in (BUILT_IN, data_dir / "personas"):
        if root.is_dir():
            found.update({f.name: f for f in root.iterdir() if _ID.fullmatch(f.name) and (f / CARD).is_file()})
    return found
