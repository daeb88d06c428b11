"""`/v1/realtime`: OpenAI Realtime in its GA form, for clients that exist already. See docs/protocol.md."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from avatar.server.house import House
from avatar.server.socket import hold

PATH = "/v1/realtime"


def realtime_routes(house: House) -> APIRouter:
    """The realtime socket."""
    router = APIRouter()

    @router.websocket(PATH)
    async def realtime(websocket: WebSocket) -> None:
        await hold(websocket, house, binary=False)

    return router
