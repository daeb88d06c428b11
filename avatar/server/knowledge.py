"""`/v1/avatar/personas/{id}/knowledge`: what a persona may quote is added, listed, searched, opened and taken away.

A text can be found by its words as soon as it is added; its passages are then embedded behind the request, so that they
are found by meaning too. The list tells how far that is. See docs/protocol.md.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from avatar.dialog.cutting import language_of as language_of_text
from avatar.dialog.indexed import Entry
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.passage import Found, Passage
from avatar.dialog.stopping import stopped
from avatar.errors import NotFoundError
from avatar.server.failures import language_of, unforeseen
from avatar.server.house import House
from avatar.server.jobs import NO_STORE, Streamed, told_of_failure
from avatar.server.limits import Jobs
from avatar.server.sessions import Stages
from avatar.server.stepping import Tell, as_events, stepped
from avatar.server.uploads import file_of

PREFIX = "/avatar/personas/{persona_id}/knowledge"

MAX_UPLOADS = 4
"""Documents that may be on their way at once."""

BESIDE = 2
"""Passages before and after one that is shown in its context."""

PATIENT_S = 0.5
"""Seconds after which it is asked again whether anybody talks."""

Work = Callable[[Tell], Entry]
"""Makes or changes a text; tells how far it is."""

Known = Callable[[str], Awaitable[Knowledge]]
"""What the persona of an id knows. Raises NotFoundError."""


class Embedding:
    """Embeds what the personas were given, behind the requests, one persona at a time. Used on one event loop.

    Args:
        talking: whether anybody talks: what need not be done at once waits until nobody does.
    """

    def __init__(self, talking: Callable[[], bool] = lambda: False) -> None:
        self._talking = talking
        self._stops: dict[str, threading.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asked: Counter[str] = Counter()
        self._turn = asyncio.Lock()

    def running(self, persona_id: str) -> bool:
        """Whether a persona's texts are being embedded, or wait for it."""
        return persona_id in self._tasks

    def begin(self, persona_id: str, knowledge: Knowledge, *, patient: bool = False) -> None:
        """Embed what is not embedded yet; what runs already takes it in, too, unless it was told to leave off.

        Args:
            patient: only while nobody talks, unless it is asked for once more.
        """
        self._asked[persona_id] += 1
        if persona_id not in self._tasks or self._stops[persona_id].is_set():
            stop = self._stops[persona_id] = threading.Event()
            self._tasks[persona_id] = asyncio.create_task(self._embed(persona_id, knowledge, stop, patient=patient))

    def resume(self, persona_id: str, knowledge: Knowledge) -> None:
        """Go on, when nobody talks, with what was being embedded when the server was stopped, and was not left off."""
        done, of = knowledge.embedded
        if done < of and not knowledge.left_off:
            self.begin(persona_id, knowledge, patient=True)

    def stop(self, persona_id: str) -> None:
        """Leave off after the passages in hand; what was done is kept."""
        if persona_id in self._stops:
            self._stops[persona_id].set()

    async def close(self) -> None:
        """Leave off everywhere, and wait for it."""
        for stop in self._stops.values():
            stop.set()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _embed(self, persona_id: str, knowledge: Knowledge, stop: threading.Event, *, patient: bool) -> None:
        def waits() -> bool:
            return patient and self._asked[persona_id] == 1 and self._talking()

        try:
            if not patient:
                await asyncio.to_thread(knowledge.leave_off, wished=False)
            done = 0
            while not stop.is_set() and done != self._asked[persona_id]:  # texts come while others are embedded
                if waits():
                    await asyncio.sleep(PATIENT_S)
                    continue
                async with self._turn:
                    asked = self._asked[persona_id]
                    await asyncio.to_thread(knowledge.embed, None, lambda: stop.is_set() or waits())
                    done = 0 if waits() else asked
        except Exception as error:  # noqa: BLE001 - nobody waits for it; the log has it
            unforeseen(error)
        finally:
            if self._stops.get(persona_id) is stop:
                del self._tasks[persona_id], self._stops[persona_id], self._asked[persona_id]


def knowledge_routes(house: House, stages: Stages, embedding: Embedding) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix=PREFIX)

    async def known(persona_id: str) -> Knowledge:
        return await house.run(lambda: stages.knowledge(house.persona(persona_id)))

    @router.get("", response_class=Response)
    async def texts(persona_id: str) -> Response:
        knowledge = await known(persona_id)
        return await house.run(lambda: _state(knowledge, running=embedding.running(persona_id)))

    @router.post("/embedding", response_class=Response)
    async def embed(persona_id: str) -> Response:
        knowledge = await known(persona_id)
        embedding.begin(persona_id, knowledge)
        return await house.run(lambda: _state(knowledge, running=True))

    @router.delete("/embedding", status_code=204)
    async def leave_off(persona_id: str) -> None:
        knowledge = await known(persona_id)
        embedding.stop(persona_id)
        await house.run(knowledge.leave_off)

    @router.get("/search", response_class=Response)
    async def search(
        persona_id: str,
        q: Annotated[str, Query(min_length=1, max_length=500)],
        limit: Annotated[int, Query(ge=1, le=50)] = 8,
    ) -> Response:
        knowledge = await known(persona_id)
        found = await house.run(lambda: knowledge.search(q, language_of_text(q), limit=limit, least=0.0))
        return JSONResponse({"object": "list", "data": [_found(each) for each in found]}, headers=NO_STORE)

    @router.get("/passages/{passage_id}", response_class=Response)
    async def passage(persona_id: str, passage_id: str) -> Response:
        knowledge = await known(persona_id)
        return JSONResponse(await house.run(lambda: _in_context(knowledge, passage_id)), headers=NO_STORE)

    both = APIRouter()
    both.include_router(router)
    both.include_router(_text_routes(house, known, embedding))
    return both


def _text_routes(house: House, known: Known, embedding: Embedding) -> APIRouter:
    """A text is added, made an index of anew, and taken away."""
    router, uploads = APIRouter(prefix=PREFIX), Jobs(MAX_UPLOADS)

    async def told(request: Request, persona_id: str, knowledge: Knowledge, work: Work) -> Response:
        """The answer that tells how far work on a text is; what came of it is then embedded.

        Whoever closes it stops the work, and nothing of it is kept.
        """

        def begun(tell: Tell) -> Entry:
            tell("reading", 0.0)
            return work(tell)

        def ended(done: bool, heard: bool) -> None:
            if done:
                embedding.begin(persona_id, knowledge)

        events = as_events(stepped(begun, stopped, ended), "knowledge", _added)
        return await Streamed.begun(told_of_failure(events, language_of(request)), house.jobs, "text/event-stream")

    @router.post("", response_class=Response)
    async def add(persona_id: str, request: Request) -> Response:
        knowledge = await known(persona_id)
        uploads.take()
        try:
            form = await request.form(max_files=1, max_fields=4, max_part_size=1024)
        finally:
            uploads.free()
        try:
            file = file_of(form)
            name = (file.filename or "text.txt")[-200:]

            def work(tell: Tell) -> Entry:
                with file.file as stream:
                    return knowledge.add(stream, name, progress=tell)

            return await told(request, persona_id, knowledge, work)
        except BaseException:
            await form.close()
            raise

    @router.post("/{text_id}/index", response_class=Response)
    async def reindex(persona_id: str, text_id: str, request: Request) -> Response:
        knowledge = await known(persona_id)
        return await told(request, persona_id, knowledge, lambda tell: knowledge.reindex(text_id, progress=tell))

    @router.delete("/{text_id}", status_code=204)
    async def remove(persona_id: str, text_id: str) -> None:
        knowledge = await known(persona_id)
        await house.run(lambda: knowledge.remove(text_id))

    return router


def _added(entry: Entry) -> list[dict[str, object]]:
    """What the text became."""
    return [{"type": "knowledge.added", "text": _text(entry)}]


def _state(knowledge: Knowledge, *, running: bool) -> JSONResponse:
    """The texts, and how many of all passages, the card's notes among them, are found by meaning."""
    done, of = knowledge.embedded
    body = {
        "object": "list",
        "data": [
            _text(each.entry) | {"bytes": each.bytes, "embedded": each.embedded} for each in knowledge.documents()
        ],
        "passages": of,
        "embedded": done,
        "embedding": running,
    }
    return JSONResponse(body, headers=NO_STORE)


def _text(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "object": "avatar.text",
        "title": entry.title,
        "characters": entry.characters,
        "passages": entry.passages,
    }


def _found(found: Found) -> dict[str, Any]:
    return {**_passage(found), "quote": found.quote, "score": found.score}


def _in_context(knowledge: Knowledge, passage_id: str) -> dict[str, Any]:
    """A passage with those around it.

    Raises:
        NotFoundError: no text has it, or has it any more.
    """
    context = knowledge.around(passage_id, BESIDE)
    if context is None:
        raise NotFoundError(
            "This passage is not in the texts any more; its text was deleted or changed.",
            "这一段已不在文本里:文本被删除或更改了。",
            code="passage_not_found",
        )
    return {
        **_passage(context.passage),
        "object": "avatar.passage",
        "number": context.number,
        "of": context.entry.passages,
        "source": context.passage.source,
        "before": [_passage(each) for each in context.before],
        "after": [_passage(each) for each in context.after],
    }


def _passage(passage: Passage | Found) -> dict[str, Any]:
    return {
        "id": passage.id,
        "work": passage.work,
        "place": passage.place,
        "text": passage.text,
        "language": passage.language,
    }
