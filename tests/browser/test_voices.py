"""The Voices page in Chromium: from a name to a voice with a fake microphone, with the real routes and checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from avatar.media import SPEECH_RATE, read_audio, wav_bytes
from tests.browser.conftest import FAKE_DEVICE, Launch
from tests.browser.talkpage import WAIT_MS
from tests.browser.test_personas import UNNAMED
from tests.browser.voicing import NEW, OLD, VoicesServer
from tests.unit.voice.clonery import speech
from tests.unit.voice.enrolment.sounds import noise, syllables

pytestmark = pytest.mark.browser

OpenVoices = Callable[..., Page]

SOMETHING_ELSE = "今天天气很好，我们去河边走走。"

DRAWN = """(canvas) => {
    const { width, height } = canvas;
    const found = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    return getComputedStyle(canvas).opacity === "1" && found.some((value) => value > 0);
}"""

COUNT_CLICKS = 'window.clicks = 0; document.addEventListener("click", (event) => { clicks += event.isTrusted; }, true);'

ADVICE = """async (blocks) => {
    const { Advisor } = await import("/static/avatar/voices-advice.js");
    const advisor = new Advisor(3);
    for (const [level, peak] of blocks) advisor.push(level, peak);
    return [advisor.advice, Math.round(advisor.speech), Math.round(advisor.quiet)];
}"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VoicesServer]:
    """A server without any voice of one's own at first."""
    running = VoicesServer(tmp_path_factory.mktemp("house"))
    with running:
        yield running


@pytest.fixture(scope="module")
def speaking(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A browser with a microphone into which somebody speaks for six seconds, and is silent for four."""
    path = tmp_path_factory.mktemp("microphone") / "speech.wav"
    sound = np.concatenate([syllables(6.0) * 2, np.zeros(4 * SPEECH_RATE, np.float32)]) + noise(10.0, 0.0005)
    path.write_bytes(wav_bytes(sound, SPEECH_RATE))
    return launch(*FAKE_DEVICE, f"--use-file-for-fake-audio-capture={path}")


@pytest.fixture
def voices(speaking: Browser, house: VoicesServer) -> Iterator[OpenVoices]:
    """Opens the page: `voices("new", locale=…, width=…)`; a script error fails the test."""
    problems: list[str] = []

    def start(place: str = "", *, locale: str = "zh-CN", width: int = 1280, dark: bool = False) -> Page:
        context = speaking.new_context(
            locale=locale,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.add_init_script(COUNT_CLICKS)
        page.goto(f"{house.address}/voices#/{place}")
        page.wait_for_selector(".avatar-voices > main:not([hidden])")
        return page

    expect.set_options(timeout=WAIT_MS)
    yield start
    expect.set_options(timeout=None)
    for context in speaking.contexts:
        context.close()
    assert problems == []


def _file(data: bytes, name: str = "a.wav") -> FilePayload:
    return {"name": name, "mimeType": "audio/wav", "buffer": data}


def _confirmed(page: Page) -> None:
    page.click(".asking[open] .yes")


def _drawn(page: Page, name: str) -> None:
    page.wait_for_function(f"() => ({DRAWN})(document.querySelector('.{name} canvas'))")


def test_a_voice_is_made_with_five_clicks_fitted_used_and_revoked(
    voices: OpenVoices, house: VoicesServer, screenshots: Path
) -> None:
    words = house.made.ear.text
    page = voices()
    page.click(".own .first")
    page.fill(".person [name=name]", "张三")
    page.click(".person [type=submit]")
    page.wait_for_selector(".consent:not([hidden])")
    expect(page.locator(".phrase")).to_be_visible()
    phrase = page.inner_text(".phrase")
    assert "张三" in phrase
    house.hear(SOMETHING_ELSE)
    page.set_input_files(".upload-one input", _file(speech(6.0)))
    expect(page.locator(".consent .problem")).to_contain_text("口令")
    page.screenshot(path=screenshots / "voices-zh-refused.png", full_page=True)
    house.hear(phrase)
    page.click(".consent .record")  # the silence after it ends it
    expect(page.locator(".understood")).to_contain_text(phrase)
    house.hear(words)
    page.set_input_files(".upload-some input", _file(speech(8.0), "清晨.wav"))
    expect(page.locator(".samples .findings")).to_contain_text("同一个人")
    page.screenshot(path=screenshots / "voices-zh-samples.png", full_page=True)
    page.click(".samples .make")
    expect(page.locator(".fit .step")).to_contain_text("40")
    assert page.evaluate("clicks") <= 5
    for name in ("original", "clone"):
        _drawn(page, name)
    expect(page.locator(".clone .pitch")).to_contain_text("190 Hz")
    page.screenshot(path=screenshots / "voices-zh-fitting.png", full_page=True)
    assert page.evaluate(UNNAMED) == []
    page.click(".fit .cancel")
    expect(page.locator(".fit-told")).to_contain_text("已取消")
    house.maker.go.set()
    page.click(".start")
    expect(page.locator(".fit-told")).to_contain_text("更接近")
    expect(page.locator(".voice-facts")).to_contain_text("精细克隆")
    page.click(".give .first")
    expect(page.locator(".given")).to_contain_text("鲁迅")
    page.screenshot(path=screenshots / "voices-zh-used.png", full_page=True)
    page.click(".revoke")
    _confirmed(page)
    expect(page.locator(".own .none")).to_be_visible()
    page.screenshot(path=screenshots / "voices-zh-empty.png", full_page=True)
    assert house.made.consents.all() == []


def test_a_voice_is_renamed_taken_along_deleted_and_brought_back(
    voices: OpenVoices, house: VoicesServer, tmp_path: Path, screenshots: Path
) -> None:
    house.agreed("Jane Doe")
    page = voices(locale="en-US", width=390, dark=True)
    page.click(".stock .chip >> nth=0")
    expect(page.locator(".stock .chip >> nth=0")).to_have_attribute("aria-current", "true")
    assert page.evaluate(UNNAMED) == []
    page.click("a.own-name")
    page.fill(".rename input", "Jane")
    page.click(".rename button")
    expect(page.locator(".voice-name")).to_have_text("Jane")
    with page.expect_download() as download:
        page.click(".export")
    download.value.save_as(tmp_path / "jane.voice")
    _drawn(page, "clone")
    page.click(".try button")
    expect(page.locator(".tried")).to_be_visible()
    page.screenshot(path=screenshots / "voices-en-one.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click(".manage .delete >> nth=0")
    _confirmed(page)
    expect(page.locator(".consents")).to_contain_text("Jane Doe")
    page.screenshot(path=screenshots / "voices-en-narrow.png", full_page=True)
    page.click(".consents a")
    expect(page.locator(".understood")).to_contain_text("code words were heard")
    expect(page.locator(".samples .record")).to_be_focused()
    page.go_back()
    _confirmed(page)
    page.wait_for_selector(".consents:visible")
    house.hear(house.made.consents.all()[0].statement.text)  # type: ignore[union-attr]
    page.set_input_files(".import input", str(tmp_path / "jane.voice"))
    expect(page.locator("a.own-name")).to_contain_text("Jane")


def test_what_is_refused_is_told_in_the_servers_sentence(
    voices: OpenVoices, house: VoicesServer, screenshots: Path
) -> None:
    page = voices("new", locale="en-US", width=390)
    page.click(".person [type=submit]")
    expect(page.locator(".person .problem")).to_have_text("Write the name first.")
    page.click("[data-dead=dead]")
    page.fill(".person [name=name]", "Lu Xun")
    page.fill(".person [name=died]", "1936")
    page.fill(".person [name=words]", "short")
    page.click(".person [type=submit]")
    expect(page.locator(".person .problem")).to_contain_text("at least twenty characters, 5 so far")
    page.fill(".person [name=words]", "Dead for ninety years; the recordings are read by an actor who agreed to it.")
    page.screenshot(path=screenshots / "voices-en-ground.png", full_page=True)
    page.click(".person [type=submit]")
    page.wait_for_selector(".samples:not([hidden])")
    page.set_input_files(".upload-some input", _file(b"no sound"))
    expect(page.locator(".samples .problem")).to_be_visible()
    expect(page.locator(".samples .make")).to_be_hidden()
    page.click(".sample .round")
    page.click(".samples .record")
    expect(page.locator(".samples .advice")).to_contain_text("Please go on reading")
    page.screenshot(path=screenshots / "voices-en-recording.png", full_page=True)
    page.click(".samples .record")
    expect(page.locator(".sample")).to_contain_text("Recording 1")
    expect(page.locator(".samples .findings .error")).to_contain_text("seconds")
    assert page.evaluate(UNNAMED) == []


def test_a_voice_is_made_on_the_way_to_a_persona_and_nothing_that_was_written_is_lost(
    voices: OpenVoices, house: VoicesServer, screenshots: Path
) -> None:
    why = "他是我的外公，全家都同意；录音是过年时录的磁带。"
    page = voices(width=390)
    page.goto(f"{house.address}/personas#/new")
    page.fill(".making .name", "外公")
    page.fill(".making .about", "你是修了一辈子表的外公。")
    expect(page.locator(".pages a")).to_have_text(["对谈", "声音", "老照片"])
    page.click(".making .own-voice")
    expect(page.locator(".cloning [name=name]")).to_have_value("外公")
    page.click("[data-dead=dead]")
    page.fill(".cloning [name=died]", "2003")
    page.fill(".cloning [name=words]", why)
    page.screenshot(path=screenshots / "personas-zh-voice.png", full_page=True)
    page.click(".cloning [type=submit]")
    page.set_input_files(".upload-some input", _file(speech(8.0), "磁带.wav"))
    page.click(".samples .make")
    expect(page.locator(".making .voice-made")).to_be_visible()
    expect(page.locator(".making .listen")).to_be_focused()
    expect(page.locator(".making select.voice option:checked")).to_have_text("外公")
    expect(page.locator(".making .about")).to_have_value("你是修了一辈子表的外公。")
    expect(page.locator(".making [value=historical]")).to_be_checked()
    expect(page.locator(".making .basis")).to_have_value(why)
    page.screenshot(path=screenshots / "personas-zh-voiced.png", full_page=True)
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click(".making [type=submit]")
    expect(page.locator(".just-made")).to_contain_text("“外公”建好了")
    _letters_are_added(page)
    page.click(".just-added .first")
    page.wait_for_selector(".stage")
    assert "persona=wai-gong" in page.url


def _letters_are_added(page: Page) -> None:
    """A picture of one is told what it is; one that was typed can be asked about."""
    picture: FilePayload = {"name": "信.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    letter: FilePayload = {"name": "信.txt", "mimeType": "text/plain", "buffer": "阿芸：\n\n来信收到了。".encode()}
    page.set_input_files(".files", [picture, letter])
    expect(page.locator(".upload.refused .step")).to_contain_text("这是图片，不是文字")
    expect(page.locator(".just-added")).to_contain_text("《信》已收下")


def _at(page: Page, name: str) -> float:
    """Seconds at which the head stands in one of the two waves."""
    return float(page.get_attribute(f".{name} .wave", "aria-valuenow") or "nan")


def test_words_of_a_recording_are_changed_and_both_are_compared(
    voices: OpenVoices, house: VoicesServer, screenshots: Path, tmp_path: Path
) -> None:
    words = "那天早晨我很早就出门了。"
    house.hear(words)
    page = voices(f"voice/{house.agreed('王芳')}")
    page.click(".edit .take")
    expect(page.locator(".words .word")).to_have_count(len(words))
    expect(page.locator(".edit-text [name=should]")).to_be_focused()
    assert page.is_disabled(".make-edit")
    page.press(".words .word >> nth=4", "Enter")
    page.wait_for_selector(".words .word[aria-current]")
    page.fill(".edit-text [name=should]", words.replace("早晨", "下午"))
    expect(page.locator(".difference del")).to_have_text("早晨")
    expect(page.locator(".difference ins")).to_have_text("下午")
    page.click(".make-edit")
    expect(page.locator(".edit .step")).to_have_text("正在生成新词")
    page.screenshot(path=screenshots / "voices-zh-editing.png", full_page=True)
    expect(page.locator(".edit .cancel")).to_be_focused()
    page.press(".edit .cancel", "Enter")
    expect(page.locator(".toasts")).to_contain_text("录音没有变")
    expect(page.locator(".make-edit")).to_be_focused()
    house.desk.go.set()
    page.click(".make-edit")
    expect(page.locator(".edit-parts")).to_contain_text("“早晨”改成“下午”")
    expect(page.locator(".edit-parts .missed")).to_contain_text("2 个词只听懂 1 个")
    expect(page.locator(".after .made-mark")).to_have_text("AI 生成")
    assert (house.desk.wishes[-1].transcript, house.desk.wishes[-1].language) == (words, "zh")
    _drawn(page, "after")
    _goes_on_at_the_same_place(page)
    page.screenshot(path=screenshots / "voices-zh-edited.png", full_page=True)
    assert page.evaluate(UNNAMED) == []
    with page.expect_download() as download:
        page.click(".edited .download")
    download.value.save_as(tmp_path / "edited.wav")
    grown = read_audio(tmp_path / "edited.wav", SPEECH_RATE).size / SPEECH_RATE
    lasted = float(page.get_attribute(".before .wave", "aria-valuemax") or "nan")
    assert grown == pytest.approx(lasted + (NEW[1] - OLD[1]), abs=0.02)


def _goes_on_at_the_same_place(page: Page) -> None:
    """By keys alone: what lies behind a change lies that much later in the longer one."""
    moved = NEW[1] - OLD[1]
    page.press(".after .wave", "Home")
    assert (_at(page, "before"), _at(page, "after")) == (0.0, 0.0)
    for _ in range(11):
        page.press(".after .wave", "ArrowRight")
    assert _at(page, "after") == pytest.approx(2.75, abs=0.03)
    assert _at(page, "before") == pytest.approx(2.75 - moved, abs=0.03)
    page.press(".to-before", "Enter")
    expect(page.locator(".to-before")).to_have_attribute("aria-pressed", "true")
    page.press(".before .wave", " ")
    expect(page.locator(".before .play")).to_have_class("round play plays")
    page.press(".to-after", "Enter")
    expect(page.locator(".after .play")).to_have_class("round play plays")
    expect(page.locator(".before .play")).to_have_class("round play")
    page.press(".after .wave", " ")
    assert _at(page, "after") == pytest.approx(_at(page, "before") + moved, abs=0.03)
    assert _at(page, "after") >= 2.7


def test_an_uploaded_recording_is_edited_in_english_on_a_narrow_page(
    voices: OpenVoices, house: VoicesServer, screenshots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = house.agreed("Jane Roe")
    monkeypatch.setattr(house.made.ear, "text", "We met by the old river on a cold morning.")
    monkeypatch.setattr(house.made.ear, "language", "en")
    house.desk.go.set()
    page = voices(f"voice/{voice}", locale="en-US", width=390, dark=True)
    page.set_input_files(".upload-edit input", _file(b"no sound"))
    expect(page.locator(".edit .problem")).to_be_visible()
    page.set_input_files(".upload-edit input", _file(speech(5.0), "river.wav"))
    expect(page.locator(".edit-name")).to_have_text("river.wav")
    expect(page.locator(".words .word")).to_have_count(10)
    expect(page.locator(".edit .problem")).to_be_hidden()
    page.fill(".edit-text [name=should]", "We met nowhere.")
    page.click(".make-edit")
    expect(page.locator(".edit .problem")).to_have_text("'nowhere' is not said.")
    page.fill(".edit-text [name=should]", "We met by the new river on a cold morning.")
    page.click(".make-edit")
    page.click(".edit-parts .hear")
    expect(page.locator(".after .play")).to_have_class("round play plays")
    expect(page.locator(".mark-told")).to_contain_text("inaudible mark")
    _drawn(page, "after")
    page.screenshot(path=screenshots / "voices-en-edited.png", full_page=True)
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


TOLD = [
    ([(0.001, 0.003)] * 300, "adviceSilent", 0, 6),
    ([(0.1, 0.4), (0.12, 0.4), (0.09, 0.3), (0.001, 0.003)] * 25, "adviceMore", 2, 0),
    ([(0.1, 0.4), (0.12, 0.4), (0.09, 0.3), (0.001, 0.003)] * 50, "adviceEnough", 4, 0),
    ([(0.1, 0.4)] * 100 + [(0.001, 0.003)] * 250, "advicePause", 2, 5),
    ([(0.004, 0.01), (0.005, 0.01), (0.0005, 0.001)] * 67, "adviceQuiet", 4, 0),
    ([(0.1, 0.4), (0.12, 0.4), (0.09, 0.3), (0.03, 0.1)] * 50, "adviceNoisy", 4, 0),
    ([(0.4, 1.0), (0.5, 1.0), (0.001, 0.003)] * 50, "adviceLoud", 3, 0),
]
"""Blocks as level and peak; the advice, the seconds of speech, and those since."""


def test_advice_goes_by_the_level(voices: OpenVoices) -> None:
    page = voices()
    found = [tuple(page.evaluate(ADVICE, blocks)) for blocks, *_ in TOLD]
    assert found == [tuple(told) for _, *told in TOLD]
