"""Five real minutes in the real page: at each picture drawn, which picture it is, and which sample sounds.

Nothing is taken on the player's word. The picture tells its own number by the squares in its corner, read back from the
canvas. The sound is tapped behind the player, just before the loudspeaker, and its last 21 ms are looked up in the
sound that the server sent; they are the very same samples, so the place is exact. What the tap cannot know, the latency
of the loudspeaker, is what the browser says it is.
"""

from __future__ import annotations

import base64
import json
import wave
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, WebSocket

from avatar.errors import ProtocolError
from avatar.media import SAMPLES_PER_FRAME, SPEECH_RATE, Samples, read_audio, to_pcm16
from avatar.server.protocol.framing import Kind, unpack
from benchmarks._page import talk_page
from benchmarks._scripted import BITS, BLOCK

WINDOW = 512
"""Samples that are looked up: 21 ms."""

QUIET = 0.004
"""Loudness (root mean square) of a window below which its place in the reply cannot be told."""

FAR = 2 * SPEECH_RATE
"""How far from its picture a sample is looked for, in samples."""

EVERY_S = 24.0
"""Seconds from one question to the next."""

MURMUR_S, INTERRUPT_S, INTERRUPT_EVERY = 13.0, 16.0, 3
"""After the question: the backchannel, and, every third time, the interruption."""

DRAIN_MS = 5000

RECORDER = f"""
    window.sightings = [];
    const connect = AudioNode.prototype.connect;
    let analyser = null;
    AudioNode.prototype.connect = function (target, ...rest) {{
        if (target instanceof AudioDestinationNode) {{
            analyser = new AnalyserNode(this.context, {{fftSize: {WINDOW}}});
            connect.call(this, analyser);
        }}
        return connect.call(this, target, ...rest);
    }};
    const heard = new Float32Array({WINDOW}), samples = new Int16Array({WINDOW});
    const draw = CanvasRenderingContext2D.prototype.drawImage;
    CanvasRenderingContext2D.prototype.drawImage = function (image, ...rest) {{
        const drawn = draw.call(this, image, ...rest);
        if (!this.canvas.closest(".stage") || analyser === null) return drawn;
        const now = performance.now();
        analyser.getFloatTimeDomainData(heard);
        for (let i = 0; i < heard.length; i += 1) samples[i] = Math.round(heard[i] * 32768);
        const {{context}} = analyser;
        const {{data}} = this.getImageData(0, {BLOCK // 2}, {BITS * BLOCK}, 1);
        let number = 0;
        for (let bit = 0; bit < {BITS}; bit += 1) {{
            if (data[4 * (bit * {BLOCK} + {BLOCK // 2})] > 127) number |= 1 << bit;
        }}
        const player = avatarPlayer;
        const latency = 1000 * (context.baseLatency + context.outputLatency);
        const sound = btoa(String.fromCharCode(...new Uint8Array(samples.buffer)));
        sightings.push([now, player.generation, number, player.state, latency, player.sound.position / 1000, sound]);
        return drawn;
    }};
"""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One picture drawn while its reply sounds.

    Attributes:
        at: when it was drawn, in seconds of the page's clock.
        generation: of the reply.
        picture: its number, counted from the reply's first.
        reply: the number of the reply that it belongs to.
        sample: of the reply, the next that the worklet gives.
        latency_ms: until that sample is heard.
        believed_ms: the time within the reply at which the player thinks it is.
    """

    at: float
    generation: int
    picture: int
    reply: int
    sample: int
    latency_ms: float
    believed_ms: float

    @property
    def late_ms(self) -> float:
        """How far the picture's beginning lies behind the sound that is heard as it is drawn."""
        return 1000 * (self.sample / SPEECH_RATE - self.picture * SAMPLES_PER_FRAME / SPEECH_RATE) - self.latency_ms


@dataclass
class Watched:
    """What was seen and heard in the page.

    Attributes:
        sightings: those whose sample is known, in order.
        drawn: pictures drawn while a reply sounded.
        events: how many of each type the server sent.
        dry: how often the sound ran dry.
        interrupted: replies that were broken off.
    """

    sightings: list[Sighting] = field(default_factory=list)
    drawn: int = 0
    events: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    dry: int = 0
    interrupted: int = 0


def watch(address: str, recordings: Recordings, seconds: float, tell: Callable[[str], None]) -> Watched:
    """Let the page converse with the recordings for so long, and look on.

    Args:
        tell: told how far it is.

    Raises:
        EngineError: there is no Chromium.
    """
    sent = _Sent()
    rows: list[list[object]] = []
    with TemporaryDirectory() as folder:
        microphone = recordings.write(Path(folder) / "microphone.wav", seconds)
        with talk_page(address, microphone, RECORDER, sent.listen) as page:
            page.click(".dock .talk")
            for done in range(round(seconds * 1000 / DRAIN_MS)):
                page.wait_for_timeout(DRAIN_MS)
                rows += page.evaluate("sightings.splice(0)")
                tell(f"{(done + 1) * DRAIN_MS // 1000} of {seconds:.0f} s in Chromium, {len(rows)} pictures")
    return sent.match(rows)


@dataclass(frozen=True, slots=True)
class Recordings:
    """What the microphone hears.

    Attributes:
        questions: asked in turn.
        murmurs: backchannels, murmured over every reply.
        interruptions: spoken over every third.
    """

    questions: list[Path]
    murmurs: list[Path]
    interruptions: list[Path]

    def write(self, target: Path, seconds: float) -> Path:
        """All of it on one tape of that length, as Chromium reads it."""
        tape = np.zeros(round(seconds * SPEECH_RATE), dtype=np.float32)
        for turn in range(int(seconds / EVERY_S)):
            start = 2.0 + turn * EVERY_S
            _lay(tape, start, self.questions[turn % len(self.questions)])
            _lay(tape, start + MURMUR_S, self.murmurs[turn % len(self.murmurs)])
            if turn % INTERRUPT_EVERY == INTERRUPT_EVERY - 1:
                _lay(tape, start + INTERRUPT_S, self.interruptions[turn % len(self.interruptions)])
        with wave.open(str(target), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SPEECH_RATE)
            file.writeframes(to_pcm16(tape))
        return target


def _lay(tape: Samples, start_s: float, recording: Path) -> None:
    """Write a recording onto a tape, as far as there is room."""
    start = round(start_s * SPEECH_RATE)
    sound = read_audio(recording, SPEECH_RATE)[: max(0, tape.size - start)]
    tape[start : start + sound.size] += sound


class _Sent:
    """What the server sent on the socket."""

    def __init__(self) -> None:
        self._sound: dict[int, list[bytes]] = defaultdict(list)
        self._watched = Watched()

    def listen(self, page: Page) -> None:
        """Note what comes on the page's sockets from now on."""
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._note)

    def _note(self, data: str | bytes) -> None:
        if isinstance(data, str):
            event = json.loads(data)
            self._watched.events[event["type"]] += 1
            self._watched.interrupted += event.get("response", {}).get("status") == "cancelled"
            return
        try:
            frame = unpack(data)
        except ProtocolError:
            return
        if frame.kind is Kind.SPEECH:
            self._sound[frame.generation].append(frame.payload)

    def match(self, rows: Iterable[list[object]]) -> Watched:
        """Find the sample that sounded as each picture was drawn."""
        sound = {generation: np.frombuffer(b"".join(parts), "<i2") for generation, parts in self._sound.items()}
        watched, before = self._watched, ""
        for at, generation, number, state, latency, believed, window in rows:
            watched.dry += state == "starved" and before != "starved"
            before = str(state)
            if state != "speaking" or generation not in sound:
                continue
            watched.drawn += 1
            picture = int(str(number)) & 0xFFFF
            near = picture * SAMPLES_PER_FRAME
            place = find(np.frombuffer(base64.b64decode(str(window)), "<i2"), sound[int(str(generation))], near)
            if place is not None:
                sample, reply = place + WINDOW, int(str(number)) >> 16
                times = (float(str(latency)), float(str(believed)))
                sighting = Sighting(float(str(at)) / 1000, int(str(generation)), picture, reply, sample, *times)
                watched.sightings.append(sighting)
        return watched


def find(window: NDArray[np.int16], sound: NDArray[np.int16], near: int) -> int | None:
    """Where a window of sound begins in the whole; None where it is too quiet to tell, or not whole there.

    Args:
        window: int16 [WINDOW].
        sound: int16 [n].
        near: about where it is looked for.
    """
    if float(np.sqrt(np.mean((window / 32768.0) ** 2))) < QUIET:
        return None
    start = max(0, near - FAR)
    part = sound[start : near + FAR]
    peak = int(np.argmax(np.abs(window)))
    for place in np.flatnonzero(part == window[peak]) - peak:
        if 0 <= place <= part.size - window.size and np.array_equal(part[place : place + window.size], window):
            return start + int(place)
    return None
