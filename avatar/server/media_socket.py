"""`/v1/avatar/media`: the same events, with sound and pictures in binary frames, for players. See docs/protocol.md."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from avatar.server.house import House
from avatar.server.socket import hold

PATH = "/v1/avatar/media"


def media_routes(house: House) -> APIRouter:
    """The media socket."""
    router = APIRouter()

    @router.websocket(PATH)
    async def media(websocket: WebSocket) -> None:
        await hold(websocket, house, binary=True)

    return router
