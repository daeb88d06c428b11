"""How well lips follow sound that comes without phone times: our network, beside two simpler ways, in one run.

Held-out voices of our own synthesis say sentences that were never trained on, clean and spoiled by rooms and noise;
their exact phone times give the truth, the track of the lips' opening at 25 frames a second. Real voices have no exact
times: each recording is recognized, synthesized with a packaged voice, and aligned with that synthesis by dynamic time
warping; a bilabial counts as found where the lips close within 80 ms of it. Chance, the same with the times moved,
stands beside it.

The two baselines: the loudness alone; and the method of uLipSync (github.com/hecomi/uLipSync), which compares each
moment's cepstrum with a template of each vowel. Its templates are taken here from twelve voices of the training set,
which is kinder to it than its own single one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from avatar.engines import Engines
from avatar.engines.voices import voice_library
from avatar.errors import NotFoundError
from avatar.face.audio_visemes import AHEAD, BANDS, BEHIND, CLOSE, OPEN, AudioVisemes, features
from avatar.face.motion import LEAD
from avatar.face.soundshape import WINDOW, Loudness
from avatar.face.visemes import VISEMES, visemes_of
from avatar.media import HEARING_RATE, SAMPLES_PER_FRAME, SPEECH_RATE, PhoneSpan, Samples, read_audio, resample
from avatar.settings import PACKAGE_ROOT, Settings
from avatar.stages import HearingHints
from scripts.viseme.examples import spoil, targets
from scripts.viseme.speech import HELD_OUT, Take, plan, speak

TAKES, TEMPLATE_TAKES = 18, 8
REAL = (
    "jfk.flac",
    "cosy_zero_shot_prompt.wav",
    "cosy_cross_lingual_prompt.wav",
    "f5_basic_ref_en.wav",
    "openvoice_demo_speaker0.mp3",
)
"""Recordings of people; whatever else lies beside them was spoken by machines."""

TOLERANCE = 2
"""Frames beside a bilabial within which the lips must close: 80 ms, for the alignment is good to about 40."""

SHUT = 0.5
"""The closing from which lips are taken to touch."""

Floats = NDArray[np.float32]
Opening = Callable[[Samples], Floats]
"""A way to tell the lips' opening, float32 [frames], from sound."""


def run(settings: Settings) -> dict[str, float]:
    """Measure.

    Returns:
        Correlations of the opening over all frames of the held-out voices, and the bilabials found in real speech.
    """
    engines = Engines(settings)
    try:
        voices = [profile.id for profile in voice_library(settings).list()]
        heldout = _takes(engines, voices, TAKES, held_out=True)
        templates = Templates(_takes(engines, voices, TEMPLATE_TAKES, held_out=False))
        ways: dict[str, Opening] = {"heldout": network_opening, "energy_baseline": energy}
        ways["ulipsync"] = templates.opening
        metrics = {f"r_{name}": _r(way, heldout) for name, way in ways.items()}
        rng = np.random.default_rng(5)
        noisy = [Take(spoil(take.sound, rng), take.phones, take.voice) for take in heldout]
        metrics |= {f"r_noisy_{name}": _r(way, noisy) for name, way in ways.items()}
        return metrics | _closing(heldout) | _real(engines)
    finally:
        engines.close()


def _takes(engines: Engines, voices: list[str], count: int, *, held_out: bool) -> list[Take]:
    planned = plan(voices, held_out=held_out, seed=11)
    return [speak(engines.synthesizer, *next(planned), 1.0) for _ in range(count)]


def _r(way: Opening, takes: Sequence[Take]) -> float:
    """Pearson's correlation over all frames of all takes."""
    told = np.concatenate([way(take.sound) for take in takes])
    true = np.concatenate([opening(targets(take.phones, take.sound.size)) for take in takes])
    return float(np.corrcoef(told, true)[0, 1])


def _closing(takes: Sequence[Take]) -> dict[str, float]:
    """The bilabials of takes with exact times that the network closes for, and the share of frames with lips shut."""
    told = [shapes_of(take.sound)[:, CLOSE] >= SHUT for take in takes]
    true = [targets(take.phones, take.sound.size)[:, CLOSE] >= SHUT for take in takes]
    bilabials = [[_onset(span) // SAMPLES_PER_FRAME for span in take.phones if _is_bilabial(span)] for take in takes]
    found = sum(_hits(shut, frames) for shut, frames in zip(told, bilabials, strict=True))
    return {
        "bilabial_recall_heldout": found / max(sum(len(frames) for frames in bilabials), 1),
        "shut_share_heldout": float(np.concatenate(told).mean()),
        "shut_share_true": float(np.concatenate(true).mean()),
    }


def opening(shapes: Floats) -> Floats:
    """float32 [frames]: how far the lips are open. Args: shapes: float32 [frames, len(MOUTH)]."""
    return np.asarray(shapes[:, OPEN] * (1.0 - shapes[:, CLOSE]), dtype=np.float32)


def shapes_of(sound: Samples) -> Floats:
    """float32 [frames, len(MOUTH)]: what the network tells of a recording."""
    follower = AudioVisemes()
    return np.stack([follower.step(span) for span in _spans(sound, BEHIND, AHEAD)])


def network_opening(sound: Samples) -> Floats:
    """The opening by our network."""
    return opening(shapes_of(sound))


def energy(sound: Samples) -> Floats:
    """The opening as the loudness, which is what simple lip flaps do."""
    loudness = Loudness()
    return np.array([loudness.step(span) for span in _spans(sound, WINDOW // 2, WINDOW // 2)], dtype=np.float32)


class Templates:
    """uLipSync's method: twelve cepstral coefficients, the nearest of the vowels' templates, times the volume.

    Args:
        takes: speech with phone times, whose vowels are averaged into the templates.
    """

    _OPEN = ("AA", "EH", "IH", "OH", "OU", "ER")

    def __init__(self, takes: Sequence[Take]) -> None:
        found: dict[str, list[Floats]] = {name: [] for name in self._OPEN}
        for take in takes:
            for span in take.phones:
                names = visemes_of(span.phone)
                if names and names[0] in found:
                    middle = (span.start + span.end) // 2
                    found[names[0]].append(_cepstrum(_part(take.sound, middle - WINDOW // 2, middle + WINDOW // 2)))
        everything = np.concatenate([np.stack(rows) for rows in found.values() if rows])
        self._mean, self._spread = everything.mean(axis=0), everything.std(axis=0) + 1e-6
        self._names = [name for name, rows in found.items() if rows]
        self._known = np.stack([self._scaled(np.mean(found[name], axis=0)) for name in self._names])
        self._jaws = np.array([VISEMES[name].shape[OPEN] for name in self._names], dtype=np.float32)

    def opening(self, sound: Samples) -> Floats:
        """The opening by the nearest template, smoothed over three frames as uLipSync does."""
        told, loudness = [], Loudness()
        for span in _spans(sound, WINDOW // 2, WINDOW // 2):
            away = np.linalg.norm(self._known - self._scaled(_cepstrum(span)), axis=1)
            told.append(self._jaws[int(np.argmin(away))] * loudness.step(span))
        smooth = np.convolve(np.array(told), np.ones(3) / 3, mode="same")
        return np.asarray(smooth, dtype=np.float32)

    def _scaled(self, cepstrum: Floats) -> Floats:
        return np.asarray((cepstrum - self._mean) / self._spread, dtype=np.float32)


def _cepstrum(window: Samples) -> Floats:
    """float32 [12]: mel-frequency cepstral coefficients 1 to 12, by the project's own mel bands."""
    bands = features(window).reshape(-1, BANDS).mean(axis=0)
    angles = np.pi / bands.size * (np.arange(bands.size) + 0.5)
    return np.array([bands @ np.cos(order * angles) for order in range(1, 13)], dtype=np.float32)


def _part(sound: Samples, start: int, end: int) -> Samples:
    """A stretch of a recording, with silence where it has none."""
    part = np.zeros(end - start, dtype=np.float32)
    taken = sound[max(start, 0) : max(end, 0)]
    part[max(-start, 0) : max(-start, 0) + taken.size] = taken[: part.size - max(-start, 0)]
    return part


def _spans(sound: Samples, before: int, after: int) -> Iterator[Samples]:
    """The sound around the moment that each frame shows."""
    for frame in range(-(-sound.size // SAMPLES_PER_FRAME)):
        moment = frame * SAMPLES_PER_FRAME + LEAD
        yield _part(sound, moment - before, moment + after)


# real voices


@dataclass(frozen=True, slots=True)
class _Heard:
    """A real recording and the frames at which its bilabials are said."""

    sound: Samples
    bilabials: list[int]


def _real(engines: Engines) -> dict[str, float]:
    folder = Path(os.environ.get("AVATAR_BENCH_VOICES", PACKAGE_ROOT.parent.parent / "shared" / "data" / "voices"))
    files = [folder / name for name in REAL if (folder / name).is_file()]
    if not files:
        raise NotFoundError(
            f"The recordings of real voices are not in {folder}. Set AVATAR_BENCH_VOICES.",
            f"{folder} 里没有真人录音。请设置 AVATAR_BENCH_VOICES。",
        )
    found = total = by_chance = 0.0
    shut_share = []
    for file in files:
        heard = _aligned(engines, read_audio(file, SPEECH_RATE))
        shut = shapes_of(heard.sound)[:, CLOSE] >= SHUT
        hits = _hits(shut, heard.bilabials)
        typer.echo(f"{file.name:<34}{hits:4.0f} of {len(heard.bilabials):3d} bilabials", err=True)
        found, total = found + hits, total + len(heard.bilabials)
        turns = range(12, max(13, shut.size - 12), 5)
        by_chance += float(np.mean([_hits(np.roll(shut, turn), heard.bilabials) for turn in turns]))
        shut_share.append(float(shut.mean()))
    return {
        "bilabial_recall_real": found / max(total, 1.0),
        "bilabial_recall_chance": by_chance / max(total, 1.0),
        "bilabials_real": total,
        "shut_share_real": float(np.mean(shut_share)),
    }


def _hits(shut: NDArray[np.bool_], frames: Sequence[int]) -> float:
    return float(sum(bool(shut[max(0, frame - TOLERANCE) : frame + TOLERANCE + 1].any()) for frame in frames))


def _aligned(engines: Engines, sound: Samples) -> _Heard:
    """The bilabials of a recording, by way of a synthesis of the same words."""
    transcript = engines.recognizer.transcribe(resample(sound, SPEECH_RATE, HEARING_RATE), HearingHints())
    voice = HELD_OUT[0] if transcript.language == "zh" else HELD_OUT[3]
    copy = speak(engines.synthesizer, voice, transcript.text, transcript.language, 1.0)
    path = _warping(_track(copy.sound), _track(sound))
    moments = [min(_hop(_onset(span)), path.size - 1) for span in copy.phones if _is_bilabial(span)]
    return _Heard(sound, [int(path[moment]) * _HOP // SAMPLES_PER_FRAME for moment in moments])


_HOP = 240


def _hop(sample: int) -> int:
    return sample // _HOP


def _is_bilabial(span: PhoneSpan) -> bool:
    return visemes_of(span.phone)[:1] in (("PP",), ("MM",))


def _onset(span: PhoneSpan) -> int:
    """The moment at which lips must be shut: the middle of a nasal, the start of a plosive (`coarticulation`)."""
    return (span.start + span.end) // 2 if visemes_of(span.phone)[0] == "MM" else span.start


def _track(sound: Samples) -> Floats:
    """float32 [hops, 13]: cepstra and loudness, each with mean 0 and spread 1."""
    count = sound.size // _HOP
    rows = [_cepstrum(_part(sound, hop * _HOP - 300, hop * _HOP - 300 + WINDOW)) for hop in range(count)]
    parts = [_part(sound, hop * _HOP - 300, hop * _HOP + 300) for hop in range(count)]
    loud = np.log10(np.mean(np.square(np.stack(parts)), axis=1) + 1e-7)
    track = np.column_stack([np.stack(rows), loud])
    return np.asarray((track - track.mean(axis=0)) / (track.std(axis=0) + 1e-6), dtype=np.float32)


def _warping(one: Floats, other: Floats) -> NDArray[np.int64]:
    """int64 [len(one)]: for each row of one track the row of the other that goes with it, by dynamic time warping."""
    squares = np.square(one).sum(axis=1)[:, None] + np.square(other).sum(axis=1) - 2.0 * one @ other.T
    cost = np.sqrt(np.maximum(squares, 0.0))
    total = np.full((len(one) + 1, len(other) + 1), np.inf)
    total[0, 0] = 0.0
    for row in range(len(one)):
        best = np.minimum(total[row, 1:], total[row, :-1])
        for column in range(len(other)):
            total[row + 1, column + 1] = cost[row, column] + min(best[column], total[row + 1, column])
    path = np.zeros(len(one), dtype=np.int64)
    row, column = len(one), len(other)
    while row > 0 and column > 0:
        path[row - 1] = column - 1
        steps = ((total[row - 1, column - 1], row - 1, column - 1), (total[row - 1, column], row - 1, column),
                 (total[row, column - 1], row, column - 1))  # fmt: skip
        _, row, column = min(steps)
    return path
