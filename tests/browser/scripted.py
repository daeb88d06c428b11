"""The real server, the real session and the real page, on scripted engines: what is said is known beforehand.

To look at the page against it:

    python -m tests.browser.scripted --port 7860
"""

from __future__ import annotations

import argparse
import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import cv2
import numpy as np

from avatar.dialog.conversation import Conversation
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.persona import Name, Persona, load_persona
from avatar.errors import Language
from avatar.face.encode import H264Encoder, JpegEncoder
from avatar.live.options import SessionOptions
from avatar.live.outlet import Outlet
from avatar.live.picture import FaceLoop, PictureEncoder
from avatar.live.prepared import PreparedSpeech
from avatar.live.running import T
from avatar.live.session import Session
from avatar.live.shared import SharedStages
from avatar.media import FPS, SPEECH_RATE, ClauseSpeech, Frame, PhoneSpan, Samples, WordSpan
from avatar.server.app import create_app, listen, uvicorn_server
from avatar.server.cloning import Voices
from avatar.server.sessions import Stages
from avatar.settings import FaceSettings, ServerSettings, Settings
from avatar.stages import Message, Presence, Style
from avatar.voice.speaking.marks import plain
from avatar.web import mount_pages
from tests.unit.live.fake_studio import ScriptedStudio
from tests.unit.live.fakes import BrokenError, LoudnessVad, ScriptedDetector, ScriptedRecognizer

SIZE = 256
QUESTION = "您怎么看希望？"
ANSWERS: dict[Language, str] = {
    "zh": "希望是本无所谓有，无所谓无的。这正如地上的路；其实地上本没有路，走的人多了，也便成了路。",
    "en": "Hope can be neither said to exist nor denied. It is like the roads of the earth, made by many feet.",
}
CHARACTER_S: dict[Language, float] = {"zh": 0.2, "en": 0.06}
LOUDNESS = 0.2


def voice(seconds: float, pitch: float = 140.0) -> Samples:
    """float32 [n] at SPEECH_RATE: harmonics that swell and fall four times a second, like syllables."""
    time = np.arange(round(seconds * SPEECH_RATE)) / SPEECH_RATE
    tone = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 9))
    swell = 0.25 + 0.75 * np.abs(np.sin(np.pi * 4 * time))
    return np.asarray(LOUDNESS * swell * tone, dtype=np.float32)


@dataclass
class Writer:
    """Writes the answer known beforehand, in the question's language, a few characters at a time; "坏" breaks it."""

    name = "scripted"
    device = "cpu"

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, seed: int | None = None
    ) -> AsyncIterator[str]:
        if "坏" in messages[-1].content:
            raise BrokenError
        answer = ANSWERS["en" if "hope" in messages[-1].content.lower() else "zh"]
        for start in range(0, len(answer), 4):
            await asyncio.sleep(0.01)
            yield answer[start : start + 4]

    async def warm(self, messages: Sequence[Message], *, keep: bool = False) -> None:
        return


@dataclass
class Speaker:
    """Speaks each character for as long as any other, in blocks of 0.2 s."""

    name = "scripted"
    device = "cpu"

    def speak(self, clause: str, voice_id: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        clause = plain(clause)
        length = round(CHARACTER_S[language] * SPEECH_RATE)
        words = tuple(WordSpan(sign, i * length, (i + 1) * length) for i, sign in enumerate(clause))
        phones = tuple(PhoneSpan("a", word.start, word.end) for word in words)
        sound = voice(len(clause) * CHARACTER_S[language])
        return ClauseSpeech(clause, phones, words, sound.size, self._blocks(sound))

    def _blocks(self, sound: Samples) -> Iterator[Samples]:
        for start in range(0, sound.size, SPEECH_RATE // 5):
            yield sound[start : start + SPEECH_RATE // 5]


@dataclass
class Puppet:
    """A drawn head that nods, with a mouth that follows the loudness of its sound."""

    size: int = SIZE
    index: int = 0
    sound: Samples = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    def begin(self, at: int = 0) -> None:
        self.index = at * FPS // SPEECH_RATE
        self.sound = np.zeros(at, dtype=np.float32)

    def speak(self, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        self.sound = np.concatenate([self.sound, samples])

    def stop(self) -> None:
        self.sound = np.zeros(0, dtype=np.float32)

    def feel(self, style: Style, at: int = 0) -> None:
        return

    def attend(self, presence: Presence) -> None:
        return

    def skip(self) -> None:
        self.index += 1

    def frame(self) -> Frame:
        step = SPEECH_RATE // FPS
        heard = self.sound[self.index * step : (self.index + 1) * step]
        opening = min(1.0, 3 * float(np.abs(heard).mean())) if heard.size else 0.0
        image = puppet(self.size, self.index, opening)
        self.index += 1
        return Frame(image, opening)


def puppet(size: int, index: int, opening: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """uint8 [size, size, 3]: the puppet at one moment; `opening` of its mouth in 0..1."""
    unit = size / 256
    image = np.full((size, size, 3), (206, 196, 180), dtype=np.uint8)
    nod = round(4 * unit * np.sin(index / 8))
    x, y = size // 2, round(118 * unit) + nod

    def ellipse(dx: float, dy: float, width: float, height: float, colour: tuple[int, int, int]) -> None:
        axes = (max(1, round(width * unit)), max(1, round(height * unit)))
        cv2.ellipse(image, (x + round(dx * unit), y + round(dy * unit)), axes, 0, 0, 360, colour, -1, cv2.LINE_AA)

    ellipse(0, 150, 96, 76, (70, 66, 62))
    ellipse(0, 0, 58, 76, (226, 200, 172))
    ellipse(0, -56, 60, 34, (44, 38, 34))
    for side in (-22, 22):
        ellipse(side, -8, 6, 1 if index % 75 < 3 else 5, (40, 32, 28))
    ellipse(0, 38, 18, 2 + 12 * opening, (120, 44, 40))
    return image


class Threads:
    """Runs blocking work in threads of its own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(4)

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Wait for what runs."""
        self._pool.shutdown()


class ScriptedServer:
    """The server on a free port, in a thread of its own, until the block ends.

    Args:
        folder: an empty one, for portraits and data.
        question: what the recognizer understands, whatever is said.
        max_sessions: places.
        port: 0 takes a free one.
        size: of the pictures.
    """

    def __init__(
        self, folder: Path, *, question: str = QUESTION, max_sessions: int = 4, port: int = 0, size: int = SIZE
    ) -> None:
        self._threads = Threads()
        self._folder = folder
        self._question = question
        self.settings = Settings(
            data_dir=folder,
            face=FaceSettings(size=size),
            server=ServerSettings(max_sessions=max_sessions),
        )
        self._personas = self._draw_personas()
        self.studio = self._studio()
        self._listener = listen("127.0.0.1", port)
        app = create_app(self._open, self._listed, self.settings, self._stages(), self.studio, self._voices())
        self._server = uvicorn_server(mount_pages(app, self.settings))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]})

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def sessions(self) -> int:
        """Conversations that are open, as the server itself says."""
        with urlopen(f"{self.address}/healthz") as answer:  # noqa: S310 - our own server
            return int(json.load(answer)["sessions"])

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()
        self._threads.close()

    def wait(self) -> None:
        """Until it is stopped."""
        self._thread.join()

    def _draw_personas(self) -> list[Persona]:
        """Lu Xun as his card has him, and a guest, with drawn portraits."""
        picture = cv2.imencode(".png", cv2.cvtColor(puppet(512, 20, 0.0), cv2.COLOR_RGB2BGR))[1]
        (self._folder / "portrait.png").write_bytes(picture.tobytes())
        first = load_persona("luxun", self._folder)
        self._knowledge = Knowledge.open(first, self._folder, None)
        drawn = first.model_copy(update={"folder": self._folder, "portrait": "portrait.png"})
        return [drawn, drawn.model_copy(update={"id": "guest", "name": Name(zh="来客", en="Guest")})]

    def _listed(self) -> list[Persona]:
        """The personas, the default first."""
        return self._personas

    def _stages(self) -> Stages | None:
        """The engines for routes that need no session; here there are none."""
        return None

    def _studio(self) -> ScriptedStudio:
        """What animates photographs, and knows which voices there are."""
        return ScriptedStudio()

    def _voices(self) -> Voices | None:
        """What clones voices; here nothing does."""
        return None

    def _known(self, persona: Persona) -> Knowledge:
        """What a persona knows."""
        return self._knowledge

    def _open(self, persona_id: str, options: SessionOptions) -> Session:
        persona = next(persona for persona in self._listed() if persona.id == persona_id)
        knowledge = self._known(persona)
        recognizer = ScriptedRecognizer([self._question])
        stages = SharedStages(
            LoudnessVad(), ScriptedDetector([0.9]), recognizer, PreparedSpeech(Speaker()), self._threads, 80
        )

        def make_face(outlet: Outlet, chosen: SessionOptions) -> FaceLoop:
            h264 = chosen.codec == "h264"
            encoder: PictureEncoder = H264Encoder(chosen.size) if h264 else JpegEncoder(chosen.size)
            return FaceLoop(Puppet(chosen.size), encoder, outlet, self._threads)

        return Session(Conversation(persona, knowledge, Writer()), stages, options, make_face)


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=7860)
    parser.add_argument("--size", type=int, default=512)
    arguments = parser.parse_args()
    with (
        TemporaryDirectory() as folder,
        ScriptedServer(Path(folder), port=arguments.port, size=arguments.size) as server,
    ):
        server.wait()


if __name__ == "__main__":
    main()
