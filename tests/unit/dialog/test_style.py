"""How an answer is meant: by its tags, else by its words, and in doubt calm."""

from __future__ import annotations

import pytest

from avatar.dialog.style import Phrase, Tone, answering, phrases, told_by
from avatar.stages import STYLES, Style

MEANT: list[tuple[str, Style]] = [
    ("她的孩子被狼衔去了，后来她自己也死在雪地里。", "sad"),
    ("那时候父亲病故，家里什么都没有了，真是凄凉。", "sad"),
    ("他坟上平空添了一圈红白的花。", "sad"),
    ("我失去了一个好学生，眼泪也没有了。", "sad"),
    ("看客们的麻木，比刀子还要残忍。", "stern"),
    ("这样的谎话，我决不说，你也不许说。", "stern"),
    ("卑怯的人发怒，却抽刃向更弱者。", "stern"),
    ("满本都写着两个字是吃人。", "stern"),
    ("别急，慢慢来，你会好的。", "warm"),
    ("欢迎你来，我很高兴。", "warm"),
    ("累了就歇一歇，不必硬撑。", "warm"),
    ("谢谢你，朋友，路上保重。", "warm"),
    ("阿Q的精神胜利法，说来真是可笑。", "amused"),
    ("哈哈，这倒很有意思。", "amused"),
    ("那笑话很滑稽，讲的是一个阔人。", "amused"),
    ("我一八八一年生在绍兴。", "calm"),
    ("《呐喊》是一九二三年出版的。", "calm"),
    ("木刻要一把刀，一块板。", "calm"),
    ("没有听说过，不懂的我不讲。", "calm"),
    ("He died in the winter, and nobody wept for him.", "sad"),
    ("She was lonely, and her boy never came back.", "sad"),
    ("Alas, the graves are all that is left.", "sad"),
    ("People came to stare, like cowards, at a cruel thing.", "stern"),
    ("That is nonsense, and I must not hear such lies again.", "stern"),
    ("I despise the hypocrites who eat men.", "stern"),
    ("Then rest a while, my dear friend.", "warm"),
    ("Welcome; I am glad you came.", "warm"),
    ("Do not worry, it will pass.", "warm"),
    ("Ha ha, what a ridiculous hat that was.", "amused"),
    ("It is a funny story, and a silly one.", "amused"),
    ("I studied medicine in Sendai.", "calm"),
    ("The book was printed in Beijing.", "calm"),
    ("A knife and a board are enough for a woodcut.", "calm"),
    ("I do not know that word.", "calm"),
]


@pytest.mark.parametrize(("clause", "style"), MEANT)
def test_plain_words_tell(clause: str, style: Style) -> None:
    assert (told_by(clause) or "calm") == style


@pytest.mark.parametrize(
    ("question", "style"),
    [
        ("我很累，不知道该怎么办。", "warm"),
        ("I failed my exam and feel awful.", "warm"),
        ("谢谢您！", "warm"),
        ("讲个笑话吧。", "amused"),
        ("您是哪年生的？", "calm"),
        ("", "calm"),
    ],
)
def test_a_question_tells_how_the_answer_begins(question: str, style: Style) -> None:
    assert answering(question) == style


def test_what_tells_nothing_is_meant_like_what_went_before() -> None:
    tone = Tone("祥林嫂后来呢？")
    assert [tone.of(clause) for clause in ("后来，", "她死了。", "那是年底。", "真可笑，真滑稽！")] == [
        "calm",
        "sad",
        "sad",
        "amused",
    ]


def test_nobody_is_laughed_at_who_is_in_trouble() -> None:
    tone = Tone("我没考好，很难过。")
    assert tone.of("说来可笑，") == "warm"
    assert tone.of("我也曾经失去过。") == "sad"


def test_a_smile_gives_way_to_sorrow_where_both_are_told() -> None:
    assert told_by("说来可笑，他死了。") == "sad"


def test_a_tag_goes_before_words() -> None:
    tone = Tone()
    tone.tell("stern")
    assert tone.of("哈哈，真可笑。") == "stern"


def test_a_script_is_read_sentence_by_sentence() -> None:
    assert phrases("他死了。[warm]你来，坐下。好。") == [
        Phrase("他死了。", "sad"),
        Phrase("你来，坐下。", "warm"),
        Phrase("好。", "warm"),
    ]
    assert "".join(phrase.text for phrase in phrases("One. Two! 三？\n四")) == "One. Two! 三？\n四"
    assert {style for _, style in MEANT} == set(STYLES)
