"""The whole path in the browser: a recording plays as the microphone, and the real models answer."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from benchmarks._served import serving
from tests.browser.conftest import Launch, OpenPage
from tests.browser.talkpage import TalkPage

pytestmark = [pytest.mark.browser, pytest.mark.integration]

ANSWER_S = 240
"""How long the first sound of an answer is waited for, on a machine that may be busy."""

LEAD_S = 3.0
"""Silence before the question, while the microphone is opened."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own, as a user starts it."""
    with serving(tmp_path_factory.mktemp("real"), AVATAR_LLM__TIMEOUT_S=str(ANSWER_S)) as address:
        yield address


@pytest.fixture
def speaking(launch: Launch, shared_data: Path, tmp_path: Path) -> Callable[[str], Browser]:
    """A browser whose microphone plays a recorded question, after some silence."""

    def start(name: str) -> Browser:
        recording = padded(shared_data / "speech" / name, tmp_path / name)
        return launch(
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={recording}%noloop",
        )

    return start


def padded(recording: Path, target: Path) -> Path:
    """A copy of a recording with silence before it."""
    with wave.open(str(recording), "rb") as source:
        parameters, sound = source.getparams(), source.readframes(source.getnframes())
    silence = bytes(int(LEAD_S * parameters.framerate) * parameters.sampwidth * parameters.nchannels)
    with wave.open(str(target), "wb") as file:
        file.setparams(parameters)
        file.writeframes(silence + sound)
    return target


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("name", "locale", "words"),
    [("zh_question_01.wav", "zh-CN", ("年轻人", "迷茫")), ("en_question_02.wav", "en-US", ("medicine", "write"))],
)
def test_a_spoken_question_is_answered_by_face_and_voice(
    address: str,
    speaking: Callable[[str], Browser],
    open_page: OpenPage,
    screenshots: Path,
    name: str,
    locale: str,
    words: tuple[str, ...],
) -> None:
    talk = open_page(browser=speaking(name), address=address, locale=locale)
    talk.page.set_default_timeout(1000 * ANSWER_S)
    talk.wait_alive()
    idle = talk.canvas()
    talk.microphone()
    _answered(talk, screenshots / f"real-{locale[:2]}.png")
    assert talk.canvas() != idle
    said = talk.said("user")
    assert len(said) == 1
    assert all(word in said[0].lower() for word in words)
    assert talk.problems == []


def _answered(talk: TalkPage, screenshot: Path) -> None:
    """Until the answer is heard; it sounds, it can be read, and it names what it rests on."""
    talk.wait_wire("input_audio_buffer.speech_stopped")
    talk.wait_state("speaking")
    talk.wait_until("avatarPlayer.stats().samplesPlayed > 48000")
    talk.page.screenshot(path=screenshot)
    shown = talk.stats().frames_shown
    talk.wait_until(f"avatarPlayer.stats().framesShown > {shown + 10}")
    talk.wait_wire("response.done")
    [done] = talk.wire("response.done")
    assert done["response"]["status"] == "completed"
    talk.wait_state("quiet")
    assert max(talk.loudness(0, talk.now())) > 0.02
    talk.wait_until("document.querySelector('.message:last-child .coming').textContent === ''")
    [told] = talk.wire("response.output_audio_transcript.done")
    assert talk.said("persona")[-1].strip() == told["transcript"].strip()
    assert talk.page.locator(".citations .quoted").count() > 0
