"""Personas brought in from files and given out as files: `.persona` bundles and character cards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol, get_args

from avatar.dialog.bundle import Bundle, read_bundle, write_bundle
from avatar.dialog.cards import card as cards
from avatar.dialog.cards.convert import card_of, fields_of
from avatar.dialog.cards.jsontext import Json
from avatar.dialog.folders import IMPORTED, Personas, contents, portrait_file
from avatar.dialog.persona import BUILT_IN, Persona
from avatar.errors import InputError

Form = Literal["persona", "json", "png", "charx"]
"""Of the file that a persona is given out as; also its ending."""

FORMS: tuple[Form, ...] = get_args(Form)


class Luggage(Protocol):
    """What carries voices of the user's own, which travel with their persona; `avatar.voice.luggage` does."""

    def pack(self, voice: str) -> bytes:
        """A voice with its consent, as a .voice file; empty where it is none of the user's own.

        Raises:
            InputError: its consent is over.
        """

    def take(self, data: bytes) -> tuple[str, bool]:
        """Keep the voice of a .voice file; its id, and whether it was not there before.

        Raises:
            InputError: it cannot be used, or its consent cannot.
        """

    def drop(self, voice: str) -> None:
        """Take a voice that was kept away again."""


def ground_of(kind: str, basis: str, person: str = "", given: str = "") -> Json:
    """The ground of a persona, as a card has it.

    Args:
        kind: historical, fictional or consent.
        basis: why it may be portrayed, in a sentence.
        person: with consent: who agreed.
        given: with consent: the day, as 2026-11-22.

    Raises:
        InputError: the kind, or what it needs, is missing.
    """
    kind, basis, person, given = (text.strip() for text in (kind, basis, person, given))
    known = kind in ("historical", "fictional", "consent")
    if not known or not basis or (kind == "consent" and not (person and given)):
        raise InputError(
            "A persona needs a ground: historical, fictional or consent, and the basis, a sentence on why it may be "
            "portrayed; consent also who agreed, and on which day.",
            "人物须有依据:historical(历史人物)、fictional(虚构)或 consent(本人同意),以及一句理由(basis);"
            "consent 还须注明何人、何日同意。",
            code="ground_required",
        )
    found: Json = {"kind": kind, "basis": {"zh": basis, "en": basis}}
    return {**found, "consent": {"person": person, "given": given}} if kind == "consent" else found


def new_fields(persona_id: str, about: Mapping[str, str], ground: Json, *, personas: Personas | None = None) -> Json:
    """The fields of a persona of which little is said yet; the rest are plain sentences.

    Args:
        persona_id: its id; empty makes one from the name that `personas` does not have yet.
        about: `name`, `about` (who it is), and `manner`, `greeting`, `voice`, each of which may be missing.
        ground: as `ground_of` gives it.
        personas: those that there are.

    Raises:
        InputError: the name or who it is is missing, or the fields make no persona.
    """
    if not about.get("name", "").strip() or not about.get("about", "").strip():
        raise InputError(
            "A persona needs a name and a sentence on who it is.",
            "人物须有名字和一句介绍(是谁)。",
            code="invalid_persona",
        )
    body = {
        "name": about["name"],
        "description": about["about"],
        "personality": about.get("manner", ""),
        "first_mes": about.get("greeting", ""),
        "extensions": {cards.VOICE: about.get("voice", "") or "host"},
    }
    card = cards.Card({"spec": "chara_card_v3", "spec_version": "3.0", "data": body})
    return fields_of(card, persona_id or free_id(about["name"], personas), ground)


def free_id(name: str, personas: Personas | None) -> str:
    """An id made from a name, Chinese ones by their sound; with a number where it is taken."""
    from pypinyin import lazy_pinyin

    sound = "-".join(lazy_pinyin(name[:40]))
    plain = re.sub(r"[^a-z0-9]+", "-", sound.lower()).strip("-")[:48].strip("-") or "persona"
    found, number = plain, 1
    while personas is not None and _taken(found, personas):
        number += 1
        found = f"{plain}-{number}"
    return found


def bring_in(
    data: bytes, name: str, persona_id: str, ground: Json | None, data_dir: Path, luggage: Luggage | None = None
) -> Persona:
    """A persona from a file, whole or not at all.

    Args:
        data: a `.persona` bundle, or a character card of any form; the bytes tell which.
        name: the file's, for the errors and for an id.
        persona_id: what it will be called; empty takes the bundle's own, or one made from the file's name.
        ground: of a card that brings none.
        data_dir: where the personas lie.
        luggage: keeps the voice of a bundle; None leaves it behind.

    Raises:
        InputError: neither, damaged, hostile, without a ground, or there is a persona of that id; or its voice or that
            one's consent cannot be used.
        StorageError: the disk is full or the folder cannot be written.
    """
    personas = Personas(data_dir)
    if name.lower().endswith(".persona"):
        return _install(read_bundle(data, name), persona_id, personas, luggage)
    card = cards.read(data, name)
    fields = fields_of(card, persona_id or free_id(Path(name).stem, personas), ground)
    files = {IMPORTED: cards.to_zip(card)}
    if card.icon is not None:
        fields["portrait"], picture = portrait_file(card.icon, name)
        files[fields["portrait"]] = picture
    return personas.create(fields, files)


def give_out(persona: Persona, form: Form, data_dir: Path, luggage: Luggage | None = None) -> bytes:
    """A persona as a file.

    Args:
        luggage: packs a voice of the user's own into a bundle; None leaves it behind.

    Raises:
        InputError: a PNG card is wanted, and the persona has no PNG portrait; or something of it is damaged, or its
            voice's consent is over.
    """
    if form == "persona":
        return write_bundle(persona, data_dir, luggage.pack(persona.voice) if luggage is not None else b"")
    kept = contents(persona.folder)
    original = cards.read(kept[IMPORTED], IMPORTED) if IMPORTED in kept else None
    card, portrait = card_of(persona, original), kept.get(persona.portrait)
    if form == "json":
        return cards.to_json(card)
    if form == "charx":
        return cards.to_charx(cards.with_icon(cards.as_v3(card), portrait, persona.portrait))
    if portrait is None or not persona.portrait.endswith(".png"):
        raise InputError(
            f"{persona.id} has no PNG portrait, which a PNG card needs. Export .charx or .json instead.",
            f"{persona.id} 没有 PNG 肖像,无法导出 PNG 卡。请改用 .charx 或 .json。",
            code="portrait_not_png",
        )
    return cards.to_png(card, portrait)


def _install(bundle: Bundle, persona_id: str, personas: Personas, luggage: Luggage | None) -> Persona:
    """A bundle's persona, with its voice; neither of them without the other."""
    fields = {**bundle.fields, "id": persona_id} if persona_id else dict(bundle.fields)
    kept = False
    if bundle.voice and luggage is not None:
        fields["voice"], kept = luggage.take(bundle.voice)
    try:
        return personas.create(fields, bundle.files, bundle.library_files())
    except BaseException:
        if kept and luggage is not None:
            luggage.drop(str(fields["voice"]))
        raise


def _taken(persona_id: str, personas: Personas) -> bool:
    return personas.owns(persona_id) or (BUILT_IN / persona_id).exists()
