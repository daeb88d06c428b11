"""A voice behind a URL: any service that speaks OpenAI's `/v1/audio/speech`.

The service sends PCM (16 bit, mono, 24 kHz), or a WAV file of any rate, as it is made. It tells neither phones nor
words nor the length, so the face reads the lips from the sound, and what was heard is cut at the clause.

What is refused for the moment (429, 5xx, a connection that broke before there was sound) is asked for again, as long as
the wait is short enough for a conversation; the service's Retry-After says how long. One that trickles, each byte in
time and the whole never, is given up after a while.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, cast

import httpx

from avatar.errors import AvatarError, EngineError, Language, NotFoundError
from avatar.media import MAX_UPLOAD_SECONDS, SPEECH_RATE, ClauseSpeech, Samples
from avatar.service import bearer, endpoint, origin
from avatar.voice.speaking.marks import plain
from avatar.voice.speaking.pcm import Pcm, PcmError

CONNECT_S = 5.0
"""Seconds in which the service must take the connection."""

LONGEST_CLAUSE_S = 120.0
"""Seconds that are waited for the bytes of a clause altogether, however steadily they come."""

ATTEMPTS = 3
LONGEST_WAIT_S = 2.0
"""Between two attempts; a service that wants to be left alone for longer is not asked again."""

_BLOCK_BYTES = SPEECH_RATE // 10 * 2
_FIRST_WAIT_S = 0.25
_PASSING = frozenset({408, 409, 429, 500, 502, 503, 504})
_NO_KEY, _MANY = (401, 403), 429
_LARGEST_ERROR = _LARGEST_TAIL = 64 * 1024
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")

log = logging.getLogger(__name__)


class _Passing(Exception):  # noqa: N818 - not an error yet
    """The service may do it when it is asked again.

    Args:
        error: what is said where it is not.
        wait_s: how long the service wants to be left alone; None where it does not say.
    """

    def __init__(self, error: AvatarError, wait_s: float | None = None) -> None:
        super().__init__(error.en)
        self.error = error
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, in seconds."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


CLOCK = Clock()


class _TooSlow(Exception):  # noqa: N818 - told as an EngineError
    """The service was waited for long enough."""


class _Hurried(httpx.SyncByteStream):
    """An answer's bytes, while the waits for them take no more than LONGEST_CLAUSE_S together.

    What whoever reads does between two waits does not count.

    Args:
        body: the bytes.
        now: the time, in seconds.
    """

    def __init__(self, body: httpx.SyncByteStream, now: Callable[[], float]) -> None:
        self._body = body
        self._left_s = LONGEST_CLAUSE_S
        self._now = now

    def __iter__(self) -> Iterator[bytes]:
        """
        Raises:
            _TooSlow: the waits took too long.
        """
        blocks = iter(self._body)
        while True:
            since = self._now()
            block = next(blocks, None)
            self._left_s -= self._now() - since
            if block is None:
                return
            if self._left_s < 0:
                raise _TooSlow
            yield block

    def close(self) -> None:
        self._body.close()


class RemoteSynthesizer:
    """Speaks through a service. Safe to share between threads; each clause is a request of its own."""

    name = "openai"

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        model: str = "",
        *,
        timeout_s: float = 30.0,
        response_format: Literal["pcm", "wav"] = "pcm",
        names: Mapping[str, str] | None = None,
        clock: Clock = CLOCK,
    ) -> None:
        """
        Args:
            base_url: with or without the final `/v1`.
            api_key: sent as a bearer token where it is not empty.
            model: the service's name for its model.
            timeout_s: the longest wait for the next sound, in seconds.
            response_format: what the service is asked for; either is understood, whatever comes.
            names: the service's names for voices of ours.
            clock: counts and spends the waits.
        """
        self._url, self._headers = endpoint(base_url, "audio/speech"), bearer(api_key)
        self._model = model
        self._timeout_s = timeout_s
        self._format = response_format
        self._names = dict(names or {})
        self._clock = clock
        self._client = httpx.Client(timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)))

    @property
    def device(self) -> str:
        """The service's address, without what a URL may carry of secrets."""
        return origin(self._url)

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        """See `avatar.stages.Synthesizer.speak`. Marks are left out; the request is sent when a chunk is pulled.

        Args:
            voice: the service's name for the voice, or one of ours that has such a name in `names`.
            language: not sent; the service reads it from the text.

        Raises:
            NotFoundError: while chunks are pulled: the service has no such voice.
            EngineError: likewise: out of reach, refused, too slow, or what came is no sound.
        """
        text = plain(clause)
        if not any(character.isalnum() for character in text):
            return ClauseSpeech(text, (), (), 0, iter(()))
        body = {
            "model": self._model,
            "input": text,
            "voice": self._names.get(voice, voice),
            "response_format": self._format,
            "speed": speed,
        }
        return ClauseSpeech(text, (), (), None, self._chunks(body))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _chunks(self, body: dict[str, object]) -> Iterator[Samples]:
        """The sound, asked for as often as need be; once there is some, what breaks is broken."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                yield from self._asked(body)
            except _Passing as failure:
                wait = _FIRST_WAIT_S * 2 ** (attempt - 1) if failure.wait_s is None else failure.wait_s
                if attempt == ATTEMPTS or wait > LONGEST_WAIT_S:
                    raise failure.error from failure
                log.info("speech_service_again attempt=%d code=%s", attempt, failure.error.code)
                self._clock.sleep(wait)
            else:
                return

    def _asked(self, body: dict[str, object]) -> Iterator[Samples]:
        """The answer to one request.

        Raises:
            _Passing: it may go better next time, and there was no sound yet.
        """
        begun = False
        try:
            with self._client.stream("POST", self._url, json=body, headers=self._headers) as response:
                response.stream = _Hurried(cast(httpx.SyncByteStream, response.stream), self._clock.now)
                self._check(response, str(body["voice"]))
                for samples in self._sound(response):
                    begun = True
                    yield samples
        except httpx.TimeoutException as error:
            raise EngineError(
                f"The speech service at {self.device} sent nothing for {self._timeout_s:.0f} seconds.",
                f"语音服务 {self.device} 在 {self._timeout_s:.0f} 秒内没有返回声音。",
                code="speech_service_slow",
            ) from error
        except _TooSlow as error:
            raise EngineError(
                f"The speech service at {self.device} is too slow: no whole clause in {LONGEST_CLAUSE_S:.0f} seconds.",
                f"语音服务 {self.device} 太慢:{LONGEST_CLAUSE_S:.0f} 秒内没有传完一个分句。",
                code="speech_service_slow",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            broken = EngineError(
                f"The speech service at {self.device} cannot be reached, or broke off. Check speaking.base_url.",
                f"无法连接语音服务 {self.device},或连接中断。请检查 speaking.base_url。",
                code="speech_service_unreachable",
            )
            if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError) and not begun:
                raise _Passing(broken) from error
            raise broken from error

    def _sound(self, response: httpx.Response) -> Iterator[Samples]:
        """Blocks of bytes as samples. Sound beyond ten minutes is not taken, nor all that may follow a file."""
        total, beyond = 0, 0
        try:
            pcm = Pcm(response.headers.get("content-type", ""))
            for block in response.iter_bytes(_BLOCK_BYTES):
                samples = pcm.push(block)
                total += samples.size
                beyond += len(block) if pcm.over else 0
                if total > MAX_UPLOAD_SECONDS * SPEECH_RATE:
                    raise EngineError(
                        "The speech service sends more than ten minutes of sound for one clause.",
                        "语音服务为一个分句返回了超过十分钟的声音。",
                    )
                if samples.size:
                    yield samples
                if beyond > _LARGEST_TAIL:
                    break
            if (samples := pcm.flush()).size:
                yield samples
        except PcmError as error:
            raise EngineError(
                f"The speech service at {self.device} sent {error} instead of PCM or WAV. Check speaking.format.",
                f"语音服务 {self.device} 返回的是 {error},不是 PCM 或 WAV。请检查 speaking.format。",
                code="speech_service_format",
            ) from error

    def _check(self, response: httpx.Response, voice: str) -> None:
        """Let an answer pass that has sound."""
        status = response.status_code
        if status == httpx.codes.OK:
            return
        told = _told(response)
        if _about_the_voice(told):
            raise NotFoundError(
                f"The speech service at {self.device} has no voice {voice[:40]!r}. "
                "Choose one of its voices, or let speaking.voices name one for it.",
                f"语音服务 {self.device} 没有音色 {voice[:40]!r}。请选用它的音色,或在 speaking.voices 里为它指定一个。",
                code="voice_not_found",
            )
        error = self._refusal(status, told.get("code", ""), _seconds(response))
        if status in _PASSING and told.get("code") != "insufficient_quota":
            raise _Passing(error, _seconds(response))
        raise error

    def _refusal(self, status: int, code: str, wait_s: float | None) -> EngineError:
        """The error for a status, with the service's own code for it where it has one."""
        what = f"{status} {code}".strip()
        if status in _NO_KEY:
            en, zh, name = "Check speaking.api_key.", "请检查 speaking.api_key。", "speech_service_key"
        elif status == _MANY:
            later = f" in {wait_s:.0f} seconds" if wait_s else " later"
            en = f"Too much was asked of it, or its quota is used up: try again{later}."
            zh = f"请求过多或额度已用完:请{f'在 {wait_s:.0f} 秒后' if wait_s else '稍后'}再试。"
            name = "speech_service_busy"
        elif status >= httpx.codes.INTERNAL_SERVER_ERROR:
            en, zh, name = (
                "It has a fault of its own: try again later.",
                "服务自身出错,请稍后再试。",
                "speech_service_failed",
            )
        else:
            en = "Check speaking.base_url, speaking.model and the voice."
            zh, name = "请检查 speaking.base_url、speaking.model 与音色。", "speech_service_refused"
        return EngineError(
            f"The speech service at {self.device} answered {what}. {en}",
            f"语音服务 {self.device} 返回 {what}。{zh}",
            code=name,
        )


def _told(response: httpx.Response) -> dict[str, str]:
    """`code` and `param` of OpenAI's form of an error, where it is one; what is written for people stays unread."""
    data = b""
    with suppress(httpx.HTTPError):
        for block in response.iter_bytes():
            data += block
            if len(data) > _LARGEST_ERROR:
                return {}
    try:
        error = json.loads(data)["error"]
        found = {name: error.get(name) for name in ("code", "param")}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str) and _CODE.fullmatch(value)}


def _about_the_voice(told: Mapping[str, str]) -> bool:
    return told.get("param") == "voice" or told.get("code") in ("voice_not_found", "invalid_voice")


def _seconds(response: httpx.Response) -> float | None:
    """How long the service wants to be left alone: retry-after-ms, or Retry-After in seconds (RFC 9110, 10.2.3)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        told = response.headers.get(name, "")
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", told):
            return float(told) * unit
    return None
