"""A digital human server: hearing, a persona that thinks, a voice and a face, joined in one live session."""

import os

# OpenMP reads it once, when the first library that brings it is loaded. By default its threads spin while they wait for
# one another; where voice and face needed the same cores, llama.cpp wrote a token in 1.7 s so, and in 0.2 s with this.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

__version__ = "0.1.0"
