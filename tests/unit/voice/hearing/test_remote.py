"""A recognizer behind an URL, against a small server of our own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from avatar.errors import EngineError, SettingsError
from avatar.media import Samples
from avatar.stages import HearingHints, Recognizer
from avatar.voice.hearing.remote import RemoteRecognizer


@dataclass
class Service:
    """What the server was asked, and what it is to answer; the last answer stays."""

    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    delay_s: float = 0.0
    asked: list[bytes] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def will(self, status: int, body: object) -> None:
        self.answers.append((status, body if isinstance(body, bytes) else json.dumps(body).encode()))


@pytest.fixture
def service() -> Iterator[Service]:
    told = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.headers = {"path": self.path, **{name.lower(): value for name, value in self.headers.items()}}
            told.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            time.sleep(told.delay_s)
            status, body = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def recognizer(service: Service) -> Iterator[RemoteRecognizer]:
    engine = RemoteRecognizer(service.url, "secret", "whisper-1", timeout=0.5)
    yield engine
    engine.close()


SOUND: Samples = np.random.default_rng(0).uniform(-0.1, 0.1, 8_000).astype(np.float32)


def test_sends_a_wav_the_model_and_the_hints(service: Service, recognizer: RemoteRecognizer) -> None:
    service.will(200, {"text": "你好"})
    recognizer.transcribe(SOUND, HearingHints(names=("闰土",), language="zh"))
    body = service.asked[0]
    assert service.headers["path"] == "/v1/audio/transcriptions"
    assert service.headers["authorization"] == "Bearer secret"
    assert b"RIFF" in body
    assert b"whisper-1" in body
    assert "会提到闰土。".encode() in body
    assert b'name="language"\r\n\r\nzh' in body


def test_the_transcript_is_finished_like_our_own(service: Service, recognizer: RemoteRecognizer) -> None:
    words = [{"word": "任", "start": 0.1, "end": 0.2}, {"word": "土", "start": 0.2, "end": 0.4}]
    service.will(200, {"text": "任土,好嗎?", "language": "chinese", "words": words})
    heard = recognizer.transcribe(SOUND, HearingHints(names=("闰土",)))
    assert (heard.text, heard.language) == ("闰土，好吗？", "zh")
    assert [(word.text, word.start, word.end) for word in heard.words] == [("闰土", 0.1, 0.4)]


@pytest.mark.parametrize(("text", "language"), [("好的", "zh"), ("All right", "en")])
def test_the_language_is_read_off_the_text_where_it_is_not_told(
    service: Service, recognizer: RemoteRecognizer, text: str, language: str
) -> None:
    service.will(200, {"text": text, "words": None})
    assert recognizer.transcribe(SOUND, HearingHints()).language == language


def test_a_service_without_word_times_is_asked_again(service: Service, recognizer: RemoteRecognizer) -> None:
    service.will(400, {"error": {"message": "response_format"}})
    service.will(200, {"text": "Hello."})
    assert recognizer.transcribe(SOUND, HearingHints()).text == "Hello."
    assert b"verbose_json" in service.asked[0]
    assert b"verbose_json" not in service.asked[1]


def test_silence_is_not_sent(service: Service, recognizer: RemoteRecognizer) -> None:
    assert recognizer.transcribe(np.zeros(8_000, dtype=np.float32), HearingHints()).text == ""
    assert service.asked == []


def test_an_echo_of_the_prompt_is_struck_out(service: Service, recognizer: RemoteRecognizer) -> None:
    service.will(200, {"text": "会提到孔乙己、闰土、祥林嫂。"})
    hints = HearingHints(names=("孔乙己", "闰土", "祥林嫂"))
    assert recognizer.transcribe(SOUND, hints).text == ""


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, {}, "status 401"),
        (400, {}, "status 400"),
        (500, {}, "status 500"),
        (200, b"<html>", "did not answer with a transcript"),
        (200, {"words": []}, "did not answer with a transcript"),
        (200, {"text": "a", "words": [{"word": "a", "start": -1, "end": 0}]}, "did not answer with a transcript"),
        (200, b" " * (9 * 1024 * 1024), "too great a length"),
    ],
)
def test_what_goes_wrong_is_told(
    service: Service, recognizer: RemoteRecognizer, status: int, body: object, sentence: str
) -> None:
    service.will(status, body)
    with pytest.raises(EngineError, match=sentence) as caught:
        recognizer.transcribe(SOUND, HearingHints())
    assert caught.value.retryable
    assert "hearing.base_url" in caught.value.zh


def test_a_slow_service_is_not_waited_for(service: Service, recognizer: RemoteRecognizer) -> None:
    service.will(200, {"text": "late"})
    service.delay_s = 1.0
    with pytest.raises(EngineError, match="in time"):
        recognizer.transcribe(SOUND, HearingHints())


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "nonsense", ""])
def test_an_address_that_leads_nowhere_is_told(url: str) -> None:
    engine = RemoteRecognizer(url, timeout=0.5)
    with pytest.raises(EngineError, match="out of reach"):
        engine.transcribe(SOUND, HearingHints())
    engine.close()


@pytest.mark.parametrize("url", ["http://host:port", "http://\0", "x" * 70_000])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"hearing\.base_url"):
        RemoteRecognizer(url)


def test_the_address_is_told_without_a_password() -> None:
    engine: Recognizer = RemoteRecognizer("http://user:pass@127.0.0.1:9/v1/")
    assert engine.device == "http://127.0.0.1:9"
    assert engine.name == "openai"
