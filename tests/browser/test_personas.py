"""The Personas page in Chromium, on the real routes, the real cards and the real index, with a scripted writer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.scripted import ANSWERS
from tests.browser.talkpage import WAIT_MS
from tests.browser.workshop import WorkshopServer
from tests.unit.live.fake_studio import photo_of

pytestmark = pytest.mark.browser

OpenPersonas = Callable[..., Page]

QUESTION = "秋夜里您的后园墙外有两株什么树？"

UNNAMED = """() => [...document.querySelectorAll("main:not([hidden]) :is(button, a, input, select, textarea)")]
    .filter((node) => node.offsetParent !== null)
    .filter((node) => ![node.ariaLabel, node.textContent, node.labels?.[0]?.textContent].some((name) => name?.trim()))
    .map((node) => node.outerHTML)"""
"""What can be used and has no name that a screen reader could say."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkshopServer]:
    """A server with a data folder that is empty at first."""
    server = WorkshopServer(tmp_path_factory.mktemp("shop"))
    with server:
        yield server


@pytest.fixture
def personas(chromium: Browser, shop: WorkshopServer) -> Iterator[OpenPersonas]:
    """Opens the page: `personas("luxun/texts", locale=…, width=…, dark=…)`; a script error fails the test."""
    problems: list[str] = []

    def start(
        place: str = "",
        *,
        locale: str = "zh-CN",
        width: int = 1280,
        height: int = 860,
        dark: bool = False,
        address: str = "",
    ) -> Page:
        context = chromium.new_context(
            locale=locale,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{address or shop.address}/personas#/{place}")
        page.wait_for_selector(".panel.open, .tile, .making:not([hidden])")
        return page

    yield start
    for context in chromium.contexts:
        context.close()
    assert problems == []


def _made(shop: WorkshopServer, name: str) -> str:
    """A persona of one's own, made without the page; its id."""
    ground = {"kind": "fictional", "basis": "编的。"}
    about = "你是渡口撑船的老人，见过许多过河的人。"
    body: dict[str, object] = {"id": name, "name": name, "about": about, "manner": "话很短。", "ground": ground}
    return str(_sent(shop, "", body)["id"])


def _sent(shop: WorkshopServer, path: str, body: dict[str, object], method: str = "POST") -> dict[str, object]:
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = Request(f"{shop.address}/v1/avatar/personas{path}", data, headers, method=method)  # noqa: S310
    with urlopen(request) as answer:  # noqa: S310 - our own server
        found: dict[str, object] = json.load(answer)
    return found


def _ask(page: Page, question: str) -> None:
    """Ask in the test chat, and wait until the answer is whole."""
    answers = page.locator(".trial-list .complain").count()
    page.fill(".trial-panel textarea", question)
    page.keyboard.press("Enter")
    page.locator(".trial-list .complain").nth(answers).wait_for()


def _told(page: Page) -> str:
    page.wait_for_selector(".toast p")
    return page.locator(".toast p").last.inner_text()


def _confirmed(page: Page) -> None:
    page.click(".asking[open] .yes")


def test_a_fresh_user_uploads_a_book_asks_about_it_and_finds_it_again_after_a_restart(
    personas: OpenPersonas, tmp_path: Path, shared_data: Path, screenshots: Path
) -> None:
    first = WorkshopServer(tmp_path)
    with first:
        page = personas("luxun/texts", address=first.address)
        expect(page.locator(".texts")).to_contain_text("还没有文本")
        page.set_input_files(".files", str(shared_data / "luxun" / "野草.txt"))
        page.wait_for_selector(".just-added:not([hidden])")
        assert "《野草》已收下" in page.inner_text(".just-added")
        _opens_a_quotation(page, screenshots / "personas-zh-passage.png")
        page.locator(".meaning").wait_for(state="hidden")
        page.screenshot(path=screenshots / "personas-zh-texts.png")
    second = WorkshopServer(tmp_path)
    with second:
        page = personas("luxun/texts", address=second.address)
        assert page.inner_text(".owned-text strong") == "野草"
        _opens_a_quotation(page, screenshots / "personas-zh-again.png")
        page.fill(".search input", "枣树")
        page.wait_for_selector(".finds li")
        page.goto(f"{second.address}/?greeting=0")
        page.wait_for_selector(".stage.alive")
        page.fill("textarea", QUESTION)
        page.keyboard.press("Enter")
        page.click(".citations summary")
        page.click(".citations .cited:has-text('秋夜') >> nth=0")
        page.wait_for_selector(".passage .here mark")
        page.screenshot(path=screenshots / "talk-zh-passage.png")


def _opens_a_quotation(page: Page, picture: Path) -> None:
    """The answer rests on the book, and its quotation opens in its context."""
    _ask(page, QUESTION)
    page.locator(".trial-list .citations summary").last.click()
    page.locator(".trial-list .cited", has_text=re.compile("^野草秋夜")).last.click()
    page.wait_for_selector(".passage .here mark")
    assert page.inner_text(".passage .work") == "野草"
    assert "后园" in page.locator(".passage mark").first.inner_text()
    assert page.locator(".passage .beside").count() > 0
    before = page.inner_text(".passage .where")
    page.screenshot(path=picture)
    page.click(".passage .later")
    expect(page.locator(".passage .where")).not_to_have_text(before)
    page.keyboard.press("Escape")
    expect(page.locator(".passage")).to_be_hidden()


def test_a_persona_is_made_from_nothing(personas: OpenPersonas, tmp_path: Path, screenshots: Path) -> None:
    photo, text = tmp_path / "face.png", tmp_path / "ferry.md"
    Image.fromarray(photo_of((240, 100, 160))).save(photo)
    text.write_text("# The Ferry\n\n" + "The ferry of Willow Bank carries salt, tea and lamp oil. " * 20)
    page = personas(locale="en-US")
    page.click(".new-tile")
    page.set_input_files(".making .portrait-frame input", str(photo))
    page.wait_for_selector(".making .findings .note")
    assert "The face is small." in page.inner_text(".making .findings")
    page.fill(".making .name", "Ah San")
    page.fill(".making .about", "You are Ah San, the ferryman of Willow Bank.")
    page.click(".making [type=submit]")
    assert "Choose the ground" in page.inner_text(".making .told")
    page.check(".making [value=fictional]")
    page.fill(".making .basis", "I made him up.")
    page.select_option(".making select.voice", "af_heart")
    page.screenshot(path=screenshots / "personas-en-new.png", full_page=True)
    page.click(".making [type=submit]")
    page.wait_for_selector(".texts-panel.open .none")
    page.set_input_files(".files", str(text))
    page.wait_for_selector(".owned-text")
    _ask(page, "What does the ferry of Willow Bank carry?")
    page.click(".trial-list .citations summary")
    assert "salt, tea" in page.locator(".trial-list .quoted").first.inner_text()
    page.click("[data-tab=card]")
    assert page.input_value(".card-form [data-field=name]") == "Ah San"
    assert page.input_value(".card-form select.voice") == "af_heart"
    page.wait_for_selector(".face-picture[src]")
    page.click(".workshop .back")
    page.wait_for_selector(".tile:has-text('Ah San') img")


def test_a_card_is_changed_and_brought_back(personas: OpenPersonas, shop: WorkshopServer, screenshots: Path) -> None:
    who = _made(shop, "laowang")
    page = personas(who)
    _ask(page, "你好")
    page.fill("[data-field=manner]", "话很短，爱打比方。")
    page.screenshot(path=screenshots / "personas-zh-card.png", full_page=True)
    page.click(".save-bar [type=submit]")
    assert _told(page) == "已保存为第 2 版。"
    assert "按第 2 版回答" in page.inner_text(".trial-list .mark")
    assert page.is_hidden(".save-bar")
    card = _sent(shop, f"/{who}/voice", {"voice": "zm_yunxi"})["card"]
    assert isinstance(card, dict)
    page.fill("[data-field=manner]", "话很长。")
    page.click(".save-bar [type=submit]")
    page.locator(".toast.bad").wait_for()
    assert page.is_visible(".save-bar")
    page.click(".workshop .back")
    page.click(".asking[open] [value=no]")
    assert page.input_value("[data-field=manner]") == "话很长。"
    page.click(".drop-changes")
    page.wait_for_function("document.querySelector('.workshop .persona-facts').textContent.includes('第 3 版')")
    assert page.input_value("[data-field=manner]") == "话很短，爱打比方。"
    page.click("[data-tab=versions]")
    oldest = page.locator(".version").last
    assert "第 1 版" in oldest.inner_text()
    oldest.get_by_role("button", name="看差别").click()
    assert "爱打比方" in oldest.locator(".diff").inner_text()
    page.screenshot(path=screenshots / "personas-zh-versions.png")
    oldest.get_by_role("button", name="恢复这一版").click()
    page.wait_for_selector(".version >> nth=3")
    page.click("[data-tab=card]")
    assert page.input_value("[data-field=manner]") == "话很短。"


def test_a_persona_is_changed_by_talking(personas: OpenPersonas, shop: WorkshopServer, screenshots: Path) -> None:
    page = personas(_made(shop, "shuoshu"))
    _ask(page, "您怎么看希望？")
    page.click(".trial-list .complain")
    assert page.inner_text(".complaint .answered") == ANSWERS["zh"]
    page.click(".forget")
    page.fill(".wish textarea", "少一点反讽，句子再短些")
    page.click(".wish [type=submit]")
    page.wait_for_selector(".proposal:not([hidden]) .diff ins")
    assert page.inner_text(".proposal .explanation")
    page.click(".try")
    page.wait_for_function("document.querySelectorAll('.side-by-side .after p:not(:empty)').length >= 3")
    assert page.locator(".side-by-side .before p").first.inner_text()
    page.screenshot(path=screenshots / "personas-zh-studio.png", full_page=True)
    page.click(".accept")
    page.wait_for_selector(".accepted:not([hidden])")
    assert "第 2 版" in page.inner_text(".workshop .persona-facts")
    page.click(".undo")
    page.wait_for_function("document.querySelector('.workshop .persona-facts').textContent.includes('第 3 版')")
    page.click("[data-tab=card]")
    assert page.input_value("[data-field=manner]") == "话很短。"


def test_a_persona_is_made_by_one_sentence(personas: OpenPersonas, screenshots: Path) -> None:
    page = personas("new")
    page.click(".sketch summary")
    page.fill(".sketch .say", "做一个虚构的唐代说书人，爱讲传奇，话不多")
    page.click(".sketch .write")
    page.wait_for_selector(".sketched:not([hidden]) .diff")
    page.fill(".sketch .more", "再温和一些")
    page.press(".sketch .more", "Enter")
    page.wait_for_function("document.querySelector('.sketched .explanation').textContent.includes('更温和')")
    assert "说书人" in page.inner_text(".sketched .explanation") and page.input_value(".sketch .more") == ""
    assert "。、" not in page.inner_text(".sketched .changes"), "each example stands in lines of its own"
    page.screenshot(path=screenshots / "personas-zh-sketch.png", full_page=True)
    page.click(".sketch .take")
    page.wait_for_selector(".card-panel.open")
    assert "说书" in page.input_value("[data-field=biography]") and "温和" in page.input_value("[data-field=manner]")


def test_texts_that_cannot_be_read_are_told_and_embedding_is_stopped(
    personas: OpenPersonas, shop: WorkshopServer, tmp_path: Path
) -> None:
    broken, book = tmp_path / "broken.pdf", tmp_path / "book.txt"
    broken.write_bytes(b"%PDF-1.7 nothing")
    book.write_text(
        "第一章\n\n" + "".join(f"渡口的第{n}条船装着茶叶，船老大姓{n}。" * 40 for n in "一二三四五六七八九")
    )
    page = personas(f"{_made(shop, 'dukou')}/texts")
    shop.embedder.seconds = 2.0
    try:
        page.set_input_files(".files", [str(broken), str(book)])
        page.wait_for_selector(".upload.refused")
        assert "broken.pdf" in page.inner_text(".refused .step")
        page.wait_for_selector(".owned-text")
        page.click(".refused .cancel")
        assert page.locator(".upload").count() == 0
        page.click(".embedding:has-text('先停下')")
        page.wait_for_selector(".embedding:has-text('继续')")
    finally:
        shop.embedder.seconds = 0.0
    page.click(".embedding")
    expect(page.locator(".meaning")).to_be_hidden()
    page.click(".owned-text button >> nth=1")
    _confirmed(page)
    page.wait_for_selector(".texts .none")


def test_a_persona_goes_out_as_a_file_and_comes_back(
    personas: OpenPersonas, shop: WorkshopServer, tmp_path: Path
) -> None:
    page = personas(f"{_made(shop, 'lvren')}/versions")
    with page.expect_download() as download:
        page.click("[data-form=persona]")
    assert download.value.suggested_filename == "lvren.persona"
    file = tmp_path / "lvren.persona"
    download.value.save_as(file)
    page.click(".delete")
    _confirmed(page)
    page.wait_for_selector(".home:not([hidden]) .tile")
    expect(page.locator(".tile:has-text('lvren')")).to_have_count(0)
    page.set_input_files(".import input", str(file))
    page.wait_for_selector(".workshop:not([hidden])")
    assert page.inner_text(".persona-name") == "lvren"
    card = tmp_path / "card.json"
    card.write_text(json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": "Mei", "description":
                                "You are Mei, a baker.", "first_mes": "Bread?"}}))  # fmt: skip
    page.click(".workshop .back")
    page.set_input_files(".import input", str(card))
    page.check(".asking[open] [value=fictional]")
    page.fill(".asking[open] .basis", "编的。")
    page.click(".asking[open] [value=yes]")
    page.wait_for_selector(".workshop:not([hidden])")
    assert page.inner_text(".persona-name") == "Mei"


@pytest.mark.parametrize(("locale", "dark"), [("zh-CN", True), ("en-US", False)])
def test_a_narrow_page(personas: OpenPersonas, screenshots: Path, locale: str, dark: bool) -> None:
    page = personas(locale=locale, width=360, height=740, dark=dark)
    language = locale[:2]
    for place in ("", "new", "luxun/card", "luxun/texts", "luxun/studio", "luxun/versions", "luxun/trial"):
        page.evaluate("place => { location.hash = `/${place}`; }", place)
        shown = ".making:not([hidden])" if place == "new" else f"#panel-{place[6:]}.open" if place else ".tile"
        page.wait_for_selector(shown)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, place
        assert page.evaluate(UNNAMED) == [], place
        if place in {"", "luxun/card", "luxun/trial"}:
            page.screenshot(path=screenshots / f"personas-{language}-narrow-{place.replace('/', '-') or 'home'}.png")
    page.focus("[data-tab=trial]")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#panel-card.open")
    assert page.get_attribute("[data-tab=card]", "aria-selected") == "true"


def test_the_pages_find_one_another_and_keep_the_language(personas: OpenPersonas) -> None:
    page = personas("luxun")
    page.click("[data-language=en]")
    assert page.inner_text("h1") == "Personas"
    assert page.inner_text(".persona-name") == "Lu Xun"
    assert page.title() == "Lu Xun · Personas"
    assert page.input_value("[data-field=name]") == "鲁迅"
    page.click("[data-wording=en]")
    assert page.input_value("[data-field=name]") == "Lu Xun"
    page.click(".pages [data-page=animate]")
    page.wait_for_selector(".avatar-animate .photo")
    page.click(".pages [data-page=personas]")
    page.wait_for_selector(".tile")
    page.click(".pages [data-page=talk]")
    page.wait_for_selector(".stage")
    assert page.inner_text("h1") == "Talk"
