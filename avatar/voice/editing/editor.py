"""Edits a recording by its text: what changed is made in its speaker's voice, all else stays sample for sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from avatar.errors import AudioError, Language, TextError
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample
from avatar.stages import HearingHints, Recognizer, Transcript
from avatar.voice.editing.aligning import WIDEST_S, rough_times, window
from avatar.voice.editing.clicks import clicks
from avatar.voice.editing.features import HOP, features
from avatar.voice.editing.hearing import Understood, understood
from avatar.voice.editing.matching import background
from avatar.voice.editing.permission import demand_own
from avatar.voice.editing.phrases import Span, Speaker
from avatar.voice.editing.pieces import Piece, piece
from avatar.voice.editing.recording import Recording
from avatar.voice.editing.scene import Scene, scene, take
from avatar.voice.editing.seams import spliced
from avatar.voice.editing.texts import Change, Token, changes, main_language, replaced, tokens, written
from avatar.voice.speaker import Embedding, SpeakerEncoder
from avatar.voice.watermark import MarkNetwork

Step = Literal["hearing", "checking", "making"]
Progress = Callable[[Step, float], None]
"""Told what is being done and how far it is, 0..1; what it raises breaks the work off."""

MOST_TOKENS = 40
"""That one change may put in; more is no edit."""

LEAST_KEPT = 0.3
"""The share of the old text that has to stay."""

MADE = "Parts of this speech are AI-generated. 部分语音由人工智能生成。"
"""The comment of a file in which words were made."""

_SILENT = 1e-4
_TRIES = ((0, 1.0), (1, 1.0), (1, 1.12))
"""How many words on either side are made as well, and how much slower; in turn, until every word is understood."""

_SEEN = 0.4
"""Share of the work on a change that is done when its surroundings are known."""

_AROUND_S = 2.5
"""Seconds on either side of a piece that are heard with it in a long recording."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be changed: a stretch of the text, or the text as a whole.

    Attributes:
        wanted: words of the recording.
        by: what comes in their place; empty takes them out.
        text: the whole new text, in place of both.
        transcript: what the recording says, where that is known; else it is listened to.
        language: where it is known.
    """

    wanted: str = ""
    by: str = ""
    text: str = ""
    transcript: str = ""
    language: Language | None = None


class Voice(Protocol):
    """The voice that edits."""

    @property
    def person(self) -> Sequence[Embedding]:
        """Whose voice it is; empty for a stock voice."""

    def speaker(self, language: Language) -> Speaker:
        """What says phrases in it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One change, done.

    Attributes:
        start, end: samples of the new recording; everything outside of all parts is the old one's, bit for bit.
        old_start, old_end: samples of the old recording that it stands for.
        seams: samples of the new recording where sounds meet.
        old, new: the words that gave way, and those in their place.
        made: whether synthetic speech is in it, with the watermark.
        words: that were understood when it was listened to; `first` is of the first try.
        tries: how often it was made.
        clicks: at its seams.
    """

    start: int
    end: int
    old_start: int
    old_end: int
    seams: tuple[int, ...]
    old: str
    new: str
    made: bool
    words: Understood
    first: Understood
    tries: int
    clicks: int


@dataclass(frozen=True, slots=True)
class Edited:
    """A recording that was edited.

    Attributes:
        old, new: the texts.
        likeness: of the recording's speaker to the voice's person.
    """

    recording: Recording
    old: str
    new: str
    language: Language
    likeness: float
    parts: tuple[Part, ...]

    @property
    def comment(self) -> str:
        """What its file says of itself; nothing where words were only taken out."""
        return MADE if any(part.made for part in self.parts) else ""


@dataclass(frozen=True, slots=True)
class _Job:
    """All that the changes of one edit share."""

    recording: Recording
    speech: Samples
    old: tuple[Token, ...]
    new: tuple[Token, ...]
    changes: tuple[Change, ...]
    times: tuple[Span, ...]
    language: Language


@dataclass(frozen=True, slots=True)
class _Try:
    piece: Piece
    words: Understood
    clicks: int


class Editor:
    """Edits recordings. May be shared between threads; calls compute and block.

    Args:
        recognizer: tells what is said, and whether the edit can be understood.
        encoder: tells who speaks.
        marked: tells whether a sound, float32 [n] at SPEECH_RATE, carries the watermark.
        network: puts it into what is made; None leaves that unmarked.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        encoder: SpeakerEncoder,
        marked: Callable[[Samples], bool],
        network: MarkNetwork | None,
    ) -> None:
        self._recognizer = recognizer
        self._encoder = encoder
        self._marked = marked
        self._network = network

    def edit(
        self, recording: Recording, wish: Wish, voice: Voice, progress: Progress = lambda step, share: None
    ) -> Edited:
        """Edit a recording.

        Raises:
            AudioError: nothing is said in it.
            TextError: the wish cannot be met: not said, said twice, nothing or everything changed, another transcript.
            InputError: the voice is not the recording's.
            EngineError: an engine failed.
        """
        progress("hearing", 0.0)
        job = self._job(recording, wish)
        progress("checking", 0.0)
        speaker = voice.speaker(job.language)
        alike = self._permitted(job, voice, speaker)
        noise = background(job.speech)
        done: list[tuple[_Try, Understood, int]] = []
        for number, change in enumerate(job.changes):
            share = _within(progress, number, len(job.changes))
            share(0.0)
            limits = (
                job.changes[number - 1].end if number else 0,
                job.changes[number + 1].start if number + 1 < len(job.changes) else len(job.old),
            )
            seen = scene(window(job.times, change, limits, job.speech), job.old, job.speech, noise, speaker)
            share(_SEEN)
            done.append(self._best(job, seen, change, speaker, share))
        progress("making", 1.0)
        return _put_together(job, done, alike)

    def _job(self, recording: Recording, wish: Wish) -> _Job:
        """What is to be done, if it can be."""
        speech = recording.speech
        if float(np.abs(speech).max(initial=0.0)) < _SILENT:
            raise _wordless()
        heard = self._heard(speech, wish.language)
        if not heard.words:
            raise _wordless()
        told = wish.transcript.strip() or heard.text
        language = wish.language or main_language(told)
        old = tokens(told, language)
        times = rough_times(old, heard.words, language, speech.size)
        new = tokens(wish.text.strip() or replaced(old, wish.wanted, wish.by, language), language)
        found = changes(old, new)
        _demand(found, old)
        return _Job(recording, speech, old, new, found, times, language)

    def _heard(self, speech: Samples, language: Language | None) -> Transcript:
        return self._recognizer.transcribe(resample(speech, SPEECH_RATE, HEARING_RATE), HearingHints(language=language))

    def _permitted(self, job: _Job, voice: Voice, speaker: Speaker) -> float:
        """How alike recording and voice are, if they are alike enough."""
        recorded = self._encoder.embed(spoken_part(job.speech), SPEECH_RATE)
        return demand_own(
            recorded,
            voice.person,
            lambda: self._encoder.embed(spoken_part(speaker.say(job.old[:MOST_TOKENS]).samples), SPEECH_RATE),
            lambda: self._marked(job.speech),
        )

    def _best(
        self, job: _Job, seen: Scene, change: Change, speaker: Speaker, share: Callable[[float], None]
    ) -> tuple[_Try, Understood, int]:
        """The try that is understood best, what was understood of the first, and how many there were."""
        best: _Try | None = None
        first: Understood | None = None
        count = 0
        for grown, slower in _TRIES:
            wider = _grown(change, grown, seen)
            made = piece(take(seen, wider, job.new, speaker, slower), seen, job.recording, self._network)
            tried = _Try(made, self._understood(job, seen, change, made), _clicks(job.recording, made))
            count += 1
            share(_SEEN + (1 - _SEEN) * count / len(_TRIES))
            first = first or tried.words
            if best is None or (tried.words.missed, tried.clicks) < (best.words.missed, best.clicks):
                best = tried
            if best.words.missed + best.clicks == 0:
                break
        assert best is not None and first is not None  # noqa: S101 - there is one try at least
        return best, first, count

    def _understood(self, job: _Job, seen: Scene, change: Change, made: Piece) -> Understood:
        """Listen to a piece in its place."""
        low, high = _surroundings(job, seen, made)
        sound = spliced(job.recording.raw[low:high], [(made.start - low, made.end - low, made.raw)])
        heard = self._heard(Recording(sound, job.recording.rate).speech, job.language)
        first = change.first - (change.start - seen.window.first)
        row = job.new[first : change.last + seen.window.last - change.end]
        return understood(row, change.first - first, change.last - first, tokens(heard.text, job.language))


def spoken_part(speech: Samples) -> Samples:
    """A recording without what is much quieter than its speech: float32 [m] at SPEECH_RATE."""
    level = features(speech)
    keep = np.convolve(level.presence > 0.4, np.ones(31), mode="same") > 0
    chosen = np.repeat(keep, HOP)[: speech.size]
    return speech[: chosen.size][chosen]


def _within(progress: Progress, number: int, count: int) -> Callable[[float], None]:
    """What tells how far one change of several is."""
    return lambda share: progress("making", (number + share) / count)


def _surroundings(job: _Job, seen: Scene, made: Piece) -> Span:
    """The samples of the recording that are heard with a piece: all, as whoever gets it hears it, where it is short."""
    recording = job.recording
    if (seen.window.first, seen.window.last) == (0, len(job.old)) and recording.seconds <= WIDEST_S:
        return 0, len(recording.raw)
    edge, more = round(_AROUND_S * recording.rate), recording.rate // 5
    low = max(recording.at(seen.window.start) - more, made.start - edge, 0)
    return low, min(recording.at(seen.window.end) + more, made.end + edge, len(recording.raw))


def _grown(change: Change, by: int, seen: Scene) -> Change:
    """A change with its neighbours, as far as words are left beside them."""
    before = min(by, max(0, change.start - seen.window.first - 1))
    after = min(by, max(0, seen.window.last - change.end - 1))
    return Change(change.start - before, change.end + after, change.first - before, change.last + after)


def _clicks(recording: Recording, made: Piece) -> int:
    """At the seams of a piece in its place."""
    edge = recording.rate // 2
    low, high = max(0, made.start - edge), made.end + edge
    sound = spliced(recording.raw[low:high], [(made.start - low, made.end - low, made.raw)])
    places = [made.start - low + place for place in made.seams]
    return len(clicks(Recording(sound, recording.rate).waves.mean(axis=1), recording.rate, places))


def _put_together(job: _Job, done: Sequence[tuple[_Try, Understood, int]], alike: float) -> Edited:
    parts: list[Part] = []
    moved = 0
    for (tried, first, count), change in zip(done, job.changes, strict=True):
        made = tried.piece
        start = made.start + moved
        seams = tuple(start + place for place in made.seams)
        parts.append(
            Part(
                start, start + len(made.raw), made.start, made.end, seams,
                _words(job.old[change.start : change.end]), _words(job.new[change.first : change.last]),
                made.made, tried.words, first, count, tried.clicks,
            )
        )  # fmt: skip
        moved += len(made.raw) - (made.end - made.start)
    raw = spliced(job.recording.raw, [(each.piece.start, each.piece.end, each.piece.raw) for each, _, _ in done])
    return Edited(
        Recording(raw, job.recording.rate),
        written(job.old).strip(),
        written(job.new).strip(),
        job.language,
        alike,
        tuple(parts),
    )


def _words(row: Sequence[Token]) -> str:
    """Tokens as they are written, without the marks around them."""
    return "".join(token.text + token.tail for token in row[:-1]) + "".join(token.text for token in row[-1:])


def _demand(found: Sequence[Change], old: Sequence[Token]) -> None:
    if not found:
        raise TextError(
            "Nothing changes: old and new text sound the same.", "没有变化:新旧文字读音相同。", code="edit_nothing"
        )
    kept = len(old) - sum(change.end - change.start for change in found)
    if kept < max(1, LEAST_KEPT * len(old)):
        raise TextError(
            "Hardly a word of the recording would stay. Let the voice say the text instead: `avatar say`.",
            "录音几乎全部要改。请直接用该音色朗读:`avatar say`。",
            code="edit_everything",
        )
    if any(change.last - change.first > MOST_TOKENS for change in found):
        raise TextError(
            f"One change puts in more than {MOST_TOKENS} words. Make it in several edits.",
            f"一处改动超过 {MOST_TOKENS} 个词。请分几次编辑。",
            code="edit_too_long",
        )


def _wordless() -> AudioError:
    return AudioError(
        "No words were understood in the recording, so there is nothing to edit.",
        "没有听懂录音里的话,无法编辑。",
        code="no_words",
    )
