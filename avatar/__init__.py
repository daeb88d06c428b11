"""A digital human server: hearing, a persona that thinks, a voice and a face, joined in one live session."""

import os

# OpenMP reads it once, when the first library that brings it is loaded. By default its threads spin while they wait for
# one another, and take the cores that the other stages need.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

__version__ = "0.1.0"
