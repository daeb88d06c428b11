"""A checkpoint of XTTS-v2's form, small and with numbers by chance: the package's own classes write it and read it.

It speaks noise, always for about 1.3 s, which is all that its loading, its pieces and its manners need.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
from TTS.tts.layers.xtts.hifigan_decoder import HifiDecoder
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
from TTS.tts.models import xtts

CHANNELS = 64
CODES = 32
"""Tokens of sound; two more begin and end it."""

MOST_TOKENS = 32
SPEAKER = "Claribel Dérvla"

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789.,;:!?…—“”'()-"


def small_decoder() -> Any:
    """The vocoder with a sixteenth of its channels; nothing in the configuration sets them."""
    return partial(HifiDecoder, upsample_initial_channel_decoder=32)


def write_checkpoint(folder: Path, *, seed: int = 0) -> Path:
    """config.json, vocab.json, model.pth and speakers_xtts.pth, as they are published."""
    folder.mkdir(parents=True, exist_ok=True)
    _vocabulary(folder / "vocab.json")
    config = XttsConfig(
        model_args=XttsArgs(
            gpt_layers=2,
            gpt_n_model_channels=CHANNELS,
            gpt_n_heads=4,
            gpt_max_audio_tokens=MOST_TOKENS,
            gpt_max_text_tokens=402,
            gpt_num_audio_tokens=CODES + 2,
            gpt_start_audio_token=CODES,
            gpt_stop_audio_token=CODES + 1,
            gpt_use_perceiver_resampler=True,
            decoder_input_dim=CHANNELS,
        )
    )
    config.save_json(str(folder / "config.json"))
    torch.manual_seed(seed)
    model = _built(config, folder)
    with xtts._legacy_safe_globals():
        torch.save({"config": config, "model": model.state_dict()}, folder / "model.pth")
    speaker = {
        "gpt_cond_latent": torch.randn(1, 32, CHANNELS),
        "speaker_embedding": torch.nn.functional.normalize(torch.randn(1, 512, 1), dim=1),
    }
    torch.save({SPEAKER: speaker}, folder / "speakers_xtts.pth")
    return folder


def _built(config: Any, folder: Path) -> Any:
    model = xtts.Xtts(config)
    model.tokenizer = VoiceBpeTokenizer(vocab_file=folder / "vocab.json")
    model.init_models()
    with torch.no_grad():
        model.gpt.mel_head.bias[CODES:] = -1e4  # it ends where it must, never by chance
        model.hifigan_decoder.waveform_decoder.conv_post.weight *= 20  # loud enough to be heard
    return model


def _vocabulary(path: Path) -> None:
    """A token for each letter."""
    special = ["[STOP]", "[UNK]", "[SPACE]", "[START]", *(f"[{name}]" for name in XttsConfig().languages)]
    tokens = [*special, *_ALPHABET]
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, [], unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(path))
