"""What is said for training: the sentences of the repository's knowledge files, and words of theirs strung together.

Strung words make no sense, and that is their use: the lips meet every sound beside every other, and the network can
learn nothing from them but how they sound. Words with p, b and m come more often than in real speech, for lips that
touch are a tenth of its frames and what people look for first.
"""

from __future__ import annotations

import re
from functools import lru_cache

from numpy.random import Generator

from avatar.errors import Language
from avatar.settings import PACKAGE_ROOT

KNOWLEDGE = PACKAGE_ROOT / "dialog" / "personas" / "luxun" / "knowledge"

TEST_SHARE = 6
"""Every sixth sentence is for the held-out voices."""

_REAL, _LABIAL = 0.4, 0.45
"""The share of whole sentences, and of labial words among strung ones."""

_LABIALS: dict[Language, str] = {
    "zh": "爸爸 妈妈 宝贝 朋友 明白 没有 名字 买卖 帮忙 比方 不必 半边 北平 办法 毛病 棉袍 面包 蜜蜂 门票 码头 "
    "批评 跑步 瀑布 葡萄 品评 偏偏 保姆 报名 冰雹 秘密 慢慢 猫咪 磨坊 母亲 木板 目标 陪伴 胖子 跑马 碰面 "
    "拍板 派兵 泼墨 破庙 铺面 标本 别名 布匹 部门 步兵 百姓 版面 榜样 薄冰 民兵 命脉 某某 模范 埋没 满盘 "
    "茂密 迷茫 免费 苗圃 盘子 乒乓 烹调 疲惫 平民 笔墨 不妨 夫妻 方法 风波 佛法 付费 非凡 吩咐 反复 芬芳",
    "en": "pepper baby mother maybe number problem people member simple bumper mumble bubble puppet pamphlet "
    "maple bamboo membrane pebble summer common campaign combine company bump lamp limp map mop pump bob "
    "mob pimple empty amber ember umbrella important impossible symbol humble stumble Tuesday's paper "
    "cupboard public republic maximum minimum mammal memory moment blame bloom plum plume broom prom brim "
    "palm balm bomb comb climb thumb tomb bread price marble purple hamper temper swamp chip chop cap cup "
    "cub cab rob rib grab grip happy copy shabby lobby five fifty favor funny coffee office involve "
    "believe above",
}


def sentences(language: Language) -> list[str]:
    """Clauses of a few seconds from the knowledge files, in the files' order, without repeats."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(KNOWLEDGE.glob(f"*.{language}.md")))
    lines = [line.strip("-* ") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    marks, least, most = (r"(?<=[。！？；，])", 9, 26) if language == "zh" else (r"(?<=[.!?;,:])\s+", 24, 84)
    parts = [part.strip() for line in lines for part in re.split(marks, line)]
    return list(dict.fromkeys(part for part in parts if least <= len(part) <= most))


@lru_cache(maxsize=8)
def shared_out(language: Language, *, held_out: bool) -> tuple[str, ...]:
    """The sentences for training, or those that are held out."""
    return tuple(text for place, text in enumerate(sentences(language)) if (place % TEST_SHARE == 0) is held_out)


def line(language: Language, rng: Generator) -> str:
    """One line to be said for training."""
    known = shared_out(language, held_out=False)
    if rng.random() < _REAL:
        return str(rng.choice(known))
    words, labials = _words(language), _LABIALS[language].split()
    said = [str(rng.choice(labials if rng.random() < _LABIAL else words)) for _ in range(int(rng.integers(4, 10)))]
    if language == "en":
        return " ".join(said) + str(rng.choice([".", "?", "!"]))
    middle = int(rng.integers(2, len(said)))
    return "".join(said[:middle]) + str(rng.choice(["，", ""])) + "".join(said[middle:]) + str(rng.choice(["。", "？"]))


@lru_cache(maxsize=2)
def _words(language: Language) -> tuple[str, ...]:
    """What strung lines are made of: words, in Chinese pairs of neighbouring characters."""
    text = " ".join(shared_out(language, held_out=False))
    if language == "en":
        return tuple(sorted(set(re.findall(r"[A-Za-z]{2,}", text.lower()))))
    pairs = (text[place : place + 2] for place in range(len(text)))
    return tuple(sorted({pair for pair in pairs if re.fullmatch(r"[一-鿿]{2}", pair)}))
