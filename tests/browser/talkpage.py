"""The Talk page as a test uses it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlparse

from playwright.sync_api import ConsoleMessage, Page, Request

WAIT_MS = 30_000
"""How long anything on the page is waited for."""

RECORD_EVENTS = """
    window.wire = [];
    const Native = WebSocket;
    const note = (way, data) => {
        if (typeof data === "string") window.wire.push({way, at: performance.now(), ...JSON.parse(data)});
    };
    window.WebSocket = class extends Native {
        constructor(...given) {
            super(...given);
            this.addEventListener("message", ({data}) => note("in", data));
        }
        send(data) {
            note("out", data);
            super.send(data);
        }
    };
"""
"""Notes every JSON message of the page's sockets, and when it came or went."""

RECORD_SOUND = """
    window.sound = [];
    setInterval(() => {
        if (window.avatarPlayer) window.sound.push({at: performance.now(), rms: avatarPlayer.stats().rms});
    }, 10);
"""
"""Notes the loudness of what is played, every 10 ms."""


@dataclass(frozen=True, slots=True)
class Stats:
    """`avatarPlayer.stats()`, as far as tests look at it."""

    state: str
    generation: int
    samples_played: int
    rms: float
    frames_shown: int
    skew_ms: float


class TalkPage:
    """One visitor's page.

    Args:
        page: an empty one.
        address: the server's.
        script: runs before the page's own.
        greeting: whether the persona greets.
    """

    def __init__(self, page: Page, address: str, script: str = "", *, greeting: bool = False) -> None:
        self.page = page
        self.address = address
        self.requests: list[str] = []
        self.problems: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.add_init_script(RECORD_EVENTS + RECORD_SOUND + script)
        page.on("request", self._on_request)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.goto(f"{address}/?greeting={int(greeting)}")

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(message.text)

    @property
    def foreign_requests(self) -> list[str]:
        """Addresses outside the server that the page asked for."""
        home = urlparse(self.address).netloc
        return [url for url in self.requests if urlparse(url).netloc not in (home, "") and not url.startswith("blob:")]

    def wait_alive(self) -> None:
        """Until the first picture is shown."""
        self.page.wait_for_selector(".stage.alive")

    def wait_until(self, condition: str) -> None:
        """Until an expression in the page is true."""
        self.page.wait_for_function(condition)

    def wait_state(self, state: str) -> None:
        """Until the player is in a state."""
        self.wait_until(f"avatarPlayer.stats().state === '{state}'")

    def wait_wire(self, kind: str, count: int = 1) -> None:
        """Until so many messages of a type have come or gone."""
        self.wait_until(f"window.wire.filter(({{type}}) => type === '{kind}').length >= {count}")

    def wire(self, kind: str) -> list[dict[str, Any]]:
        """The messages of a type."""
        return cast(
            "list[dict[str, Any]]", self.page.evaluate("kind => window.wire.filter(m => m.type === kind)", kind)
        )

    def loudness(self, start: float, end: float) -> list[float]:
        """What was played between two times of the page's clock, in ms."""
        found = self.page.evaluate(
            "([start, end]) => window.sound.filter(({at}) => at >= start && at < end).map(({rms}) => rms)", [start, end]
        )
        return cast("list[float]", found)

    def now(self) -> float:
        """The page's clock in ms."""
        return float(self.page.evaluate("performance.now()"))

    def stats(self) -> Stats:
        """The player's figures."""
        given = self.page.evaluate("avatarPlayer.stats()")
        return Stats(*(given[_camel(name)] for name in Stats.__dataclass_fields__))

    def canvas(self) -> str:
        """The canvas as a small picture, to compare."""
        return str(self.page.evaluate("document.querySelector('.stage canvas').toDataURL('image/jpeg', 0.5)"))

    def ask(self, text: str) -> None:
        """Type a question and send it."""
        self.page.fill("textarea", text)
        self.page.keyboard.press("Enter")

    def said(self, who: str) -> list[str]:
        """What was said, without what was not heard yet: "user" or "persona"."""
        return self.page.locator(f".message.{who} .text .heard").all_inner_texts()

    def toast(self) -> str:
        """The latest message about a problem."""
        self.page.wait_for_selector(".toast p")
        return self.page.locator(".toast p").last.inner_text()

    def microphone(self) -> None:
        """Press the microphone's button."""
        self.page.click(".dock .talk")


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match.group(1).upper(), name)
