"""Whether somebody asks for silence: the words that mean "stop", whole and by themselves.

A voice too short for an interruption is taken for a backchannel; but "停" and "stop" are as short as "嗯". Only words
that can mean nothing else count, so that a mishearing of a cough breaks nothing off.
"""

from __future__ import annotations

import re

LONGEST = 60
"""Characters of a text that can be nothing but a request to stop."""

_CHINESE = re.compile(
    r"(?:(?:请|先|你|您|那|哎|诶|喂|嘿)*"
    r"(?:停|停下|停一下|停一停|暂停|暂停一下|等|等下|等一下|等一等|等会儿?|稍等|稍等一下|慢着|且慢|打住"
    r"|别说|别讲|不要说|不要讲|不用说|不用讲|住口|住嘴|闭嘴|安静|够|不对|不是)"
    r"[吧啊呀了]*)+"
)

_ENGLISH = re.compile(
    r"(?:(?:please|okay|ok|oh|hey|no|just)\s+)*"
    r"(?:stop|wait|hold on|hang on|pause|quiet|be quiet|silence|enough|shut up)"
    r"(?:\s+(?:it|that|there|now|please|talking|a (?:minute|moment|second|sec)))*"
)


def asks_to_stop(text: str) -> bool:
    """Whether a short text, as it was recognized, is a request to stop, in Chinese or English."""
    if len(text) > LONGEST:
        return False
    words = re.sub(r"[^\w\s]|_", " ", text.lower()).strip()
    if _CHINESE.fullmatch(re.sub(r"\s+", "", words)):
        return True
    spaced = re.sub(r"\s+", " ", words)
    return bool(re.fullmatch(rf"{_ENGLISH.pattern}(?: {_ENGLISH.pattern})*", spaced))
