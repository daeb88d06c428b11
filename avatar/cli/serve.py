"""`avatar serve`: the server with its pages."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import typer

from avatar.cli.console import choose, note, progress, settings
from avatar.dialog.conversation import Conversation
from avatar.dialog.persona import Persona, list_personas
from avatar.engines import Engines
from avatar.engines.cloning import cloning
from avatar.engines.editing import editing
from avatar.errors import EngineError
from avatar.live.host import SessionHost
from avatar.live.studio import EngineStudio
from avatar.server.app import create_app, listen
from avatar.server.app import serve as run
from avatar.server.cloning import Voices
from avatar.settings import Settings
from avatar.web import mount_pages

FIRST_PERSONA = "luxun"
"""Whose knowledge is read before the first visitor comes."""

EMBEDDING_S = 60.0
"""How long its texts may be embedded before that, in seconds: its notes take less, a library may take hours."""


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. 监听地址。")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one. 端口,0 为任意空闲端口。")] = None,
) -> None:
    """Start the server and its pages. 启动服务与网页。"""
    chosen = _chosen(settings(), host, port)
    listener = listen(chosen.server.host, chosen.server.port)
    engines = Engines(chosen)
    try:
        sessions = SessionHost(engines)
        load(sessions)
        app = mount_pages(
            create_app(
                sessions.open,
                lambda: _personas(chosen),
                chosen,
                sessions,
                EngineStudio(engines),
                Voices(lambda: cloning(engines), lambda: editing(engines)),
                engines.self_check.tally,
            ),
            chosen,
        )
        _announce(*listener.getsockname()[:2])
        run(app, listener)
    finally:
        listener.close()
        engines.close()


def load(sessions: SessionHost) -> None:
    """Load every engine, with progress, and what the first visitor will need.

    Raises:
        WeightsError: weights are missing.
    """
    engines = sessions.engines
    with progress("Loading the models", "正在加载模型", len(engines.kinds) + 3) as bar:
        for kind in engines.kinds:
            warm = getattr(engines.get(kind), "warm", None)
            if warm is not None and kind != "generator":
                warm()
            bar.advance(bar.task_ids[0])
        first = sessions.conversation(FIRST_PERSONA)
        engines.animator.animator(first.persona.portrait_file, size=engines.settings.face.size).frame()
        ends = time.monotonic() + EMBEDDING_S
        first.knowledge.embed(cancelled=lambda: time.monotonic() > ends)
        bar.advance(bar.task_ids[0])
        _prepare(sessions, first)
        bar.advance(bar.task_ids[0])
        asyncio.run(_read_card(first))
        bar.advance(bar.task_ids[0])


def _prepare(sessions: SessionHost, conversation: Conversation) -> None:
    """Make the first sound of the greeting; a voice that cannot be reached now may be when somebody talks."""
    try:
        sessions.prepare(conversation.persona)
    except EngineError as error:
        note(error.en, error.zh)


async def _read_card(conversation: Conversation) -> None:
    """Let the language model read the persona's card; one that cannot be reached now may be when somebody talks."""
    try:
        for language in conversation.persona.languages:
            await conversation.warm(language)
    except EngineError as error:
        note(error.en, error.zh)


def _personas(chosen: Settings) -> list[Persona]:
    """The personas, the first one first."""
    return sorted(list_personas(chosen.data_dir), key=lambda who: who.id != FIRST_PERSONA)


def _announce(host: str, port: int) -> None:
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    typer.echo(choose(f"Open {address} in a browser. Stop with Ctrl-C.", f"请在浏览器打开 {address},按 Ctrl-C 停止。"))
    note("What is spoken and shown is made by AI.", "所说所见均由人工智能生成。")


def _chosen(base: Settings, host: str | None, port: int | None) -> Settings:
    update = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    return base.model_copy(update={"server": base.server.model_copy(update=update)})
