"""Which moment of the sound a picture shows, seen from the lips in the decoded pictures.

The mouth that the phones of a reply ask for is computed for every 8 ms of it, away from the session, with all of its
sound known beforehand. The lips that were measured in the pictures are then laid beside it, shifted by more and by
less: where they fit best is the moment that the pictures show, counted from the beginning of their time on screen. The
middle of that time, 20 ms, would be in sync exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar.face.motion import LEAD, Motion
from avatar.face.params import FaceParams
from avatar.live.events import ReplyAudio, ReplyStarted, Video
from avatar.media import SAMPLES_PER_FRAME, SPEECH_RATE, ClauseSpeech, PhoneSpan, Samples
from benchmarks._computed import Conversed, Look

PARTS = 5
"""Of a picture's time, for each of which the mouth is computed: 8 ms."""

NEAREST_MS, FURTHEST_MS = -160.0, 240.0

GROUPS = 12
"""Into which the pictures are split to tell the spread."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the lips fit the sound.

    Attributes:
        moment_ms: of the sound, after the beginning of a picture's time, that the picture shows.
        spread_ms: its standard error.
        r: the correlation there, -1..1.
        pictures: that it rests on.
    """

    moment_ms: float
    spread_ms: float
    r: float
    pictures: int


def fit(conversed: Conversed) -> Fit:
    """The moment that the pictures of a conversation show."""
    replies = _replies(conversed)
    mouths = {key: _mouth(reply.sound, reply.phones) for key, reply in _longest(replies).items()}
    waiting = {id(event.packet) for _, event in conversed.events if isinstance(event, Video) and event.waiting}
    looks = [look for look in conversed.looks if _speaks(look, replies) and id(look.packet) not in waiting]
    shifts = np.arange(NEAREST_MS, FURTHEST_MS, 1000 / 25 / PARTS)
    seen = np.array([look.aperture for look in looks])
    meant = np.array([_meant(look, replies, mouths, shifts) for look in looks])
    moment, r = _best(seen, meant, shifts)
    others = [np.arange(seen.size) % GROUPS != group for group in range(GROUPS)]
    without = np.array([_best(seen[kept], meant[kept], shifts)[0] for kept in others])
    spread = float(np.sqrt((GROUPS - 1) / GROUPS * np.sum((without - without.mean()) ** 2)))
    return Fit(moment, spread, r, seen.size)


@dataclass(frozen=True, slots=True)
class _Reply:
    sound: Samples
    phones: list[PhoneSpan]
    opening: str


def _replies(conversed: Conversed) -> dict[int, _Reply]:
    """The sound that was sent of each reply, and the phones of its clauses, by its generation."""
    started = [(at, event.generation) for at, event in conversed.events if isinstance(event, ReplyStarted)]
    clauses: dict[int, list[ClauseSpeech]] = {generation: [] for _, generation in started}
    for at, speech in conversed.spoken:
        clauses[[generation for begun, generation in started if begun <= at][-1]].append(speech)
    sound: dict[int, list[Samples]] = {generation: [] for _, generation in started}
    for _, event in conversed.events:
        if isinstance(event, ReplyAudio):
            sound[event.generation].append(event.samples)
    return {
        generation: _Reply(np.concatenate(sound[generation]), _placed(spoken), spoken[0].text)
        for generation, spoken in clauses.items()
        if spoken and sound[generation]
    }


def _placed(clauses: list[ClauseSpeech]) -> list[PhoneSpan]:
    """The phones of clauses, one after another, counted from the reply's first sample."""
    spans: list[PhoneSpan] = []
    start = 0
    for speech in clauses:
        spans += [PhoneSpan(span.phone, start + span.start, start + span.end) for span in speech.phones]
        start += speech.phones[-1].end if speech.phones else 0
    return spans


def _longest(replies: dict[int, _Reply]) -> dict[str, _Reply]:
    """Of the replies that begin alike, and so are alike as far as they go, the longest."""
    return {reply.opening: reply for reply in sorted(replies.values(), key=lambda reply: reply.sound.size)}


def _mouth(sound: Samples, phones: list[PhoneSpan]) -> tuple[Floats, Floats]:
    """How far open the mouth is meant to be: times in ms of the reply, and for each a number that grows with it."""
    times: list[float] = []
    values: list[float] = []
    for part in range(PARTS):
        shift = part * SAMPLES_PER_FRAME // PARTS
        motion = Motion(liveliness=0.0)
        motion.begin()
        motion.hear(np.concatenate([np.zeros(shift, dtype=np.float32), sound]), phones, shift)
        for frame in range(sound.size // SAMPLES_PER_FRAME):
            times.append(1000 * (frame * SAMPLES_PER_FRAME + LEAD - shift) / SPEECH_RATE)
            values.append(_open(motion.step()))
    order = np.argsort(times)
    return np.array(times)[order], np.array(values)[order]


def _open(mouth: FaceParams) -> float:
    return (1.0 - mouth.close) * (mouth.jaw + 0.4 * mouth.upper + 0.4 * mouth.lower)


def _speaks(look: Look, replies: dict[int, _Reply]) -> bool:
    """Whether a picture shows a reply that sounds."""
    reply = replies.get(look.reply)
    return reply is not None and (look.number + 3) * SAMPLES_PER_FRAME < reply.sound.size


def _meant(look: Look, replies: dict[int, _Reply], mouths: dict[str, tuple[Floats, Floats]], shifts: Floats) -> Floats:
    """The mouth at each of the moments that a picture might show."""
    times, values = mouths[replies[look.reply].opening]
    return np.asarray(np.interp(look.number * 1000 * SAMPLES_PER_FRAME / SPEECH_RATE + shifts, times, values))


def _best(seen: Floats, meant: Floats, shifts: Floats) -> tuple[float, float]:
    """The shift at which both agree best, between the steps by a parabola, and the correlation there."""
    r = np.array([np.corrcoef(seen, column)[0, 1] for column in meant.T])
    top = int(np.clip(np.argmax(r), 1, r.size - 2))
    before, at, after = r[top - 1 : top + 2]
    bend = before - 2 * at + after
    offset = 0.0 if bend == 0 else 0.5 * (before - after) / bend
    return float(shifts[top] + offset * (shifts[1] - shifts[0])), float(at)
