"""A voice behind a URL: any service that speaks OpenAI's `/v1/audio/speech`.

The service sends raw PCM (16 bit, mono, 24 kHz) as it is made. It tells neither phones nor words nor the length, so the
face follows the sound's loudness, and what was heard is cut at the clause.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from avatar.errors import EngineError, Language
from avatar.media import MAX_UPLOAD_SECONDS, SPEECH_RATE, ClauseSpeech, Samples, from_pcm16
from avatar.voice.speaking.marks import plain

CONNECT_S = 5.0
"""Seconds in which the service must take the connection."""

_LARGEST_BYTES = int(MAX_UPLOAD_SECONDS) * SPEECH_RATE * 2


class RemoteSynthesizer:
    """Speaks through a service. Safe to share between threads; each clause is a request of its own."""

    name = "openai"

    def __init__(self, base_url: str, api_key: str = "", model: str = "", *, timeout_s: float = 30.0) -> None:
        """
        Args:
            base_url: with or without the final `/v1`.
            api_key: sent as a bearer token where it is not empty.
            model: the service's name for its model.
            timeout_s: the longest wait for the next sound.
        """
        self._url = base_url.rstrip("/").removesuffix("/v1") + "/v1/audio/speech"
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._model = model
        self._timeout_s = timeout_s
        self._client = httpx.Client(timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)))

    @property
    def device(self) -> str:
        """The service's address, without what a URL may carry of secrets."""
        try:
            url = httpx.URL(self._url)
        except httpx.InvalidURL:
            return "?"
        return f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}"

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        """See `avatar.stages.Synthesizer.speak`. Marks are left out; the request is sent when a chunk is pulled.

        Args:
            voice: the service's name for the voice.
            language: not sent; the service reads it from the text.

        Raises:
            EngineError: while chunks are pulled: out of reach, refused, too slow, or what came is no PCM.
        """
        text = plain(clause)
        if not any(character.isalnum() for character in text):
            return ClauseSpeech(text, (), (), 0, iter(()))
        body = {"model": self._model, "input": text, "voice": voice, "response_format": "pcm", "speed": speed}
        return ClauseSpeech(text, (), (), None, self._chunks(body))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _chunks(self, body: dict[str, object]) -> Iterator[Samples]:
        try:
            with self._client.stream("POST", self._url, json=body, headers=self._headers) as response:
                self._check(response)
                yield from _samples(response.iter_bytes())
        except httpx.TimeoutException as error:
            raise EngineError(
                f"The speech service at {self.device} sent nothing for {self._timeout_s:.0f} seconds.",
                f"语音服务 {self.device} 在 {self._timeout_s:.0f} 秒内没有返回声音。",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EngineError(
                f"The speech service at {self.device} cannot be reached. Check speaking.base_url.",
                f"无法连接语音服务 {self.device}。请检查 speaking.base_url。",
            ) from error

    def _check(self, response: httpx.Response) -> None:
        if response.status_code != httpx.codes.OK:
            raise EngineError(
                f"The speech service at {self.device} answered {response.status_code}."
                " Check its model, voice and speaking.api_key.",
                f"语音服务 {self.device} 返回 {response.status_code}。请检查其模型、音色与 speaking.api_key。",
            )
        kind = response.headers.get("content-type", "")
        if kind.startswith(("text/", "application/json")):
            raise EngineError(
                f"The speech service at {self.device} sent {kind.partition(';')[0]} instead of PCM.",
                f"语音服务 {self.device} 返回的是 {kind.partition(';')[0]},不是 PCM。",
            )


def _samples(blocks: Iterator[bytes]) -> Iterator[Samples]:
    """Blocks of bytes as samples; a sample may lie across two blocks. Sound beyond ten minutes is not taken."""
    rest = b""
    total = 0
    for block in blocks:
        total += len(block)
        if total > _LARGEST_BYTES:
            raise EngineError(
                "The speech service sends more than ten minutes of sound for one clause.",
                "语音服务为一个分句返回了超过十分钟的声音。",
            )
        data = rest + block
        whole = len(data) // 2 * 2
        rest = data[whole:]
        if whole:
            yield from_pcm16(data[:whole])
