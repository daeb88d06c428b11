"""The Talk page in Chromium, on the real server and session with scripted engines."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from avatar.media import SPEECH_RATE
from tests.browser.conftest import Launch, OpenPage
from tests.browser.scripted import ANSWERS, CHARACTER_S, QUESTION, ScriptedServer

pytestmark = pytest.mark.browser

AUDIBLE = 0.02
"""Loudness (root mean square) of the scripted voice, at least."""

SILENT = 0.002


def test_the_face_lives_and_nothing_is_fetched_from_elsewhere(open_page: OpenPage, screenshots: Path) -> None:
    talk = open_page()
    talk.wait_alive()
    first = talk.canvas()
    shown = talk.stats().frames_shown
    talk.wait_until(f"avatarPlayer.stats().framesShown > {shown + 25}")
    assert talk.canvas() != first
    assert "AI 生成" in talk.page.inner_text(".badge")
    assert "AI-generated" in talk.page.inner_text(".badge")
    assert talk.page.evaluate("document.documentElement.scrollHeight") <= 800
    assert talk.foreign_requests == []
    assert talk.problems == []
    talk.page.screenshot(path=screenshots / "talk-zh.png")


@pytest.mark.parametrize(
    ("language", "locale", "question"), [("zh", "zh-CN", QUESTION), ("en", "en-US", "What do you think about hope?")]
)
def test_a_typed_question_is_answered_aloud(
    open_page: OpenPage, screenshots: Path, language: str, locale: str, question: str
) -> None:
    talk = open_page(locale=locale)
    talk.wait_alive()
    talk.ask(question)
    talk.wait_state("speaking")
    talk.wait_until("avatarPlayer.stats().samplesPlayed > 24000")
    assert max(talk.loudness(0, talk.now())) > AUDIBLE
    before, heard = talk.canvas(), talk.said("persona")[-1]
    talk.page.screenshot(path=screenshots / f"talk-{language}-speaking.png")
    assert ANSWERS[language].startswith(heard)  # type: ignore[index]
    assert heard != ANSWERS[language]  # type: ignore[index]
    talk.wait_state("quiet")
    assert talk.canvas() != before
    talk.wait_until("document.querySelector('.message:last-child .coming').textContent === ''")
    assert talk.said("persona")[-1] == ANSWERS[language]  # type: ignore[index]
    assert talk.said("user") == [question]
    assert talk.problems == []


def test_citations_can_be_opened(open_page: OpenPage, screenshots: Path) -> None:
    talk = open_page()
    talk.wait_alive()
    talk.ask(QUESTION)
    talk.page.click(".citations summary")
    sent = talk.wire("avatar.citations")[0]["citations"]
    assert len(sent) > 0
    assert talk.page.locator(".citations .quoted").all_inner_texts() == [each["quote"] for each in sent]
    assert sent[0]["work"] in talk.page.locator(".citations cite").first.inner_text()
    talk.page.screenshot(path=screenshots / "talk-zh-citations.png")


def test_what_was_heard_is_reported_to_the_end(open_page: OpenPage) -> None:
    talk = open_page(locale="en-US")
    talk.wait_alive()
    talk.ask("hope")
    talk.wait_state("speaking")
    talk.wait_state("quiet")
    talk.page.wait_for_timeout(500)
    reports = talk.wire("avatar.played")
    times = [report["audio_end_ms"] for report in reports]
    assert times == sorted(times)
    assert len(times) > 10
    assert times[-1] == pytest.approx(talk.page.evaluate("avatarPlayer.stats().soundReceivedMs"), abs=2)
    assert {report["response_id"] for report in reports} == {talk.wire("avatar.reply.started")[0]["response_id"]}


def test_sound_and_picture_agree(open_page: OpenPage) -> None:
    talk = open_page()
    talk.wait_alive()
    talk.ask(QUESTION)
    talk.wait_until("avatarPlayer.stats().samplesPlayed > 48000")
    skews = []
    for _ in range(20):
        talk.page.wait_for_timeout(100)
        skews.append(talk.stats().skew_ms)
    assert abs(sorted(skews)[10]) < 100


def test_stopping_is_silence_at_once(open_page: OpenPage) -> None:
    talk = open_page()
    talk.wait_alive()
    talk.ask(QUESTION)
    talk.wait_until("avatarPlayer.stats().samplesPlayed > 24000")
    talk.page.click(".dock .stop")
    pressed = talk.now()
    talk.wait_wire("response.done")
    talk.page.wait_for_timeout(1000)
    assert max(talk.loudness(pressed + 150, talk.now())) < SILENT
    assert talk.wire("response.cancel")
    heard = talk.said("persona")[-1]
    assert 0 < len(heard) < len(ANSWERS["zh"])
    assert "被打断" in talk.page.locator(".message.persona .note").last.inner_text()
    assert talk.page.is_hidden(".dock .stop")
    assert talk.stats().state == "quiet"
    shown = talk.stats().frames_shown
    talk.wait_until(f"avatarPlayer.stats().framesShown > {shown + 10}")


def test_asking_again_breaks_the_answer_off(open_page: OpenPage) -> None:
    talk = open_page()
    talk.wait_alive()
    talk.ask(QUESTION)
    talk.wait_until("avatarPlayer.stats().samplesPlayed > 24000")
    first = talk.stats().generation
    talk.ask("还有呢？")
    talk.wait_until(f"avatarPlayer.stats().generation > {first}")
    talk.wait_state("speaking")
    assert [done["response"]["status"] for done in talk.wire("response.done")][:1] == ["cancelled"]
    assert not talk.wire("error")
    assert talk.said("user") == [QUESTION, "还有呢？"]


def test_a_spoken_question_and_a_barge_in(
    launch: Launch, open_page: OpenPage, spoken_file: Callable[..., Path], screenshots: Path
) -> None:
    recording = spoken_file(1.0, 1.5, 3.5, 1.5, 30.0)
    browser = launch("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                     f"--use-file-for-fake-audio-capture={recording}%noloop")  # fmt: skip
    talk = open_page(browser=browser)
    talk.wait_alive()
    talk.microphone()
    talk.wait_until("document.querySelector('.dock .talk').getAttribute('aria-pressed') === 'true'")
    talk.wait_wire("input_audio_buffer.speech_started")
    talk.page.screenshot(path=screenshots / "talk-zh-listening.png")
    talk.wait_state("speaking")
    assert talk.said("user") == [QUESTION]
    talk.wait_until(
        "window.wire.some(({type, response}) => type === 'response.done' && response.status === 'cancelled')"
    )
    cancelled = talk.wire("response.done")[0]["at"]
    talk.page.wait_for_timeout(500)
    held = talk.wire("avatar.playback.held")[0]["at"]
    assert max(talk.loudness(held - 300, held)) > AUDIBLE
    assert max(talk.loudness(cancelled + 100, cancelled + 400)) < SILENT
    assert "被打断" in talk.page.locator(".message.persona .note").last.inner_text()


def test_a_backchannel_is_a_short_silence_and_no_more(
    launch: Launch, open_page: OpenPage, spoken_file: Callable[..., Path]
) -> None:
    recording = spoken_file(1.0, 1.5, 3.5, 0.3, 30.0)
    browser = launch("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                     f"--use-file-for-fake-audio-capture={recording}%noloop")  # fmt: skip
    talk = open_page(browser=browser)
    talk.wait_alive()
    talk.microphone()
    talk.wait_wire("avatar.playback.held")
    shown, standing = talk.stats().frames_shown, talk.canvas()
    talk.wait_until("document.querySelector('.stage').dataset.presence === 'listening'")
    talk.wait_wire("avatar.playback.resumed")
    assert talk.stats().frames_shown >= shown + 3
    assert talk.canvas() != standing
    talk.page.wait_for_timeout(1000)
    held, resumed = talk.wire("avatar.playback.held")[0]["at"], talk.wire("avatar.playback.resumed")[0]["at"]
    assert resumed - held > 200
    assert max(talk.loudness(held - 300, held)) > AUDIBLE
    assert max(talk.loudness(held + 80, resumed)) < SILENT
    assert max(talk.loudness(resumed + 50, resumed + 500)) > AUDIBLE
    assert abs(talk.stats().skew_ms) < 80
    talk.wait_state("quiet")
    assert talk.stats().samples_played == round(len(ANSWERS["zh"]) * CHARACTER_S["zh"] * SPEECH_RATE)
    assert [done["response"]["status"] for done in talk.wire("response.done")] == ["completed"]
    assert len(talk.wire("input_audio_buffer.speech_started")) == 1
    assert talk.said("user") == [QUESTION]
    assert talk.problems == []


def test_a_microphone_that_is_denied(launch: Launch, open_page: OpenPage, screenshots: Path) -> None:
    browser = launch("--deny-permission-prompts", "--use-fake-device-for-media-stream")
    talk = open_page(browser=browser)
    talk.wait_alive()
    talk.microphone()
    assert "许可" in talk.toast()
    talk.page.screenshot(path=screenshots / "talk-zh-denied.png")
    talk.page.click("[data-language=en]")
    talk.microphone()
    talk.page.locator(".toast p", has_text="may not use the microphone").wait_for()
    talk.ask("hope")
    talk.wait_state("speaking")


def test_a_machine_without_a_microphone(launch: Launch, open_page: OpenPage) -> None:
    talk = open_page(browser=launch("--use-fake-ui-for-media-stream"), locale="en-US")
    talk.wait_alive()
    talk.microphone()
    assert "No microphone was found" in talk.toast()


def test_the_whole_page_changes_its_language(open_page: OpenPage) -> None:
    talk = open_page()
    talk.wait_alive()
    talk.ask(QUESTION)
    talk.page.wait_for_selector(".citations")
    assert talk.page.inner_text("h1") == "对谈"
    talk.page.click("[data-language=en]")
    assert talk.page.inner_text("h1") == "Talk"
    assert talk.page.inner_text(".name") == "Lu Xun"
    assert talk.page.locator(".message .who").all_inner_texts() == ["Lu Xun", "You", "Lu Xun"]
    assert "Passages" in talk.page.inner_text(".citations summary")
    assert talk.page.get_attribute("textarea", "placeholder") == "Write something…"
    assert talk.page.get_attribute(".dock .talk", "aria-label") == "Start talking"
    assert talk.page.get_attribute("html", "lang") == "en"
    talk.page.reload()
    talk.wait_alive()
    assert talk.page.inner_text("h1") == "Talk"


def test_another_persona_is_another_conversation(open_page: OpenPage) -> None:
    talk = open_page(locale="en-US")
    talk.wait_alive()
    talk.ask("hope")
    talk.wait_state("speaking")
    talk.page.get_by_role("radio", name="Lu Xun").press("ArrowRight")
    talk.wait_until("window.wire.some(({type, persona}) => type === 'avatar.ready' && persona === 'guest')")
    talk.wait_alive()
    assert talk.page.inner_text(".name") == "Guest"
    assert talk.said("user") == []
    assert talk.page.get_by_role("radio", name="Guest").get_attribute("aria-checked") == "true"


def test_leaving_while_it_speaks_gives_the_place_back(open_page: OpenPage, server: ScriptedServer) -> None:
    talk = open_page()
    talk.wait_alive()
    places = server.sessions
    talk.ask(QUESTION)
    talk.wait_state("speaking")
    talk.page.context.close()
    deadline = time.monotonic() + 10
    while server.sessions >= places and time.monotonic() < deadline:
        time.sleep(0.1)
    assert server.sessions == places - 1


def test_keys(open_page: OpenPage) -> None:
    talk = open_page()
    talk.wait_alive()
    talk.page.click(".name", force=True)
    talk.page.keyboard.press("Space")
    talk.wait_until("document.querySelector('.dock .talk').getAttribute('aria-pressed') === 'true'")
    talk.page.keyboard.press("Space")
    talk.wait_until("document.querySelector('.dock .talk').getAttribute('aria-pressed') === 'false'")
    talk.ask(QUESTION)
    talk.wait_state("speaking")
    talk.page.keyboard.press("Escape")
    talk.wait_state("quiet")


def test_without_a_decoder_pictures_come_as_jpeg(open_page: OpenPage) -> None:
    talk = open_page(script="delete window.VideoDecoder;")
    talk.wait_alive()
    assert talk.wire("avatar.ready")[0]["codec"] == "jpeg"
    shown = talk.stats().frames_shown
    talk.wait_until(f"avatarPlayer.stats().framesShown > {shown + 10}")


def test_a_damaged_picture_is_mended_by_a_key_picture(open_page: OpenPage) -> None:
    talk = open_page()
    talk.wait_alive()
    talk.page.evaluate(
        """async () => {
            const { Kind } = await import("/static/avatar/packet.js");
            const payload = new Uint8Array([0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1e, 0xff, 0, 0, 1, 0x65, 1, 2, 3]);
            const header = {kind: Kind.H264, key: true, end: false, generation: 0, sequence: 1e6, pts: 0};
            avatarPlayer.receive({...header, payload});
        }"""
    )
    talk.wait_wire("avatar.keyframe")
    shown = talk.stats().frames_shown
    talk.wait_until(f"avatarPlayer.stats().framesShown > {shown + 25}")


def test_a_failed_answer_is_told_and_the_face_lives_on(open_page: OpenPage) -> None:
    talk = open_page()
    talk.wait_alive()
    talk.ask("坏")
    assert "已损坏" in talk.toast()
    assert "出了故障" in talk.page.locator(".message.persona .note").inner_text()
    shown = talk.stats().frames_shown
    talk.wait_until(f"avatarPlayer.stats().framesShown > {shown + 25}")
    talk.ask(QUESTION)
    talk.wait_state("speaking")
    talk.wait_until("avatarPlayer.stats().samplesPlayed > 12000")


def test_a_lost_connection_is_told_and_mended(open_page: OpenPage, tmp_path: Path, screenshots: Path) -> None:
    with ScriptedServer(tmp_path) as first:
        port = int(first.address.rsplit(":", 1)[1])
        talk = open_page(address=first.address)
        talk.wait_alive()
    talk.page.wait_for_selector(".notice:has-text('连接断了')")
    talk.page.screenshot(path=screenshots / "talk-zh-lost.png")
    talk.ask(QUESTION)
    assert "没有发出" in talk.toast()
    assert talk.page.input_value("textarea") == QUESTION
    with ScriptedServer(tmp_path, port=port):
        talk.page.wait_for_selector(".notice", state="hidden")
        talk.page.keyboard.press("Enter")
        talk.wait_state("speaking")


def test_a_full_house_says_so(open_page: OpenPage, tmp_path: Path) -> None:
    with ScriptedServer(tmp_path, max_sessions=1) as small:
        first = open_page(address=small.address, locale="en-US")
        first.wait_alive()
        second = open_page(address=small.address, locale="en-US")
        second.page.wait_for_selector(".notice:has-text('All places are taken')")
        first.page.context.close()
        second.page.click(".notice button")
        second.wait_alive()


@pytest.mark.parametrize(("language", "locale", "dark"), [("zh", "zh-CN", True), ("en", "en-US", False)])
def test_a_phone(open_page: OpenPage, screenshots: Path, language: str, locale: str, dark: bool) -> None:
    talk = open_page(locale=locale, width=390, height=844, dark=dark)
    talk.wait_alive()
    talk.ask("hope" if language == "en" else QUESTION)
    talk.wait_until("avatarPlayer.stats().samplesPlayed > 24000")
    talk.page.screenshot(path=screenshots / f"phone-{language}.png")
    assert talk.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert talk.page.evaluate("document.documentElement.scrollHeight") <= 844
    for selector in (".stage", ".dock .talk", "textarea", ".send"):
        box = talk.page.locator(selector).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= 844
