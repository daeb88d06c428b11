"""The second rung, in minutes, behind whatever else goes on: style inversion, and its check on new sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from avatar.voice.enrolment.windows import Enrolment
from avatar.voice.fitting.check import Checked, check
from avatar.voice.fitting.fitted import Cancelled, Fitted, FittingStopped, Progress
from avatar.voice.fitting.inversion import Inversion, Inverted, Recipe
from avatar.voice.fitting.lessons import Lesson, lesson, probe
from avatar.voice.fitting.library import read_library
from avatar.voice.fitting.network import read_network
from avatar.voice.fitting.sentences import CHECKS, PROBES
from avatar.voice.fitting.studio import TIMBRE, Studio
from avatar.voice.speaking.generator import quickest

LOST = 0.02
"""By how much the share of words that are not understood may rise."""

SHARES = (1.0, 0.6)
"""How much of what was found is tried, until a share loses no words."""

_LEARNT = 0.9
"""Share of the work that is the fit; the rest is its check."""

_MOST_WINDOWS = 6
DEFAULT = Recipe()


def fit_style(
    enrolment: Enrolment,
    start: Fitted,
    studio: Studio,
    progress: Progress = lambda share: None,
    cancelled: Cancelled = lambda: False,
    recipe: Recipe = DEFAULT,
) -> Fitted:
    """A voice that is audibly closer to the person's than `start`, or `start` itself where none was found.

    Call it in a thread of its own; it takes one core for about three minutes, or a GPU.

    Args:
        enrolment: whose voice it shall be.
        start: what `fit_instant` gave.
        studio: the engines.
        progress: told the share that is done.
        cancelled: asked several times a second.

    Raises:
        FittingStopped: it was asked to.
        EngineError: an engine failed.
        OSError, KeyError: the model's file cannot be read.
        RuntimeError: the device is not there.
    """
    before = check(start, CHECKS[enrolment.language], enrolment.language, enrolment.embedding, studio, cancelled)
    lessons = _lessons(enrolment, start, studio, cancelled)
    if not lessons:
        return _kept(start, before)
    probes = [probe(text, start.style, enrolment.language, start.pitch, studio) for text in PROBES[enrolment.language]]
    network = read_network(studio.model, quickest(torch.device(studio.device)), studio.device)
    torch.set_num_threads(1)
    inversion = Inversion(network, studio.encoder.network, read_library().space(), recipe)
    timbre = np.array(start.style[0, :TIMBRE])
    found = inversion.run(
        lessons, probes, timbre, enrolment.embedding, lambda share: progress(share * _LEARNT), cancelled
    )
    return _chosen(enrolment, start, before, found, studio, cancelled)


def _lessons(enrolment: Enrolment, start: Fitted, studio: Studio, cancelled: Cancelled) -> list[Lesson]:
    found: list[Lesson] = []
    for window in enrolment.windows[:_MOST_WINDOWS]:
        if cancelled():
            raise FittingStopped
        made = lesson(window, start.style, studio)
        if made is not None:
            found.append(made)
    return found


def _chosen(
    enrolment: Enrolment, start: Fitted, before: Checked, found: Inverted, studio: Studio, cancelled: Cancelled
) -> Fitted:
    """What was found, or a share of it, if it wins and loses no words; else what there was."""
    language = enrolment.language
    for share in SHARES:
        made = shared(start, found, share, enrolment, studio)
        after = check(made, CHECKS[language], language, enrolment.embedding, studio, cancelled)
        if after.similarity > before.similarity and after.error <= before.error + LOST:
            return replace(made, scores=_scores(before, after))
    return _kept(start, before)


def shared(start: Fitted, found: Inverted, share: float, enrolment: Enrolment, studio: Studio) -> Fitted:
    """A voice on the way from where the fit began to what it found."""
    style = start.style.copy()
    style[:, :TIMBRE] += np.float32(share) * (found.timbre - style[:, :TIMBRE])
    deltas = {layer: np.asarray(share * delta, dtype=np.float32) for layer, delta in found.deltas.items()}
    return Fitted(style, start.pitch, (*start.done, "style", "biases"), deltas)


def _kept(start: Fitted, before: Checked) -> Fitted:
    return replace(start, done=(*start.done, "kept_start"), scores=_scores(before, before))


def _scores(before: Checked, after: Checked) -> dict[str, float]:
    return {
        "similarity": after.similarity,
        "similarity_before": before.similarity,
        "error": after.error,
        "error_before": before.error,
    }
