"""Wishes that name something: a year, a language, a name, a greeting, a number of sentences, a word, a voice.

Each rule takes one clause of what was said and either changes the draft and says what it did, in both languages, or
gives None and leaves it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from avatar.dialog.cutting import language_of
from avatar.dialog.studio.draft import Draft
from avatar.dialog.studio.manners import LENGTH, Both
from avatar.errors import InputError, Language

Rule = Callable[[str, Draft], Both | None]

LATEST = 2100
"""A year that is not yet."""
_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_YEAR_ZH = re.compile(r"[〇零一二三四五六七八九]{4}(?=年)")
_QUOTED = re.compile(r"^[\s“”「」『』《》\"'‘’:：]+|[\s“”「」『』《》\"'‘’。.!！]+$")

_UNKNOWN_AFTER = (
    re.compile(
        r"(?:不|没)[^0-9]{0,10}(?:知道|晓得|懂|了解|提|谈|说|听说)[^0-9]{0,8}(\d{3,4})\s*年?(?:以后|之后|后|往后)"
    ),
    re.compile(r"只[^0-9]{0,4}(?:知道|晓得|懂|了解)[^0-9]{0,6}(\d{3,4})\s*年?(?:以前|之前|前|为止)"),
    re.compile(r"(\d{3,4})\s*年?(?:以后|之后|后)[^0-9]{0,10}(?:不|没)[^0-9]{0,6}(?:知道|晓得|懂|了解|听说|提|谈)"),
    re.compile(
        r"(?:nothing|not|n['’]t|never|no idea|unaware)\b.*\b(?:after|past|beyond|since|later than) "
        r"(?:the year )?(\d{3,4})",
        re.I,
    ),
    re.compile(r"\bknows? (?:only|just)\b.*\b(?:until|till|up to|before) (?:the year )?(\d{3,4})", re.I),
    re.compile(r"\bonly knows?\b.*\b(?:until|till|up to|before) (?:the year )?(\d{3,4})", re.I),
)
_OTHER_YEAR: dict[Language, re.Pattern[str]] = {
    "zh": re.compile(r"只知道\d+年|问到后来的人|就说没有听说过|不猜不编"),
    "en": re.compile(r"\bonly until \d+|happened later|have not heard of it|do not guess"),
}

_NUMBERS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "one": 1, "two": 2, "three": 3, "four": 4, "a single": 1}
_SENTENCES = re.compile(
    r"([1-4一二两三四])(?:个)?句话?|\b(one|two|three|four|[1-4]|a single)(?: short)? sentences?\b", re.IGNORECASE
)
_AT_LEAST = re.compile(r"至少|多于|不止|超过(?<!不超过)|\bat least\b|\bmore than\b", re.IGNORECASE)

_TONGUES: tuple[tuple[re.Pattern[str], Language], ...] = (
    (re.compile(r"中文|汉语|普通话|华语|国语|\b(?:chinese|mandarin)\b", re.I), "zh"),
    (re.compile(r"英文|英语|\benglish\b", re.I), "en"),
)
_OTHER_TONGUE = re.compile(
    r"(?:说|讲|用|会)((?:法|德|日|韩|俄|西班牙|意大利|阿拉伯|拉丁)[语文])|(粤语|四川话|方言|上海话|文言文?回答)|"
    r"\b(?:speak|answer|talk|reply)\w*(?: only)?(?: in)? "
    r"(french|german|japanese|korean|russian|spanish|italian|arabic|latin|cantonese)",
    re.IGNORECASE,
)
_SPEAKS = re.compile(r"说|讲|用|会|回答|语言|\b(?:speak|answer|talk|repl(?:y|ies)|in|language|use)", re.IGNORECASE)
_ONLY = re.compile(r"只|全|都用|一律|改用|改成|换成|\b(?:only|always|just|instead)\b", re.IGNORECASE)
_NEVER = re.compile(r"不(?:要|许|能|会)?(?:说|讲|用)|别|\b(?:no|not|never|don['’]t|stop)\b", re.IGNORECASE)
_WHO: dict[Language, str] = {"zh": "你是谁？", "en": "Who are you?"}

_NAME = re.compile(
    r"(?:改名(?:为|叫|成|作)?|(?:名字|姓名)(?:要)?(?:改成|改为|改叫|换成|叫|是|为)|叫[他她它](?:做|作)?|"
    r"[他她它](?:应该|要|就)?叫(?:做|作)?)[:：]?\s*([^，。,.]{1,40})|"
    r"\b(?:rename (?:him|her|it|them)(?: to| as)?|call (?:him|her|it|them)|"
    r"(?:his|her|its|the) (?:new )?name (?:is|should be|shall be|to|must be))\s*:?\s*([^,.;]{1,60})",
    re.IGNORECASE,
)
GREETING = re.compile(
    r"(?:开场白|招呼语?|第一句话?)(?:要|应该)?(?:改成|改为|换成|说成|说|是|为)?\s*[:：]?\s*[“「\"']?(.+)|"
    r"\b(?:greeting|opening line|first line)(?: should be| to| is| must be)?\s*[:：]?\s*[“\"']?(.+)|"
    r"\bgreet\w*\b.*?\bwith\s*[:：]?\s*[“\"']?(.+)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:请|要|应该)?(?:叫|称呼?)我(?:为|作|做)?\s*[:：]?\s*([^，。,.]{1,20})|"
    r"\b(?:call|address) me(?: as)?\s*[:：]?\s*([^,.;]{1,40})",
    re.IGNORECASE,
)
_SAYS = re.compile(
    r"(?:别|不要|不许|不能|少|不再)(?:再|老是?|总是?|总)?(?:说|用|讲)(?:什么)?\s*[“「『\"'](.{1,30}?)[”」』\"']|"
    r"\b(?:never|don['’]t|do not|stop|not)\b(?: to)? (?:say|saying|use|using)\s*[“\"'‘](.{1,40}?)[”\"'’]",
    re.IGNORECASE,
)


def unknown_after(clause: str, draft: Draft) -> Both | None:
    """It knows nothing of what came after a year."""
    digits = _YEAR_ZH.sub(lambda match: match[0].translate(_DIGITS), clause)
    found = next((match for pattern in _UNKNOWN_AFTER if (match := pattern.search(digits))), None)
    if found is None or not 100 < int(found[1]) < LATEST:
        return None
    year = int(found[1])
    draft.fields["knows_until"] = year
    draft.drop("limits", _OTHER_YEAR)
    draft.add(
        "limits",
        {
            "zh": f"你只知道{year}年以前的事；问到后来的人和事，就说没有听说过，不猜不编。",
            "en": f"You know the world only until {year}; asked about what happened later, you say that you have not "
            "heard of it, and do not guess.",
        },
    )
    later = year + 50 if year < 1970 else year + 3
    examples: Mapping[Language, tuple[str, str]] = {
        "zh": (f"{later}年有什么大事？", f"{year}年以后的事，我没有听说过，不能乱讲。"),
        "en": (f"What happened in {later}?", f"What came after {year} I have not heard of, and I will not make it up."),
    }
    for language in draft.languages:
        draft.example(language, *examples[language])
    return {"zh": f"不知道{year}年以后的事", "en": f"knows nothing of what came after {year}"}


def sentences(clause: str, draft: Draft) -> Both | None:
    """It answers in so many sentences."""
    found = _SENTENCES.search(clause)
    if found is None or _AT_LEAST.search(clause) or re.search(r"这一?句|那一?句|第[一二三四]句", clause):
        return None
    said = (found[1] or found[2]).lower()
    count = int(said) if said.isdigit() else _NUMBERS[said]
    draft.drop("manner", LENGTH)
    many = "one sentence" if count == 1 else f"at most {['', '', 'two', 'three', 'four'][count]} sentences"
    number = "一两三四"[count - 1]
    zh = "你每次只答一句话，不长。" if count == 1 else f"你每次至多答{number}句话。"
    draft.add("manner", {"zh": zh, "en": f"You answer in {many}."})
    draft.shorten(count)
    return {"zh": f"每次{'只' if count == 1 else '至多'}答{number}句", "en": f"answers in {many}"}


def languages(clause: str, draft: Draft) -> Both | None:
    """It answers in another language, or in one more.

    Raises:
        InputError: in one that is neither Chinese nor English.
    """
    other = _OTHER_TONGUE.search(clause)
    if other is not None:
        said = next(filter(None, other.groups()))
        raise InputError(
            f"A persona speaks Chinese and English here, not {said}.",
            f"这里的人物只说中文和英文,不会“{said}”。",
            code="wish_not_possible",
        )
    named = [language for pattern, language in _TONGUES if pattern.search(clause)]
    if len(named) != 1 or not _SPEAKS.search(clause):
        return None
    before, wanted = draft.languages, named[0]
    if _NEVER.search(clause):
        after = [language for language in before if language != wanted]
    elif _ONLY.search(clause):
        after = [wanted]
    else:
        after = [*before, wanted] if wanted not in before else before
    if not after:
        return None
    for language in after:
        if all(row["language"] != language for row in draft.fields["examples"]):
            draft.example(language, _WHO[language], draft.text("identity", language))
    draft.fields["languages"] = after
    shown_zh = "和".join({"zh": "中文", "en": "英文"}[language] for language in after)
    shown_en = " and ".join({"zh": "Chinese", "en": "English"}[language] for language in after)
    return {
        "zh": f"只说{shown_zh}" if len(after) == 1 else f"说{shown_zh}",
        "en": f"speaks {'only ' if len(after) == 1 else ''}{shown_en}",
    }


def rename(clause: str, draft: Draft) -> Both | None:
    """It is called something else, wherever its name stands."""
    found = _NAME.search(clause)
    name = unquoted(next(filter(None, found.groups()))) if found else ""
    if not name or name.startswith(("我", "me ")) or len(name) > 40:
        return None
    old = dict(draft.fields["name"])
    spoken = language_of(name)
    new = {"zh": name, "en": in_letters(name) if spoken == "zh" else name}
    pairs = {old[language]: new[language] for language in ("zh", "en") if old[language] != new[language]}
    told: Both = {"zh": f"改名为{new['zh']}", "en": f"is now called {new['en']}"}
    if old[spoken] == name or not pairs:
        return told
    pattern = re.compile("|".join(map(re.escape, sorted(pairs, key=len, reverse=True))))
    draft.everywhere(lambda text: pattern.sub(lambda match: pairs[match[0]], text))
    draft.fields["name"] = new
    return told


def in_letters(name: str) -> str:
    """A Chinese name in pinyin, the first syllable apart: Zhou Shuren."""
    from pypinyin import lazy_pinyin

    first, *rest = lazy_pinyin(name)
    parts = [first, "".join(rest)] if len(rest) < 3 else [first, *rest]
    return " ".join(part.capitalize() for part in parts if part)


def greeting(clause: str, draft: Draft) -> Both | None:
    """It greets in other words."""
    found = GREETING.search(clause)
    text = unquoted(next(filter(None, found.groups()), "")) if found else ""
    if len(text) < 2 or re.match(r"(?:短|长|再|更|太|short|long|less|more|too)", text, re.IGNORECASE):
        return None
    language = language_of(text)
    mark = "" if text[-1] in "。！？.!?…" else "。" if language == "zh" else "."
    draft.set("greeting", language, text + mark)
    en = {"zh": "a new greeting in Chinese", "en": "a new greeting in English"}[language]
    return {"zh": f"换了{'中文' if language == 'zh' else '英文'}开场白", "en": en}


def address(clause: str, draft: Draft) -> Both | None:
    """It calls whoever speaks with it something."""
    found = _ADDRESS.search(clause)
    name = unquoted(next(filter(None, found.groups()))) if found else ""
    if not name or re.search(r"不|别|\b(?:not|never|don['’]t)\b", clause[: found.start() if found else 0]):
        return None
    draft.drop("manner", {"zh": re.compile("^你?称对方为|^你?叫对方"), "en": re.compile(r"^You call the other\b")})
    draft.add("manner", {"zh": f"你叫对方“{name}”。", "en": f"You call the other “{name}”."})
    return {"zh": f"称对方“{name}”", "en": f"calls the other “{name}”"}


def unsaid(clause: str, draft: Draft) -> Both | None:
    """There are words that it does not say."""
    found = _SAYS.search(clause)
    if found is None:
        return None
    words = next(filter(None, found.groups()))
    draft.add("limits", {"zh": f"你不说“{words}”。", "en": f"You never say “{words}”."})
    rows = draft.fields["examples"]
    kept = [row for row in rows if words.lower() not in row["answer"].lower()]
    if {row["language"] for row in kept} == {row["language"] for row in rows}:
        draft.fields["examples"] = kept
    return {"zh": f"不再说“{words}”", "en": f"no longer says “{words}”"}


RULES: tuple[Rule, ...] = (unknown_after, unsaid, greeting, address, rename, languages, sentences)
"""In the order in which they are tried."""


def unquoted(text: str) -> str:
    """Words without the marks around them."""
    return _QUOTED.sub("", text).strip()
