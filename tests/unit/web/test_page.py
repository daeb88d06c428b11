"""What the server hands to a browser: the page, its modules, and nothing that points elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from avatar.settings import Settings
from avatar.web.page import HEAD, STATIC, STATIC_PATH, mount_pages

MODULES = sorted(STATIC.glob("*.js"))

FETCHING = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=["'](?P<address>[^"']+)""")
"""The addresses that a browser fetches by itself when it reads a page."""

ELSEWHERE = re.compile(r"(?:https?:)?//[\w.-]+\.\w+")


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A browser in front of the pages, the page's language set to English."""
    app = FastAPI()

    @app.get("/v1/known")
    def known() -> str:
        return "known"

    with TestClient(mount_pages(app, Settings(language="en"))) as client:
        yield client


def test_the_page_fetches_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/").text
    assert f"{STATIC_PATH}/style.css" in page
    addresses = [match["address"] for match in FETCHING.finditer(page + HEAD)]
    assert len(addresses) > 3
    assert [address for address in addresses if ELSEWHERE.search(address)] == []


def test_the_page_begins_in_the_language_that_is_set(client: TestClient) -> None:
    assert r"{\"language\": \"en\"}" in client.get("/").text


def test_the_page_reports_to_nobody(client: TestClient) -> None:
    assert '"analytics_enabled":false' in client.get("/").text.replace(" ", "")


def test_routes_that_were_there_before_go_first(client: TestClient) -> None:
    assert client.get("/v1/known").json() == "known"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_is_served_as_one_and_asked_about_each_time(client: TestClient, module: Path) -> None:
    answer = client.get(f"{STATIC_PATH}/{module.name}")
    assert answer.status_code == 200
    assert "javascript" in answer.headers["content-type"]
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["../page.py", "%2e%2e/page.py", "none.js"])
def test_only_the_static_folder_is_served(client: TestClient, path: str) -> None:
    answer = client.get(f"{STATIC_PATH}/{path}")
    assert "mount_gradio_app" not in answer.text


def test_imports_and_files_belong_together() -> None:
    named = re.compile(r"""(?:from|import|new URL\()\s*"\./([\w-]+\.js)\"""")
    imported = {name for module in MODULES for name in named.findall(module.read_text())}
    assert imported | {"talk.js", "animate.js", "personas-page.js", "voices-page.js"} == {
        module.name for module in MODULES
    }


def test_no_module_names_another_host() -> None:
    for file in STATIC.iterdir():
        hosts = set(ELSEWHERE.findall(file.read_text())) - {"http://www.w3.org"}
        assert hosts == set(), file.name


def test_every_sentence_that_the_page_shows_exists() -> None:
    sentences = "".join(_read(module) for module in MODULES if module.name.endswith(("i18n.js", "-sentences.js")))
    modules = "".join(map(_read, MODULES))
    wanted = set(re.findall(r'data-(?:text|label|placeholder)="(\w+)"', modules))
    wanted |= set(re.findall(r'dataset\.(?:text|label|placeholder) = "([\w-]+)"', modules))
    wanted |= set(re.findall(r'(?:say|sentence)\((?:this\.#language, |language, )?"([\w-]+)"', modules))
    assert len(wanted) > 160
    for key in wanted:
        found = len(re.findall(rf'^    "?{key}"?: ', sentences, re.MULTILINE))
        assert found in (2, 4), key  # pages that are never open together may each have their own


def _read(module: Path) -> str:
    return module.read_text()


def test_the_page_that_animates_is_there(client: TestClient) -> None:
    page = client.get("/animate").text
    assert f"{STATIC_PATH}/animate.js" in page
    assert f"{STATIC_PATH}/animate.css" in page


def test_the_page_on_which_personas_are_made_is_there(client: TestClient) -> None:
    page = client.get("/personas").text
    assert f"{STATIC_PATH}/personas-page.js" in page
    assert f"{STATIC_PATH}/personas.css" in page
