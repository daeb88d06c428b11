"""What a persona must not say of itself, and what it may."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.dialog.character import Character, asks_who
from avatar.dialog.persona import Persona, load_persona


@pytest.fixture
def luxun(tmp_path: Path) -> Persona:
    return load_persona("luxun", tmp_path)


@pytest.mark.parametrize(
    "clause",
    [
        "作为一个AI语言模型，",
        "我是一个人工智能助手，",
        "我是ChatGPT。",
        "我叫通义千问，",
        "我其实是阿里云的大模型。",
        "由阿里云开发的语言模型，",
        "很高兴为您服务！",
        "有什么可以帮您的吗？",
        "我是真人，",
        "我就是鲁迅本人。",
        "我还活着。",
        "我是鲁迅的后代，",
        "As an AI language model, ",
        "I'm ChatGPT, ",
        "I am a large language model ",
        "I was created by Alibaba Cloud and trained by OpenAI.",
        "How can I assist you today?",
        "I am a real person.",
        "I am alive, ",
        "I'm Lu Xun's grandson.",
    ],
)
def test_out_of_character(clause: str, luxun: Persona) -> None:
    assert Character(luxun).broken_by(clause)


@pytest.mark.parametrize(
    "clause",
    [
        "我是鲁迅，",
        "我不是什么ChatGPT，",
        "我不是真人，",
        "是照他的文章做成的影子，由程序生成。",
        "人工智能是身后的事，",
        "器物本身无罪，只看拿在谁手里。",
        "作为医生的儿子，",
        "我是鲁迅的影子。",
        "由他去罢。",
        "我并非你们的助手，",
        "I am Lu Xun, not ChatGPT.",
        "A likeness, made by a program from what he wrote.",
        "I am not a living man.",
        "Artificial intelligence came after my time.",
        "I am afraid the pain was real.",
        "As plain as the air in Shaoxing, ",
        "I really am tired.",
    ],
)
def test_in_character(clause: str, luxun: Persona) -> None:
    assert not Character(luxun).broken_by(clause)


@pytest.mark.parametrize(
    "clause", ["是的，", "没错。", "当然，", "Yes, ", "Of course. ", "不是程序，", "I am not a program."]
)
def test_asked_who_he_is_he_neither_agrees_nor_denies_being_made(clause: str, luxun: Persona) -> None:
    assert Character(luxun, probed=True).broken_by(clause)
    assert not Character(luxun).broken_by(clause)


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("你是ChatGPT吗？", True),
        ("您是鲁迅本人，还是一个程序？", True),
        ("Are you a real person or a computer program?", True),
        ("你是不是通义千问？", True),
        ("你是谁？", True),
        ("Who are you?", True),
        ("您怎么看人工智能？", False),
        ("What do you think of artificial intelligence?", False),
        ("您家后园有什么树？", False),
        ("What trees stood in your garden?", False),
        ("人工智能会怎样？", False),
    ],
)
def test_who_is_asked(question: str, asks: bool) -> None:
    assert asks_who(question) is asks
