"""A Chromium to drive, and the Talk page in it."""

from __future__ import annotations

import shutil
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from avatar.media import SPEECH_RATE, to_pcm16
from tests.browser.scripted import ScriptedServer, voice
from tests.browser.talkpage import TalkPage

ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts" / "screenshots"

FLAGS = (
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

FAKE_DEVICE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")

Launch = Callable[..., Browser]
OpenPage = Callable[..., TalkPage]


def find_chromium() -> str:
    """Debian's Chromium, or another that has H.264; Playwright's own has not."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    pytest.fail("There is no Chromium. Install it: apt-get install chromium fonts-noto-cjk")


@pytest.fixture(scope="module")
def launch() -> Iterator[Launch]:
    """Starts a browser: `launch(*flags)`. By default it has a microphone that beeps."""
    executable = find_chromium()
    with sync_playwright() as playwright:
        browsers: list[Browser] = []

        def start(*flags: str) -> Browser:
            args = [*FLAGS, *(flags or FAKE_DEVICE)]
            browsers.append(playwright.chromium.launch(executable_path=executable, args=args))
            return browsers[-1]

        yield start
        for browser in browsers:
            browser.close()


@pytest.fixture(scope="module")
def chromium(launch: Launch) -> Browser:
    """A browser with a microphone that beeps."""
    return launch()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedServer]:
    """The server on scripted engines."""
    with ScriptedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def open_page(request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens the Talk page: `open_page(locale=…, width=…, height=…, dark=…, browser=…, address=…, script=…)`.

    Without a browser or an address, those of this module are used, and started where they are not. The persona greets
    only with `greeting=True`.
    """
    pages: list[Page] = []

    def start(
        *,
        locale: str = "zh-CN",
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        browser: Browser | None = None,
        address: str = "",
        script: str = "",
        greeting: bool = False,
    ) -> TalkPage:
        chosen: Browser = browser or request.getfixturevalue("chromium")
        context = chosen.new_context(
            locale=locale,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        page = context.new_page()
        pages.append(page)
        return TalkPage(page, address or request.getfixturevalue("server").address, script, greeting=greeting)

    yield start
    for page in pages:
        page.context.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures of the page are kept."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    return ARTIFACTS


@pytest.fixture
def spoken_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a recording for the fake microphone: seconds of silence and of voice, in turn."""

    def write(*seconds: float) -> Path:
        path = tmp_path / "microphone.wav"
        sound = np.concatenate([voice(length) * (index % 2) for index, length in enumerate(seconds)])
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SPEECH_RATE)
            file.writeframes(to_pcm16(sound.astype(np.float32)))
        return path

    return write
