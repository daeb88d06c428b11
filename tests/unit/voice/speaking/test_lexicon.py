"""A persona's own readings."""

from __future__ import annotations

import pytest

from avatar.errors import InputError
from avatar.voice.speaking.g2p import Phonetics
from avatar.voice.speaking.lexicon import MOST_WORDS, Lexicon
from avatar.voice.speaking.mandarin.syllables import syllables
from avatar.voice.speaking.normalise import words

LEXICON = Lexicon(
    {
        "闰土": "rùn tǔ",
        "猹": "查",
        "Lu Xun": "lu3 xun4",
        "kokoro": "/kəkˈɔːɹoʊ/",
        "阿Q": "a1 cue",
        "GIF": "jif",
        "单": "shan4",
    }
)


def found(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(word.written, word.spoken, word.reading) for word in words(text, "zh", LEXICON)]


def test_a_word_of_hanzi_keeps_a_piece_for_each() -> None:
    assert found("闰土")[:2] == [("闰", "闰", ("run4",)), ("土", "土", ("tu3",))]


def test_the_other_forms_of_a_reading() -> None:
    assert found("猹") == [("猹", "查", ())]
    assert found("GIF") == [("GIF", "jif", ())]
    assert found("kokoro") == [("kokoro", "kokoro", ("kəkˈɔːɹoʊ",))]
    assert [reading for *_, reading in found("Lu Xun")] == [("lu3",), ("xun4",)]
    assert [spoken for _, spoken, _ in found("阿Q")][1] == "cue"


def test_what_is_written_is_kept() -> None:
    text = "闰土和Lu Xun看GIF，阿Q看kokoros。"
    assert "".join(written for written, *_ in found(text)) == text


def test_a_word_inside_a_longer_one_is_not_meant() -> None:
    assert ("kokoros", "kokoros", ()) in found("看kokoros")


def test_it_is_heard() -> None:
    phonetics = Phonetics()
    read = "".join(symbol.text for symbol in phonetics.symbols(words("单和kokoro", "zh", LEXICON), "en-us"))
    assert read.startswith("ʂa↘n")
    assert read.endswith("kəkˈɔɹO")


@pytest.mark.parametrize(
    ("word", "reading", "part"),
    [
        ("闰土", "run4", "1 syllables"),
        ("闰土", "run4 zzz9", "zzz9"),
        ("闰土", "", "empty"),
        ("闰土", "<b>", "<b>"),
        ("", "run4", "1 to 40"),
        (" 闰", "run4", "1 to 40"),
        ("闰\n土", "run4 tu3", "1 to 40"),
        ("长" * 41, "run4", "1 to 40"),
    ],
)
def test_a_wrong_entry_is_named_in_both_languages(word: str, reading: str, part: str) -> None:
    with pytest.raises(InputError) as error:
        Lexicon({word: reading})
    assert part in error.value.en
    assert "读音表" in error.value.zh
    assert error.value.code == "invalid_lexicon"


def test_it_has_bounds() -> None:
    with pytest.raises(InputError):
        Lexicon({f"词{number}": "ci2 a1" for number in range(MOST_WORDS + 1)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lǔ xùn", ["lu3", "xun4"]),
        ("lu:4", ["lv4"]),
        ("nü3 r5", ["nv3", "r5"]),
        ("de5", ["de5"]),
        ("xi1'an1", ["xi1", "an1"]),
        ("lu", None),
        ("lu6", None),
        ("qwz1", None),
        ("", None),
    ],
)
def test_syllables_of_pinyin(text: str, expected: list[str] | None) -> None:
    assert syllables(text) == expected


def test_a_personas_words_go_before_the_users() -> None:
    own = Lexicon({"猹": "zha1", "闰土": "run4 tu3"})
    both = own.extended({"猹": "cha2", "闰土少爷": "run4 tu3 shao4 ye5"})
    assert [word.reading for word in both.words_at("猹", 0)] == [("cha2",)]
    assert len(both.words_at("闰土少爷", 0)) == 4 and len(both.words_at("闰土说", 0)) == 2
    assert [word.reading for word in own.words_at("猹", 0)] == [("zha1",)], "what was is as it was"
