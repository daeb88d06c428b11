"""Opens sessions: the engines that all share, the knowledge that each persona shares, and what is a session's own."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence

from avatar.dialog.conversation import Conversation
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.memory.store import Memories
from avatar.dialog.persona import Persona, load_persona
from avatar.engines import Engines
from avatar.engines.voices import voice_standing
from avatar.errors import SettingsError
from avatar.face.background import background_of
from avatar.face.encode import H264Encoder, JpegEncoder
from avatar.live.composing import GREETING
from avatar.live.filler import Fillers
from avatar.live.leisure import Leisure
from avatar.live.options import SessionOptions
from avatar.live.outlet import Outlet
from avatar.live.picture import FaceLoop, PictureEncoder
from avatar.live.prepared import PreparedSpeech
from avatar.live.session import Session
from avatar.live.shared import SharedStages
from avatar.live.spotcheck import SpotCheck
from avatar.settings import Settings
from avatar.stages import Background, Pronouncer
from avatar.voice.speaking.delivery import DELIVERIES

Opened = Callable[[str, Knowledge], None]
"""Told the id of a persona and what it knows."""


class SessionHost:
    """Opens the sessions of one process.

    Args:
        engines: shared by all of them.
    """

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self._memories = Memories(engines.settings.data_dir)
        self._leisure = Leisure()
        check = engines.self_check
        self._spot = SpotCheck(
            check.listener, check.tally, self._leisure, engines.run, engines.settings.speaking.check_live
        )
        self._standing = voice_standing(engines.settings)
        self._knowledge: dict[str, Knowledge] = {}
        self._opened: Opened | None = None
        self._speech: PreparedSpeech | None = None
        self._pronounced: dict[str, tuple[Mapping[str, str], PreparedSpeech]] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}
        self._lock = threading.Lock()

    @property
    def speech(self) -> PreparedSpeech:
        """The voice's engine, with what was prepared; built when it is first asked for."""
        engine = self.engines.synthesizer
        with self._lock:
            self._speech = self._speech or PreparedSpeech(engine, self._standing)
            return self._speech

    def speech_of(self, persona: Persona) -> PreparedSpeech:
        """The voice's engine with a persona's lexicon, where it has one and the engine takes it.

        Raises:
            InputError: a reading cannot be used.
        """
        engine, speech = self.engines.synthesizer, self.speech
        if not persona.lexicon or not isinstance(engine, Pronouncer):
            return speech
        with self._lock:
            known = self._pronounced.get(persona.id)
            if known is None or known[0] != persona.lexicon:
                known = (persona.lexicon, PreparedSpeech(engine.pronouncing(persona.lexicon), self._standing))
                self._pronounced[persona.id] = known
            return known[1]

    def prepare(self, persona: Persona) -> None:
        """Make the sound with which a persona greets whoever comes, and its fillers, where they are wanted.

        Blocks for a second or two, with fillers for ten.

        Raises:
            NotFoundError: the persona's voice is not there.
            EngineError: the voice failed.
        """
        settings, voice = self.engines.settings, persona.voice
        speech = self.speech_of(persona)
        speed, fillers = settings.speaking.speed, Fillers(persona, speech, 0)
        pace = DELIVERIES[GREETING].pace(speed)
        for language in persona.languages:
            speech.prepare(persona.greeting.of(language), voice, language=language, speed=pace, style=GREETING, most=1)
            if settings.live.filler:
                fillers.prepare(voice, language, speed)

    def stages(self, persona: Persona | None = None) -> SharedStages:
        """The engines as sessions use them, those of a persona with its lexicon. Blocks while they load.

        Raises:
            InputError: a reading of its lexicon cannot be used.
            WeightsError: weights are missing.
        """
        engines = self.engines
        speech = self.speech if persona is None else self.speech_of(persona)
        return SharedStages(
            engines.vad,
            engines.turn_detector,
            engines.recognizer,
            speech,
            engines.run,
            engines.settings.llm.max_tokens,
            self._leisure,
            engines.self_check.checked(speech) if engines.settings.speaking.check else None,
            self._spot,
        )

    def conversation(self, persona_id: str) -> Conversation:
        """A new conversation with a persona.

        Raises:
            NotFoundError: there is no such persona.
        """
        persona = load_persona(persona_id, self.engines.settings.data_dir)
        return Conversation(persona, self.knowledge(persona), self.engines.generator, memories=self._memories)

    def knowledge(self, persona: Persona) -> Knowledge:
        """What a persona knows; read once."""
        with self._lock:
            if persona.id not in self._knowledge:
                settings = self.engines.settings
                self._knowledge[persona.id] = Knowledge.open(persona, settings.data_dir, self.engines.embedder)
                if self._opened is not None:
                    self._opened(persona.id, self._knowledge[persona.id])
            return self._knowledge[persona.id]

    def watch(self, opened: Opened) -> None:
        """Tell of each persona's knowledge when it is read, in whichever thread, and of what was read already now."""
        with self._lock:
            self._opened = opened
            for known in self._knowledge.items():
                opened(*known)

    def read_card(self, persona_id: str) -> None:
        """Let the language model read a card that is new or was changed as soon as nobody waits for it, so that the
        first answer need not wait for twenty seconds of reading. To be called on the event loop."""
        before = self._reading.pop(persona_id, None)
        if before is not None:
            before.cancel()

        async def read() -> None:
            conversation = await asyncio.to_thread(self.conversation, persona_id)
            for language in conversation.persona.languages:
                await conversation.warm(language)

        task = self._leisure.later(read)
        if task is not None:
            self._reading[persona_id] = task
            task.add_done_callback(lambda done: self._read(persona_id, done))

    @property
    def reading(self) -> Sequence[asyncio.Task[None]]:
        """The cards that are being read, or wait for it."""
        return tuple(self._reading.values())

    def _read(self, persona_id: str, done: asyncio.Task[None]) -> None:
        if self._reading.get(persona_id) is done:
            del self._reading[persona_id]

    def forget(self, persona_id: str) -> None:
        """A persona goes, or another comes under its id: nothing more is written for the one before. May block."""
        with self._lock:
            knowledge = self._knowledge.pop(persona_id, None)
            self._pronounced.pop(persona_id, None)
        if knowledge is not None:
            knowledge.close()

    def open(self, persona_id: str, options: SessionOptions) -> Session:
        """A session, not yet started.

        Raises:
            NotFoundError: there is no such persona.
        """
        conversation = self.conversation(persona_id)

        def make_face(outlet: Outlet, chosen: SessionOptions) -> FaceLoop:
            return self._face(conversation.persona, outlet, chosen)

        return Session(conversation, self.stages(conversation.persona), options, make_face, seed=secrets.randbits(32))

    def _face(self, persona: Persona, outlet: Outlet, options: SessionOptions) -> FaceLoop:
        background = live_background(self.engines.settings)
        animator = self.engines.animator.animator(persona.portrait_file, size=options.size, background=background)
        encoder: PictureEncoder = H264Encoder(options.size) if options.codec == "h264" else JpegEncoder()
        return FaceLoop(animator, encoder, outlet, self.engines.run)


def live_background(settings: Settings) -> Background:
    """What stands behind the personas of conversations.

    Raises:
        InputError: the setting is none of what there is.
        SettingsError: it is transparent, which live video cannot be.
    """
    background = background_of(settings.face.background)
    if background.kind == "transparent":
        raise SettingsError(
            "Setting face.background: live video cannot be transparent. Choose keep, blur, a colour or a picture.",
            "设置 face.background:实时画面不能透明。请选择 keep、blur、颜色或图片。",
        )
    return background
