"""A character card as a persona, and a persona as a character card.

A card speaks one language and says nothing about rights, so the language is recognized, the ground has to be given, and
what a card lacks (who answers "who are you?", what is said at the end) gets a plain sentence. The card itself is kept
beside the persona: what the persona shows of it may be shortened, what is exported is not. A persona that was not
changed is exported as the card it came from; of one that was, only the changed fields are written over.
"""

from __future__ import annotations

import hashlib
import random
import re
import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import Any

from avatar.dialog.cards.card import OURS, VOICE, Card, as_v2, with_extension
from avatar.dialog.cards.jsontext import Json, dump
from avatar.dialog.cards.macros import Macros
from avatar.dialog.cutting import language_of
from avatar.dialog.persona import Persona, check_fields
from avatar.errors import InputError, Language

_FIELDS = {"description": "biography", "personality": "manner", "system_prompt": "limits", "first_mes": "greeting"}
"""Which field of a card says what which field of ours says."""
_LIMITS = {"biography": 1500, "manner": 600, "limits": 600, "greeting": 300}
_EXAMPLES = 8
_SENTENCE_END = re.compile(r"[。！？.!?…][”’」』\"')]*\s*")
_TURN = re.compile(r"^[ \t]*(user|char):[ \t]*", re.MULTILINE)
_VOICE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def fields_of(card: Card, persona_id: str, ground: Json | None) -> Json:
    """The fields of a persona made from a card.

    Args:
        card: of any version.
        persona_id: what the persona's folder will be called.
        ground: `kind`, `basis` and `consent` as in `Ground`; None takes what a card that we exported says.

    Raises:
        InputError: there is no ground, or the card does not make a persona.
    """
    ours = _ours(card)
    ground = ground or (ours or {}).get("ground")
    if ground is None:
        raise InputError(
            "The card does not say with what right the person may be portrayed. Give the ground: "
            "historical, fictional, or consent with who agreed.",
            "人物卡没有说明凭什么可以塑造此人。请给出依据:historical(历史人物)、fictional(虚构)"
            "或 consent(本人同意,并注明何人)。",
            code="ground_required",
        )
    if ours is not None and card.extensions[OURS].get("digest") == _digest(card):
        fields = {**ours, "id": persona_id, "ground": ground}
    else:
        fields = _derived(card, persona_id, ground)
    return plain(check_fields(fields, Path(persona_id), card.text("name")[:40] or "card"))


def card_of(persona: Persona, original: Card | None) -> Card:
    """A persona as a character card.

    Args:
        persona: as it is now.
        original: the card it was made from; None makes a V3 card.
    """
    fields = plain(persona)
    if original is None:
        return _with_ours(Card(_blank(persona)), fields)
    ground = fields["ground"]
    before = fields_of(original, persona.id, ground)
    if fields == before:
        return original if _ours(original) is not None else _with_ours(as_v2_or_newer(original), fields)
    card = as_v2_or_newer(original)
    language = persona.languages[0]
    data = dict(card.data)
    for theirs, our in _FIELDS.items():
        if fields[our] != before[our]:
            data[theirs] = fields[our][language]
    if fields["name"] != before["name"]:
        data["name"] = persona.name.of(language)
        data.pop("nickname", None)
    if fields["examples"] != before["examples"]:
        data["mes_example"] = _written(persona)
    return _with_ours(Card({**card.body, "data": data}, card.picture, card.files), fields)


def as_v2_or_newer(card: Card) -> Card:
    """The card, with a place for extensions."""
    return as_v2(card) if card.version == 1 else card


def plain(persona: Persona) -> Json:
    """The fields of a persona as JSON has them, without those that are not set."""
    return persona.model_dump(mode="json", exclude_none=True)


def _with_ours(card: Card, fields: Json) -> Card:
    return with_extension(card, OURS, {"digest": _digest(card), "fields": fields})


def _ours(card: Card) -> Json | None:
    """The fields that we wrote into a card; None where we did not."""
    found = card.extensions.get(OURS)
    fields = found.get("fields") if isinstance(found, dict) else None
    return fields if isinstance(fields, dict) else None


def _digest(card: Card) -> str:
    """Of what other programs may change in a card; ours counts only while it is the same."""
    keys = ("name", "nickname", "mes_example", *_FIELDS)
    return hashlib.sha256(dump({key: card.text(key) for key in keys})).hexdigest()[:16]


def _derived(card: Card, persona_id: str, ground: Json) -> Json:
    """A persona's fields from what every card has."""
    name = _line(card.text("nickname") or card.text("name")) or "?"
    language = language_of(card.text("description") + card.text("first_mes") + name)
    macros = Macros(name, "客人" if language == "zh" else "the visitor", name, random.Random(0))  # noqa: S311

    def told(key: str, limit: int) -> str:
        return _cut(_prose(macros.expand(card.text(key))), limit)

    texts = _plain_sentences(name)
    limits = told("system_prompt", _LIMITS["limits"]).replace("{{original}}", texts["limits"][language])
    about = "\n".join(filter(None, (told("description", _LIMITS["biography"]), told("scenario", 500))))
    own = {
        "biography": about,
        "manner": told("personality", _LIMITS["manner"]),
        "limits": limits,
        "greeting": told("first_mes", _LIMITS["greeting"]),
    }
    voice = card.extensions.get(VOICE)
    return {
        "id": persona_id,
        "name": {"zh": name, "en": name},
        "languages": [language],
        **{key: {"zh": own.get(key) or both["zh"], "en": own.get(key) or both["en"]} for key, both in texts.items()},
        "ground": {"synthetic": texts["identity"], **ground},
        "examples": _examples(macros.expand(_marked(card.text("mes_example"))), language, texts),
        "names": [name],
        "voice": voice if isinstance(voice, str) and _VOICE_ID.fullmatch(voice) else "host",
    }


def _plain_sentences(name: str) -> dict[str, dict[Language, str]]:
    """What a card does not say, or not always."""
    return {
        "biography": {"zh": f"你是{name}。", "en": f"You are {name}."},
        "manner": {"zh": "你说话简短，一两句。", "en": "You speak briefly, in one or two sentences."},
        "limits": {
            "zh": "你从不自称助手或模型；不知道的事就说不知道。",
            "en": "You never call yourself an assistant or a model; what you do not know, you say you do not know.",
        },
        "greeting": {"zh": f"你好，我是{name}。", "en": f"Hello, I am {name}."},
        "identity": {
            "zh": f"我是{name}的影子，由程序生成，不是真人。",
            "en": f"I am a likeness of {name}, made by a program; not a living person.",
        },
        "closing": {"zh": "这件事，我说不好。", "en": "On that I have nothing good to say."},
        "topic": {"zh": f"这是同{name}的谈话。", "en": f"A conversation with {name}."},
    }


def _marked(text: str) -> str:
    """Example dialogues with the speakers' macros as marks, before names take their place."""
    text = re.sub(r"^[ \t]*(?:\{\{user\}\}|<user>)[:：]", "user:", text, flags=re.IGNORECASE | re.MULTILINE)
    return re.sub(r"^[ \t]*(?:\{\{char\}\}|<char>|<bot>)[:：]", "char:", text, flags=re.IGNORECASE | re.MULTILINE)


def _examples(text: str, language: Language, texts: dict[str, dict[Language, str]]) -> list[Json]:
    """Questions and answers of the example dialogues; one about itself where there is none."""
    found: list[Json] = []
    for block in re.split(r"<START>", text, flags=re.IGNORECASE):
        parts = _TURN.split(block)
        turns = list(zip(parts[1::2], parts[2::2], strict=True))
        for (asker, question), (speaker, answer) in pairwise(turns):
            pair = {"question": _cut(_prose(question), 300), "answer": _cut(_prose(answer), 400)}
            if (asker, speaker) == ("user", "char") and all(pair.values()):
                found.append({"language": language, **pair})
    who = {"zh": "你是谁？", "en": "Who are you?"}[language]
    return found[:_EXAMPLES] or [{"language": language, "question": who, "answer": texts["identity"][language]}]


def _written(persona: Persona) -> str:
    """Examples as cards write them."""
    blocks = [f"<START>\n{{{{user}}}}: {one.question}\n{{{{char}}}}: {one.answer}" for one in persona.examples]
    return "\n".join(blocks)


def _blank(persona: Persona) -> Json:
    """A V3 card that says what the persona says."""
    language = persona.languages[0]
    data: dict[str, Any] = {
        "name": persona.name.of(language), "description": persona.biography.of(language),
        "personality": persona.manner.of(language), "scenario": "", "first_mes": persona.greeting.of(language),
        "mes_example": _written(persona), "creator_notes": persona.ground.synthetic.of(language),
        "system_prompt": persona.limits.of(language), "post_history_instructions": "", "alternate_greetings": [],
        "group_only_greetings": [], "tags": [], "creator": "", "character_version": "",
        "extensions": {VOICE: persona.voice},
        "assets": [{"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"}],
    }  # fmt: skip
    return {"spec": "chara_card_v3", "spec_version": "3.0", "data": data}


def _prose(text: str) -> str:
    """A text without control characters and marks that turn its direction."""
    kept = (" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") and c != "\n" else c for c in text)
    return "".join(kept).strip()


def _line(text: str) -> str:
    return " ".join(_prose(text).split())[:80].strip()


def _cut(text: str, limit: int) -> str:
    """A text of at most so many characters, ended with a sentence where one ends late enough."""
    if len(text) <= limit:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, limit)]
    return text[: ends[-1] if ends and ends[-1] > limit // 2 else limit].strip()
