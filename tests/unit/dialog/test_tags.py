"""Style tags: read, taken out, and harmless however they are written."""

from __future__ import annotations

import pytest

from avatar.dialog.tags import Tags, Told
from avatar.stages import Style


def read(text: str) -> tuple[str, list[Style]]:
    """What is left of a text, and the styles that were told, in order."""
    tags = Tags()
    told: Told = [*tags.push(text), *tags.finish()]
    return "".join(words for words, _ in told), [style for _, style in told if style is not None]


@pytest.mark.parametrize(
    ("text", "left", "styles"),
    [
        ("[warm] Hello there.", "Hello there.", ["warm"]),
        ("[warm]你好。", "你好。", ["warm"]),
        ("【严肃】不行。", "不行。", ["stern"]),
        ("〔悲伤〕唉。", "唉。", ["sad"]),
        ("<amused>Ha.</amused>", "Ha.", ["amused", "amused"]),
        ("[tone: sad] Alas.", "Alas.", ["sad"]),
        ("[语气：温和]来。", "来。", ["warm"]),
        ("[ WARM ] Yes.", "Yes.", ["warm"]),
        ("[[sad]] No.", "No.", ["sad"]),
        ("Yes. [sad] But no.", "Yes. But no.", ["sad"]),
        ("是的。[stern]但是不行。", "是的。但是不行。", ["stern"]),
        ("[warm][sad]好。", "好。", ["sad"]),
        ("[angry] No.", "No.", ["stern"]),
        ("[neutral] So.", "So.", ["calm"]),
    ],
)
def test_a_tag_is_read_and_taken_out(text: str, left: str, styles: list[Style]) -> None:
    assert read(text) == (left, styles)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[warm 你好。", "你好。"),
        ("[warm你好。", "你好。"),
        ("[warm", ""),
        ("warm] Hello.", "Hello."),
        ("温和】你好。", "你好。"),
        ("[warm]", ""),
        ("[excited] Hello.", "Hello."),
        ("[[warm] Hello.", "Hello."),
        ("[warm]" * 2000 + "Hello.", "Hello."),
    ],
)
def test_a_broken_tag_leaves_no_trace(text: str, left: str) -> None:
    assert read(text)[0] == left


@pytest.mark.parametrize(
    "text",
    [
        "He had a [warm coat] on.",
        "见注[1]。",
        "〔记得:一件事〕好。",
        "Warm water is fine.",
        "a < b and b > c",
        "[" * 500,
        "She said: [excited] no.",
        "《故乡》里的[闰土]。",
        "[a long remark in brackets that goes on and on and on]",
    ],
)
def test_other_brackets_are_text(text: str) -> None:
    assert read(text) == (text, [])


def test_words_are_not_kept_waiting() -> None:
    tags = Tags()
    assert tags.push("你好，") == [("你好，", None)]
    assert tags.push("我是") == [("我是", None)]
    assert tags.push("[wa") == []
    assert tags.push("rm]鲁迅") == [("鲁迅", "warm")]
