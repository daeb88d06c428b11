"""`GET /metrics`: counts for Prometheus (text exposition format 0.0.4). No count tells what anybody said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fastapi import APIRouter, Depends, Request, Response

from avatar.server.door import check_key
from avatar.server.house import House
from avatar.voice.checking.tally import Tally

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Row = tuple[Mapping[str, str], int]
"""Labels, and the number."""


def metrics_routes(house: House, tally: Tally | None) -> APIRouter:
    """The route; it asks for the key, as those under /v1 do.

    Args:
        tally: what the self-check found; None where there are no engines.
    """

    def key(request: Request) -> None:
        check_key(request, house.settings.server.api_key)

    router = APIRouter()

    @router.get("/metrics", dependencies=[Depends(key)], response_class=Response)
    async def metrics() -> Response:
        return Response("".join(_lines(house, tally)), media_type=MEDIA_TYPE)

    return router


def _lines(house: House, tally: Tally | None) -> Iterator[str]:
    admission = house.lobby.admission
    yield from _family("avatar_sessions", "gauge", "Conversations now.", [({}, admission.taken)])
    yield from _family("avatar_sessions_max", "gauge", "Conversations at most.", [({}, admission.places)])
    if tally is None:
        return
    clauses = [({"place": place, "outcome": outcome}, n) for (place, outcome), n in tally.clauses().items()]
    yield from _family("avatar_self_check_clauses_total", "counter", "Clauses that were listened to.", clauses)
    takes = [({"place": place}, n) for place, n in tally.takes().items()]
    yield from _family("avatar_self_check_takes_total", "counter", "How often they were made.", takes)
    faults = [({"place": place, "fault": fault}, n) for (place, fault), n in tally.faults().items()]
    yield from _family("avatar_self_check_faults_total", "counter", "Faults of first takes.", faults)


def _family(name: str, kind: str, meaning: str, rows: Iterable[Row]) -> Iterator[str]:
    yield f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n"
    for labels, value in rows:
        told = ",".join(f'{key}="{each}"' for key, each in labels.items())
        yield f"{name}{{{told}}} {value}\n" if told else f"{name} {value}\n"
