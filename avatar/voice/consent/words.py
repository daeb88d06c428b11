"""The words of the one-time phrases: concrete, of two syllables, and far enough apart for a small recognizer."""

from __future__ import annotations

import secrets

from avatar.errors import Language

COUNT = 4
"""Words of a phrase. Three have to be heard: a guess succeeds once in about sixty thousand."""

_ZH = """
月亮 面包 火车 苹果 大海 老虎 飞机 雨伞 花园 电话 桌子 眼镜 鸡蛋 森林 足球 米饭 衣服 医生 冬天 太阳
图书 钢琴 星期 牛奶 葡萄 沙发 城市 黄河 石头 白云 手机 蝴蝶 西瓜 筷子 邮局 熊猫 草原 窗户 英雄 红茶
报纸 春天 轮船 厨房 北京 蓝天 玫瑰 镜子 豆腐 山峰 毛笔 学校 骆驼 帽子 香蕉 操场 皮鞋 铅笔 长城 黑板
灯光 钥匙 公园 土豆
"""

_EN = """
apple window river garden yellow mountain kitchen pencil winter doctor tiger bottle island coffee morning
paper silver rabbit dinner forest button ladder pocket summer bridge orange hammer mirror pepper castle engine
monkey butter camera chicken planet violin anchor basket candle desert eagle farmer guitar honey jacket lemon
market napkin ocean parrot pillow hospital saddle table turtle umbrella valley wagon wallet zebra cherry carpet
dragon
"""

WORDS: dict[Language, tuple[str, ...]] = {"zh": tuple(_ZH.split()), "en": tuple(_EN.split())}


def drawn(language: Language) -> tuple[str, ...]:
    """COUNT different words that nobody can foresee."""
    return tuple(secrets.SystemRandom().sample(WORDS[language], COUNT))
