"""What a session told, played by the page's own player on a virtual clock (`_player.js`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Route, sync_playwright

from avatar.live.events import (
    PresenceChanged,
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyResumed,
    ReplyStarted,
    SessionEvent,
    Video,
)
from avatar.settings import PACKAGE_ROOT
from benchmarks._page import FLAGS, find_chromium

PLAYER = (Path(__file__).parent / "_player.js").read_text(encoding="utf-8")

STATIC = PACKAGE_ROOT / "web" / "static"

ORIGIN = "http://localhost:1"
"""Where the page believes to be: an address that counts as secure, and that nobody is asked for."""

DEVICE = {"drift": 120.0, "latency": 40.0, "batch": 512, "delay": 20.0, "jitter": 25.0, "decoding": 15.0}
"""A sound card that is 120 ppm too fast, asks for 21 ms at once and takes 40 ms; a line and a decoder as at home."""

Step = list[float | int | str | bool]


@dataclass(frozen=True, slots=True)
class Played:
    """What the player made of it.

    Attributes:
        shown: float [n, 4]: for each picture shown while its reply sounded, when, the reply's generation, the picture's
            time and the time of what was heard, each but the generation in ms.
        starved: how often the sound ran dry.
        samples: that were played.
    """

    shown: NDArray[np.float64]
    starved: int
    samples: int


def replay(events: Iterable[tuple[float, SessionEvent]]) -> Played:
    """Play the events in Chromium, as fast as it goes.

    Args:
        events: each with its time in seconds.

    Raises:
        EngineError: there is no Chromium.
    """
    given = {"base": ORIGIN, "trace": list(_trace(events))} | DEVICE
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        try:
            page = browser.new_page()
            page.route(f"{ORIGIN}/**", _hand_out)
            page.goto(f"{ORIGIN}/")
            made = page.evaluate(PLAYER, given)
        finally:
            browser.close()
    return Played(np.array(made["shown"], dtype=np.float64).reshape(-1, 4), made["starved"], made["played"])


def _hand_out(route: Route) -> None:
    """The page's files, without a server; an empty page for its root."""
    name = route.request.url.removeprefix(f"{ORIGIN}/")
    if name.endswith(".js"):
        route.fulfill(path=STATIC / Path(name).name, content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")


def _trace(events: Iterable[tuple[float, SessionEvent]]) -> Iterable[Step]:
    """The events as the page's session would hand them to the player."""
    generation, done = 0, True
    for at, event in events:
        ms = 1000 * at
        match event:
            case ReplyStarted():
                generation, done = event.generation, False
            case Video(waiting=False):
                yield [ms, "picture", event.generation, event.pts_ms, event.packet.key, event.waiting]
            case ReplyAudio():
                yield [ms, "sound", event.generation, event.samples.size, False]
            case ReplyHeld():
                yield [ms, "hold", generation, 0, False]
            case ReplyResumed():
                yield [ms, "resume", generation, 0, False]
            case ReplyDone():
                done = True
                yield [ms, "sound", event.generation, 0, True]
                if event.status != "completed":
                    yield [ms, "stop", event.generation, 0, False]
            case PresenceChanged(presence="listening") if done:
                yield [ms, "listen", generation, 0, False]
