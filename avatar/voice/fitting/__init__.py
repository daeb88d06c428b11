"""Fitting a voice to a person's recording, in two rungs.

    enrolment ─► fit_instant ─► a usable voice within seconds ─► fit_style ─► a closer one after minutes

Both give a pack of styles like the stock ones; the second adds small corrections to the network's biases, so that one
engine, loaded once, speaks with every voice (docs/decisions/031-fitting.md). Neither is the person: the pages say
"closer".
"""

from avatar.voice.fitting.fitted import Fitted, FittingStopped
from avatar.voice.fitting.instant import fit_instant
from avatar.voice.fitting.inverted import fit_style
from avatar.voice.fitting.studio import Studio

__all__ = ["Fitted", "FittingStopped", "Studio", "fit_instant", "fit_style"]
