"""From words to Kokoro's tokens. espeak-ng, jieba and pypinyin are libraries, so they run here in earnest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from avatar.voice.speaking.g2p import MODIFIERS, PAUSES, PHONES, STRESS, Accent, Phonetics
from avatar.voice.speaking.normalise import words
from avatar.voice.speaking.words import Symbol


@pytest.fixture(scope="module")
def phonetics() -> Phonetics:
    return Phonetics()


def text(symbols: list[Symbol]) -> str:
    return "".join(symbol.text for symbol in symbols)


MANDARIN = [
    "我从前在日本学过医，后来改行写文章。",
    "我说过吃人二字，是从史书中看出来的。",
    "女儿去旅行了！真好。",
    "银行行长长大了；重庆很重要：会计会算。",
    "《药》写于夏天。",
]


@pytest.mark.parametrize("clause", MANDARIN)
def test_mandarin_is_what_kokoro_was_trained_on(phonetics: Phonetics, clause: str) -> None:
    from misaki.zh import ZHG2P

    assert text(phonetics.symbols(words(clause, "zh"), "en-us")) == ZHG2P()(clause)[0]


def test_each_hanzi_keeps_its_own_tokens(phonetics: Phonetics) -> None:
    symbols = phonetics.symbols(words("我写书。", "zh"), "en-us")
    assert [text([symbol for symbol in symbols if symbol.word == index]).strip() for index in range(4)] == [
        "wo↓",
        "ɕje↓",
        "ʂu→",
        ".",
    ]


def test_a_number_owns_all_its_tokens(phonetics: Phonetics) -> None:
    symbols = phonetics.symbols(words("1936年", "zh"), "en-us")
    assert text([symbol for symbol in symbols if symbol.word == 0]).strip() == "i→ʨjou↓sa→nljou↘"


@pytest.mark.parametrize(
    ("accent", "expected"),
    [
        ("en-us", "ʌv ðə ɹˈITəɹz ɪn ðə wˈɜɹld, ɪT ɪz ɐ bˈɛTəɹ wˌʌn."),
        ("en-gb", "ɒv ðə ɹˈItəz ɪn ðə wˈɜːld, ɪt ɪz ɐ bˈɛtə wˌɒn."),
    ],
)
def test_english_in_kokoros_notation(phonetics: Phonetics, accent: Accent, expected: str) -> None:
    clause = "Of the writers in the world, it is a better one."
    assert text(phonetics.symbols(words(clause, "en"), accent)) == expected


def test_words_that_espeak_joins_are_told_apart(phonetics: Phonetics) -> None:
    written = words("one of the writers in the world", "en")
    symbols = phonetics.symbols(written, "en-us")
    read = {index: text([symbol for symbol in symbols if symbol.word == index]).strip() for index in range(7)}
    assert (read[1], read[2], read[4], read[5]) == ("ʌv", "ðə", "ɪn", "ðə")


def test_both_languages_in_one_clause(phonetics: Phonetics) -> None:
    read = text(phonetics.symbols(words("我用Python写，Hello 先生。", "zh"), "en-us"))
    assert read.startswith("wo↓jʊ↘ŋ pˈIθən ɕje↓, ")
    assert read.endswith("həlˈO ɕjɛ→nʂəŋ.")


def test_every_token_is_in_the_inventory(phonetics: Phonetics) -> None:
    known = set(PHONES + STRESS + MODIFIERS + PAUSES)
    clause = "Łódź 𠀀龘 — naïve “café” 1/2 ★ 嗯 哼 m̩ 儿 fin."
    assert {symbol.text for symbol in phonetics.symbols(words(clause, "zh"), "en-us")} <= known


def test_nothing_to_say_gives_no_phones(phonetics: Phonetics) -> None:
    assert phonetics.symbols(words("", "zh"), "en-us") == []
    assert all(symbol.text in PAUSES for symbol in phonetics.symbols(words("……！★", "zh"), "en-us"))


def test_threads_may_share_it(phonetics: Phonetics) -> None:
    clauses = [f"The number {number} is read here" for number in range(40)]

    def read(clause: str) -> str:
        return text(phonetics.symbols(words(clause, "en"), "en-us"))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, clauses)) == [read(clause) for clause in clauses]
