"""Thirty edits of the shared recordings: fifteen in each language, words changed, put in and taken out."""

from __future__ import annotations

from dataclasses import dataclass

from avatar.errors import Language


@dataclass(frozen=True, slots=True)
class Planned:
    """An edit.

    Attributes:
        wanted, by: as of `avatar edit --from … --to …`.
    """

    file: str
    wanted: str
    by: str


TRANSCRIPTS: dict[str, tuple[Language, str]] = {
    "cosy_cross_lingual_prompt.wav": (
        "zh",
        "在那之后，完全收购那家公司，因此保持管理层的一致性，利益与即将加入家族的资产保持一致。"
        "这就是我们有时不买下全部的原因。",
    ),
    "cosy_zero_shot_prompt.wav": ("zh", "希望你以后能够做的比我还好呦。"),
    "zh_question_01.wav": ("zh", "先生，今天的年轻人很迷茫，您有什么话要对他们说？"),
    "zh_question_02.wav": ("zh", "您为什么放弃学医，改去写文章？"),
    "zh_question_04.wav": ("zh", "您家后园墙外的两株树是什么树？"),
    "zh_question_05.wav": ("zh", "闰土小时候拿着钢叉在做什么？"),
    "zh_question_06.wav": ("zh", "您怎么看人工智能？"),
    "zh_question_07.wav": ("zh", "您是鲁迅本人，还是一个程序？"),
    "jfk.flac": (
        "en",
        "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country.",
    ),
    "f5_basic_ref_en.wav": ("en", "Some call me nature, others call me mother nature."),
    "openvoice_demo_speaker0.mp3": (
        "en",
        "Help you become experts in the deep learning algorithms. Have you learn the state of the art. "
        "Have you have deep technical knowledge on the state of the art in deep learning. And second is to give you "
        "the know-how to apply these algorithms to whatever problems you want to work on.",
    ),
    "en_question_01.wav": ("en", "Mister Lu Xun, what would you say to young people today?"),
    "en_question_02.wav": ("en", "Why did you give up medicine and begin to write?"),
    "en_question_04.wav": ("en", "Are you a real person or a computer program?"),
    "en_question_05.wav": ("en", "What do you think of artificial intelligence?"),
    "en_question_06.wav": ("en", "Tell me about your teacher in Sendai."),
}

EDITS = (
    Planned("cosy_cross_lingual_prompt.wav", "完全收购", "慢慢收购"),
    Planned("cosy_cross_lingual_prompt.wav", "我们有时", "我们公司有时"),
    Planned("cosy_cross_lingual_prompt.wav", "即将加入", "加入"),
    Planned("cosy_zero_shot_prompt.wav", "以后", "明年"),
    Planned("zh_question_01.wav", "年轻人", "老年人"),
    Planned("zh_question_01.wav", "什么话", "什么重要的话"),
    Planned("zh_question_01.wav", "今天的", ""),
    Planned("zh_question_02.wav", "写文章", "学画画"),
    Planned("zh_question_02.wav", "改去", "后来改去"),
    Planned("zh_question_04.wav", "两株", "三棵"),
    Planned("zh_question_04.wav", "墙外的", ""),
    Planned("zh_question_05.wav", "小时候", "昨天晚上"),
    Planned("zh_question_06.wav", "怎么看", "现在怎么看"),
    Planned("zh_question_06.wav", "人工智能", "现代教育"),
    Planned("zh_question_07.wav", "程序", "机器人"),
    Planned("jfk.flac", "fellow Americans", "dear neighbors"),
    Planned("jfk.flac", "country can do", "country and your city can do"),
    Planned("jfk.flac", "And so", ""),
    Planned("f5_basic_ref_en.wav", "mother nature", "the river"),
    Planned("f5_basic_ref_en.wav", "others call", "but others call"),
    Planned("openvoice_demo_speaker0.mp3", "algorithms to whatever", "methods to whatever"),
    Planned("openvoice_demo_speaker0.mp3", "whatever problems", "whatever difficult problems"),
    Planned("en_question_01.wav", "young people", "old people"),
    Planned("en_question_01.wav", "today", ""),
    Planned("en_question_02.wav", "medicine", "teaching"),
    Planned("en_question_02.wav", "give up medicine and", ""),
    Planned("en_question_04.wav", "a computer program", "a clever machine"),
    Planned("en_question_05.wav", "artificial intelligence", "modern music"),
    Planned("en_question_05.wav", "think of", "really think of"),
    Planned("en_question_06.wav", "teacher", "brother"),
)
