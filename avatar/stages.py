"""The stages of a conversation, as small Protocols. Engines implement them; the live session knows nothing else.

    hearing ─► dialog ─► speaking ─► face

An engine is built once, shared by every session, and safe to call from several threads. What a session keeps for
itself (the state of its voice activity detector, the pose of its face) is a second object that the engine opens.
Computing calls block; the session runs them in worker threads, and the libraries beneath release the interpreter's
lock while they compute.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from avatar.errors import Language
from avatar.media import ClauseSpeech, Frame, PhoneSpan, Samples

Presence = Literal["idle", "listening", "thinking", "speaking"]
"""What the persona is doing; the face shows it."""

Style = Literal["calm", "warm", "sad", "stern", "amused"]
"""How something is meant: heard in the voice and seen in the face."""

STYLES: tuple[Style, ...] = ("calm", "warm", "sad", "stern", "amused")


class Engine(Protocol):
    """What every engine tells about itself, for `avatar doctor`."""

    @property
    def name(self) -> str:
        """The engine's name in the settings."""

    @property
    def device(self) -> str:
        """Where it computes: "cpu", "cuda:0" or the address of a service."""


# hearing


class VoiceStream(Protocol):
    """Voice activity of one session."""

    def push(self, samples: Samples) -> list[float]:
        """Probability of speech for each window of 512 samples (32 ms) that is now complete.

        Args:
            samples: float32 [n] at HEARING_RATE, any n; what is left over waits for the next call.
        """

    def reset(self) -> None:
        """Forget what was heard."""


class VoiceActivity(Engine, Protocol):
    """Tells speech from everything else."""

    def open(self) -> VoiceStream:
        """The detector of one session."""


class TurnDetector(Engine, Protocol):
    """Tells, in a silence, whether the speaker has finished."""

    def finished(self, samples: Samples) -> float:
        """Probability in 0..1 that the turn is over.

        Args:
            samples: float32 [n] at HEARING_RATE, up to the present; the last eight seconds count.
        """


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A recognized word; start and end in seconds from the start of the recording."""

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was understood. An utterance without speech has an empty text."""

    text: str
    language: Language
    words: tuple[HeardWord, ...] = ()


@dataclass(frozen=True, slots=True)
class HearingHints:
    """What the recognizer may expect.

    Attributes:
        names: people, places and works that are likely to be named, most likely first.
        topic: one sentence on the conversation for each language, for the recognizer's prompt.
        language: the language where it is known, else None to detect it.
        rough: quick is better than exact.
    """

    names: tuple[str, ...] = ()
    topic_zh: str = ""
    topic_en: str = ""
    language: Language | None = None
    rough: bool = False


class Recognizer(Engine, Protocol):
    """Turns speech into text."""

    def transcribe(self, samples: Samples, hints: HearingHints) -> Transcript:
        """The text of one utterance or of a whole recording.

        Args:
            samples: float32 [n] at HEARING_RATE.

        Raises:
            EngineError: the engine failed.
        """


# dialog


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the client offers the model.

    Attributes:
        parameters: a JSON schema; None where it takes nothing.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions that a model may ask for.

    Attributes:
        choice: whether it may, need not, or must.
        only: the name of the one that it must ask for.
    """

    known: tuple[Function, ...]
    choice: Literal["auto", "none", "required"] = "auto"
    only: str = ""


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A model asks for a function; `arguments` is JSON, as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt.

    Attributes:
        calls: functions that this message of the assistant's asked for.
        call_id: what the result in this message of a tool's answers.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    calls: tuple[FunctionCall, ...] = ()
    call_id: str = ""


class Generator(Engine, Protocol):
    """Writes the answer."""

    def stream(self, messages: Sequence[Message], *, max_tokens: int, seed: int | None = None) -> AsyncIterator[str]:
        """The answer, piece by piece. Closing the iterator stops the writing at once.

        Raises:
            EngineError: the model is out of reach, refused or too slow.
        """

    async def warm(self, messages: Sequence[Message], *, keep: bool = False) -> None:
        """Read a prompt into the cache, so that an answer to one that begins with it starts sooner.

        Args:
            messages: the prompt.
            keep: it will be wanted after a restart, too, and holds nothing that anybody said.
        """


@runtime_checkable
class Sized(Protocol):
    """What a generator can tell besides: how large its model is."""

    @property
    def parameters(self) -> float | None:
        """About so many; None where it is not known."""


@runtime_checkable
class FunctionCaller(Protocol):
    """What a generator can be besides: one that may ask for functions."""

    @property
    def calls_functions(self) -> bool:
        """Whether the model behind it does."""

    def converse(
        self, messages: Sequence[Message], functions: Functions, *, max_tokens: int, seed: int | None = None
    ) -> AsyncIterator[str | FunctionCall]:
        """The answer, piece by piece, and then the functions that it asks for. As `Generator.stream` otherwise."""


class Embedder(Engine, Protocol):
    """Turns text into vectors whose inner product is their likeness in meaning."""

    def query(self, text: str) -> NDArray[np.float32]:
        """float32 [384], of length 1."""

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 [n, 384], rows of length 1."""


# speaking


class Synthesizer(Engine, Protocol):
    """Turns a clause into speech."""

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        """Speech whose chunks are rendered as they are pulled; closing the iterator stops the rendering.

        Args:
            clause: as written; may mix Chinese and English, digits and signs, and hold marks
                (`avatar.voice.speaking.marks`), which are heeded or passed over and never read aloud.
            voice: the id of a voice profile.
            language: how digits and signs are read where the text alone does not tell.
            speed: 0.5..2, 1 is the voice's own.

        Raises:
            NotFoundError: there is no such voice.
            EngineError: the engine failed.
        """


@runtime_checkable
class Pronouncer(Protocol):
    """What a synthesizer can be besides: one that can be told how words are read."""

    def pronouncing(self, readings: Mapping[str, str]) -> Synthesizer:
        """The same synthesizer with further words in its lexicon, which go before those that it knows.

        Args:
            readings: word to reading (docs/speech.md).

        Raises:
            InputError: a reading cannot be used; the sentence names its word.
        """


# face


class Animator(Protocol):
    """One session's face. Not shared between threads."""

    @property
    def size(self) -> int:
        """Width and height of the frames in pixels."""

    def begin(self, at: int = 0) -> None:
        """A reply starts, or goes on after the face stood still: the next frame shows the reply from a sample on.

        Args:
            at: the sample, a frame's first; the sound that is told from now on begins there.
        """

    def speak(self, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        """Tell what will sound, before the frames that show it are drawn.

        Args:
            samples: float32 [n] at SPEECH_RATE, the next block of the reply, without gaps; may be empty.
            phones: spans newly known, counted from sample `at` of the reply.
            at: the reply's sample from which the spans count.
        """

    def feel(self, style: Style, at: int = 0) -> None:
        """How the reply is meant from a sample on; a reply begins calm, and the face is calm again after it."""

    def stop(self) -> None:
        """The reply is over or broken off: forget what was to come and let the mouth come to rest smoothly."""

    def attend(self, presence: Presence) -> None:
        """What the persona is doing from now on."""

    def frame(self) -> Frame:
        """The next frame, 40 ms after the last."""

    def skip(self) -> None:
        """Let 40 ms pass without a picture, for one that would come too late."""


@dataclass(frozen=True, slots=True)
class FaceChoice:
    """Which face of a photograph is meant.

    Attributes:
        number: 1 is the largest; None where only one can be meant.
        marks: where the features of a face that is not found lie, as fractions of the upright picture's width and
            height: the pupils of the person's right and left eye, the tip of the nose, the right and left corner of
            the mouth, the chin.
    """

    number: int | None = None
    marks: tuple[tuple[float, float], ...] | None = None


ONLY_FACE = FaceChoice()
"""The one face that a photograph is of."""


@dataclass(frozen=True, slots=True)
class Background:
    """What stands behind the person.

    Attributes:
        kind: the photograph's own, the same out of focus, a colour, a picture, or nothing: then frames have an alpha.
        colour: red, green and blue, 0..255, of a coloured one.
        picture: a file of a picture, or its bytes.
    """

    kind: Literal["keep", "blur", "colour", "picture", "transparent"] = "keep"
    colour: tuple[int, int, int] = (0, 0, 0)
    picture: Path | bytes | None = None


OWN_BACKGROUND = Background()
"""The photograph's own."""


class AnimatorEngine(Engine, Protocol):
    """Makes a photograph move."""

    def animator(
        self,
        photo: Path,
        *,
        size: int,
        seed: int = 0,
        choice: FaceChoice = ONLY_FACE,
        background: Background = OWN_BACKGROUND,
    ) -> Animator:
        """A face made from a photograph; the preparation is kept, so the second time is quick.

        Raises:
            PhotoError: the file is no picture, or not exactly one face can be used in it; or the background is none.
        """
