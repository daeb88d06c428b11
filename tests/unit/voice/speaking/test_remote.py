"""A speech service on the loopback interface."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from avatar.errors import EngineError, Language, NotFoundError
from avatar.media import SPEECH_RATE, to_pcm16, wav_bytes
from avatar.voice.speaking.remote import Clock, RemoteSynthesizer
from tests.unit.voice.speaking.contract import Subject, SynthesizerContract, whole

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


def file(handler: BaseHTTPRequestHandler) -> None:
    data = wav_bytes(SOUND[::2], SPEECH_RATE // 2)
    handler.send_response(200)
    handler.send_header("content-type", "audio/wav")
    handler.send_header("content-length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def breaking(handler: BaseHTTPRequestHandler) -> None:
    """Promises more than it sends."""
    handler.send_response(200)
    handler.send_header("content-length", "100000")
    handler.end_headers()
    handler.wfile.write(to_pcm16(SOUND))


def refusing(status: int, code: str = "", param: str = "", **headers: str) -> Answer:
    """Refuses as OpenAI does."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        error = {"message": "said to people: secret", "type": "x", "param": param or None, "code": code or None}
        data = json.dumps({"error": error}).encode()
        handler.send_response(status)
        handler.send_header("content-type", "application/json")
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def first(*answers: Answer) -> Answer:
    """One after another, the last for ever."""
    rest = list(answers)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        chosen = rest.pop(0) if len(rest) > 1 else rest[0]
        chosen(handler)

    return answer


@pytest.fixture
def service() -> Iterator[Service]:
    state = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.asked = body
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


def test_the_device_hides_what_a_url_may_carry() -> None:
    with closing(RemoteSynthesizer("https://user:word@speech.example/v1?key=1")) as synthesizer:
        assert synthesizer.device == "https://speech.example"


@pytest.fixture
def waited() -> list[float]:
    """The seconds between two attempts."""
    return []


@pytest.fixture
def patient(service: Service, waited: list[float]) -> Iterator[RemoteSynthesizer]:
    """A synthesizer that waits for nobody in truth."""
    with closing(RemoteSynthesizer(service.url, "secret", clock=Clock(sleep=waited.append))) as synthesizer:
        yield synthesizer


def test_a_file_is_understood_and_may_be_asked_for(service: Service) -> None:
    service.answer = file
    with closing(RemoteSynthesizer(service.url, response_format="wav", names={"luxun": "onyx"})) as synthesizer:
        sound = whole(synthesizer.speak("你好。", "luxun", language="zh"))
    assert sound.size == pytest.approx(SOUND.size, abs=4)
    assert (service.requests[0][2]["response_format"], service.requests[0][2]["voice"]) == ("wav", "onyx")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (refusing(429), [0.25]),
        (refusing(429, retry_after="1"), [1.0]),
        (refusing(503, retry_after_ms="40"), [0.04]),
        (refusing(500, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), [0.25]),
    ],
)
def test_what_passes_is_asked_again(
    service: Service, patient: RemoteSynthesizer, waited: list[float], failure: Answer, expected: list[float]
) -> None:
    service.answer = first(failure, pcm)
    assert whole(patient.speak("你好", "alloy", language="zh")).size == SOUND.size
    assert waited == expected
    assert len(service.requests) == 2


@pytest.mark.parametrize(
    ("failure", "requests", "code", "sentence"),
    [
        (refusing(500), 3, "speech_service_failed", "500. It has a fault"),
        (refusing(429, retry_after="30"), 1, "speech_service_busy", "try again in 30 seconds"),
        (refusing(429, "insufficient_quota"), 1, "speech_service_busy", "429 insufficient_quota"),
        (refusing(401, "invalid_api_key"), 1, "speech_service_key", "401 invalid_api_key. Check speaking.api_key"),
        (refusing(404, "model_not_found"), 1, "speech_service_refused", "404 model_not_found. Check speaking.base_url"),
        (refusing(400, "<b>\n"), 1, "speech_service_refused", "answered 400. "),
        (breaking, 1, "speech_service_unreachable", "broke off"),
    ],
)
def test_what_does_not_pass_is_said(
    service: Service, patient: RemoteSynthesizer, failure: Answer, requests: int, code: str, sentence: str
) -> None:
    service.answer = failure
    with pytest.raises(EngineError) as caught:
        whole(patient.speak("你好", "alloy", language="zh"))
    assert caught.value.code == code
    assert sentence in caught.value.en
    assert "secret" not in caught.value.en + caught.value.zh
    assert len(service.requests) == requests


@pytest.mark.parametrize("refusal", [refusing(400, "invalid_value", "voice"), refusing(404, "voice_not_found")])
def test_a_voice_that_the_service_does_not_have(service: Service, patient: RemoteSynthesizer, refusal: Answer) -> None:
    service.answer = refusal
    with pytest.raises(NotFoundError, match=r"luxun.*speaking\.voices"):
        whole(patient.speak("你好", "luxun", language="zh"))


def endless(gone: threading.Event, beginning: bytes = b"") -> Answer:
    """Speaks for as long as anybody listens."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            handler.wfile.write(beginning)
            while True:
                handler.wfile.write(to_pcm16(SOUND))
        except OSError:
            gone.set()
        handler.close_connection = True

    return answer


def test_closing_breaks_the_connection_off(service: Service, patient: RemoteSynthesizer) -> None:
    gone = threading.Event()
    service.answer = endless(gone)
    chunks = patient.speak("你好", "alloy", language="zh").chunks
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert list(chunks) == []
    assert gone.wait(30)


def test_more_than_ten_minutes_are_not_taken(service: Service, patient: RemoteSynthesizer) -> None:
    service.answer = endless(threading.Event())
    with pytest.raises(EngineError, match="ten minutes"):
        for _ in patient.speak("你好", "alloy", language="zh").chunks:
            pass


def test_what_follows_a_file_may_have_no_end(service: Service, patient: RemoteSynthesizer) -> None:
    gone = threading.Event()
    service.answer = endless(gone, wav_bytes(SOUND))
    assert whole(patient.speak("你好", "alloy", language="zh")).size == SOUND.size
    assert gone.wait(30)


def trickling(status: int) -> Answer:
    """Sends two bytes at a time for as long as anybody listens."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.end_headers()
        with suppress(OSError):
            while True:
                handler.wfile.write(b"00")
                handler.wfile.flush()
        handler.close_connection = True

    return answer


@pytest.mark.parametrize(("status", "each_s"), [(200, 50.0), (400, 200.0)])
def test_what_trickles_is_given_up(service: Service, status: int, each_s: float) -> None:
    service.answer = trickling(status)
    clock = itertools.count(0.0, each_s)
    with (
        closing(RemoteSynthesizer(service.url, clock=Clock(lambda: next(clock)))) as synthesizer,
        pytest.raises(EngineError, match="too slow: no whole clause in 120 seconds") as caught,
    ):
        whole(synthesizer.speak("你好", "alloy", language="zh"))
    assert caught.value.code == "speech_service_slow"
    assert len(service.requests) == 1


def test_the_pauses_of_whoever_plays_the_sound_are_not_the_service_s(service: Service) -> None:
    now, taken = [0.0], 0
    with closing(RemoteSynthesizer(service.url, clock=Clock(lambda: now[0]))) as synthesizer:
        for chunk in synthesizer.speak("你好", "alloy", language="zh").chunks:
            now[0] += 100.0
            taken += chunk.size
    assert taken == SOUND.size
    assert now[0] > 120.0


def speaking(handler: BaseHTTPRequestHandler) -> None:
    """A service with one voice, whose pitch is the text's."""
    asked = handler.asked  # type: ignore[attr-defined]
    if asked["voice"] != "alloy":
        return refusing(404, "voice_not_found")(handler)
    times = np.arange(int(SPEECH_RATE / asked["speed"])) / SPEECH_RATE
    sound = np.sin(2 * np.pi * (200 + len(asked["input"].encode())) * times).astype(np.float32)
    handler.send_response(200)
    handler.send_header("content-type", "audio/pcm")
    handler.end_headers()
    for at in range(0, sound.size, 2400):
        handler.wfile.write(to_pcm16(sound[at : at + 2400]))
    handler.close_connection = True
    return None


class TestContract(SynthesizerContract):
    @pytest.fixture
    def subject(self, service: Service) -> Iterator[Subject]:
        service.answer = speaking
        with closing(RemoteSynthesizer(service.url)) as synthesizer:
            clauses: dict[Language, str] = {"zh": "你好，先生。", "en": "Good morning."}
            yield Subject(synthesizer, "alloy", clauses, lambda: len(service.requests))
