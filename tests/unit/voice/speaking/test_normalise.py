"""What is read aloud for what is written."""

from __future__ import annotations

import pytest

from avatar.errors import Language
from avatar.voice.speaking.normalise import words
from avatar.voice.speaking.normalise.chinese import cardinal


def said(text: str, language: Language) -> str:
    """What is read, English words set apart by spaces."""
    parts = [f" {word.spoken} " if word.script == "en" else word.spoken for word in words(text, language)]
    return " ".join("".join(parts).split())


MANDARIN = [
    ("1936年", "一九三六年"),
    ("1881年9月25日", "一八八一年九月二十五日"),
    ("98年夏天", "九八年夏天"),
    ("1930年代", "一九三零年代"),
    ("20世纪30年代", "二十世纪三十年代"),
    ("2024-05-04", "二零二四年五月四日"),
    ("2024/5/4", "二零二四年五月四日"),
    ("1918-1936年间", "一九一八至一九三六年间"),
    ("（1828—1910）", "(一八二八至一九一零)"),
    ("下午3:05", "下午三点零五分"),
    ("2:00吃饭", "两点吃饭"),
    ("10:30:15", "十点三十分十五秒"),
    ("3:05pm", "下午三点零五分"),
    ("比分3:1", "比分三比一"),
    ("25%", "百分之二十五"),
    ("２５％", "百分之二十五"),
    ("25%-30%的人", "百分之二十五到百分之三十的人"),
    ("增长了-3.5%", "增长了百分之负三点五"),
    ("3‰", "千分之三"),
    ("¥3.50", "三点五元"),
    ("￥2", "两元"),
    ("$12", "十二美元"),
    ("$3.5亿", "三点五亿美元"),
    ("€1,200", "一千二百欧元"),
    ("200元", "两百元"),
    ("2个", "两个"),
    ("2月2日", "二月二日"),
    ("12个", "十二个"),
    ("2公里", "两公里"),
    ("2km", "两公里"),
    ("3.5km", "三点五公里"),
    ("60km/h", "六十公里每小时"),
    ("120m²", "一百二十平方米"),
    ("-5℃", "零下五摄氏度"),
    ("37.5°C", "三十七点五摄氏度"),
    ("转90°", "转九十度"),
    ("1/2", "二分之一"),
    ("½杯", "二分之一杯"),
    ("13800138000", "幺三八零零幺三八零零零"),
    ("010-12345678", "零幺零幺二三四五六七八"),
    ("+86 10 1234 5678", "加八六幺零幺二三四五六七八"),
    ("007", "零零七"),
    ("0.5", "零点五"),
    ("100,000人", "十万人"),
    ("10-20个", "十到二十个"),
    ("3~5天", "三到五天"),
    ("第3名", "第三名"),
    ("1+1=2", "一加一等于二"),
    ("3×4", "三乘以四"),
    ("第IV章", "第四章"),
    ("Ⅲ型", "三型"),
    ("版本3.11.7", "版本三点十一点七"),
    ("用Python和AI写", "用 Python 和 ay eye 写"),
    ("阿Q", "阿 cue"),
    ("A组", "ay 组"),
    ("5G网络", "五 jee 网络"),
    ("iPhone 15很好", "eye phone 十五很好"),
    ("看https://www.example.com/a", "看 example 点 com 斜杠 ay"),
    ("列夫·托尔斯泰", "列夫托尔斯泰"),
    ("《药》、《呐喊》", "“药”,“呐喊”"),
    ("我……走了——", "我…走了—"),
    ("😀★", ""),
]

ENGLISH = [
    ("in 1936", "in nineteen thirty six"),
    ("in 2005", "in two thousand and five"),
    ("the 1880s", "the eighteen eighties"),
    ("the '30s", "the thirties"),
    ("1918-1936", "nineteen eighteen to nineteen thirty six"),
    ("2024-05-04", "May fourth twenty twenty four"),
    ("May 4, 1919", "May fourth , nineteen nineteen"),
    ("Oct. 19", "October nineteenth"),
    ("25 September", "the twenty fifth of September"),
    ("the 21st", "the twenty first"),
    ("8:00", "eight o'clock"),
    ("8:05", "eight oh five"),
    ("3:30 p.m.", "three thirty pee em ."),
    ("$3.50", "three dollars and fifty cents"),
    ("$1", "one dollar"),
    ("£2.5 million", "two point five million pounds"),
    ("€1.01", "one euro and one cent"),
    ("¥20", "twenty yuan"),
    ("50%", "fifty percent"),
    ("5-10%", "five to ten percent"),
    ("1 kg", "one kilogram"),
    ("6 ft", "six feet"),
    ("1,234.5 km", "one thousand two hundred and thirty four point five kilometers"),
    ("-5°C", "minus five degrees Celsius"),
    ("3/4", "three quarters"),
    ("2/3", "two thirds"),
    ("24/7", "twenty four seven"),
    ("555-123-4567", "five five five one two three four five six seven"),
    ("007", "zero zero seven"),
    ("Louis XIV", "Louis the fourteenth"),
    ("World War II", "World War two"),
    ("I am", "I am"),
    ("Dr. Smith", "Doctor Smith"),
    ("Mr. and Mrs. Lu", "Mister and Missus Lu"),
    ("No. 5", "number five"),
    ("no. That", "no . That"),
    ("p. 12", "page twelve"),
    ("and so on, etc.", "and so on , et cetera ."),
    ("e.g. here", "for example here"),
    ("the U.S. army", "the you ess army"),
    ("NASA and AI", "nasa and ay eye"),
    ("ChatGPT", "Chat jee pee tee"),
    ("GPT-4", "jee pee tee four"),
    ("MP3", "em pee three"),
    ("v2.1", "version two point one"),
    ("me@x.org", "me at ex dot org"),
    ("https://a.com/b", "ay dot com slash bee"),
    ("bread & butter", "bread and butter"),
    ("it's don’t", "it's don't"),
    ("well-known", "well known"),
    ("5 people", "five people"),
    ("-3", "minus three"),
    ("鲁迅 was born in 1881", "鲁迅 was born in eighteen eighty one"),
]


@pytest.mark.parametrize(("written", "expected"), MANDARIN)
def test_mandarin(written: str, expected: str) -> None:
    assert said(written, "zh") == expected


@pytest.mark.parametrize(("written", "expected"), ENGLISH)
def test_english(written: str, expected: str) -> None:
    assert said(written, "en") == expected


@pytest.mark.parametrize("written", [text for text, _ in MANDARIN + ENGLISH])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_written_is_kept(written: str, language: Language) -> None:
    assert "".join(word.written for word in words(written, language)) == written


def test_a_number_is_one_word_and_hanzi_are_single() -> None:
    assert [word.written for word in words("我生于1881年。", "zh")] == ["我", "生", "于", "1881", "年", "。"]


def test_white_space_goes_with_the_word_before_it() -> None:
    assert [word.written for word in words("Hello  there, 你好", "en")] == ["Hello  ", "there", ", ", "你", "好"]


def test_digits_alone_are_read_in_the_language_asked_for() -> None:
    assert said("12", "zh") == "十二"
    assert said("12", "en") == "twelve"


def test_a_number_in_an_english_quotation_is_english() -> None:
    assert said("他说 I was born in 1881 and lived.", "zh").endswith("born in eighteen eighty one and lived .")


@pytest.mark.parametrize(
    ("digits", "read"),
    [
        ("0", "零"),
        ("10", "十"),
        ("11", "十一"),
        ("20", "二十"),
        ("101", "一百零一"),
        ("110", "一百一十"),
        ("1005", "一千零五"),
        ("1010", "一千零一十"),
        ("2222", "两千二百二十二"),
        ("10000", "一万"),
        ("10005", "一万零五"),
        ("20000", "两万"),
        ("100000", "十万"),
        ("1000000", "一百万"),
        ("100000000", "一亿"),
        ("120000000", "一亿二千万"),
        ("1000000000001", "一万亿零一"),
        ("12345678901234567", "一二三四五六七八九零一二三四五六七"),
    ],
)
def test_cardinals_in_mandarin(digits: str, read: str) -> None:
    assert cardinal(digits) == read
