"""The Talk page in headless Chromium, with a recording for a microphone: how soon it is silent when it is spoken over.

Everything is timed inside the page, by one clock: the microphone as the page receives it, the loudness of what the
player plays, and the server's events.
"""

from __future__ import annotations

import shutil
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import Page, sync_playwright

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

WAIT_MS = 60_000
"""The longest wait for a reply to sound."""

AUDIBLE = 0.002
"""Loudness (root mean square of 20 ms) from which something is heard."""

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
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wish) => {
        const stream = await open(wish);
        const context = new AudioContext();
        const analyser = new AnalyserNode(context, {fftSize: 256});
        context.createMediaStreamSource(stream).connect(analyser);
        const block = new Float32Array(256);
        const timer = setInterval(() => {
            analyser.getFloatTimeDomainData(block);
            const microphone = Math.sqrt(block.reduce((sum, value) => sum + value * value, 0) / block.length);
            marks.push([performance.now(), microphone, avatarPlayer.stats().rms]);
            if (stream.getTracks().every((track) => track.readyState === "ended")) {
                clearInterval(timer);
                void context.close();
            }
        }, 5);
        return stream;
    };
"""
"""Notes the loudness of the microphone and of the player every 5 ms, and when the server's events come."""


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


def silences(address: str, recording: Path, questions: list[str]) -> list[float]:
    """Milliseconds from the onset of a recorded voice to silence in the page, for a reply to each of the questions.

    Raises:
        EngineError: there is no Chromium.
    """
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise EngineError("There is no Chromium to measure in.", "没有可用于测量的 Chromium。")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        microphone = _padded(recording, Path(folder) / "microphone.wav")
        file = f"--use-file-for-fake-audio-capture={microphone}%noloop"
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, file])
        try:
            page = browser.new_context(locale="zh-CN").new_page()
            page.set_default_timeout(WAIT_MS)
            page.add_init_script(RECORDER)
            page.goto(address)
            page.wait_for_selector(".stage.alive")
            return [_silence(page, question) for question in questions]
        finally:
            browser.close()


def _silence(page: Page, question: str) -> float:
    """Ask, open the microphone when the reply sounds, let the recording speak over it, and measure."""
    generation = page.evaluate("avatarPlayer.stats().generation")
    page.fill("textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "was => avatarPlayer.stats().generation !== was && avatarPlayer.stats().state === 'speaking'", arg=generation
    )
    page.evaluate("() => { marks.length = wire.length = 0; }")
    page.click(".dock .talk")
    page.wait_for_function("wire.some(({type}) => type === 'input_audio_buffer.speech_started')")
    marks = np.array(page.evaluate("marks"))
    page.click(".dock .talk")
    return _silence_after(marks)


def _silence_after(marks: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Milliseconds from the onset of the voice to the last sound; 0 where there was none after it.

    Args:
        marks: float [n, 3]: the time in ms, the loudness of the microphone, and that of the player.
    """
    time, microphone, player = marks.T
    onset = time[np.flatnonzero(microphone > microphone.max() * 10 ** (-30 / 20))[0]]
    audible = time[(time >= onset) & (player >= AUDIBLE)]
    return float(audible[-1] - onset) if audible.size else 0.0


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
