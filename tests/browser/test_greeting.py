"""The greeting on arrival: aloud, once, and not before it can be heard."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.scripted import QUESTION

pytestmark = pytest.mark.browser

GREETINGS = {"zh": "我是鲁迅", "en": "I am Lu Xun"}
AUDIBLE = 0.02


CAUTIOUS = """
    const gesture = new Promise((allow) => {
        for (const kind of ["click", "keydown"]) addEventListener(kind, allow, {once: true});
    });
    const Loud = AudioContext;
    window.AudioContext = class extends Loud {
        resume() {
            return gesture.then(() => super.resume());
        }
    };
"""
"""Makes a browser without a screen, which plays sound unasked, wait for a gesture as others do."""


@pytest.mark.parametrize(("language", "locale"), [("zh", "zh-CN"), ("en", "en-US")])
def test_where_sound_is_allowed_the_greeting_comes_at_once(open_page: OpenPage, language: str, locale: str) -> None:
    talk = open_page(locale=locale, greeting=True)
    talk.wait_alive()
    talk.wait_until("avatarPlayer.stats().samplesPlayed > 24000")
    assert max(talk.loudness(0, talk.now())) > AUDIBLE
    assert talk.wire("avatar.reply.started")[0]["language"] == language
    talk.wait_state("quiet")
    talk.wait_until("document.querySelector('.message .coming').textContent === ''")
    (greeting,) = talk.said("persona")
    assert greeting.startswith(GREETINGS[language])
    assert talk.problems == []


def test_it_waits_for_a_click(open_page: OpenPage) -> None:
    talk = open_page(script=CAUTIOUS, greeting=True)
    talk.wait_alive()
    talk.page.wait_for_timeout(500)
    assert not talk.wire("avatar.greet")
    assert talk.said("persona")[0].startswith(GREETINGS["zh"])
    talk.page.click("[data-language=en]")
    talk.wait_until("avatarPlayer.stats().samplesPlayed > 24000")
    (asked,) = talk.wire("avatar.greet")
    assert asked["language"] == "en"
    assert talk.page.locator(".message.persona").count() == 1
    talk.page.click("[data-language=zh]")
    talk.page.wait_for_timeout(300)
    assert len(talk.wire("avatar.greet")) == 1


def test_whoever_asks_first_is_answered_and_not_greeted(open_page: OpenPage) -> None:
    talk = open_page(script=CAUTIOUS, greeting=True)
    talk.wait_alive()
    talk.ask(QUESTION)
    talk.wait_state("speaking")
    assert len(talk.wire("avatar.reply.started")) == 1
    assert talk.said("user") == [QUESTION]
    assert not talk.wire("error")


def test_it_can_be_stopped(open_page: OpenPage) -> None:
    talk = open_page(greeting=True)
    talk.wait_alive()
    talk.wait_until("avatarPlayer.stats().samplesPlayed > 12000")
    talk.page.keyboard.press("Escape")
    talk.wait_wire("response.done")
    assert talk.wire("response.done")[0]["response"]["status"] == "cancelled"
    talk.wait_state("quiet")
