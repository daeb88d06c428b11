"""The devices of this machine: what is computed on a GPU is tested on one where there is one."""

from __future__ import annotations

import torch

DEVICES = ("cpu", *(("cuda",) if torch.cuda.is_available() else ()))

torch.backends.cudnn.allow_tf32 = False
"""Convolutions in whole single precision, for they are compared with those of the CPU."""
