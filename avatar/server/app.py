"""The application: the sockets and routes on one FastAPI, and how it is served."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from avatar.dialog.knowledge import Knowledge
from avatar.engines.cloning import voice_luggage
from avatar.errors import AvatarError, InputError, NotFoundError, PortError
from avatar.live.studio import Studio
from avatar.server.cloning import Voices
from avatar.server.failures import TooLargeError, error_response, language_of, unforeseen, wrong_field
from avatar.server.house import House
from avatar.server.knowledge import Embedding
from avatar.server.limits import Jobs
from avatar.server.lobby import Lobby
from avatar.server.media_socket import media_routes
from avatar.server.metrics import metrics_routes
from avatar.server.middleware import BodyLimit, SecurityHeaders, limit_of
from avatar.server.protocol.base import MAX_MESSAGE
from avatar.server.realtime import realtime_routes
from avatar.server.rest import rest_routes
from avatar.server.sessions import Personas, SessionFactory, Stages
from avatar.server.shelf import Shelf
from avatar.server.voices import voice_routes
from avatar.settings import Settings
from avatar.voice.checking.tally import Tally

log = logging.getLogger(__name__)

SHUTDOWN_S = 5
"""How long open conversations are given when the server stops."""


def create_app(
    sessions: SessionFactory,
    personas: Personas,
    settings: Settings,
    stages: Stages | None = None,
    studio: Studio | None = None,
    voices: Voices | None = None,
    tally: Tally | None = None,
) -> FastAPI:
    """The application, without a page. Whatever is mounted at "/" afterwards comes after its routes.

    Args:
        sessions: opens a session; called in a worker thread, since it may load engines.
        personas: lists the personas, the default first.
        stages: the engines, for the routes that need no session; without them there are no such routes.
        studio: animates photographs; without it there are no routes for that.
        voices: clones voices; without it there are no routes for that.
        tally: what the self-check of speech found, for the metrics.
    """
    shelf, lobby = Shelf(), Lobby(settings.server)
    embedding = Embedding(lambda: lobby.admission.taken > 0)
    luggage = None if voices is None else voice_luggage(settings, voices.cloning)
    house = House(sessions, personas, settings, lobby, Jobs(settings.server.max_requests), luggage)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if stages is not None:
            stages.watch(_told_on(asyncio.get_running_loop(), embedding))
        yield
        await lobby.close()
        await embedding.close()
        shelf.close()
        if voices is not None:
            await house.run(voices.close)

    app = FastAPI(title="avatar", docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json", lifespan=lifespan)
    app.include_router(realtime_routes(house))
    app.include_router(media_routes(house))
    app.include_router(metrics_routes(house, tally))
    app.include_router(rest_routes(house, stages, studio, shelf, embedding))
    if voices is not None:
        app.include_router(voice_routes(house, voices))
    app.add_exception_handler(AvatarError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unknown)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)
    return app


def listen(host: str, port: int) -> socket.socket:
    """Take an address before anything slow is loaded. Port 0 takes any that is free.

    Raises:
        PortError: the address is taken, not allowed, or not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise PortError(
            f"Cannot listen on {host}:{port}: {reason}. Choose another port: avatar serve --port N.",
            f"无法监听 {host}:{port}:{reason}。请换一个端口:avatar serve --port N。",
        ) from error
    return listener


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM; open conversations are then closed (1012)."""
    uvicorn_server(app).run(sockets=[listener])


def uvicorn_server(app: FastAPI) -> uvicorn.Server:
    """The server with the limits that the protocol promises; media does not compress, so nothing is deflated."""
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
        log_config=None,
        access_log=False,
        server_header=False,
    )
    return uvicorn.Server(config)


def _told_on(loop: asyncio.AbstractEventLoop, embedding: Embedding) -> Callable[[str, Knowledge], None]:
    """Goes on, on the loop, with what is not embedded of the knowledge that is opened in any thread."""

    def opened(persona_id: str, knowledge: Knowledge) -> None:
        with suppress(RuntimeError):  # the server has ended
            loop.call_soon_threadsafe(embedding.resume, persona_id, knowledge)

    return opened


async def _known(request: Request, error: Exception) -> Response:
    if not isinstance(error, AvatarError):
        return await _unknown(request, error)
    return error_response(error, language_of(request))


async def _invalid(request: Request, error: Exception) -> Response:
    problem = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    return error_response(wrong_field(problem), language_of(request))


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    refused: AvatarError = InputError(f"The request was refused ({status}).", f"请求被拒绝({status})。")
    if status == 404:
        refused = NotFoundError("There is nothing at this address.", "这个地址没有内容。")
    elif status == 413:
        refused = TooLargeError(limit_of(request.url.path))
    response = error_response(refused, language_of(request))
    response.status_code = status
    return response


async def _unknown(request: Request, error: Exception) -> Response:
    return error_response(unforeseen(error), language_of(request))
