"""Addresses of services, as people write them into the settings."""

from __future__ import annotations

import pytest

from avatar.service import bearer, endpoint, origin


@pytest.mark.parametrize("base", ["http://a:8000", "http://a:8000/", "http://a:8000/v1", "http://a:8000/v1/"])
def test_the_final_v1_may_be_left_out(base: str) -> None:
    assert endpoint(base, "audio/speech") == "http://a:8000/v1/audio/speech"


def test_a_service_may_lie_below_a_path() -> None:
    assert endpoint("https://a/openai/v1", "models") == "https://a/openai/v1/models"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://user:word@speech.example/v1/audio?key=1#x", "https://speech.example"),
        ("http://127.0.0.1:9/v1", "http://127.0.0.1:9"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
        ("nonsense", "?"),
        ("", "?"),
        ("http://host:port", "?"),
    ],
)
def test_no_secret_of_an_address_is_told(url: str, told: str) -> None:
    assert origin(url) == told


def test_an_empty_key_is_not_sent() -> None:
    assert bearer("") == {} and bearer("k") == {"Authorization": "Bearer k"}
