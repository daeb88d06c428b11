"""One utterance through Whisper with an audio context of its own length instead of thirty seconds.

The encoder is trained on thirty seconds, but takes less (whisper.cpp's `audio_ctx` does the same), and its time grows
with what it is given: eight seconds cost about a sixth. Decision 004 has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from avatar.errors import Language
from avatar.media import Samples
from avatar.stages import HeardWord
from avatar.voice.hearing.features import FRAMES_PER_SECOND, RANGE, LogMel, log_mel
from avatar.voice.hearing.transcript import repetition, said_once

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

LANGUAGES: tuple[Language, ...] = ("zh", "en")

BEAMS = 4
TEMPERATURES = (0.0, 0.4, 0.8)
"""Tried in turn until the text neither goes round in circles nor is too unlikely; the first is a beam search."""

MOST_REPETITIVE = 2.4
LEAST_LIKELY = -1.0
NO_SPEECH = 0.6
"""Whisper's own bounds: compression ratio, mean log probability of a token, probability of no speech."""

_SHORTEST_CONTEXT_S = 6
_AFTERMATH_S = 1.0
_QUIETEST = -1.5
"""The floor of a spectrogram of nothing: log10(1e-10), scaled."""

_TOKENS_PER_SECOND = 12
_FEWEST_TOKENS = 24
_LONGEST = 448


@dataclass(frozen=True, slots=True)
class Heard:
    """What was made of an utterance.

    Attributes:
        words: as recognized, with the spaces between them; joined, they are the text.
        likelihood: mean log probability of a token.
        no_speech: probability in 0..1 that there was nothing to hear.
    """

    words: tuple[HeardWord, ...]
    language: Language
    likelihood: float
    no_speech: float

    @property
    def doubtful(self) -> bool:
        """Whether the text may well be made up."""
        return self.likelihood < LEAST_LIKELY / 2 or self.no_speech > NO_SPEECH / 2

    @property
    def silent(self) -> bool:
        """Whether there was no speech, by Whisper's own rule."""
        return self.likelihood < LEAST_LIKELY and self.no_speech > NO_SPEECH


class UtteranceDecoder:
    """Decodes utterances with a model that faster-whisper has loaded. Safe to share: it keeps nothing."""

    def __init__(self, whisper: WhisperModel) -> None:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        self._model = whisper.model
        self._multilingual = bool(self._model.is_multilingual)
        self._tokenizers = {
            language: Tokenizer(whisper.hf_tokenizer, self._multilingual, task="transcribe", language=language)
            for language in LANGUAGES
        }
        self._suppressed = list(get_suppressed_tokens(self._tokenizers["en"], [-1]))

    def encode(self, samples: Samples) -> tuple[Any, int]:
        """The encoder's output, on the model's device, and how many frames of 10 ms the sound has."""
        from ctranslate2 import StorageView

        mel = log_mel(samples, bands=self._model.n_mels)
        return self._model.encode(StorageView.from_array(_in_context(mel)[None])), mel.shape[1]

    def language(self, encoded: Any) -> Language:
        """Chinese or English, whichever is likelier."""
        if not self._multilingual:
            return "en"
        likely = dict(self._model.detect_language(encoded)[0])
        return max(LANGUAGES, key=lambda language: likely.get(f"<|{language}|>", 0.0))

    def decode(self, encoded: Any, frames: int, language: Language, prompt: str, *, rough: bool = False) -> Heard:
        """The words of an utterance and when they sound, in seconds from its start; roughly, without a wide search."""
        tokenizer = self._tokenizers[language]
        beams = 1 if rough else BEAMS
        tokens, likelihood, no_speech = self._tokens(encoded, frames, tokenizer, prompt, beams)
        words = tuple(self._words(encoded, frames, tokenizer, tokens)) if tokens else ()
        return Heard(tuple(said_once(words, frames / FRAMES_PER_SECOND)), language, likelihood, no_speech)

    def _tokens(
        self, encoded: Any, frames: int, tokenizer: Any, prompt: str, beams: int
    ) -> tuple[list[int], float, float]:
        """The text's tokens, their mean log probability, and the probability of no speech."""
        start = [*self._told(tokenizer, prompt), *tokenizer.sot_sequence, tokenizer.no_timestamps]
        longest = len(start) + _FEWEST_TOKENS + math.ceil(frames / FRAMES_PER_SECOND * _TOKENS_PER_SECOND)
        tried: list[tuple[bool, float, list[int], float]] = []
        for temperature in TEMPERATURES:
            result = self._model.generate(
                encoded,
                [start],
                max_length=min(longest, _LONGEST),
                return_scores=True,
                return_no_speech_prob=True,
                suppress_tokens=self._suppressed,
                **_search(temperature, beams),
            )[0]
            tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
            count = len(result.sequences_ids[0])
            likelihood = result.scores[0] * count / (count + 1)
            sound = repetition(tokenizer.decode(tokens)) <= MOST_REPETITIVE
            tried.append((sound, likelihood, tokens, result.no_speech_prob))
            if sound and (likelihood >= LEAST_LIKELY or result.no_speech_prob > NO_SPEECH):
                break
        _, likelihood, tokens, no_speech = max(tried, key=lambda attempt: attempt[:2])
        return tokens, likelihood, no_speech

    def _told(self, tokenizer: Any, prompt: str) -> list[int]:
        return [tokenizer.sot_prev, *tokenizer.encode(f" {prompt}")[: _LONGEST // 2 - 1]] if prompt else []

    def _words(self, encoded: Any, frames: int, tokenizer: Any, tokens: list[int]) -> Iterator[HeardWord]:
        """Words with times, from the attention between text and sound; marks go with the word before."""
        aligned = self._model.align(encoded, tokenizer.sot_sequence, [tokens], frames)[0]
        begins = _first_frames(aligned.alignments, len(tokens) + 1)
        texts, parts = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
        at, found = 0, []
        for text, part in zip(texts[:-1], parts[:-1], strict=True):
            until = at + len(part)
            probability = float(np.mean(aligned.text_token_probs[at:until]))
            found.append(HeardWord(text, begins[at], begins[until], probability))
            at = until
        return _with_marks(found)


def _search(temperature: float, beams: int) -> dict[str, Any]:
    if temperature == 0.0:
        return {"beam_size": beams}
    return {"beam_size": 1, "num_hypotheses": 2, "sampling_topk": 0, "sampling_temperature": temperature}


def _in_context(mel: LogMel) -> LogMel:
    """The spectrogram, silence behind it up to a context of whole seconds.

    Silence is the spectrogram's floor, 8 below the loudest before scaling: what Whisper saw behind speech in training.
    """
    seconds = max(_SHORTEST_CONTEXT_S, math.ceil(mel.shape[1] / FRAMES_PER_SECOND + _AFTERMATH_S))
    floor = mel.max(initial=_QUIETEST + RANGE) - RANGE
    context = np.full((mel.shape[0], seconds * FRAMES_PER_SECOND), floor, dtype=np.float32)
    context[:, : mel.shape[1]] = mel
    return context


def _first_frames(alignment: Sequence[tuple[int, int]], tokens: int) -> list[float]:
    """When each token begins, in seconds; a token that the path leaves out begins with the next one."""
    begins = [-1.0] * tokens
    for token, frame in reversed(alignment):
        if token < tokens:
            begins[token] = frame * 2 / FRAMES_PER_SECOND
    following = max(begins[-1], alignment[-1][1] * 2 / FRAMES_PER_SECOND if alignment else 0.0)
    for token in reversed(range(tokens)):
        following = begins[token] if begins[token] >= 0.0 else following
        begins[token] = following
    return begins


def _with_marks(words: Sequence[HeardWord]) -> Iterator[HeardWord]:
    """Punctuation joined to the word before it."""
    held: HeardWord | None = None
    for word in words:
        if held and word.text and not any(character.isalnum() for character in word.text):
            held = replace(held, text=held.text + word.text)
            continue
        if held:
            yield held
        held = word
    if held:
        yield held
