"""How an answer is meant, clause by clause: by the tags that a model wrote, else by its words.

Small models are asked for no tags (docs/decisions/021): where none is written, a short list of words in both
languages tells. It is sometimes wrong, so it errs on the safe side: what it does not know is calm, or like what
went before, and nobody smiles over a death.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from avatar.dialog.tags import Tags
from avatar.stages import Style

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of an answer, fit to be spoken, and how they are meant."""

    text: str
    style: Style


_Cues = dict[Style, re.Pattern[str]]

_ORDER: tuple[Style, ...] = ("sad", "stern", "warm", "amused")
"""Of cues that are equally many the first counts: a smile in the wrong place is worse than none."""

_SENTENCES = re.compile(r"[^。！？!?…\n]*(?:[。！？!?…\n]+[”’」』）\"']*\s*|$)")


@lru_cache(maxsize=2)
def _cues(of: str) -> _Cues:
    """The lists of cues.toml, of a clause or of a question."""
    tables = tomllib.loads(files("avatar.dialog").joinpath("cues.toml").read_text(encoding="utf-8"))[of]
    return {
        style: re.compile(rf"{tables[style]['zh']}|\b(?:{tables[style]['en']})\b", re.IGNORECASE)
        for style in _ORDER
        if style in tables
    }


def answering(question: str) -> Style:
    """How an answer to a question begins: gently to somebody in trouble."""
    return next((style for style, cue in _cues("question").items() if cue.search(question)), "calm")


def told_by(clause: str) -> Style | None:
    """The style that the words of a clause tell; None where they tell nothing."""
    counts = {style: len(cue.findall(clause)) for style, cue in _cues("clause").items()}
    most = max(counts.values())
    return next(style for style in _ORDER if counts[style] == most) if most else None


class Tone:
    """How one answer is meant, clause by clause. What tells nothing is meant like what went before.

    Args:
        question: what is answered.
    """

    def __init__(self, question: str = "") -> None:
        self._style = answering(question)
        self._gentle = self._style == "warm"
        self._tagged = False

    def tell(self, style: Style) -> None:
        """A tag tells; from now on words do not."""
        self._style, self._tagged = style, True

    def of(self, clause: str) -> Style:
        """How the next clause is meant. Words make nobody stern or amused towards somebody in trouble."""
        told = None if self._tagged else told_by(clause)
        if told is not None and not (self._gentle and told in ("stern", "amused")):
            self._style = told
        return self._style


def phrases(text: str) -> list[Phrase]:
    """A whole text, such as a script, sentence by sentence, without its tags."""
    tags, tone = Tags(), Tone()
    found: list[Phrase] = []
    for words, style in [*tags.push(text), *tags.finish()]:
        if style is not None:
            tone.tell(style)
        found += [Phrase(sentence, tone.of(sentence)) for sentence in _SENTENCES.findall(words) if sentence]
    return found
