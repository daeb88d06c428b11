"""`avatar chat`: a written conversation with a persona, in the terminal."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Annotated

import typer

from avatar.cli.console import choose, emit_json, note, settings
from avatar.dialog.conversation import Conversation
from avatar.dialog.passage import Grounding
from avatar.engines import Engines
from avatar.errors import TextError
from avatar.live.answering import language_of
from avatar.live.host import SessionHost

_QUIT = frozenset({"quit", "exit", "/quit", "/exit", "退出", "再见"})
MAX_QUESTION = 8000
"""Characters of one message."""


def chat(
    persona: Annotated[str, typer.Option("--persona", "-p", help="With whom. 同谁谈。")] = "luxun",
    ask: Annotated[str, typer.Option("--ask", help="One question; else they are read. 只问一句。")] = "",
    json: Annotated[bool, typer.Option("--json", help="With --ask: print JSON. 输出 JSON。")] = False,
) -> None:
    """Talk with a persona in writing. 与人物文字交谈。"""
    engines = Engines(settings())
    try:
        conversation = SessionHost(engines).conversation(persona)
        if ask:
            answer, grounding = asyncio.run(_answer(conversation, ask, aloud=not json))
            if json:
                emit_json({"answer": answer, "citations": _citations(grounding)})
            return
        spoken = conversation.persona.languages[0]
        typer.echo(f"{conversation.persona.name.of(spoken)}: {conversation.persona.greeting.of(spoken)}")
        note("Write; quit ends.", "请输入,输入“退出”结束。")
        while (question := _read()).lower() not in _QUIT:
            if question:
                asyncio.run(_answer(conversation, question, aloud=True))
    finally:
        engines.close()


async def _answer(conversation: Conversation, question: str, *, aloud: bool) -> tuple[str, Grounding]:
    """Write the answer as it comes, then what it rests on; and remember it.

    Raises:
        TextError: the question is too long.
        EngineError: the model is out of reach, refused or too slow.
    """
    if len(question) > MAX_QUESTION:
        raise TextError(
            f"A message has {MAX_QUESTION} characters at most.",
            f"一条消息最多 {MAX_QUESTION} 字。",
            code="text_too_long",
        )
    who = conversation.persona
    language = who.speaks(language_of(question, who.languages[0]))
    grounding = conversation.ground(question, language)
    answer = ""
    if aloud:
        typer.echo(f"{who.name.of(language)}: ", nl=False)
    async with aclosing(conversation.answer(question, language, grounding)) as phrases:
        async for phrase in phrases:
            answer += phrase.text
            if aloud:
                typer.echo(phrase.text, nl=False)
    conversation.remember(question, answer)
    if aloud:
        typer.echo("")
        for found in grounding.passages:
            place = f", {found.place}" if found.place else ""
            note(f"  “{found.quote}” ({found.work}{place})", f"  “{found.quote}”(《{found.work}》{found.place})")
    return answer, grounding


def _citations(grounding: Grounding) -> list[dict[str, str]]:
    return [{"work": found.work, "place": found.place, "quote": found.quote} for found in grounding.passages]


def _read() -> str:
    try:
        return str(typer.prompt(choose("You", "你"), default="", show_default=False, err=True)).strip()
    except typer.Abort:
        return "quit"
