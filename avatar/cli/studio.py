"""`avatar persona studio`: a persona is changed, or made, by saying in words what should be otherwise."""

from __future__ import annotations

import asyncio
import json as jsonlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from avatar.cli.console import choose, emit_json, fail, language, note, settings
from avatar.dialog.folders import Personas
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.library import Library
from avatar.dialog.persona import Persona, load_persona
from avatar.dialog.studio.difference import Difference
from avatar.dialog.studio.making import propose_new
from avatar.dialog.studio.proposal import Complaint, Proposal, propose
from avatar.dialog.studio.proposal import accept as accepted
from avatar.dialog.studio.trying import Asked, Delta, Side, trial
from avatar.engines import Engines
from avatar.errors import AvatarError, InputError
from avatar.live.host import SessionHost
from avatar.settings import Settings
from avatar.stages import Generator, Message

_TRY = frozenset({"try", "t", "试", "试试", "试一试"})
_ACCEPT = frozenset({"accept", "a", "ok", "yes", "y", "好", "接受", "采用", "可以"})
_DROP = frozenset({"undo", "u", "drop", "no", "n", "不", "撤销", "放弃", "算了"})
_QUIT = frozenset({"quit", "q", "exit", "退出", "再见"})
_SHOWN = 400


class LateGenerator:
    """The model that the settings name, loaded when it is first asked: most wishes need none."""

    name = "late"

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    @property
    def device(self) -> str:
        """Where the model computes."""
        return self._engines.generator.device

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, seed: int | None = None
    ) -> AsyncIterator[str]:
        """See `Generator`."""
        note("The language model is at work …", "语言模型正在处理……")
        async for piece in self._engines.generator.stream(messages, max_tokens=max_tokens, seed=seed):
            yield piece

    async def warm(self, messages: Sequence[Message], *, keep: bool = False) -> None:
        """See `Generator`."""
        await self._engines.generator.warm(messages, keep=keep)


@dataclass
class Bench:
    """One sitting: the persona as it is, and the proposal that waits."""

    chosen: Settings
    engines: Engines
    persona: Persona | None
    waiting: Proposal | None = None

    @property
    def personas(self) -> Personas:
        """Those on the disk."""
        return Personas(self.chosen.data_dir)

    def wish(self, said: str, complaint: Complaint | None = None) -> Proposal:
        """What was said, as a proposal.

        Raises:
            InputError: it cannot be done.
        """
        generator: Generator = LateGenerator(self.engines)
        persona = self.persona or (self.waiting.persona if self.waiting is not None else None)
        if persona is not None:
            work = propose(persona, said, generator, complaint, onto=self.waiting)
        else:
            work = propose_new(said, generator, self.personas, self.chosen.data_dir / "personas")
        self.waiting = asyncio.run(work)
        return self.waiting

    def accept(self) -> Persona:
        """The proposal made the card."""
        self.persona = accepted(_there(self.waiting), self.personas)
        self.waiting = None
        number = self.personas.number(self.persona.id)
        note(f"{self.persona.id}: version {number}.", f"{self.persona.id}:第 {number} 版。")
        return self.persona

    def try_out(self) -> None:
        """Let both cards answer the same questions, one after the other."""
        proposal = _there(self.waiting)
        asyncio.run(_tried(self, proposal))


def studio(
    persona_id: Annotated[
        str, typer.Argument(metavar="[ID]", help="Whose card; none makes a new persona. 谁的卡;不写则新建。")
    ] = "",
    say: Annotated[str, typer.Option("--say", help="What should be otherwise; else it is asked. 要改什么。")] = "",
    question: Annotated[
        str, typer.Option("--question", help="A complaint: what was asked. 不满意的回答所答的问题。")
    ] = "",
    answer: Annotated[str, typer.Option("--answer", help="A complaint: what was answered. 不满意的回答。")] = "",
    try_: Annotated[bool, typer.Option("--try", help="Let both cards answer three questions. 并排试答三问。")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Take the proposal at once. 直接采用。")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")] = False,
) -> None:
    """Change a persona, or make one, by talking. 用说话来修改或新建人物。"""
    chosen = settings()
    persona = load_persona(persona_id, chosen.data_dir) if persona_id else None
    bench = Bench(chosen, Engines(chosen), persona)
    try:
        if not say:
            _converse(bench)
            return
        complaint = Complaint(question, answer) if question and answer else None
        proposal = bench.wish(say, complaint)
        if json:
            emit_json(_told(proposal))
        else:
            show(proposal)
        if try_:
            bench.try_out()
        if accept:
            bench.accept()
    finally:
        bench.engines.close()


def show(proposal: Proposal) -> None:
    """What a proposal would change, as a person reads it."""
    typer.secho(proposal.told[language()], bold=True)
    for each in proposal.diff if proposal.base is not None else ():
        show_difference(each)
    if proposal.base is None:
        typer.echo(f"id: {proposal.persona.id}")
        spoken = proposal.persona.languages[0]
        for key in ("name", "biography", "manner", "greeting"):
            typer.echo(f"{key}: {getattr(proposal.persona, key).of(spoken)}")


def _converse(bench: Bench) -> None:
    """Wish after wish, until nothing more is wished."""
    note(
        "Say what should be otherwise. Then: try, accept, undo, or another wish; quit ends.",
        "请说要改什么。之后可以输入:试、接受、撤销,或再说一个要求;输入“退出”结束。",
    )
    while (said := _read()) not in _QUIT:
        try:
            _step(bench, said)
        except AvatarError as error:
            fail(error)


def _step(bench: Bench, said: str) -> None:
    if said in _TRY:
        bench.try_out()
    elif said in _ACCEPT:
        bench.accept()
    elif said in _DROP:
        bench.waiting = None
        note("Dropped; the card is as it was.", "已撤销,人物卡没有改动。")
    elif said:
        show(bench.wish(said))


def _read() -> str:
    try:
        return str(typer.prompt(choose("Wish", "要求"), default="", show_default=False, err=True)).strip().lower()
    except typer.Abort:
        return "quit"


async def _tried(bench: Bench, proposal: Proposal) -> None:
    sides: list[tuple[Side, Persona]] = [("after", proposal.persona)]
    if bench.persona is not None:
        sides.insert(0, ("before", bench.persona))
        knowledge = SessionHost(bench.engines).knowledge(bench.persona)
    else:
        knowledge = Knowledge((), Library(bench.chosen.data_dir / "knowledge" / proposal.persona.id), None)
    names = {"before": choose("before", "原来"), "after": choose("after", "改后")}
    side = ""
    tokens = bench.chosen.llm.max_tokens
    async for step in trial(sides, proposal.questions, knowledge, bench.engines.generator, max_tokens=tokens):
        if isinstance(step, Asked):
            typer.secho(f"\n? {step.question}", bold=True, nl=False)
            side = ""
        elif isinstance(step, Delta):
            typer.echo(step.text if step.side == side else f"\n  {names[step.side]}: {step.text}", nl=False)
            side = step.side
    typer.echo("")


def _there(proposal: Proposal | None) -> Proposal:
    if proposal is None:
        raise InputError(
            "There is no proposal yet. Say what should be otherwise.",
            "还没有修改建议。请先说要改什么。",
            code="proposal_not_found",
        )
    return proposal


def show_difference(each: Difference) -> None:
    """One place that differs: what stands there, and what would."""
    typer.secho(each.field, dim=True)
    for sign, value, colour in (("-", each.old, typer.colors.RED), ("+", each.new, typer.colors.GREEN)):
        if value is not None:
            typer.secho(f"  {sign} {_line(value)}", fg=colour)


def _line(value: object) -> str:
    if isinstance(value, dict) and "question" in value:
        return f"{value['question']} → {value['answer']}"
    text = value if isinstance(value, str) else jsonlib.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else "…" + text[-_SHOWN:]


def _told(proposal: Proposal) -> dict[str, object]:
    return {
        "persona": proposal.persona.id,
        "new": proposal.base is None,
        "by": list(proposal.by),
        "explanation": proposal.told,
        "diff": [asdict(each) for each in proposal.diff],
        "questions": list(proposal.questions),
        "card": proposal.fields,
    }
