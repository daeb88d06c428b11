"""From what is said to a proposed card, and the questions that both cards are tried on.

What is said is cut into clauses. Each goes to the rules (`manners`, `wishes`); one that they do not know goes to the
language model, which gives one sentence for the card (`asking`). The result is a card that was checked, or an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from avatar.dialog.cards.convert import plain
from avatar.dialog.cards.jsontext import Json
from avatar.dialog.cutting import language_of
from avatar.dialog.folders import Personas, mark, stale
from avatar.dialog.persona import Persona, check_fields
from avatar.dialog.studio.asking import Sentence, sentence_for
from avatar.dialog.studio.difference import Difference, differences
from avatar.dialog.studio.draft import Draft, first_sentences
from avatar.dialog.studio.manners import HUMAN, SHORTER, Both, manner_in
from avatar.dialog.studio.wishes import GREETING, RULES, greeting, sentences
from avatar.errors import InputError, Language
from avatar.stages import Generator

By = Literal["rule", "model", "words"]
"""What understood a clause: a rule, the model, or nothing, so that its words were taken as they are."""

MAX_SAID = 500
"""Characters of what is said at once."""

MAX_ASKED = 2
"""Clauses that are put to the model; further ones are taken as they are."""

QUESTIONS = 3

_CLAUSE = re.compile(r"(?:[“「『\"][^”」』\"]*[”」』\"]|[^，,；;。!！?？\n“「『\"]|[“「『\"])+")
_JOINT = re.compile(
    r"而且|并且|同时|\bbut\b|\band\b(?=\s+(?:let|make|have|give|don['’]t|do not|stop|he|she|it|they|talk|speak|use|be|"
    r"no|less|more|too|not|answer|keep|never|always|call|speaks|talks|loves|likes|hates|knows|answers|uses)\b)",
    re.IGNORECASE,
)
_DISHONEST = re.compile(
    r"(?:承认|说|自称|坚持|声称)(?:自己|他|她|你|我)?就?是[^，。]{0,4}(?:真人|活人|人类)|(?:冒充|假装|装作|装成)[^，。]{0,4}(?:真人|活人|人类)|"
    r"(?:不|别)(?:要|许|能|得)?(?:承认|说|提|透露)(?:自己|他|她|你)?(?:就?是)[^，。]{0,6}(?:AI|人工智能|程序|合成|影子|机器)|"
    r"\b(?:pretend|claim|say|admit|deny|insist)\w*\b.{0,20}\b(?:is|was|be|being|he['’]s|she['’]s)\b.{0,12}"
    r"\b(?:real|human|alive|living|an? (?:ai|program|likeness|machine))\b",
    re.IGNORECASE,
)
_STOCK = re.compile(
    r"^(?:首先|其次|最后|总之|总的来说|综上所述|值得注意的是|作为|希望|如果[你您]还?有|当然[，！]|非常感谢|很高兴)|"
    r"希望(?:这|对)|还有什么(?:问题|可以)|随时|"
    r"^(?:as an?|first(?:ly)?|second(?:ly)?|in (?:summary|conclusion)|overall|certainly|of course|i hope|"
    r"feel free|great)\b",
    re.IGNORECASE,
)
_ASKED: dict[Language, tuple[str, ...]] = {
    "zh": ("你平时一天怎么过？", "我和朋友吵架了，怎么办？", "年轻人该做些什么？", "你最怕什么？"),
    "en": (
        "How do you spend a day?",
        "I quarrelled with a friend. What now?",
        "What should young people do?",
        "What do you fear?",
    ),
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """An answer that somebody did not like."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A card as it would be.

    Attributes:
        persona: who it would be, checked; its folder may not be there yet.
        base: `mark` of the card that it was made from; None for a new persona.
        diff: what would change.
        wishes: what was understood, in both languages.
        by: what understood it.
        questions: to try it on.
    """

    persona: Persona
    base: str | None
    diff: tuple[Difference, ...]
    wishes: tuple[Both, ...]
    by: tuple[By, ...]
    questions: tuple[str, ...]

    @property
    def told(self) -> Both:
        """What was understood, in a sentence."""
        zh, en = ("；".join(one["zh"] for one in self.wishes), "; ".join(one["en"] for one in self.wishes))
        return {"zh": zh + "。", "en": en[:1].upper() + en[1:] + "."}

    @property
    def fields(self) -> Json:
        """The card as JSON has it."""
        return plain(self.persona)


@dataclass(slots=True)
class Work:
    """A draft, and what was done to it so far."""

    draft: Draft
    generator: Generator | None
    told: list[Both] = field(default_factory=list)
    by: list[By] = field(default_factory=list)
    shortened: bool = False
    asked: int = 0

    async def wish(self, said: str) -> None:
        """Do everything that is said."""
        for clause in clauses(said):
            if not self._by_rule(clause):
                await self._by_words(clause)

    def _by_rule(self, clause: str) -> bool:
        if (manner := manner_in(clause)) is not None:
            self.note(manner.applied(self.draft), "rule")
            self.shortened |= manner in (HUMAN, SHORTER)
            return True
        for rule in RULES:
            if (told := rule(clause, self.draft)) is not None:
                self.note(told, "rule")
                self.shortened |= rule is sentences
                return True
        return False

    async def _by_words(self, clause: str) -> None:
        generator = self.generator if self.asked < MAX_ASKED else None
        self.asked += 1
        found = await sentence_for(clause, self.draft.languages, generator)
        self.draft.add(found.field, found.texts)
        self.note(_told(found, self.draft.languages), "model" if found.by_model else "words")

    def note(self, told: Both, by: By) -> None:
        """Say what was done."""
        if told not in self.told:
            self.told.append(told)
        self.by.append(by)

    def proposal(
        self, persona: Persona, base: str | None, diff: tuple[Difference, ...], questions: tuple[str, ...]
    ) -> Proposal:
        """What came of it."""
        return Proposal(persona, base, diff, tuple(self.told), tuple(dict.fromkeys(self.by)), questions)


async def propose(
    persona: Persona,
    said: str,
    generator: Generator | None,
    complaint: Complaint | None = None,
    *,
    onto: Proposal | None = None,
) -> Proposal:
    """The card that somebody wishes, from the one there is.

    Args:
        persona: as it is; of a new one that is not there yet, the proposed one.
        said: the wish, in Chinese or English.
        generator: for what no rule knows; None leaves it out.
        complaint: the answer that gave rise to it.
        onto: a proposal for the same persona that was not accepted yet, to which the wish is added.

    Raises:
        StaleError: the card is another by now than `onto` was made from.
        InputError: nothing was said, it cannot be done, it changes nothing, or makes no valid card.
    """
    if onto is not None and onto.base not in (None, mark(persona)):
        raise stale(persona.id)
    said = checked_wish(said)
    is_new = onto is not None and onto.base is None
    before = {} if is_new else plain(persona)
    work = Work(Draft(before if onto is None else onto.fields), generator)
    if onto is not None:
        work.told, work.by = list(onto.wishes), list(onto.by)
    await work.wish(said)
    if complaint is not None and work.shortened and (better := _mended(complaint.answer)):
        language = language_of(complaint.answer)
        if language in work.draft.languages:
            work.draft.example(language, complaint.question, better)
    after = check_fields(work.draft.fields, persona.folder, persona.id)
    diff = tuple(differences(before, plain(after)))
    if not diff or (onto is not None and plain(after) == onto.fields):
        raise InputError(
            "The card says that already. Say what else should be otherwise.",
            "人物卡上已经这样写了。请说说还要改什么。",
            code="wish_without_effect",
        )
    questions = questions_for(after, () if is_new else diff, said, complaint)
    return work.proposal(after, None if is_new else mark(persona), diff, questions)


def accept(proposal: Proposal, personas: Personas) -> Persona:
    """A proposal made the card.

    Raises:
        StaleError: the card is another by now.
        InputError: there is a persona of the new one's id by now.
        StorageError: the disk is full or the folder cannot be written.
    """
    if proposal.base is None:
        return personas.create(proposal.fields)
    return personas.change(proposal.persona.id, proposal.fields, expected=proposal.base)


def checked_wish(said: str) -> str:
    """What was said, if it can be a wish.

    Raises:
        InputError: nothing, too much, or a persona that passes itself off as a living person.
    """
    said = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    if not re.search(r"\w", said):
        raise InputError("Say what should be otherwise.", "请说说要改什么。", code="wish_not_understood")
    if len(said) > MAX_SAID:
        raise InputError(
            f"Say it in {MAX_SAID} characters, one thing after another.",
            f"请用 {MAX_SAID} 字以内说明,可以分几次说。",
            code="wish_too_long",
        )
    if _DISHONEST.search(said):
        raise InputError(
            "A persona always says that it is made by a program; that cannot be changed.",
            "人物必须如实说明自己由程序生成,这一点不能改。",
            code="wish_not_possible",
        )
    return said


def clauses(said: str) -> list[str]:
    """The single wishes in what was said; the words of a greeting are not cut."""
    found = GREETING.search(said)
    head, tail = (said[: found.start()], [said[found.start() :]]) if found else (said, [])
    if found and greeting(tail[0], Draft({"greeting": {"zh": "", "en": ""}})) is None:
        head, tail = said, []
    parts = [part for clause in _CLAUSE.findall(_marked(head)) for part in _JOINT.split(clause)]
    return [part for part in (part.strip(" 。.") for part in [*parts, *tail]) if re.search(r"\w", part)]


def _marked(text: str) -> str:
    """Full stops of sentences as marks that cut; those within numbers stay."""
    return re.sub(r"\.(?=\s|$)", "。", text)


def questions_for(
    persona: Persona, diff: Sequence[Difference], said: str, complaint: Complaint | None
) -> tuple[str, ...]:
    """Three questions that show what is otherwise: the one complained about, those of new examples, common ones."""
    asked = [complaint.question.strip()[:300]] if complaint is not None and complaint.question.strip() else []
    asked += [
        str(one.new["question"]) for one in diff if one.field.startswith("examples.") and one.old is None and one.new
    ]
    spoken = persona.speaks(language_of(said))
    known = {example.question for example in persona.examples}
    common = [question for question in _ASKED[spoken] if question not in known]
    return tuple(dict.fromkeys([*asked[:2], *common]))[:QUESTIONS]


def new_persona(fields: Json, work: Work, said: str, folder: Path) -> Proposal:
    """The proposal of a persona that is not there yet."""
    persona = check_fields(fields, folder, str(fields.get("id"))[:64])
    diff = tuple(differences({}, plain(persona)))
    return work.proposal(persona, None, diff, questions_for(persona, (), said, None))


def _mended(answer: str) -> str:
    """An answer without its stock phrases, and short: an example of how it should have been."""
    parts = re.findall(r"[^。！？!?\n]+[。！？!?]?|\n", answer)
    kept = [part.strip() for part in parts if part.strip() and not _STOCK.search(part.strip())]
    joined = ("" if language_of(answer) == "zh" else " ").join(kept)
    better = first_sentences(joined, 1)[:400]
    return better if better and better != answer.strip() else ""


def _told(found: Sentence, languages: Sequence[Language]) -> Both:
    zh, en = found.texts.get("zh"), found.texts.get("en")
    either = zh or en or ""
    where = {"manner": "说话方式", "biography": "生平", "limits": "界限"}[found.field]
    half = len(languages) > len(found.texts)
    return {
        "zh": f"{where}加一句“{zh or either}”" + ("(另一种语言的部分不变)" if half else ""),
        "en": f"{found.field}, one sentence more: “{en or either}”"
        + (" (the text in the other language stays as it is)" if half else ""),
    }
