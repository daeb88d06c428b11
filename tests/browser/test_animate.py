"""The page that animates photographs, in Chromium, on the real routes with a scripted studio."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from avatar.media import wav_bytes
from tests.browser.conftest import Launch
from tests.browser.scripted import ScriptedServer, voice
from tests.unit.live.fake_studio import photo_of

pytestmark = pytest.mark.browser

OpenAnimate = Callable[..., Page]


@pytest.fixture
def animate(launch: Launch, server: ScriptedServer) -> Iterator[OpenAnimate]:
    """Opens the page: `animate(locale=…, width=…, dark=…)`; a script error fails the test."""
    browser = launch()
    problems: list[str] = []

    def start(locale: str = "zh-CN", width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        context = browser.new_context(
            locale=locale,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{server.address}/animate")
        page.wait_for_selector(".avatar-animate .drop")
        return page

    yield start
    server.studio.frame_s = 0.0
    for context in browser.contexts:
        context.close()
    assert problems == []


@pytest.fixture
def photo(tmp_path: Path) -> Callable[..., str]:
    """Writes a photograph with faces."""

    def write(*faces: tuple[int, int, int]) -> str:
        path = tmp_path / f"photo{len(faces)}.png"
        Image.fromarray(photo_of(*faces)).save(path)
        return str(path)

    return write


def _sent(page: Page, path: str) -> None:
    page.set_input_files(".drop input", path)
    page.wait_for_selector(".steps:not([hidden])")


def test_four_clicks_from_a_photo_to_its_video(
    animate: OpenAnimate, photo: Callable[..., str], screenshots: Path
) -> None:
    page = animate()
    page.screenshot(path=screenshots / "animate-zh-empty.png")
    with page.expect_file_chooser() as chooser:
        page.click(".drop")  # one
    chooser.value.set_files(photo((240, 100, 160)))
    page.wait_for_selector(".steps:not([hidden])")
    assert "找到一张脸" in page.inner_text(".summary")
    assert "脸比较小" in page.inner_text(".findings")
    assert "划痕" in page.inner_text(".damage")
    page.fill("textarea", "你好，我从很久以前来。")
    page.click("text=已故的人，或画作")  # two
    assert page.inner_text(".emotion").split() == ["随文字", "平静", "温和", "悲伤", "严肃", "好笑"]
    page.select_option(".emotion", "warm")
    page.screenshot(path=screenshots / "animate-zh-found.png", full_page=True)
    page.click(".make")  # three
    page.wait_for_selector(".result:not([hidden])")
    page.wait_for_function("document.querySelector('video').readyState >= 2")
    assert "完成" in page.inner_text(".caption")
    page.screenshot(path=screenshots / "animate-zh-done.png", full_page=True)
    with page.expect_download() as download:
        page.click(".download")  # four
    assert download.value.suggested_filename == "film.mp4"
    assert b"ftyp" in Path(str(download.value.path())).read_bytes()[:16]
    assert page.get_attribute(".srt", "href")


def test_a_background_is_chosen(animate: OpenAnimate, photo: Callable[..., str], screenshots: Path) -> None:
    page = animate()
    _sent(page, photo((240, 100, 160)))
    page.fill("textarea", "你好。")
    page.click("text=本人已同意")
    assert page.inner_text(".background").split() == ["原样", "虚化", "纯色", "图片", "透明"]
    assert page.is_hidden(".colour")
    page.select_option(".background", "colour")
    assert page.is_visible(".colour")
    page.screenshot(path=screenshots / "animate-zh-background.png", full_page=True)
    page.select_option(".background", "picture")
    page.click(".make")
    assert "背景图片" in page.inner_text(".told")
    page.select_option(".background", "transparent")
    assert page.is_hidden(".colour")
    assert page.input_value(".form") == "webm"
    page.click(".make")
    page.wait_for_selector(".result:not([hidden])")
    with page.expect_download() as download:
        page.click(".download")
    assert download.value.suggested_filename == "film.webm"


def test_what_is_missing_is_asked_for(animate: OpenAnimate, photo: Callable[..., str]) -> None:
    page = animate(locale="en-US")
    _sent(page, photo((240, 100, 160)))
    page.click(".make")
    assert "write what it shall say" in page.inner_text(".told")
    page.fill("textarea", "Hello.")
    page.click(".make")
    assert "on what ground" in page.inner_text(".told")


def test_of_several_faces_one_is_chosen(animate: OpenAnimate, photo: Callable[..., str], screenshots: Path) -> None:
    page = animate(locale="en-US")
    _sent(page, photo((60, 100, 120), (380, 120, 118)))
    assert "2 faces" in page.inner_text(".summary")
    assert "Click the face that shall speak" in page.inner_text(".findings")
    page.screenshot(path=screenshots / "animate-en-several.png", full_page=True)
    page.fill("textarea", "Hello.")
    page.check('input[value="own"]')
    page.click(".make")
    assert "First choose the face" in page.inner_text(".told")
    page.click(".face-box >> nth=1")
    page.wait_for_selector('.face-box[aria-pressed="true"]')
    page.click(".preview")
    page.wait_for_selector(".result:not([hidden])")
    assert "Preview" in page.inner_text(".caption")


def test_a_face_that_is_not_found_is_marked(animate: OpenAnimate, photo: Callable[..., str], screenshots: Path) -> None:
    page = animate(locale="en-US")
    _sent(page, photo())
    assert "No face was found" in page.inner_text(".findings")
    page.click(".mark")
    box = page.locator(".picture").bounding_box()
    assert box is not None
    for x, y in ((0.4, 0.4), (0.6, 0.4), (0.5, 0.52), (0.42, 0.62), (0.58, 0.62)):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    assert "lowest point of the chin" in page.inner_text(".marking")
    page.screenshot(path=screenshots / "animate-en-marking.png", full_page=True)
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.75 * box["height"])
    page.wait_for_function("document.querySelector('.summary').textContent.includes('marked')")
    page.fill("textarea", "I am a statue.")
    page.check('input[value="historical"]')
    page.click(".preview")
    page.wait_for_selector(".result:not([hidden])")


def test_before_and_after_are_compared_and_either_is_used(
    animate: OpenAnimate, server: ScriptedServer, photo: Callable[..., str], screenshots: Path
) -> None:
    page = animate()
    _sent(page, photo((240, 100, 160)))
    assert page.is_checked('input[name="scratches"]')
    page.check('input[name="tint"]')
    page.click(".restore >> visible=true")
    page.wait_for_selector("img.restored:not([hidden])")
    wished = server.studio.restored[-1]
    assert wished.scratches
    assert wished.tint
    assert not wished.noise
    page.locator(".slider").focus()
    before = page.get_attribute("img.restored", "style")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("img.restored", "style") != before
    page.screenshot(path=screenshots / "animate-zh-compare.png", full_page=True)
    page.click("text=仍用原图")
    assert page.is_hidden("img.restored")
    page.click("text=使用修复后的")
    assert page.is_visible("img.restored")


def test_the_work_shows_how_far_it_is_and_can_be_cancelled(
    animate: OpenAnimate, server: ScriptedServer, photo: Callable[..., str], screenshots: Path
) -> None:
    server.studio.frame_s = 0.1
    page = animate(width=420, dark=True)
    _sent(page, photo((240, 100, 160)))
    page.fill("textarea", "一段很长的话，要说很久很久。" * 8)
    page.check('input[value="consent"]')
    page.click(".make")
    page.wait_for_function("document.querySelector('.step').textContent.includes('正在绘制画面')")
    assert page.locator("progress").evaluate("bar => bar.value") < 1
    page.screenshot(path=screenshots / "animate-zh-narrow-dark.png", full_page=True)
    page.click(".cancel")
    page.wait_for_selector(".told:not([hidden])")
    assert "已取消" in page.inner_text(".told")
    assert page.is_hidden(".result")
    assert page.is_enabled(".make")


def test_uploaded_speech_as_a_gif_and_the_other_language(
    animate: OpenAnimate, photo: Callable[..., str], tmp_path: Path
) -> None:
    speech = tmp_path / "speech.wav"
    speech.write_bytes(wav_bytes(voice(1.0)))
    page = animate(locale="en-US")
    _sent(page, photo((240, 100, 160)))
    page.click('[data-tab="recording"]')
    page.set_input_files(".by-recording input", str(speech))
    page.check('input[value="own"]')
    page.select_option(".form", "gif")
    page.click(".languages [data-language=zh]")
    assert page.inner_text(".make") == "生成视频"
    page.click(".make")
    page.wait_for_selector("img.moving:not([hidden])")
    assert page.is_hidden("video")


def test_what_is_no_photo_is_told_in_the_page_s_language(animate: OpenAnimate, tmp_path: Path) -> None:
    drawing = tmp_path / "drawing.svg"
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    for locale, said in (("zh-CN", "SVG 图形"), ("en-US", "SVG drawing")):
        page = animate(locale=locale)
        page.set_input_files(".drop input", str(drawing))
        page.wait_for_selector(".toast p")
        assert said in page.inner_text(".toast p")
        assert page.is_visible(".drop")
