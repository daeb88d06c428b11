"""A persona from nothing: "做一个唐代的说书人，爱讲传奇，话不多".

The first clause says who it is and what it is called; the others are wishes like any other. The model is asked for a
greeting that fits; where what it writes does not hold, a plain one stands.
"""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

from avatar.dialog.cards.jsontext import Json
from avatar.dialog.cutting import language_of
from avatar.dialog.folders import Personas
from avatar.dialog.studio.asking import written_object
from avatar.dialog.studio.draft import Draft
from avatar.dialog.studio.proposal import Proposal, Work, checked_wish, clauses, new_persona
from avatar.dialog.studio.wishes import in_letters, unquoted
from avatar.dialog.transfer import ground_of, new_fields
from avatar.errors import EngineError, InputError, Language, WeightsError
from avatar.stages import Generator, Message

log = logging.getLogger(__name__)

ATTEMPTS = 2
MAX_TOKENS = 90
MAX_GREETING = 120

_MAKE = re.compile(
    r"^(?:请|帮我|给我|我想|我要|想要|来|再)*(?:做|造|建|创建|新建|生成|设计|扮演)?(?:出)?(?:一个|一位|一名|个|位|名)?"
    r"(?:人物[:：,，]?)?\s*(?P<zh>.+)$",
)
_MAKE_EN = re.compile(
    r"^(?:please\s+)?(?:i (?:want|would like)|make|create|build|give|design)\s+(?:me\s+)?"
    r"(?:(?:a )?(?:new )?persona(?: of|:)?\s+)?"
    r"(?P<en>.+)$",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:名叫|叫做|叫作|名为|叫)(?P<name>[^，。的,.\s]{1,12})的?|\b(?:named|called)\s+(?P<en>[^,.;]{1,40})"
)
_NOBODY = re.compile(
    r"一?(?:个|位|名)?(?:人物|角色|人)?|(?:persona|person|character|somebody|someone|it|one)", re.IGNORECASE
)
_WHO = re.compile(r"\s*(?:,\s*)?\b(?:who|that|which)\s+", re.IGNORECASE)
_GROUND = (
    "fictional",
    {
        "zh": "用户在工作室里用文字虚构的人物，不指任何真实的人。",
        "en": "Made up in words by a user in the studio; it stands for no real person.",
    },
)
_TASK: dict[Language, str] = {
    "zh": '你替人写人物卡。只输出一个 JSON 对象，不要别的话：{"greeting": "此人见面说的第一句话，不超过三十个字"}',
    "en": 'You write character cards. Output one JSON object and nothing else: {"greeting": "the first words this '
    'person says, twenty words at most"}',
}
_COPIED = {"zh": 4, "en": 14}
"""Characters in a row that tell a copy of the example."""
_SHOWN: dict[Language, tuple[str, str]] = {
    "zh": ("你是北极的灯塔看守。", '{"greeting": "坐近火炉罢，外面的冰今夜又要裂了。"}'),
    "en": ("You are a clockmaker on the moon.", '{"greeting": "Mind the springs; everything floats here."}'),
}
_CLERK = re.compile(r"帮(?:助|您|你)|服务|\bhelp\b|\bassist|AI|模型|助手|[{}\[\]<>|]", re.IGNORECASE)


async def propose_new(
    said: str,
    generator: Generator | None,
    personas: Personas,
    folder: Path,
    *,
    persona_id: str = "",
    ground: Json | None = None,
) -> Proposal:
    """A persona that is not there yet.

    Args:
        said: who it shall be, in Chinese or English.
        generator: None leaves the model out.
        personas: those there are; the id is none of theirs.
        folder: where it would lie.
        persona_id: its id; empty makes one from its name.
        ground: with what right there is such a persona; None says that it is made up.

    Raises:
        InputError: nothing was said, or it makes no valid card.
    """
    said = checked_wish(said)
    language = language_of(said)
    who, name, rest = _understood(said, language)
    kind, basis = _GROUND
    ground = ground or {**ground_of(kind, basis["en"]), "basis": basis}
    about = {"name": name, "about": f"你是{who}。" if language == "zh" else f"You are {who}."}
    fields = new_fields(persona_id, about, ground, personas=personas)
    if language == "zh":
        fields["name"]["en"] = in_letters(name)
    work = Work(Draft(fields), generator)
    work.note({"zh": f"新人物“{name}”：{who}", "en": f"a new persona, {name}: {who}"}, "rule")
    for wish in rest:
        await work.wish(wish)
    if work.draft.fields["greeting"] == fields["greeting"] and generator is not None:
        greeting = await _greeting(work.draft.text("biography", language), language, generator)
        if greeting:
            work.draft.set("greeting", language, greeting)
            work.by.append("model")
    return new_persona(work.draft.fields, work, said, folder / str(work.draft.fields["id"]))


def _understood(said: str, language: Language) -> tuple[str, str, list[str]]:
    """Who it is, what it is called, and what else is wished.

    Raises:
        InputError: nobody is described.
    """
    first, *rest = clauses(said)
    match = (_MAKE if language == "zh" else _MAKE_EN).match(first)
    who = (match[language] if match else first).strip()
    if language == "en" and len(parts := _WHO.split(who, maxsplit=1)) == 2:
        who, rest = parts[0], [f"he {parts[1]}", *rest]
    named = _NAMED.search(who)
    name = unquoted(next(filter(None, named.groups()))) if named else ""
    if named and language == "zh":
        who = (who[: named.start()] + who[named.end() :]).strip("的 ") or name
    elif named:
        who = f"{name}, {who[: named.start()].strip()}".rstrip(", ")
    name = name or (
        who.rsplit("的", 1)[-1] if language == "zh" else re.sub(r"^(?:an?|the)\s+", "", who, flags=re.I).title()
    )
    if not re.search(r"\w", name) or _NOBODY.fullmatch(name):
        raise InputError(
            "Say who it shall be, as: a storyteller of the Tang dynasty who loves legends.",
            "请说说是谁,例如:做一个唐代的说书人,爱讲传奇。",
            code="wish_not_understood",
        )
    if named and language == "zh" and who != name:
        who = f"{name}，{who}" if not who.startswith(name) else who
    return who, name[:40], rest


async def _greeting(about: str, language: Language, generator: Generator) -> str:
    """What the model lets the persona say first; empty where nothing good comes."""
    shown = _SHOWN[language]
    messages = [
        Message("system", _TASK[language]),
        Message("user", shown[0]),
        Message("assistant", shown[1]),
        Message("user", about),
    ]
    for attempt in range(ATTEMPTS):
        try:
            written = await written_object(messages, generator, MAX_TOKENS, attempt)
        except (EngineError, WeightsError) as error:
            log.warning("studio_without_model", extra={"code": error.code})
            return ""
        if greeting := checked_greeting(written, language):
            return greeting
    return ""


def checked_greeting(written: str, language: Language) -> str:
    """A greeting out of what a model wrote; empty where it is none."""
    match = re.search(r"\{[^{}]*\}", written)
    try:
        found = json.loads(match[0]) if match else None
    except ValueError:
        return ""
    greeting = found.get("greeting") if isinstance(found, dict) else None
    if not isinstance(greeting, str) or not 2 <= len(greeting.strip()) <= MAX_GREETING:
        return ""
    greeting = greeting.strip()
    good = greeting.isprintable() and not _CLERK.search(greeting) and language_of(greeting) == language
    size = _COPIED[language]
    copied = any(greeting[at : at + size] in _SHOWN[language][1] for at in range(max(1, len(greeting) - size + 1)))
    return greeting if good and not copied else ""
