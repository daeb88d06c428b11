"""torchaudio.functional, as far as XTTS needs it."""

from __future__ import annotations

import torch

from avatar.media import resample as resampled


def resample(waveform: torch.Tensor, orig_freq: int, new_freq: int) -> torch.Tensor:
    """float32 [1, n] at another rate."""
    samples = waveform.reshape(-1).cpu().numpy()
    return torch.from_numpy(resampled(samples, orig_freq, new_freq)).to(waveform.device).unsqueeze(0)
