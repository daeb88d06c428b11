"""A speech service on the loopback interface."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from avatar.errors import EngineError
from avatar.media import to_pcm16
from avatar.voice.speaking.remote import RemoteSynthesizer

SOUND = np.linspace(-0.5, 0.5, 5001).astype(np.float32)

Answer = Callable[[BaseHTTPRequestHandler], None]


class Service:
    """What the service was asked, and how it answers."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.answer: Answer = pcm
        self.url = ""


def pcm(handler: BaseHTTPRequestHandler) -> None:
    data = to_pcm16(SOUND)
    handler.send_response(200)
    handler.send_header("content-type", "audio/pcm")
    handler.send_header("content-length", str(len(data)))
    handler.end_headers()
    for start in range(0, len(data), 333):
        handler.wfile.write(data[start : start + 333])
        handler.wfile.flush()


def refuse(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(401)
    handler.send_header("content-length", "0")
    handler.end_headers()


def talk(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("content-type", "application/json; charset=utf-8")
    handler.send_header("content-length", "2")
    handler.end_headers()
    handler.wfile.write(b"{}")


def hang(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    threading.Event().wait(1.0)


@pytest.fixture
def service() -> Iterator[Service]:
    state = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.requests.append((self.path, dict(self.headers), body))
            state.answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def test_pcm_is_streamed(service: Service) -> None:
    with closing(RemoteSynthesizer(f"{service.url}/v1/", "secret", "tts-1")) as synthesizer:
        speech = synthesizer.speak("你好。", "alloy", language="zh", speed=1.5)
        assert (speech.length, speech.phones, speech.words) == (None, (), ())
        sound = np.concatenate(list(speech.chunks))
    assert np.allclose(sound, SOUND, atol=1e-4)
    path, headers, body = service.requests[0]
    assert path == "/v1/audio/speech"
    assert headers["Authorization"] == "Bearer secret"
    assert body == {"model": "tts-1", "input": "你好。", "voice": "alloy", "response_format": "pcm", "speed": 1.5}


def test_the_request_is_sent_when_sound_is_pulled(service: Service) -> None:
    with closing(RemoteSynthesizer(service.url)) as synthesizer:
        synthesizer.speak("你好。", "alloy", language="zh")
    assert service.requests == []


def test_marks_alone_are_not_sent(service: Service) -> None:
    with closing(RemoteSynthesizer(service.url)) as synthesizer:
        speech = synthesizer.speak("……", "alloy", language="zh")
        assert speech.length == 0
        assert list(speech.chunks) == []
    assert service.requests == []


@pytest.mark.parametrize(("answer", "wrong"), [(refuse, "401"), (talk, "instead of PCM"), (hang, "sent nothing")])
def test_what_goes_wrong_is_said(service: Service, answer: Answer, wrong: str) -> None:
    service.answer = answer
    with closing(RemoteSynthesizer(service.url, "secret", timeout_s=0.4)) as synthesizer:
        with pytest.raises(EngineError, match=wrong) as caught:
            list(synthesizer.speak("你好", "alloy", language="zh").chunks)
        assert "secret" not in caught.value.en + caught.value.zh


def test_nobody_answers() -> None:
    with (
        closing(RemoteSynthesizer("http://127.0.0.1:9", timeout_s=1.0)) as synthesizer,
        pytest.raises(EngineError, match="cannot be reached"),
    ):
        list(synthesizer.speak("你好", "alloy", language="zh").chunks)


def test_closing_early_closes_the_connection(service: Service) -> None:
    with closing(RemoteSynthesizer(service.url)) as synthesizer:
        chunks = synthesizer.speak("你好", "alloy", language="zh").chunks
        next(chunks)
        chunks.close()  # type: ignore[attr-defined]
        assert list(chunks) == []


def test_the_device_hides_what_a_url_may_carry() -> None:
    with closing(RemoteSynthesizer("https://user:word@speech.example/v1?key=1")) as synthesizer:
        assert synthesizer.device == "https://speech.example"
