"""From nothing to a persona of one's own that answers: a photograph, a recording and some letters, in a browser.

`avatar serve` is started as anybody starts it, on an empty data folder; a headless Chromium then goes the whole way a
visitor goes: photograph, name, a voice made of the recording (its ground told), the texts, and a first question. Nobody
types or reads here, so the time is what the machine takes; how much is asked of the visitor is told by the clicks and
by the fields that are filled.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from avatar.errors import NotFoundError
from avatar.settings import PACKAGE_ROOT, Settings
from benchmarks._page import FLAGS, find_chromium
from benchmarks._served import serving

DATA = PACKAGE_ROOT.parent.parent / "shared" / "data"

TEXTS = (".txt", ".md", ".pdf", ".docx", ".epub")

WAIT_MS = 600_000
"""The longest wait for any step in the page."""

NAME = "外公"
ABOUT = "你是外公陈守义，在杭州清河坊修了一辈子表，话不多，疼外孙女阿芸。"
DIED, WORDS = "2003", "他是我的外公，全家都同意；录音是1998年过年时录的磁带。"
QUESTION = "您当年为什么去学修表？"

LETTERS = """外公的信

一九七九年三月，杭州

阿芸：

来信收到了。你问我当年为什么学修表，我慢慢说给你听。一九四六年我十四岁，父亲在米行里做伙计，家里五口人，常常吃不饱。
隔壁的沈师傅在清河坊开一间修表的小铺，缺一个学徒，管饭，我就去了。第一天他只让我看，看他把一只怀表拆成八十几个零件，
又一个一个装回去。他说，手要稳，心要静，急的人修不好表。

一九八三年秋天

阿芸：

你要上大学了，我很高兴。送你那只上海牌手表，是我用一九六一年攒的零件装起来的，一天只差四秒。东西旧了可以修，人走远了
要常写信。院子里的桂花今年开了两次，你外婆做了桂花糖，给你留了一罐，放在碗橱最上面一格。
"""
"""Written for this."""

COUNTED = """
    sessionStorage.clicks ??= 0;
    document.addEventListener("click", ({isTrusted, target}) => {
        if (isTrusted && !target.matches("input[type=file]")) sessionStorage.clicks = Number(sessionStorage.clicks) + 1;
    }, true);
"""
"""Counts the presses of a visitor over all pages."""

SOUNDS = """
    () => {
        const answer = document.querySelector(".message.user ~ .message.persona");
        const {state, rms} = avatarPlayer.stats();
        return answer !== null && state === "speaking" && rms > 0.002;
    }
"""
"""Whether the answer to the first question is heard; a greeting before it is not meant."""


@dataclass
class Watch:
    """Seconds, step by step, and the fields that were filled."""

    started: float = field(default_factory=time.monotonic)
    steps: dict[str, float] = field(default_factory=dict)
    fields: int = 0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step of the way."""
        begun = time.monotonic()
        yield
        self.steps[f"seconds_{name}"] = time.monotonic() - begun


def run(settings: Settings, voices: Path | None = None, corpus: Path | None = None) -> dict[str, float]:
    """Measure.

    Args:
        voices: a folder of recordings, of which the first is cloned.
        corpus: a text, or a folder of them; without it some letters.

    Returns:
        Seconds from the first page to the sound of the first answer (`seconds_to_first_answer`), of them those for the
        photograph, the voice, the texts and the answer; the clicks and filled fields; and the start of the server.

    Raises:
        NotFoundError: there is no photograph or no recording.
        EngineError: the server does not start, or there is no Chromium.
    """
    photo = _first(Path(os.environ.get("AVATAR_BENCH_PHOTOS", DATA / "portraits")), (".png", ".jpg", ".jpeg"))
    recording = _first(voices or DATA / "voices", (".wav", ".flac", ".mp3", ".m4a", ".ogg"))
    with TemporaryDirectory() as folder:
        texts = [corpus] if corpus is not None else [Path(folder) / "letters.txt"]
        if corpus is None:
            texts[0].write_text(LETTERS, encoding="utf-8")
        elif corpus.is_dir():
            texts = sorted(path for path in corpus.iterdir() if path.suffix in TEXTS)
        begun = time.monotonic()
        with serving(Path(folder) / "data") as address:
            ready = time.monotonic() - begun
            with _browser() as page:
                watch = Watch()
                _way(page, address, watch, photo, recording, texts)
                total = time.monotonic() - watch.started
                clicks = float(page.evaluate("sessionStorage.clicks"))
    counts = {"clicks": clicks, "fields": float(watch.fields), "seconds_start": ready}
    return {"seconds_to_first_answer": total, **watch.steps, **counts}


def _way(page: Page, address: str, watch: Watch, photo: Path, recording: Path, texts: list[Path]) -> None:
    """The whole way, as a visitor goes it who has everything at hand."""
    page.goto(address)
    page.click(".pages [data-page=personas]")
    page.click(".new-tile")
    with watch.step("face"):
        page.set_input_files(".making .portrait-frame input", photo)
        page.wait_for_selector(".making .findings :is(.fine, .note, .warning)")
    _fill(page, watch, {".making .name": NAME, ".making .about": ABOUT})
    with watch.step("clone"):
        _voice(page, watch, recording)
    page.click(".making [type=submit]")
    with watch.step("texts"):
        page.wait_for_selector(".texts-panel.open")
        page.set_input_files(".files", texts)
        page.wait_for_function(f"document.querySelectorAll('.owned-text').length >= {len(texts)}")
    page.click(".just-added a")
    page.wait_for_selector(".stage.alive")
    with watch.step("answer"):
        _fill(page, watch, {"textarea": QUESTION})
        page.press("textarea", "Enter")
        page.wait_for_function(SOUNDS)


def _voice(page: Page, watch: Watch, recording: Path) -> None:
    """A voice of the recording of somebody who has died, for whom the family speaks."""
    page.click(".making .own-voice")
    page.click("[data-dead=dead]")
    _fill(page, watch, {".person [name=died]": DIED, ".person [name=words]": WORDS})
    page.click(".person [type=submit]")
    page.wait_for_selector(".samples:not([hidden])")
    page.set_input_files(".upload-some input", recording)
    page.click(".samples .make")
    page.wait_for_selector(".making .voice-made:visible")


def _fill(page: Page, watch: Watch, texts: dict[str, str]) -> None:
    for selector, text in texts.items():
        page.fill(selector, text)
        watch.fields += 1


@contextmanager
def _browser() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        try:
            page = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800}).new_page()
            page.set_default_timeout(WAIT_MS)
            page.add_init_script(COUNTED)
            yield page
        finally:
            browser.close()


def _first(folder: Path, endings: tuple[str, ...]) -> Path:
    """The first file of a kind.

    Raises:
        NotFoundError: there is none.
    """
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in endings)
    if not found:
        kinds = ", ".join(endings)
        raise NotFoundError(
            f"There is no {kinds} in {folder}. Name a folder with --photos or --voices.",
            f"{folder} 里没有 {kinds} 文件。请用 --photos 或 --voices 指定文件夹。",
            code="bench_files",
        )
    return found[0]
