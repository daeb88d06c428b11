"""Phones into visemes: what the mouth does for each sound of Mandarin and English.

The twenty visemes refine two published sets, so that a table for another renderer is a matter of looking them up:
the fourteen of MPEG-4 face animation (ISO/IEC 14496-2, annex C) and the twenty-two of Microsoft's speech interface
(SAPI 5, SPVISEMES). What both lack is Mandarin: the retroflexes with their slight rounding, the alveolo-palatals with
their spread lips, the apical vowel of 知 and 资, and the rounded front vowel ü.

    ours   sounds                          MPEG-4  Microsoft
    sil    silence                         0       0
    PP     p b                             1       21
    MM     m                               1       21
    FF     f v                             2       18
    TH     θ ð                             3       17
    DD     t d n l                         4, 8    14, 19
    KK     k ɡ ŋ x h                       5       12, 20
    SS     s z, z c s                      7       15
    CH     ʃ ʒ tʃ dʒ                       6       16
    ZH     zh ch sh r                      -       -
    JJ     j q x, palatals                 -       -
    RR     English r                       9       13
    AA     a ɑ                             10      2, 11
    EH     e ɛ æ                           11      1, 4
    ER     ə ʌ ɜ, e of 喝                   -       1, 5
    IH     i ɪ j                           12      6
    AP     i of 知 and 资                    -       -
    OH     o ɔ                             13      3, 8
    OU     u ʊ w                           14      7
    YU     y ɥ, ü                          -       -

A phone is a string of symbols of Kokoro's vocabulary (the International Phonetic Alphabet with a few letters of its
own), "sil" is a pause. Tone letters and length marks move no lip: they lengthen the sound before them; stress marks the
sound after them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar.face.params import MOUTH
from avatar.media import SPEECH_RATE, PhoneSpan

Mouth = NDArray[np.float32]
"""float32 [len(MOUTH)], weights in the order of `params.MOUTH`."""

MOUTH_INDEX: dict[str, int] = {name: place for place, name in enumerate(MOUTH)}


@dataclass(frozen=True, slots=True)
class Viseme:
    """One shape of the mouth.

    Attributes:
        shape: the target that the mouth makes for.
        strength: how firmly it insists on each weight against its neighbours, 0..1 (the α of Cohen and Massaro).
        closure: the share of the opening that must be gone at its height; 1 for lips that touch.
        bursts: the closure is over when the sound begins in earnest (p, b), instead of lasting as long as it (m, f).
    """

    name: str
    shape: Mouth
    strength: Mouth
    closure: float
    bursts: bool


_LIPS = frozenset({"upper", "lower", "pucker", "wide", "smile"})
_TIP = frozenset({"press", "tuck", "tongue"})


def _viseme(name: str, strength: tuple[float, float, float], closure: float = 0.0, **weights: float) -> Viseme:
    """A viseme from its weights and its strength over the jaw, the lips, and what only few sounds use."""
    jaw, lips, tip = strength
    shape = np.array([weights.get(part, 0.0) for part in MOUTH], dtype=np.float32)
    held = [lips if part in _LIPS else tip if part in _TIP else jaw for part in MOUTH]
    return Viseme(name, shape, np.array(held, dtype=np.float32), closure, name == "PP")


SILENCE = "sil"
VISEMES: dict[str, Viseme] = {
    viseme.name: viseme
    for viseme in (
        _viseme(SILENCE, (0.70, 0.60, 0.60)),
        _viseme("PP", (0.90, 0.15, 0.90), 1.0, jaw=0.08, press=0.45),
        _viseme("MM", (0.90, 0.15, 0.90), 1.0, jaw=0.08, press=0.40),
        _viseme("FF", (0.90, 0.40, 0.95), 0.75, jaw=0.10, upper=0.12, tuck=0.90),
        _viseme("TH", (0.60, 0.30, 0.90), jaw=0.20, wide=0.10, tongue=0.85),
        _viseme("DD", (0.50, 0.15, 0.80), jaw=0.16, lower=0.08, wide=0.10, tongue=0.60),
        _viseme("KK", (0.25, 0.10, 0.30), jaw=0.22),
        _viseme("SS", (0.80, 0.40, 0.50), jaw=0.08, upper=0.12, lower=0.18, wide=0.25),
        _viseme("CH", (0.80, 0.75, 0.50), jaw=0.11, upper=0.22, lower=0.25, pucker=0.50),
        _viseme("ZH", (0.70, 0.40, 0.50), jaw=0.11, upper=0.14, lower=0.20, pucker=0.25),
        _viseme("JJ", (0.70, 0.45, 0.50), jaw=0.11, upper=0.06, lower=0.14, wide=0.40),
        _viseme("RR", (0.45, 0.50, 0.40), jaw=0.16, lower=0.12, pucker=0.40),
        _viseme("AA", (1.00, 0.60, 0.60), jaw=0.58, upper=0.08, lower=0.12),
        _viseme("EH", (0.90, 0.65, 0.60), jaw=0.38, upper=0.08, lower=0.10, wide=0.32),
        _viseme("ER", (0.75, 0.40, 0.60), jaw=0.30, lower=0.08, wide=0.05),
        _viseme("IH", (0.80, 0.80, 0.60), jaw=0.16, upper=0.06, lower=0.12, wide=0.55, smile=0.08),
        _viseme("AP", (0.80, 0.45, 0.60), jaw=0.13, upper=0.08, lower=0.14, wide=0.20),
        _viseme("OH", (0.90, 0.85, 0.60), jaw=0.38, lower=0.06, pucker=0.55),
        _viseme("OU", (0.85, 1.00, 0.60), jaw=0.16, pucker=0.90),
        _viseme("YU", (0.80, 0.95, 0.60), jaw=0.14, upper=0.06, pucker=0.75),
    )
}
UNKNOWN = "ER"
"""The neutral, half open shape of a symbol that no table names."""

_SOUNDS: dict[str, str] = {
    "PP": "pbβɸ",
    "MM": "m",
    "FF": "fvʋ",
    "TH": "θð",
    "DD": "tdnlɾT",
    "KK": "kɡgŋxhɣɰɴqχʁʔ",
    "SS": "szʦʣ",
    "CH": "ʃʒʧʤS",
    "ZH": "ʂʐꭧʈɖɻɳɽ",
    "JJ": "ɕʨʥçʝcɟɲʎ",
    "RR": "ɹr",
    "AA": "aɑ",
    "EH": "eɛæ",
    "ER": "əɐɜʌɤᵊɚɯ",
    "IH": "iɪjᵻ",
    "AP": "ɨ",
    "OH": "oɔɒ",
    "OU": "uʊw",
    "YU": "yɥøœ",
    SILENCE: ';:,.!?—…"()“”',
}
_SINGLE: dict[str, str] = {symbol: name for name, symbols in _SOUNDS.items() for symbol in symbols}
_GLIDES: dict[str, tuple[str, str]] = {
    "A": ("EH", "IH"),
    "I": ("AA", "IH"),
    "O": ("OH", "OU"),
    "Q": ("ER", "OU"),
    "W": ("AA", "OU"),
    "Y": ("OH", "IH"),
}
"""Kokoro's letters for the diphthongs of day, eye, go (American), go (British), how and boy."""

SYMBOLS: dict[str, tuple[str, ...]] = {
    **{symbol: (name,) for symbol, name in _SINGLE.items()},
    **_GLIDES,
    **dict.fromkeys(" ˈˌːʰʲᵝ\u0303\u032f\u0329→↗↓↘", ()),
}
"""The visemes of each symbol in order; none for a mark that lengthens the sound before it."""

_GLIDE_SHARE = 0.6
"""How much of a diphthong is its first half."""

_STRESS = frozenset("ˈˌ")

_JOINED = SPEECH_RATE // 25
"""Samples between two spans that still count as touching."""


@dataclass(slots=True)
class Gesture:
    """One viseme and when it sounds, in samples; end is exclusive."""

    viseme: Viseme
    start: int
    end: int


def visemes_of(phone: str) -> tuple[str, ...]:
    """The visemes that a phone passes through, without repeats; none for a mark that only lengthens.

    A symbol that no table names gives the neutral shape.
    """
    if phone == SILENCE:
        return (SILENCE,)
    names: list[str] = []
    for symbol in phone:
        names += [name for name in SYMBOLS.get(symbol, (UNKNOWN,)) if names[-1:] != [name]]
    sounding = [name for name in names if name != SILENCE]
    return tuple(sounding or names[:1])


def gestures(spans: Sequence[PhoneSpan], at: int) -> list[Gesture]:
    """The gestures of one clause.

    Args:
        spans: in order of time; those that end before they start are left out.
        at: the sample from which the spans count.
    """
    made: list[Gesture] = []
    stressed: int | None = None
    for span in spans:
        if span.end <= span.start:
            continue
        start, end = at + span.start, at + span.end
        names = visemes_of(span.phone)
        if names:
            made += _split(names, start if stressed is None else min(stressed, start), end)
            stressed = None
        elif span.phone in _STRESS:
            stressed = start
        elif made and start - made[-1].end <= _JOINED:
            made[-1].end = max(made[-1].end, end)
    return made


def _split(names: tuple[str, ...], start: int, end: int) -> list[Gesture]:
    """A span shared among its visemes: the first of two takes a little more, more share alike."""
    count = len(names)
    shares = [_GLIDE_SHARE, 1.0] if count == 2 else [(place + 1) / count for place in range(count)]
    edges = [start, *(start + round((end - start) * share) for share in shares)]
    return [Gesture(VISEMES[name], edges[place], edges[place + 1]) for place, name in enumerate(names)]
