"""The Talk page in headless Chromium, with a recording for a microphone: how soon it is silent when it is spoken over.

Everything is timed inside the page, by one clock: the microphone as the page receives it, the loudness of what goes
to the loudspeaker, and the server's events.
"""

from __future__ import annotations

import shutil
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from avatar.dialog.persona import list_personas
from avatar.errors import EngineError
from avatar.live.host import SessionHost
from avatar.media import SPEECH_RATE, read_audio, to_pcm16
from avatar.server.app import create_app, listen, uvicorn_server
from avatar.web import mount_pages

FLAGS = (
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)

BEFORE_S, AFTER_S = 1.0, 60.0
"""Silence of the microphone before the voice, once it is opened, and after it."""

Marks = NDArray[np.float64]

WAIT_MS = 60_000
"""The longest wait for a reply to sound."""

INTERRUPTED_MS = 15_000
"""The longest wait for a voice to be told of, once the microphone was opened."""

AUDIBLE = 0.002
"""Loudness (root mean square of 20 ms) from which something is heard."""

FRESH_MS = 150
"""The reply must have been heard this shortly before the onset: silence that was there already says nothing."""

AHEAD_MS = 1500
"""Sound that must wait to be played before the microphone is opened, so that the reply still sounds at the onset."""

ATTEMPTS = 12
"""Replies that one question may cost before it is given up."""

READY = """
    ([was, ahead]) => {
        const {generation, state, soundReceivedMs, positionMs} = avatarPlayer.stats();
        const sounds = generation !== was && state === "speaking" && soundReceivedMs - positionMs > ahead;
        return sounds || wire.some(({type}) => type === "response.done");
    }
"""
"""Whether a new reply sounds and will for a while, or is over."""

RECORDER = """
    window.marks = [];
    window.wire = [];
    const Native = WebSocket;
    window.WebSocket = class extends Native {
        constructor(...given) {
            super(...given);
            this.addEventListener("message", ({data}) => {
                if (typeof data === "string") wire.push(JSON.parse(data));
            });
        }
    };
    const loudness = (analyser, block) => {
        analyser.getFloatTimeDomainData(block);
        return Math.sqrt(block.reduce((sum, value) => sum + value * value, 0) / block.length);
    };
    const connect = AudioNode.prototype.connect;
    AudioNode.prototype.connect = function (target, ...rest) {
        if (target instanceof AudioDestinationNode) {
            window.loudspeaker = new AnalyserNode(this.context, {fftSize: 512});
            connect.call(this, window.loudspeaker);
        }
        return connect.call(this, target, ...rest);
    };
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wish) => {
        const stream = await open(wish);
        const context = new AudioContext();
        const analyser = new AnalyserNode(context, {fftSize: 256});
        context.createMediaStreamSource(stream).connect(analyser);
        const block = new Float32Array(256);
        const played = new Float32Array(512);
        const timer = setInterval(() => {
            const [mouth, ear] = [loudness(analyser, block), loudness(window.loudspeaker, played)];
            marks.push([performance.now(), mouth, ear]);
            if (stream.getTracks().every((track) => track.readyState === "ended")) {
                clearInterval(timer);
                void context.close();
            }
        }, 5);
        return stream;
    };
"""
"""Notes the loudness of the microphone and of what goes to the loudspeaker every 5 ms, and the server's events."""


@contextmanager
def serving(host: SessionHost) -> Iterator[str]:
    """The server and its pages on a free port, in a thread of its own; gives the address."""
    settings = host.engines.settings
    listener = listen("127.0.0.1", 0)
    app = create_app(host.open, lambda: list_personas(settings.data_dir), settings, host)
    server = uvicorn_server(mount_pages(app, settings))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@dataclass
class Heard:
    """What came of the attempts.

    Attributes:
        silent_after: milliseconds from the onset of a voice to silence in the page.
        passed_over: attempts that say nothing: the reply was between two clauses, or over, when the voice set in.
        missed: attempts in which no voice was told of.
    """

    silent_after: list[float] = field(default_factory=list)
    passed_over: int = 0
    missed: int = 0


def silences(address: str, recording: Path, questions: list[str]) -> Heard:
    """How soon the page is silent when a recorded voice sets in, over a reply to each of the questions.

    Raises:
        EngineError: there is no Chromium, or no attempt at a question says anything.
    """
    heard = Heard()
    with TemporaryDirectory() as folder:
        microphone = _padded(recording, Path(folder) / "microphone.wav")
        with talk_page(address, microphone, RECORDER) as page:
            for question in questions:
                heard.silent_after.append(_counted(page, question, heard))
    return heard


@contextmanager
def talk_page(
    address: str, microphone: Path, script: str, prepare: Callable[[Page], None] = lambda page: None
) -> Iterator[Page]:
    """The Talk page, its face alive, in a Chromium whose microphone plays a recording once it is opened.

    Args:
        script: run in the page before its own.
        prepare: told of the page before it opens the address.

    Raises:
        EngineError: there is no Chromium.
    """
    with sync_playwright() as playwright:
        file = f"--use-file-for-fake-audio-capture={microphone}%noloop"
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=[*FLAGS, file])
        try:
            page = browser.new_context(locale="zh-CN").new_page()
            page.set_default_timeout(WAIT_MS)
            page.add_init_script(script)
            prepare(page)
            page.goto(f"{address}/?greeting=0")
            page.wait_for_selector(".stage.alive")
            yield page
        finally:
            browser.close()


def find_chromium() -> str:
    """The path of a Chromium that decodes H.264.

    Raises:
        EngineError: there is none.
    """
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise EngineError("There is no Chromium to measure in.", "没有可用于测量的 Chromium。")
    return chromium


def _counted(page: Page, question: str, heard: Heard) -> float:
    """The first attempt that says something; those before it are noted."""
    for _ in range(ATTEMPTS):
        try:
            marks = _spoken_over(page, question)
        except PlaywrightTimeoutError:
            heard.missed += 1
            continue
        silence = silence_after(marks)
        if silence is not None:
            return silence
        heard.passed_over += 1
    raise EngineError(
        f"In {ATTEMPTS} attempts no reply sounded when the voice set in.",
        f"{ATTEMPTS} 次尝试中,开口时都没有回复在发声。",
    )


def _spoken_over(page: Page, question: str) -> Marks:
    """Ask, open the microphone while the reply sounds, let the recording speak over it; returns what was noted.

    Raises:
        PlaywrightTimeoutError: the voice was not heard.
    """
    generation = page.evaluate("avatarPlayer.stats().generation")
    page.evaluate("() => { wire.length = 0; }")
    page.fill("textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_function(READY, arg=[generation, AHEAD_MS])
    page.evaluate("() => { marks.length = wire.length = 0; }")
    page.click(".dock .talk")
    try:
        page.wait_for_function(
            "wire.some(({type}) => type === 'input_audio_buffer.speech_started')", timeout=INTERRUPTED_MS
        )
        return np.array(page.evaluate("marks"))
    finally:
        page.click(".dock .talk")


def silence_after(marks: Marks) -> float | None:
    """Milliseconds from the onset of the voice to the last sound; None where nothing had sounded just before it.

    Args:
        marks: float [n, 3]: the time in ms, the loudness of the microphone, and that of the player.
    """
    time, microphone, player = marks.T
    onset = time[np.flatnonzero(microphone > microphone.max() * 10 ** (-30 / 20))[0]]
    audible = time[player >= AUDIBLE]
    if not np.any((audible >= onset - FRESH_MS) & (audible <= onset)):
        return None
    return max(0.0, float(audible[-1] - onset))


def _padded(recording: Path, target: Path) -> Path:
    """A recording with silence around it, as Chromium reads it."""
    sound = read_audio(recording, SPEECH_RATE)
    silence = [np.zeros(round(seconds * SPEECH_RATE), dtype=np.float32) for seconds in (BEFORE_S, AFTER_S)]
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SPEECH_RATE)
        file.writeframes(to_pcm16(np.concatenate([silence[0], sound, silence[1]])))
    return target
