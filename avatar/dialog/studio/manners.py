"""How somebody wishes a persona to speak: "shorter", "少一点反讽", "too cold", told apart and put into a card.

A wish for a manner names a quality and a direction: more of it (更, 再, more, not … enough, or nothing) or less (少,
别太, too, less). What either does to a card stands in a table: which clauses of the manner no longer hold, which
sentence is added, in both languages, and for some how the examples change, since a small model imitates them before it
obeys.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from avatar.dialog.studio.draft import Draft
from avatar.errors import Language

Both = dict[Language, str]


@dataclass(frozen=True, slots=True)
class Manner:
    """A way to speak.

    Attributes:
        told: what is said to the user about it, in both languages.
        sentences: what is added to the card's manner.
        drops: clauses of the manner that contradict it.
        examples: what it does to the examples; None leaves them.
    """

    told: Both
    sentences: Both
    drops: dict[Language, re.Pattern[str]]
    examples: Callable[[Draft], None] | None = None

    def applied(self, draft: Draft) -> Both:
        """Change the card; what is said about it."""
        draft.drop("manner", self.drops)
        draft.add("manner", self.sentences)
        if self.examples is not None:
            self.examples(draft)
        return self.told


@dataclass(frozen=True, slots=True)
class Quality:
    """What there can be more or less of.

    Attributes:
        words: that name it.
        more, less: what either means.
    """

    words: re.Pattern[str]
    more: Manner
    less: Manner


def _drops(zh: str, en: str) -> dict[Language, re.Pattern[str]]:
    return {"zh": re.compile(zh), "en": re.compile(en, re.IGNORECASE)}


_CONSOLING: dict[Language, tuple[str, str]] = {
    "zh": ("我今天很难过。", "难过就说出来，我听着。先坐下喝口热水，慢慢讲。"),
    "en": ("I feel sad today.", "Then tell me about it; I am listening. Sit down first, there is no hurry."),
}


def _console(draft: Draft) -> None:
    for language in draft.languages:
        draft.example(language, *_CONSOLING[language])


LENGTH = _drops(
    r"[一二两三四五六七八\d]句|句话|^\s*短[，；。]|话.{0,2}短|简短|简洁|短句|句子.{0,3}[短长]|多说几句",
    r"\b(?:one|two|three|four|five|\d+)\b.*\b(?:sentences?|most)\b|\bbrief|\bshort|\bconcise|at length|sentences",
)
IRONY = _drops(r"(?<![不少别])(?:讽刺|反讽|嘲讽|挖苦|刻薄|反话)", r"(?<!no )(?<!little )\b(?:iron|sarcas|mock|wry)")
NO_IRONY = _drops(r"[不少别](?:用|说)?(?:反话|讽刺|反讽|挖苦)", r"\b(?:no|little|without) (?:irony|sarcasm|mockery)")
COLD = _drops(r"^\s*[冷凶][，；。]|冷淡|冷冷|冷峻|严厉|不客气|凶", r"\b(?:cold|harsh|stern|severe|strict)")
WARM = _drops(r"温和|温暖|亲切|热情|体贴|体谅", r"\b(?:warm|gentle|kind|friendly)")
HARD = _drops(r"文绉绉|书面|典雅|正式|深奥|文言", r"\b(?:formal|bookish|elaborate|learned)")
PLAIN = _drops(r"白话|口语|随便|俗", r"\b(?:plain words|casual|colloquial|slang)")
FUN = _drops(r"严肃|一本正经|不开玩笑", r"\b(?:serious|solemn|no jokes)")
SERIOUS = _drops(r"(?<!不)(?:幽默|风趣|玩笑|俏皮)", r"(?<!no )\b(?:funny|humou?r|joke|witty)")
CLERK = _drops(r"(?<!不)客套|(?<!不)总结|(?<!不)分条", r"(?<!no )\b(?:politeness of|summar)")

SHORTER = Manner(
    {"zh": "说得更短：一两句，句子不长", "en": "shorter: one or two short sentences"},
    {"zh": "你说话短：一句，至多两句，句子不长。", "en": "You speak briefly: one short sentence, two at most."},
    LENGTH,
    lambda draft: draft.shorten(1),
)
LONGER = Manner(
    {"zh": "说得长一些：三四句，讲清来由", "en": "longer: three or four sentences, with the reasons"},
    {"zh": "你愿意多说几句：三四句，把来由讲清楚。", "en": "You take three or four sentences, and give your reasons."},
    LENGTH,
)
LESS_IRONY = Manner(
    {"zh": "少一些讽刺，平直地说", "en": "less irony, plainly spoken"},
    {"zh": "你平直地说，少用反话，不挖苦人。", "en": "You speak straight, with little irony, and mock nobody."},
    IRONY,
)
MORE_IRONY = Manner(
    {"zh": "多一些讽刺", "en": "more irony"},
    {"zh": "你爱说反话，带一点讽刺，但不伤人。", "en": "You like dry irony, without wounding."},
    NO_IRONY,
)
WARMER = Manner(
    {"zh": "更温和，先体谅对方", "en": "warmer, with feeling for the other"},
    {
        "zh": "你待人温和，先体谅对方，再说自己的看法。",
        "en": "You are warm: you feel with the other first, then say what you think.",
    },
    COLD,
    _console,
)
COLDER = Manner(
    {"zh": "更严厉、更冷静", "en": "sterner and cooler"},
    {"zh": "你说话冷静严厉，不安慰，不奉承。", "en": "You are cool and stern; you do not console or flatter."},
    WARM,
)
FUNNIER = Manner(
    {"zh": "更幽默", "en": "more humour"},
    {"zh": "你说话风趣，常开一句轻松的玩笑。", "en": "You are witty, and often make a light joke."},
    FUN,
)
GRAVER = Manner(
    {"zh": "更严肃，少开玩笑", "en": "more serious, fewer jokes"},
    {"zh": "你说话严肃，不开玩笑。", "en": "You are serious and make no jokes."},
    SERIOUS,
)
PLAINER = Manner(
    {"zh": "用大白话，好懂", "en": "plain words, easy to follow"},
    {"zh": "你用大白话，小孩子也听得懂。", "en": "You use plain words that a child can follow."},
    HARD,
)
FORMAL = Manner(
    {"zh": "更正式、更有礼", "en": "more formal and polite"},
    {"zh": "你说话正式有礼，称对方为“您”。", "en": "You speak formally and politely."},
    PLAIN,
)
HUMAN = Manner(
    {"zh": "像当面说话，不用套话", "en": "like somebody talking, without stock phrases"},
    {
        "zh": "你像当面聊天那样说话：先说一件具体的事，不用套话，不总结，不分条，不问还要什么帮助。",
        "en": "You talk as one does face to face: something concrete first, no stock phrases, no summing up, no lists, "
        "no offers of help.",
    },
    CLERK,
)

QUALITIES: tuple[Quality, ...] = (
    Quality(
        re.compile(r"简短|简洁|简练|精简|干脆|短|\b(?:short(?:er)?|brief(?:er|ly)?|concise|terse)\b", re.I),
        SHORTER,
        LONGER,
    ),
    Quality(
        re.compile(
            r"啰嗦|罗嗦|冗长|详细|具体展开|长|话多|\b(?:long(?:er)?|wordy|verbose|detail(?:s|ed)?|talkative)\b", re.I
        ),
        LONGER,
        SHORTER,
    ),
    Quality(
        re.compile(
            r"讽刺|反讽|嘲讽|挖苦|刻薄|反话|阴阳怪气|\b(?:iron(?:y|ic)|sarcas(?:m|tic)|mocking|snark(?:y)?)\b", re.I
        ),
        MORE_IRONY,
        LESS_IRONY,
    ),
    Quality(
        re.compile(
            r"温和|温暖|温柔|亲切|热情|友善|和气|体贴|暖|\b(?:warm(?:er|th)?|kind(?:er)?|gentl(?:e|er)|friendl(?:y|ier)|nicer)\b",
            re.I,
        ),
        WARMER,
        COLDER,
    ),
    Quality(
        re.compile(r"冷淡|冷漠|冷|严厉|凶|生硬|\b(?:cold(?:er)?|stern(?:er)?|harsh(?:er)?|strict(?:er)?|rude)\b", re.I),
        COLDER,
        WARMER,
    ),
    Quality(
        re.compile(r"幽默|风趣|好笑|俏皮|\b(?:funn(?:y|ier)|humou?r(?:ous)?|wittier|witty|jokes?)\b", re.I),
        FUNNIER,
        GRAVER,
    ),
    Quality(re.compile(r"严肃|一本正经|\b(?:serious|solemn|grave)\b", re.I), GRAVER, FUNNIER),
    Quality(
        re.compile(
            r"通俗|浅显|好懂|简单|随便|随意|大白话|白话|口语|\b(?:simpl(?:e|er)|plain(?:er)?|casual|colloquial)\b", re.I
        ),
        PLAINER,
        FORMAL,
    ),
    Quality(
        re.compile(r"文绉绉|深奥|难懂|书面|正式|礼貌|客气|\b(?:formal|bookish|pompous|complicated|polite)\b", re.I),
        FORMAL,
        PLAINER,
    ),
    Quality(
        re.compile(
            r"AI|人工智能|机器人?|客服|助手|套话|官腔|模板|\b(?:robot(?:ic)?|machine|assistant|chatbot|generic|canned|corporate)\b",
            re.I,
        ),
        HUMAN,
        HUMAN,
    ),
    Quality(re.compile(r"话不多|话少|少说话|\bfew words\b", re.I), SHORTER, SHORTER),
    Quality(re.compile(r"看不懂|听不懂|太难|\b(?:hard to (?:follow|understand))\b", re.I), PLAINER, PLAINER),
    Quality(re.compile(r"像(?:个)?(?:真)?人|自然|\b(?:human|natural)\b", re.I), HUMAN, HUMAN),
)

_LESS_BEFORE = re.compile(
    r"(?:少|别|不要|不该|不必|不用|太|过于|那么|这么|减少|降低|避免|去掉|"
    r"\b(?:less|too|not|don['’]t|stop|no|never|without|fewer|reduce|avoid)\b)[^，。]{0,14}$",
    re.IGNORECASE,
)
_WANTING_BEFORE = re.compile(r"(?:不够|不太|\bnot )\s*(?:very )?$", re.IGNORECASE)
_LESS_AFTER = re.compile(r"^\s*(?:的?话?)?(?:再|要)?(?:少|减|弱|低|太多|过头|\bless\b)", re.IGNORECASE)
_ENOUGH_AFTER = re.compile(r"^\s*enough\b", re.IGNORECASE)
_NOISE = re.compile(
    r"请|让|使|叫|他|她|它|这个?|那个?|句子|句话?|人物|回答|说话|说|答|话|的|地|得|要|应该|应当|该|可以|希望|我|觉得|点|些|一|"
    r"再|更|也|还|都|就|很|太|过于|比较|稍微?|少|多|别|不要|不够|不太|不|没|那么|这么|减少|降低|避免|去掉|有|像|吧|罢|了|啊|点儿|语气|口气|加|弱|低|过头|"
    r"\b(?:please|make|let|have|keep|should|could|must|need|he|him|his|she|her|it|its|they|them|their|this|that|the|an?|to|be|is|was|"
    r"are|sounds?|feels?|seems?|and|also|more|much|very|so|bit|little|in|answers?|answer|reply|replies|speaks?|talks?|sentences?|"
    r"words?|tone|voice|but|with|less|too|not|don['’]t|does|do|enough|like|of|i|want|would|stop|no|never|without|fewer|reduce|avoid|being|use|uses|using)\b|\W|_",
    re.IGNORECASE,
)


def manner_in(clause: str) -> Manner | None:
    """The way to speak that a clause of a wish asks for; None where it is about anything else besides."""
    for quality in QUALITIES:
        found = quality.words.search(clause)
        if found is None:
            continue
        before, after = clause[: found.start()], clause[found.end() :]
        if _NOISE.sub("", before) or _NOISE.sub("", after):
            return None
        wanting = _WANTING_BEFORE.search(before) or _ENOUGH_AFTER.search(after)
        less = not wanting and (_LESS_BEFORE.search(before) or _LESS_AFTER.search(after))
        return quality.less if less else quality.more
    return None
