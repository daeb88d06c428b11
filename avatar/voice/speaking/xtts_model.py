"""XTTS-v2 as the package coqui-tts computes it: a checkpoint, what it knows of a voice, and speech in pieces.

The package keeps two things outside the clause that it speaks: on the model the prefix that voice and text make, and in
torch the state of the random numbers. Both are set aside after each piece and put back before the next, so clauses take
turns piece by piece: none waits for another to be heard to its end, and each sounds as if it were alone.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.errors import EngineError, InputError
from avatar.media import Samples, read_audio

PIECE_TOKENS = 10
"""Tokens of sound that are computed at once: 0.46 s. A voice that is cancelled is silent after as much work."""

Floats = NDArray[np.float32]

_PASSED_ON = {"zh": "zh-cn"}
"""Languages that XTTS calls by another name."""

_FAILURES = (RuntimeError, AssertionError, ValueError, TypeError, IndexError, KeyError, AttributeError)
"""What the package raises for a checkpoint, a device or a text that it cannot use."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Latents:
    """What XTTS knows of a voice.

    Attributes:
        gpt: float32 [1, n, channels], heard by the network that writes the tokens of sound; 32 x 1024 in XTTS-v2.
        speaker: float32 [1, 512, 1], heard by the one that turns them into sound.
    """

    gpt: Floats
    speaker: Floats


@dataclass(slots=True)
class _Stand:
    """Where a clause stands between two pieces."""

    chance: Any
    prefix: Any = None


class XttsModel:
    """A checkpoint that can speak. Safe to share between threads.

    Args:
        folder: config.json, model.pth, vocab.json and, where there are any, speakers_xtts.pth.
        device: "cpu", "cuda" or "cuda:N".

    Raises:
        EngineError: the extra `xtts` is not installed, the folder holds no such checkpoint, or the device is not there.
    """

    def __init__(self, folder: Path, device: str) -> None:
        self._model = _loaded(folder, device)
        self._device = next(self._model.gpt.parameters()).device
        self._lock = Lock()

    @property
    def device(self) -> str:
        return str(self._device)

    @cached_property
    def speakers(self) -> dict[str, Latents]:
        """The voices that came with the checkpoint, by name: "claribel-dervla"."""
        manager = self._model.speaker_manager
        known = manager.speakers if manager is not None else {}
        return {
            _plain(name): Latents(_array(each["gpt_cond_latent"]), _array(each["speaker_embedding"]))
            for name, each in known.items()
        }

    def language(self, language: str) -> str:
        """XTTS's name of a language.

        Raises:
            InputError: it does not speak that one; the sentence names those that it does.
        """
        name = _PASSED_ON.get(language, language)
        known = self._model.config.languages
        if name not in known:
            raise InputError(
                f"XTTS does not speak {language[:20]!r}. It speaks: {', '.join(known)}.",
                f"XTTS 不会说 {language[:20]!r}。它会说:{'、'.join(known)}。",
                code="language_not_spoken",
            )
        return name

    def takes(self, text: str, language: str) -> bool:
        """Whether a text is short enough for one go.

        Args:
            language: XTTS's name of it.
        """
        tokenizer = self._model.tokenizer
        if len(text) > tokenizer.char_limits[language.partition("-")[0]]:
            return False
        tokens = len(tokenizer.encode(text.strip().lower(), lang=language))
        return bool(tokens < self._model.args.gpt_max_text_tokens)

    def latents(self, recordings: Sequence[Path]) -> Latents:
        """What XTTS hears of a voice in recordings of it.

        Args:
            recordings: one and more, any rate; the checkpoint's settings say how much of each counts.

        Raises:
            AudioError: one of them cannot be read.
            EngineError: they cannot be used.
        """
        config = self._model.config
        try:
            with self._lock:
                gpt, speaker = self._model.get_conditioning_latents(
                    audio_path=[str(path) for path in recordings],
                    max_ref_length=config.max_ref_len,
                    gpt_cond_len=config.gpt_cond_len,
                    gpt_cond_chunk_len=config.gpt_cond_chunk_len,
                    sound_norm_refs=config.sound_norm_refs,
                )
        except _FAILURES as error:
            raise _failed(error) from error
        return Latents(_array(gpt), _array(speaker))

    def speak(
        self, text: str, language: str, latents: Latents, *, seed: int, speed: float
    ) -> Generator[Samples, None, None]:
        """Speech in pieces of about PIECE_TOKENS, each computed when it is pulled: float32 [n] at SPEECH_RATE.

        Args:
            text: that `takes` agrees to.
            language: XTTS's name of it.
            seed: the same seed, text and voice give the same sound, as far as the device computes the same.
            speed: 1 is the voice's own.

        Raises:
            EngineError: while it is pulled: the network failed.
        """
        import torch

        config = self._model.config
        stream = self._model.inference_stream(
            text,
            language,
            torch.from_numpy(latents.gpt),
            torch.from_numpy(latents.speaker),
            stream_chunk_size=PIECE_TOKENS,
            temperature=config.temperature,
            length_penalty=config.length_penalty,
            repetition_penalty=config.repetition_penalty,
            top_k=config.top_k,
            top_p=config.top_p,
            speed=speed,
        )
        stand = _Stand(torch.Generator(self._device).manual_seed(seed).get_state())
        try:
            while (piece := self._next(stream, stand)) is not None:
                yield piece
        finally:
            stream.close()

    def _next(self, stream: Any, stand: _Stand) -> Samples | None:
        """The next piece of a clause, with what it left on the model put back; None at its end."""
        writer = self._model.gpt.gpt_inference
        with self._lock:
            others = self._chance()
            self._draw_from(stand.chance)
            if stand.prefix is not None:
                writer.store_prefix_emb(stand.prefix)
            try:
                piece = next(stream, None)
            except _FAILURES as error:
                raise _failed(error) from error
            finally:
                stand.chance, stand.prefix = self._chance(), getattr(writer, "cached_prefix_emb", None)
                self._draw_from(others)
        return None if piece is None else _array(piece).reshape(-1)

    def _chance(self) -> Any:
        """The state of the random numbers that the device draws."""
        import torch

        return torch.cuda.get_rng_state(self._device) if self._device.type == "cuda" else torch.get_rng_state()

    def _draw_from(self, state: Any) -> None:
        import torch

        if self._device.type == "cuda":
            torch.cuda.set_rng_state(state, self._device)
        else:
            torch.set_rng_state(state)


def _loaded(folder: Path, device: str) -> Any:
    """The package's own model with a checkpoint in it, on a device."""
    try:
        from TTS.tts.configs.xtts_config import XttsConfig
        from TTS.tts.models import xtts
    except ImportError as error:
        raise EngineError(
            f"XTTS needs packages that are not here ({error.name or 'coqui-tts'}). "
            "Run `pip install 'avatar-server[xtts]'`.",
            f"XTTS 所需的软件包不在({error.name or 'coqui-tts'})。请运行 `pip install 'avatar-server[xtts]'`。",
            code="xtts_not_installed",
        ) from error
    xtts.load_audio = _recording
    try:
        config = XttsConfig()
        config.load_json(str(folder / "config.json"))
        model = _reader(xtts)(config)
        model.load_checkpoint(config, checkpoint_dir=folder, eval=True)
    except (OSError, EOFError, *_FAILURES) as error:
        log.warning("xtts_not_loaded error=%s", type(error).__name__)
        raise EngineError(
            f"{folder.name} does not hold a checkpoint of XTTS that can be used. Run `avatar models verify xtts-v2`.",
            f"{folder.name} 里没有可用的 XTTS 检查点。请运行 `avatar models verify xtts-v2`。",
            code="xtts_checkpoint",
        ) from error
    return _placed(model, device)


def _placed(model: Any, device: str) -> Any:
    try:
        return model.to(device)
    except (RuntimeError, AssertionError, ValueError) as error:
        raise EngineError(
            f"XTTS cannot compute on {device[:40]}: torch does not see it, or its memory is full. "
            "Set speaking.device to cpu, cuda or cuda:N.",
            f"XTTS 无法在 {device[:40]} 上计算:torch 看不到该设备,或显存不足。"
            "请把 speaking.device 设为 cpu、cuda 或 cuda:N。",
            code="device_not_there",
        ) from error


def _reader(xtts: Any) -> Any:
    """The package's class, but for one thing: it writes the published checkpoint anew in place when it first reads it,
    and the file would no longer have the hash that the catalog names."""

    class Reader(xtts.Xtts):  # type: ignore[misc] # the package is not installed where this is checked
        def _load_checkpoint(self, model_path: Path) -> Any:
            import torch

            with xtts._legacy_safe_globals():
                return torch.load(model_path, map_location="cpu", weights_only=True, mmap=True)["model"]

    return Reader


def _recording(path: str, rate: int) -> Any:
    """A recording as the package wants it, float32 [1, n]. Its own reader asks for FFmpeg's libraries on the system."""
    import torch

    return torch.from_numpy(read_audio(Path(path), rate)).unsqueeze(0)


def _array(tensor: Any) -> Floats:
    return np.asarray(tensor.detach().float().cpu().numpy(), dtype=np.float32)


def _plain(name: str) -> str:
    """A speaker's name as an id."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", letters.lower()).strip("-")


def _failed(error: Exception) -> EngineError:
    log.warning("xtts_failed error=%s", type(error).__name__)
    return EngineError(
        f"XTTS failed ({type(error).__name__}). If the card's memory is full, close what else uses it.",
        f"XTTS 合成失败({type(error).__name__})。若显存已满,请关闭占用显存的其他程序。",
    )
