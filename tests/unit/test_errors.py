"""What is wrong with a field is told in both languages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from avatar.errors import UnfitError, fault, whence
from avatar.settings import load_settings


class Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field("a", max_length=3, min_length=1)
    size: int = Field(16, ge=16, le=64, multiple_of=16)
    speed: float = Field(1.0, gt=0, lt=2)
    keep: bool = True
    kind: str = Field("a", pattern="^[ab]$")
    marks: list[int] = Field([], max_length=1)

    @field_validator("name")
    @classmethod
    def _no_path(cls, name: str) -> str:
        if "/" in name:
            raise UnfitError("it is a path", "它是路径")
        return name


@pytest.mark.parametrize(
    ("wrong", "en", "zh"),
    [
        ({"name": "abcd"}, "it has 3 characters at most", "最多 3 个字符"),
        ({"name": ""}, "it has 1 characters at least", "至少 1 个字符"),
        ({"name": "a/b"}, "it is a path", "它是路径"),
        ({"name": 1}, "it has to be a text", "须为文字"),
        ({"size": 0}, "it is 16 at least", "不得小于 16"),
        ({"size": 17}, "it is a multiple of 16", "须为 16 的倍数"),
        ({"size": "x"}, "it has to be a whole number", "须为整数"),
        ({"speed": 0}, "it is more than 0.0", "须大于 0.0"),
        ({"keep": "perhaps"}, "it is true or false", "须为 true 或 false"),
        ({"kind": "c"}, "it has another form", "格式不符"),
        ({"marks": [1, 2]}, "it has 1 entries at most", "最多 1 项"),
        ({"other": 1}, "there is no such field", "没有这个字段"),
    ],
)
def test_a_fault_in_both_languages(wrong: dict[str, Any], en: str, zh: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Wish.model_validate(wrong)
    assert fault(dict(caught.value.errors()[0])) == (en, zh)


def test_what_is_not_known_is_told_as_it_is() -> None:
    assert fault({"type": "made_up", "msg": "Value error, no {0}"}) == ("no {0}", "no {0}")
    assert fault({"type": "string_too_long", "msg": "too long"}) == ("too long", "too long")
    assert fault({}) == ("not valid", "not valid")


def test_a_choice_names_what_there_is_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_LANGUAGE", "fr")
    with pytest.raises(Exception, match="it is one of") as caught:
        load_settings()
    told = caught.value
    assert not re.search(r"\bor\b|Input", getattr(told, "zh", "or"))


def test_what_nobody_foresaw_is_told_by_its_place_and_not_by_its_message() -> None:
    try:
        int("what somebody said")
    except ValueError as error:
        told = whence(error)
    assert told.startswith("ValueError at test_what_nobody_foresaw")
    assert "test_errors.py:" in told
    assert "said" not in told
