"""What a question asks the persona about itself: who it is, whether it lives, who made it, by which words it is led.

Such a question is answered by what the card says of it, not by the texts. It is looked for in simplified characters, in
Chinese of today, of the classics and of Canton, in English, and where the two are mixed.
"""

from __future__ import annotations

import re
from typing import Literal

import zhconv

from avatar.dialog.persona import Name

MODEL = (
    r"chat\s?gpt|open\s?ai|qwen|claude|anthropic|gemini|deepseek|copilot|mistral|chatglm|"
    r"(?<![a-z])(?:gpt|(?:llama|kimi|grok|bard|siri|alexa)(?![a-z]))|通义|千问|阿里云|阿里巴巴|文心|百度|豆包|讯飞|智谱|混元|元宝|小爱|小度|"
    r"谷歌|微软"
)
"""Models, and those who make them."""
MACHINE_ZH = r"(?:(?<![a-z])ai(?![a-z])|人工智能|智能体|语言模型|大模型|模型|助手|助理|机器人|客服)"
MACHINE_EN = r"(?:(?<![a-z])ai|artificial intelligence|language model|assistant|chat\s?bot|robot)(?![a-z])"

Probe = Literal["no", "who", "made", "workings"]
"""What a question asks the persona about itself: nothing, who it is, whether it is alive or made, or how it works."""

_LOOKED_AT = 2000
"""Characters of a question; the model does not read more."""

_YOU = r"(?:[你您汝]|阁下|足下)"
_ITSELF = r"(?!们|的(?!真?实?身份|真面目|本体|本质|后台))"
"""Not what belongs to somebody, but for what they are."""
_ABOUT_YOU = re.compile(
    rf"{_YOU}{_ITSELF}[^，。？！]{{0,5}}(?:是|叫|算|乃|还?活|系(?![统列里主])|(?<![a-z])is(?![a-z]))|"
    rf"{_YOU}(?:和|跟|与|同)[^。？！]{{1,20}}(?:同类|一样|一[种类伙]|什么关系)|{_YOU}[^，。？！]{{0,2}}(?:何人|"
    rf"何物|谁)|"
    r"\bare you\b|\baren['’]t you\b|\byou(?: are|['’]re)\b|^\W*(?:那么?|到底|究竟)?是(?:真人|机器|程序|ai)|"
    r"\bni shi\b",
    re.IGNORECASE,
)
_ASKED = re.compile(
    rf"{MODEL}|{MACHINE_ZH}|{MACHINE_EN}|程序|机器|真人|活人|活着|活的|本人|是谁|什么人|何人|何物|机巧|真正的|"
    r"真的(?=\W*(?:吗|么|人|假|还是|or\b|$))|(?<![a-z])(?:program|machine|human|real|alive|living|bot)(?![a-z])|"
    r"\b(?:who|what) are you\b|\bni shi (?:shui|shei|bu ?shi|zhen|ai|ji)",
    re.IGNORECASE,
)
_MADE_ASKED = re.compile(
    r"程序|机器|真人|活|本人|机巧|真的|真正|"
    r"(?<![a-z])(?:program|machine|human|real|alive|living|bot)(?![a-z])",
    re.IGNORECASE,
)
_MAKE_ZH = r"(?:创造|制造|造|开发|训练|研发|设计|编写|做)"
_MADE_EN = r"(?:made|built|created|trained|developed|programmed|designed)"
_AS_MACHINE = rf"(?:{MACHINE_ZH}|程序)(?!时代|的|研究|专家|工程|公司|行业)"
_WORKINGS_ZH = (
    r"训练(?:数据|语料|截止)|(?:什么|哪些)(?:数据|语料)|参数(?:量|规模)|多少个?参数|知识库?(?:截[止至]|更新)|"
    r"模型(?:名|版本|参数)|"
    r"底层|后台|系统(?:提示|消息|指令)|提示词|系统设定|初始(?:设定|指令)|上下文(?:窗口|长度)"
)
_WORKINGS_EN = (
    r"training data|knowledge cut-?off|(?:system|initial|hidden) (?:prompt|message|instructions?)|context window|"
    r"(?:how many|your) parameters|(?:model|version) (?:name|number)"
)
_MADE_BY = re.compile(
    rf"(?:谁|哪家|哪个|什么(?:公司|人))[^，。？！]{{0,6}}{_MAKE_ZH}(?:出|了|的)*{_YOU}(?!的|们|家)|"
    rf"{_YOU}{_ITSELF}[^，。？！]{{0,4}}(?:谁|哪家|哪个公司|什么公司|什么人)[^，。？！]{{0,8}}{_MAKE_ZH}|"
    rf"\b(?:who|(?:which|what) (?:company|team|lab|firm))(?: has| really| actually)? {_MADE_EN} you\b|"
    r"\b(?:which|what) (?:company|team|lab|firm) (?:runs|owns|is behind|do you|are you)\b|"
    r"\bwere you (?:built|created|programmed|trained (?:by|on|with)|made(?! to\b))|"
    rf"(?:作为|身为)(?:一[个名台位种款])?[^，。？！]{{0,4}}?{_AS_MACHINE}[^。？！]{{0,30}}{_YOU}|"
    rf"\bas an? (?:\w+ ){{0,2}}{MACHINE_EN}[^.?!]{{0,60}}\byou",
    re.IGNORECASE,
)
"""Who made it; or it is called a machine in passing."""
_WORKINGS = re.compile(
    rf"{_YOU}[^。？！]{{0,12}}(?:{_WORKINGS_ZH})|(?:{_WORKINGS_EN})[^.?!]{{0,40}}\byou|"
    rf"\byour? [^.?!]{{0,40}}(?:{_WORKINGS_EN})|"
    rf"(?:原样|一字不[差漏]|复述|重复|逐字|翻译|念|背|输出|打印|显示|泄露|公开|"
    rf"告诉)[^。？！]{{0,12}}(?:{_WORKINGS_ZH}|[的些]设定|指令)|"
    rf"(?:上面|以上|上述|最初|前面|收到)[^。？！]{{0,6}}(?:第一|设定|指令|{_WORKINGS_ZH})|"
    rf"\b(?:repeat|print|output|reveal|show|translate|recite|leak|quote|tell)\b[^.?!]{{0,30}}\b(?:prompt|"
    rf"{_WORKINGS_EN}|"
    r"(?:your|these|above|initial) instructions)|"
    r"(?:开发者|调试|管理员|维护)模式|\b(?:developer|debug|admin|maintenance) mode\b",
    re.IGNORECASE,
)
"""Of what it was made, and the words by which it is led."""


def probe(question: str, name: Name | None = None) -> Probe:
    """What a question asks the persona about itself.

    Args:
        name: the persona's; without it, nobody asks whether it is really the person of that name.
    """
    plain = zhconv.convert(question[:_LOOKED_AT], "zh-cn")
    if _WORKINGS.search(plain):
        return "workings"
    if _MADE_BY.search(plain):
        return "made"
    if _ABOUT_YOU.search(plain) and _ASKED.search(plain):
        return "made" if _MADE_ASKED.search(plain) else "who"
    return "made" if name is not None and _doubted(name, question) else "no"


def _doubted(name: Name, question: str) -> bool:
    """Whether a question asks if this is really the person of that name: 您真的是鲁迅吗, 你是真的爷爷吗."""
    zh, en = re.escape(name.zh), re.escape(name.en)
    doubt = (
        rf"[你您][^，。？！]{{0,4}}真(?:的|正)?的?是?{zh}(?:先生)?(?:本人)?[吗么？?]|"
        rf"\b(?:really|truly|the real) (?:be )?{en}\b"
    )
    return re.search(doubt, question, re.IGNORECASE) is not None
