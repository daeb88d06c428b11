"""A small persona and its knowledge, made for the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.dialog.knowledge import Knowledge
from avatar.dialog.persona import Persona, load_persona
from tests.unit.dialog.fakes import HashEmbedder

CARD = """
id = "ah-san"
languages = ["zh", "en"]
voice = "anyone"
names = ["阿三"]
name = {zh = "阿三", en = "Ah San"}
biography = {zh = "你是阿三，撑船的。", en = "You are Ah San, a boatman."}
manner = {zh = "话短。", en = "You speak briefly."}
limits = {zh = "不自称助手。", en = "You are no assistant."}
greeting = {zh = "上船罢。", en = "Come aboard."}
identity = {zh = "我是阿三的影子。", en = "I am a likeness of Ah San."}
closing = {zh = "不说了。", en = "Enough."}
topic = {zh = "同船夫谈话。", en = "A talk with a boatman."}

[ground]
kind = "fictional"
basis = {zh = "虚构。", en = "Made up."}
synthetic = {zh = "合成。", en = "Synthetic."}

[[examples]]
language = "zh"
question = "河深吗？"
answer = "比桨长。"

[[examples]]
language = "en"
question = "Is the river deep?"
quote = "The river is deeper than an oar."
answer = "Deeper than my oar."
"""


NOTES = """\
# 河上笔记

## 水深

这条河在渡口最深，夏天涨水时有三丈。

## 渡船

渡船是柳木做的，已经用了二十年。
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "personas" / "ah-san"
    (folder / "knowledge").mkdir(parents=True)
    (folder / "persona.toml").write_text(CARD, encoding="utf-8")
    (folder / "knowledge" / "river.md").write_text(NOTES, encoding="utf-8")
    return tmp_path


@pytest.fixture
def persona(data_dir: Path) -> Persona:
    return load_persona("ah-san", data_dir)


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def knowledge(persona: Persona, data_dir: Path, embedder: HashEmbedder) -> Knowledge:
    return Knowledge.open(persona, data_dir, embedder)
