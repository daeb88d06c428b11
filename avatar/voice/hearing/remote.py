"""Speech to text by any service that speaks OpenAI's `/v1/audio/transcriptions`."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from avatar.errors import EngineError, Language, SettingsError
from avatar.media import HEARING_RATE, Samples, wav_bytes
from avatar.service import bearer, endpoint, origin
from avatar.stages import HeardWord, HearingHints, Transcript
from avatar.voice.hearing.hints import prompt
from avatar.voice.hearing.names import repair_names
from avatar.voice.hearing.transcript import finished_words, is_invention, joined, punctuated, simplified

_HANZI = re.compile(r"[㐀-鿿]")
_LONGEST_ANSWER = 8 * 1024 * 1024
_WITH_WORDS = {"response_format": "verbose_json", "timestamp_granularities[]": "word"}

logger = logging.getLogger(__name__)


class _Word(BaseModel):
    model_config = ConfigDict(extra="ignore")

    word: str
    start: float = Field(ge=0.0, allow_inf_nan=False)
    end: float = Field(ge=0.0, allow_inf_nan=False)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    text: str
    language: str = ""
    words: tuple[_Word, ...] | None = None


class RemoteRecognizer:
    """Implements `Recognizer`. May be shared between threads.

    Args:
        base_url: with or without the final `/v1`.
        api_key: sent as a bearer token where it is not empty.
        model: the service's name for it.
        timeout: seconds for one call.

    Raises:
        SettingsError: the URL cannot be one.
    """

    name = "openai"

    def __init__(self, base_url: str, api_key: str = "", model: str = "whisper-1", timeout: float = 30.0) -> None:
        try:
            self._url = httpx.URL(endpoint(base_url, "audio/transcriptions"))
        except httpx.InvalidURL as error:
            raise SettingsError(
                f"Setting hearing.base_url is no address: {error}.", f"设置 hearing.base_url 不是有效的网址:{error}。"
            ) from error
        self._model = model
        self._client = httpx.Client(headers=bearer(api_key), timeout=timeout)

    @property
    def device(self) -> str:
        """The service's address, without what a URL may carry of secrets."""
        return origin(str(self._url))

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def transcribe(self, samples: Samples, hints: HearingHints) -> Transcript:
        """As the Protocol says; words only where the service tells their times.

        Raises:
            EngineError: the service is out of reach, too slow, refused, or answered something else.
        """
        if samples.size == 0 or not samples.any():
            return Transcript("", hints.language or "zh")
        told = _told(hints)
        answer = self._ask(samples, hints.language, told)
        language = hints.language or _language(answer)
        if is_invention(answer.text, told, doubtful=False):
            return Transcript("", language)
        text = answer.text.strip()
        text = punctuated(simplified(text)) if language == "zh" else text
        return Transcript(repair_names(text, hints.names), language, _words(answer, language, hints.names))

    def _ask(self, samples: Samples, language: Language | None, told: str) -> _Answer:
        """The service's answer; one that knows no `verbose_json` is asked again for the text alone."""
        form = {"model": self._model}
        form |= {"prompt": told} if told else {}
        form |= {"language": language} if language else {}
        wav = wav_bytes(samples, HEARING_RATE)
        try:
            try:
                return self._post(wav, form | _WITH_WORDS)
            except httpx.HTTPStatusError as error:
                if error.response.status_code not in (400, 422):
                    raise
                return self._post(wav, form | {"response_format": "json"})
        except httpx.TimeoutException as error:
            raise self._failed("did not answer in time", "没有及时回应") from error
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise self._failed(f"refused with status {status}", f"拒绝了请求(状态码 {status})") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._failed("is out of reach", "无法连接") from error
        except ValidationError as error:
            raise self._failed("did not answer with a transcript", "返回的不是转写结果") from error

    def _post(self, wav: bytes, form: Mapping[str, str]) -> _Answer:
        upload = {"file": ("utterance.wav", wav, "audio/wav")}
        with self._client.stream("POST", self._url, data=form, files=upload) as response:
            response.raise_for_status()
            body = bytearray()
            for block in response.iter_bytes():
                body += block
                if len(body) > _LONGEST_ANSWER:
                    raise self._failed("answered at too great a length", "返回的内容过长")
            return _Answer.model_validate_json(bytes(body))

    def _failed(self, en: str, zh: str) -> EngineError:
        logger.warning("recognizer.failed device=%s", self.device)
        return EngineError(
            f"The recognizer at {self.device} {en}. Check hearing.base_url, hearing.model and hearing.api_key.",
            f"位于 {self.device} 的语音识别服务{zh}。请检查 hearing.base_url、hearing.model 和 hearing.api_key。",
        )


def _told(hints: HearingHints) -> str:
    """The prompt of the language known, or of both."""
    languages: Sequence[Language] = (hints.language,) if hints.language else ("zh", "en")
    return " ".join(filter(None, (prompt(hints, language) for language in languages)))


def _language(answer: _Answer) -> Language:
    """The service's word for it (`zh`, `chinese`, …), or what the text is written in."""
    named: dict[str, Language] = {"zh": "zh", "chinese": "zh", "mandarin": "zh", "en": "en", "english": "en"}
    return named.get(answer.language.lower(), "zh" if _HANZI.search(answer.text) else "en")


def _words(answer: _Answer, language: Language, names: Sequence[str]) -> tuple[HeardWord, ...]:
    """The service's words, finished as ours; it tells no probabilities, so they count as certain."""
    space = " " if language == "en" else ""
    raw = [HeardWord(space + word.word.strip(), word.start, word.end, 1.0) for word in answer.words or ()]
    if not joined(raw).strip():
        return ()
    return tuple(replace(word, text=word.text.strip()) for word in finished_words(raw, language, names))
