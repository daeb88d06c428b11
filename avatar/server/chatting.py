"""`POST /v1/chat/completions`: a persona as the model, in writing. See docs/protocol.md."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from avatar.dialog.conversation import Conversation
from avatar.dialog.passage import Grounding
from avatar.dialog.style import Phrase
from avatar.errors import Language
from avatar.live.answering import language_of
from avatar.live.shared import SharedStages
from avatar.live.telling import citation
from avatar.server.failures import language_of as language_of_request
from avatar.server.house import House
from avatar.server.jobs import Streamed, sse, told_of_failure, while_wanted
from avatar.server.narration import citation_object
from avatar.server.protocol.base import Identifier, Message, Text
from avatar.server.protocol.objects import CitationObject
from avatar.server.protocol.parsing import EventError
from avatar.server.sessions import Stages
from avatar.server.state import new_id


class ChatPart(Message):
    """A part of a message; only text is taken."""

    type: Identifier
    text: Text | None = None


class ChatMessage(Message):
    """A message of the conversation so far."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | Annotated[list[ChatPart], Field(max_length=64)] | None = None

    @property
    def text(self) -> str:
        """Its words."""
        if isinstance(self.content, list):
            return "\n".join(part.text or "" for part in self.content)
        return self.content or ""


class StreamOptions(Message):
    include_usage: bool = False


class ChatRequest(Message):
    """The conversation so far. How the model samples is the server's own choice, so those fields are passed over."""

    model: Identifier
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=200)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1, le=4096)
    max_completion_tokens: int | None = Field(None, ge=1, le=4096)
    n: int = Field(1, ge=1, le=1)


class ChatCitations(BaseModel):
    """What is ours in an answer."""

    citations: list[CitationObject]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A conversation that stands before its answer."""

    id: str
    created: int
    model: str
    conversation: Conversation
    question: str
    language: Language
    grounding: Grounding
    max_tokens: int

    @property
    def citations(self) -> ChatCitations:
        return ChatCitations(citations=[citation_object(citation(found)) for found in self.grounding.passages])

    def phrases(self) -> AsyncGenerator[Phrase, None]:
        """The answer."""
        return self.conversation.answer(self.question, self.language, self.grounding, max_tokens=self.max_tokens)


def chat_routes(house: House, stages: Stages) -> APIRouter:
    """The route."""
    router = APIRouter()

    @router.post("/chat/completions", response_class=Response)
    async def chat(wish: ChatRequest, request: Request) -> Response:
        await house.run(lambda: house.persona(wish.model))
        _check(wish)
        if wish.stream:
            events = told_of_failure(_chunks(stages, house, wish), language_of_request(request))
            return await Streamed.begun(events, house.jobs, "text/event-stream")
        answer = await while_wanted(request, house.jobs, _completion(stages, house, wish))
        return Response(status_code=204) if answer is None else JSONResponse(answer)

    return router


async def _completion(stages: Stages, house: House, wish: ChatRequest) -> dict[str, object]:
    asked = await _ask(stages, house, wish)
    async with aclosing(asked.phrases()) as phrases:
        text = "".join([phrase.text async for phrase in phrases])
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "refusal": None},
        "logprobs": None,
        "finish_reason": "stop",
    }
    return {
        "id": asked.id,
        "object": "chat.completion",
        "created": asked.created,
        "model": asked.model,
        "choices": [choice],
        "usage": _usage(),
        "avatar": asked.citations.model_dump(),
    }


async def _chunks(stages: Stages, house: House, wish: ChatRequest) -> AsyncGenerator[bytes, None]:
    """The answer as chunks; the first carries the citations."""
    asked = await _ask(stages, house, wish)

    def chunk(delta: dict[str, str], finish: str | None = None, **more: object) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return sse({**_head(asked), "choices": [choice], **more})

    async with aclosing(asked.phrases()) as phrases:
        first = await anext(phrases, Phrase("", "calm"))
        yield chunk({"role": "assistant", "content": first.text}, avatar=asked.citations.model_dump())
        async for phrase in phrases:
            yield chunk({"content": phrase.text})
    yield chunk({}, "stop")
    if wish.stream_options is not None and wish.stream_options.include_usage:
        yield sse({**_head(asked), "choices": [], "usage": _usage()})
    yield sse("[DONE]")


def _head(asked: _Asked) -> dict[str, object]:
    return {"id": asked.id, "object": "chat.completion.chunk", "created": asked.created, "model": asked.model}


async def _ask(stages: Stages, house: House, wish: ChatRequest) -> _Asked:
    """The conversation as it stands before the answer, and what the persona knows of the question."""
    shared: SharedStages = await house.run(stages.stages)
    conversation = await house.run(lambda: stages.conversation(wish.model))
    conversation.instructions = "\n".join(m.text for m in wish.messages if m.role in ("system", "developer"))
    await house.run(lambda: _recall(conversation, wish.messages))
    question = wish.messages[-1].text
    language = conversation.persona.speaks(language_of(question, conversation.persona.languages[0]))
    return _Asked(
        new_id("chatcmpl"),
        int(time.time()),
        wish.model,
        conversation,
        question,
        language,
        await shared.run(lambda: conversation.ground(question, language)),
        wish.max_completion_tokens or wish.max_tokens or shared.max_tokens,
    )


def _recall(conversation: Conversation, messages: list[ChatMessage]) -> None:
    """Let the conversation remember what was said before the last message: what was asked, and what was answered."""
    asked: list[str] = []
    for message in messages[:-1]:
        if message.role == "user":
            asked.append(message.text)
        elif message.role == "assistant":
            conversation.remember("\n".join(asked), message.text)
            asked = []
    if asked:
        conversation.remember("\n".join(asked), "")


def _check(wish: ChatRequest) -> None:
    last = wish.messages[-1]
    if last.role != "user" or not last.text.strip():
        raise EventError(
            "The last message is the user's, and it has a text.",
            "最后一条消息须为用户的,且有文字。",
            code="invalid_value",
            param="messages",
        )
    parts = [part for m in wish.messages if isinstance(m.content, list) for part in m.content]
    if any(part.type != "text" for part in parts):
        raise EventError(
            "Only messages of text are understood here.",
            "这里只接受文字消息。",
            code="unsupported_value",
            param="messages",
        )


def _usage() -> dict[str, int]:
    """Nothing is billed, so nothing is counted."""
    return {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
