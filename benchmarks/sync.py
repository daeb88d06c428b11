"""How well face and voice keep together: the picture on the screen against the sound that is heard, frame by frame.

Two conversations are held. The first is long and on a virtual clock: the real session, turns, voice, motion and
encoder, and then the page's own player, which plays what came of it on a sound card that is 120 ppm too fast. The
second takes real time, in the real page in headless Chromium, with everything at work at once. In both the words are
scripted, every third reply runs dry on purpose, each is held once, and some are interrupted.

A/V is the moment of the sound that is heard in the middle of a picture's 40 ms, less the moment of the sound that the
picture shows; positive where the picture lags. Which moment it shows is measured from the lips in decoded pictures.
"""

from __future__ import annotations

import numpy as np
import typer
from numpy.typing import NDArray

from avatar.errors import EngineError, InputError
from avatar.live.host import SessionHost
from avatar.media import FPS
from avatar.settings import Settings
from benchmarks._computed import Conversed, converse
from benchmarks._lips import Fit, fit
from benchmarks._page import serving
from benchmarks._replay import Played, replay
from benchmarks._scripted import ScriptedEngines
from benchmarks._sightings import EVERY_S, Recordings, Watched, watch
from benchmarks.bargein import recordings
from benchmarks.reply import PERSONA, spoken_questions

MOST_MINUTES = 55.0
"""The virtual clock of the tests takes an hour for a hang."""

REAL_SHARE, MOST_REAL_S = 10.0, 300.0
"""Seconds in Chromium for each computed minute, and at most."""

LOOKS = 600
"""Pictures that are drawn, decoded and looked at."""

MIDDLE_MS = 20.0
"""The middle of a picture's time."""

DRAWS = 200
"""Samples of the replies, drawn to tell the spread of a slope."""

Floats = NDArray[np.float64]


def run(settings: Settings, minutes: float = 6.0) -> dict[str, float]:
    """Measure.

    Args:
        minutes: of conversation that are computed; a sixth of it, five minutes at most, is held for real besides.

    Returns:
        Milliseconds, and ms of growth in an hour; see docs/decisions/014-one-clock.md.

    Raises:
        InputError: too few minutes, or too many.
        NotFoundError: the recordings are not there.
        EngineError: there is no Chromium, or it shows too little.
    """
    if not EVERY_S / 60 <= minutes <= MOST_MINUTES:
        raise InputError(
            f"--minutes is {minutes:g}; it must be in 0.4..{MOST_MINUTES:g}.",
            f"--minutes 为 {minutes:g},应在 0.4..{MOST_MINUTES:g} 之间。",
        )
    heard = _recordings()
    engines = ScriptedEngines(settings)
    try:
        host = SessionHost(engines)
        every = max(1, round(minutes * 60 * FPS / LOOKS))
        conversed = converse(host, PERSONA, minutes, every, _tell)
        played = replay(conversed.events)
        with serving(host) as address:
            watched = watch(address, heard, min(MOST_REAL_S, minutes * REAL_SHARE), _tell)
    finally:
        engines.close()
    if not watched.sightings:
        raise EngineError(
            "No picture in Chromium could be compared with its sound: the machine is too busy, or --minutes too short.",
            "Chromium 里没有一帧画面能与声音对上:机器太忙,或者 --minutes 太短。",
        )
    return figures(fit(conversed), conversed, played, watched)


def figures(lips: Fit, conversed: Conversed, played: Played, watched: Watched) -> dict[str, float]:
    """What both conversations come to."""
    at, generation, picture, heard = played.shown.T
    computed = Track(at / 1000, generation, heard - picture + MIDDLE_MS - lips.moment_ms)
    seen = watched.sightings
    browser = Track(
        np.array([sighting.at for sighting in seen]),
        np.array([float(sighting.generation) for sighting in seen]),
        np.array([sighting.late_ms for sighting in seen]) + MIDDLE_MS - lips.moment_ms,
    )
    slope, spread = computed.growth()
    browser_slope, browser_spread = browser.growth()
    return {
        "av_p95_ms": max(computed.p95, browser.p95),
        "av_max_ms": max(computed.largest, browser.largest),
        "drift_ms_per_hour": slope,
        "drift_spread_ms_per_hour": spread,
        "lips_moment_ms": lips.moment_ms,
        "lips_spread_ms": lips.spread_ms,
        "lips_r": lips.r,
        "misnumbered": float(conversed.misnumbered),
        "computed_p50_ms": float(np.median(computed.av_ms)),
        "computed_p95_ms": computed.p95,
        "computed_max_ms": computed.largest,
        "computed_pictures": float(computed.av_ms.size),
        "computed_dry": float(played.starved),
        "browser_p50_ms": float(np.median(browser.av_ms)),
        "browser_p95_ms": browser.p95,
        "browser_max_ms": browser.largest,
        "browser_drift_ms_per_hour": browser_slope,
        "browser_drift_spread_ms_per_hour": browser_spread,
        "browser_pictures": float(watched.drawn),
        "browser_matched": float(len(seen)),
        "browser_dry": float(watched.dry),
        "browser_held": float(watched.events["avatar.playback.held"]),
        "browser_interrupted": float(watched.interrupted),
    }


class Track:
    """The differences of one conversation.

    Args:
        at: float [n], when each picture was shown, in seconds.
        reply: float [n], which reply's it was.
        av_ms: float [n].
    """

    def __init__(self, at: Floats, reply: Floats, av_ms: Floats) -> None:
        self.at = at
        self.reply = reply
        self.av_ms = av_ms

    @property
    def p95(self) -> float:
        return float(np.percentile(np.abs(self.av_ms), 95))

    @property
    def largest(self) -> float:
        return float(np.abs(self.av_ms).max())

    def growth(self) -> tuple[float, float]:
        """The slope of a robust line through all of it in ms per hour, and its standard error.

        It is Theil and Sen's. The error is the spread of slopes through replies drawn with replacement, since the
        pictures of one reply err together.
        """
        rng = np.random.default_rng(0)
        replies = [np.flatnonzero(self.reply == reply) for reply in np.unique(self.reply)]
        draws = [
            np.concatenate([replies[i] for i in rng.integers(0, len(replies), len(replies))]) for _ in range(DRAWS)
        ]
        slopes = [theil_sen(self.at[draw], self.av_ms[draw], 300) for draw in draws]
        return 3600 * theil_sen(self.at, self.av_ms, 2000), 3600 * float(np.std(slopes))


def theil_sen(x: Floats, y: Floats, most: int) -> float:
    """The median slope between pairs of points, of which at most so many are taken, evenly."""
    taken = np.unique(np.linspace(0, x.size - 1, min(most, x.size)).round().astype(int))
    order = np.argsort(x[taken], kind="stable")
    across, up = x[taken][order], y[taken][order]
    i, j = np.triu_indices(across.size, 1)
    apart = across[j] - across[i]
    far = apart > 0
    return float(np.median((up[j] - up[i])[far] / apart[far])) if far.any() else 0.0


def _recordings() -> Recordings:
    questions = spoken_questions()
    folder = questions[0].parent
    return Recordings(questions, recordings(folder, "backchannel"), recordings(folder, "bargein"))


def _tell(progress: str) -> None:
    typer.echo(progress, err=True)
