"""A long conversation on a virtual clock: the real session, turns, voice, motion and pictures, in a tenth of its time.

Time passes as far as the stages' own work takes it, measured once where it recurs: the script's answers are spoken by
the real voice once each and then repeated, and of the pictures only a sample is drawn, encoded, decoded and looked at;
of the others the motion alone is computed, in full. The user is a loud noise whose words are scripted.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from avatar.errors import EngineError, Language
from avatar.face.encode import H264Encoder
from avatar.face.landmarks import FaceFinder
from avatar.face.measure import lip_apertures
from avatar.live.events import ReplyDone, SessionEvent, Video
from avatar.live.host import SessionHost
from avatar.live.leisure import Leisure
from avatar.live.options import SessionOptions
from avatar.live.outlet import Outlet
from avatar.live.picture import FaceLoop
from avatar.live.prepared import PreparedSpeech
from avatar.live.session import Session
from avatar.media import SPEECH_RATE, ClauseSpeech, Frame, Packet, Pixels, Samples
from avatar.models import model_path
from avatar.stages import Animator, Synthesizer
from benchmarks._scripted import BITS, BLOCK, DRY_S, DryingVoice, StampedFace, stamp
from benchmarks._sightings import EVERY_S, INTERRUPT_EVERY, INTERRUPT_S, MURMUR_S
from tests.unit.live.fakes import NOISE, Labour, LoudnessVad, ScriptedDetector, ScriptedRecognizer
from tests.unit.live.virtual_time import run_virtually

QUESTION_S, ECHO_S, WORDS_S = 2.0, 0.3, 1.2
"""How long the user's voice lasts: in a question, a backchannel, and an interruption."""

LOUD = 0.3


@dataclass(frozen=True, slots=True)
class Look:
    """A picture that was drawn and decoded again.

    Attributes:
        reply: the number of its reply, modulo 256.
        number: its own within the reply.
        aperture: how far the lips are seen to be open in it, in widths of the mouth.
        packet: as it was sent.
    """

    reply: int
    number: int
    aperture: float
    packet: Packet


@dataclass
class Conversed:
    """What came out of the session.

    Attributes:
        events: each with its time in seconds; a picture's packet holds its stamp alone.
        looks: the pictures that were drawn.
        spoken: the clauses, each with the time at which the voice was asked for it.
    """

    events: list[tuple[float, SessionEvent]] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    spoken: list[tuple[float, ClauseSpeech]] = field(default_factory=list)

    @property
    def misnumbered(self) -> int:
        """Pictures of the sound whose time stamp is not that of the moment that they show."""
        ends = {event.generation: event.length for _, event in self.events if isinstance(event, ReplyDone)}
        wrong = 0
        for _, event in self.events:
            if isinstance(event, ReplyDone) and event.status == "cancelled":
                ends[event.generation] = 0  # what comes after it shows a face that listens, not the rest of the sound
            elif isinstance(event, Video) and not event.waiting:
                of_the_sound = event.pts_ms * SPEECH_RATE // 1000 < ends.get(event.generation, 0)
                wrong += of_the_sound and read(event.packet.data)[1] != round(event.pts_ms / 40) % 2**16
        return wrong


class RecordedVoice:
    """The real voice, asked once for each clause; afterwards the same again, in the same time.

    Args:
        voice: the real one.
        labour: told the time that its work takes.
        tell: told of each clause.
    """

    def __init__(self, voice: Synthesizer, labour: Labour, tell: Callable[[ClauseSpeech], None]) -> None:
        self._voice = voice
        self._labour = labour
        self._tell = tell
        self._kept: dict[str, tuple[ClauseSpeech, float, list[tuple[Samples, float]]]] = {}

    @property
    def name(self) -> str:
        return self._voice.name

    @property
    def device(self) -> str:
        return self._voice.device

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        """As the voice itself."""
        if clause not in self._kept:
            started = time.thread_time()
            speech = self._voice.speak(clause, voice, language=language, speed=speed)
            spent = time.thread_time() - started
            self._kept[clause] = (speech, spent, list(_timed(speech.chunks)))
        speech, spent, blocks = self._kept[clause]
        self._labour.spent += spent
        self._tell(speech)
        return replace(speech, chunks=self._again(blocks))

    def _again(self, blocks: Sequence[tuple[Samples, float]]) -> Iterator[Samples]:
        for block, spent in blocks:
            self._labour.spent += spent
            yield block


def _timed(blocks: Iterator[Samples]) -> Iterator[tuple[Samples, float]]:
    """The blocks, and the processor's time for each."""
    while True:
        started = time.thread_time()
        block = next(blocks, None)
        if block is None:
            return
        yield block, time.thread_time() - started


class SampledFace(StampedFace):
    """A face of which only every so many-th picture is drawn; in place of the others stands a stamp alone.

    Args:
        face: the real one.
        every: so many.
        labour: told the time of each picture; of one that is not drawn, what a drawn one took.
    """

    def __init__(self, face: Animator, every: int, labour: Labour) -> None:
        super().__init__(face)
        self._every = every
        self._labour = labour
        self._drawn_s: list[float] = []
        self._drawn = 0

    def frame(self) -> Frame:
        self._drawn += 1
        if self._drawn % self._every == 1 or not self._drawn_s:
            frame = self._draw()
        else:
            self._face.skip()
            frame = Frame(np.zeros((1, 1, 3), dtype=np.uint8), 0.0)
        image = stamp(frame.image, self._index, self._replies) if frame.image.shape[0] > 1 else self._token()
        self._index += 1
        self._labour.spent += statistics.median(self._drawn_s)
        return Frame(image, frame.aperture)

    def _draw(self) -> Frame:
        started = time.thread_time()
        frame = self._face.frame()
        self._drawn_s = [*self._drawn_s[-20:], time.thread_time() - started]
        return frame

    def _token(self) -> Pixels:
        return np.array([[[self._index & 255, self._index >> 8 & 255, self._replies & 255]]], dtype=np.uint8)


class SampledEncoder:
    """Encodes and decodes what was drawn; the packets hold the stamps, read from the decoded picture where there is one

    Args:
        size: of the pictures.
        labour: told the time that encoding takes.
        finder: finds the lips.
        looks: takes what was seen.
    """

    def __init__(self, size: int, labour: Labour, finder: FaceFinder, looks: list[Look]) -> None:
        self._encoder = H264Encoder(size)
        self._labour = labour
        self._finder = finder
        self._looks = looks
        self._took_s = 0.0

    def encode(self, image: Pixels, *, key: bool = False) -> Packet:
        """A packet of three bytes: the picture's number, and its reply's."""
        packet = Packet(bytes(image.reshape(-1)[:3]), key)
        if image.shape[0] > 1:
            started = time.thread_time()
            encoded = self._encoder.encode(image, key=True)
            self._took_s = time.thread_time() - started
            seen = _decoded(encoded.data)
            packet = Packet(_stamped(seen), key)
            self._looks.append(Look(*read(packet.data), float(lip_apertures([seen], self._finder)[0]), packet))
        self._labour.spent += self._took_s
        return packet


def read(token: bytes) -> tuple[int, int]:
    """The number of the reply, and that of the picture."""
    return token[2], token[0] | token[1] << 8


def _decoded(data: bytes) -> Pixels:
    """The picture of a key packet.

    Raises:
        EngineError: it holds none.
    """
    from av import CodecContext, Packet, VideoCodecContext

    decoder = CodecContext.create("h264", "r")
    assert isinstance(decoder, VideoCodecContext)
    for picture in [*decoder.decode(Packet(data)), *decoder.decode(None)]:
        return np.asarray(picture.to_ndarray(format="rgb24"), dtype=np.uint8)
    raise EngineError("A key picture could not be decoded.", "有一帧关键画面无法解码。")


def _stamped(image: Pixels) -> bytes:
    """What the squares in the corner of a picture say."""
    row = image[BLOCK // 2, BLOCK // 2 : BITS * BLOCK : BLOCK, 0] > 127
    number = sum(int(bit) << place for place, bit in enumerate(row))
    return number.to_bytes(3, "little")


def converse(host: SessionHost, persona: str, minutes: float, every: int, tell: Callable[[str], None]) -> Conversed:
    """Hold a conversation of so many minutes.

    Args:
        every: of how many pictures one is drawn.
        tell: told how far it is.
    """
    return run_virtually(_converse(host, persona, minutes, every, tell))


async def _converse(
    host: SessionHost, persona: str, minutes: float, every: int, tell: Callable[[str], None]
) -> Conversed:
    loop, conversed = asyncio.get_running_loop(), Conversed()
    session = _session(host, persona, every, conversed)
    async with session:

        async def read_events() -> None:
            async for event in session.events():
                conversed.events.append((loop.time(), event))

        reader = asyncio.create_task(read_events())
        microphone = _Microphone(session)
        for turn in range(max(1, round(minutes * 60 / EVERY_S))):
            await microphone.turn(interrupts=turn % INTERRUPT_EVERY == INTERRUPT_EVERY - 1)
            tell(f"{loop.time() / 60:.1f} of {minutes:.1f} min computed, {len(conversed.looks)} pictures drawn")
    await reader
    await asyncio.sleep(2 * DRY_S)  # what was in work when the session closed comes to its end
    return conversed


def _session(host: SessionHost, persona: str, every: int, conversed: Conversed) -> Session:
    """The session, with its ears scripted and everything else real."""
    labour, loop = Labour(), asyncio.get_running_loop()

    def wait(seconds: float) -> None:
        labour.spent += seconds

    def tell(speech: ClauseSpeech) -> None:
        conversed.spoken.append((loop.time(), speech))

    voice = DryingVoice(RecordedVoice(host.engines.synthesizer, labour, tell), wait)
    stages = replace(
        host.stages(),
        vad=LoudnessVad(),
        turn_detector=ScriptedDetector([0.9]),
        recognizer=ScriptedRecognizer(["您怎么看？"]),
        synthesizer=PreparedSpeech(voice),
        run=labour.run,
        leisure=Leisure(),
        spot=None,
    )
    conversation = host.conversation(persona)
    photo = conversation.persona.portrait_file
    finder = FaceFinder(model_path("face-landmarks", host.engines.settings))

    def make_face(outlet: Outlet, chosen: SessionOptions) -> FaceLoop:
        face = SampledFace(host.engines.animator.animator(photo, size=chosen.size), every, labour)
        encoder = SampledEncoder(chosen.size, labour, finder, conversed.looks)
        return FaceLoop(face, encoder, outlet, labour.run, loop.time)

    options = SessionOptions(video=True, size=host.engines.settings.face.size)
    return Session(conversation, stages, options, make_face, loop.time)


class _Microphone:
    """The user: asks, murmurs, and now and then interrupts."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seconds = 0.0

    async def turn(self, *, interrupts: bool) -> None:
        """A question, and what follows until the next."""
        start = self._seconds
        await self._play(QUESTION_S, LOUD)
        await self._until(start + MURMUR_S)
        await self._play(ECHO_S, LOUD)
        if interrupts:
            await self._until(start + INTERRUPT_S)
            await self._play(WORDS_S, LOUD)
        await self._until(start + EVERY_S)

    async def _until(self, seconds: float) -> None:
        await self._play(seconds - self._seconds, 0.0)

    async def _play(self, seconds: float, level: float) -> None:
        for _ in range(round(seconds * SPEECH_RATE / NOISE.size)):
            self._session.hear(NOISE * level)
            self._seconds += NOISE.size / SPEECH_RATE
            await asyncio.sleep(NOISE.size / SPEECH_RATE)
