"""The studio: what is said becomes a valid card, or a sentence that says why not."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from avatar.dialog.cards.convert import plain
from avatar.dialog.folders import Personas, StaleError
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.persona import Persona, load_persona
from avatar.dialog.studio.asking import checked, taken_as_it_is
from avatar.dialog.studio.difference import Difference, differences
from avatar.dialog.studio.draft import first_sentences
from avatar.dialog.studio.making import checked_greeting, propose_new
from avatar.dialog.studio.manners import COLDER, HUMAN, LESS_IRONY, LONGER, PLAINER, SHORTER, WARMER, Manner, manner_in
from avatar.dialog.studio.proposal import Complaint, Proposal, accept, clauses, propose
from avatar.dialog.studio.trying import Answered, trial
from avatar.errors import EngineError, InputError
from avatar.stages import Message
from tests.unit.dialog.fakes import ScriptedGenerator


@pytest.fixture
def luxun(tmp_path: Path) -> Persona:
    return load_persona("luxun", tmp_path)


async def said(persona: Persona, wish: str, *answers: str) -> Proposal:
    return await propose(persona, wish, ScriptedGenerator(*answers) if answers else None)


@pytest.mark.parametrize(
    ("clause", "manner"),
    [
        ("少一点反讽", LESS_IRONY),
        ("不要讽刺", LESS_IRONY),
        ("too sarcastic", LESS_IRONY),
        ("less irony please", LESS_IRONY),
        ("句子再短些", SHORTER),
        ("答得太长了", SHORTER),
        ("his answers are too long", SHORTER),
        ("make it shorter", SHORTER),
        ("不要太短", LONGER),
        ("more detailed", LONGER),
        ("温和一些", WARMER),
        ("别太冷", WARMER),
        ("不够温和", WARMER),
        ("not warm enough", WARMER),
        ("don't be so harsh", WARMER),
        ("more stern", COLDER),
        ("这句太像AI了", HUMAN),
        ("he sounds like a robot", HUMAN),
        ("more human", HUMAN),
        ("太文绉绉", PLAINER),
        ("use simpler words", PLAINER),
        ("对学生要严厉", None),
        ("他不喝冷饮", None),
        ("tell long stories about the sea", None),
        ("", None),
    ],
)
def test_what_manner_is_wished(clause: str, manner: Manner | None) -> None:
    assert manner_in(clause) is manner


async def test_less_irony_and_shorter(luxun: Persona) -> None:
    proposal = await said(luxun, "少一点反讽，句子再短些")
    card = proposal.fields
    assert "讽刺，" not in card["manner"]["zh"] and "至多三句" not in card["manner"]["zh"]
    assert "irony, gentle" not in card["manner"]["en"] and "three at most" not in card["manner"]["en"]
    assert "用具体的东西打比方" in card["manner"]["zh"] and "gentle to the young" in card["manner"]["en"]
    answers = {row["question"]: row["answer"] for row in card["examples"]}
    assert answers["您为什么提倡木刻？"] == "因为便宜，有力，一把刀一块板就能做。"
    assert "影子" in answers["您还活着吗？是真人吗？"]
    assert proposal.by == ("rule",) and "讽刺" in proposal.told["zh"] and "irony" in proposal.told["en"].lower()


@pytest.mark.parametrize(
    "wish",
    [
        "他不该知道1936年以后的事",
        "他不该知道一九三六年以后的事",
        "只知道1936年以前的事",
        "He should know nothing after 1936",
    ],
)
async def test_a_year_after_which_nothing_is_known(luxun: Persona, wish: str) -> None:
    card = (await said(luxun, wish)).fields
    assert "1936年以前" in card["limits"]["zh"] and "until 1936" in card["limits"]["en"]
    assert card["knows_until"] == 1936
    assert {row["language"] for row in card["examples"] if "1986" in row["question"]} == {"zh", "en"}
    later = await propose(luxun, "他不知道1920年以后的事", None, onto=await said(luxun, wish))
    assert "1936年以前" not in later.fields["limits"]["zh"] and "1920年以前" in later.fields["limits"]["zh"]


async def test_sentences_are_counted(luxun: Persona) -> None:
    one = (await said(luxun, "make him warmer, and let him answer in one sentence")).fields
    assert one["manner"]["en"].endswith("You answer in one sentence.") and "warm" in one["manner"]["en"]
    two = (await said(luxun, "至多两句话")).fields
    assert "至多答两句话" in two["manner"]["zh"]


async def test_another_language(luxun: Persona, persona: Persona) -> None:
    assert (await said(luxun, "只说英文")).fields["languages"] == ["en"]
    assert (await said(luxun, "不要说英文")).fields["languages"] == ["zh"]
    chinese = (await said(persona, "speak only Chinese")).persona
    card = (await said(chinese, "也会说英文")).fields
    assert card["languages"] == ["zh", "en"]
    with pytest.raises(InputError, match="French"):
        await said(luxun, "also speak French")


async def test_another_name_everywhere(persona: Persona) -> None:
    card = (await said(persona, "改名叫周老大")).fields
    assert card["name"] == {"zh": "周老大", "en": "Zhou Laoda"}
    assert "阿三" not in json.dumps(card, ensure_ascii=False) and "Ah San" not in json.dumps(card)
    assert card["id"] == "ah-san"


async def test_words_that_are_given(persona: Persona) -> None:
    card = (await said(persona, "温和些，开场白改成：来了，坐稳，开船。")).fields
    assert card["greeting"] == {"zh": "来了，坐稳，开船。", "en": "Come aboard."} and "温和" in card["manner"]["zh"]
    assert "“小明”" in (await said(persona, "叫我小明")).fields["manner"]["zh"]
    unsaid = (await said(persona, "别再说“桨”")).fields
    assert "你不说“桨”" in unsaid["limits"]["zh"]


async def test_what_no_rule_knows_is_written_by_the_model(persona: Persona) -> None:
    good = '{"field": "biography", "zh": "你小时候住在绍兴。", "en": "You lived in Shaoxing as a child."}'
    proposal = await said(persona, "他小时候住在绍兴", "sorry", '{"field": "x"}', good)
    assert proposal.by == ("model",)
    assert [each.field for each in proposal.diff] == ["biography.zh", "biography.en"]
    assert proposal.fields["biography"]["zh"] == "你是阿三，撑船的。你小时候住在绍兴。"


async def test_a_model_that_writes_nothing_good_is_asked_three_times(persona: Persona) -> None:
    generator = ScriptedGenerator("no", "no", "no", "no")
    proposal = await propose(persona, "多讲讲水鬼", generator)
    assert len(generator.prompts) == 3 and proposal.by == ("words",)
    assert proposal.fields["manner"]["zh"] == "话短。你多讲讲水鬼。"


async def test_without_a_model_the_words_are_taken(persona: Persona) -> None:
    class Broken(ScriptedGenerator):
        async def stream(
            self, messages: Sequence[Message], *, max_tokens: int, seed: int | None = None
        ) -> AsyncGenerator[str, None]:
            if messages:
                raise EngineError("It broke.", "它坏了。")
            yield ""

    proposal = await propose(persona, "don't talk about money", Broken())
    assert proposal.fields["limits"]["en"].endswith("You don't talk about money.") and proposal.by == ("words",)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "{}",
        "[1]",
        '{"field": "name", "zh": "你住在绍兴。", "en": "You live in Shaoxing."}',
        '{"field": "manner", "zh": 3, "en": "You live in Shaoxing."}',
        '{"field": "manner", "zh": "You live in Shaoxing.", "en": "You live in Shaoxing."}',
        '{"field": "manner", "zh": "你住在绍兴。", "en": "你住在绍兴。"}',
        '{"field": "manner", "zh": "你会唱歌跳舞。", "en": "You sing and dance."}',
        '{"field": "manner", "zh": "你年轻时当过兵。", "en": "You were a soldier when young."}',
        '{"field": "manner", "zh": "你住在绍兴' + "很久" * 60 + '。", "en": "You live in Shaoxing."}',
        '{"field": "manner", "zh": "你住在绍兴<|im_end|>", "en": "You live in Shaoxing."}',
    ],
)
def test_what_the_model_writes_is_held_to_its_form(written: str) -> None:
    assert checked(written, "他住在绍兴") is None


@pytest.mark.parametrize(
    ("wish", "field", "sentence"),
    [
        ("多讲讲绍兴的事", "manner", "你多讲讲绍兴的事。"),
        ("不要叫我年轻人", "limits", "你不要叫对方年轻人。"),
        ("他有个女儿叫小花", "biography", "你有个女儿叫小花。"),
        ("talk like a pirate", "manner", "You should talk like a pirate."),
        ("he should be more curious about me", "manner", "You should be more curious about the other."),
        ("he hates the rain", "biography", "You hate the rain."),
        ("he was born in Leeds", "biography", "You were born in Leeds."),
    ],
)
def test_a_wish_taken_as_it_is(wish: str, field: str, sentence: str) -> None:
    found = taken_as_it_is(wish, ("zh", "en"))
    assert (found.field, next(iter(found.texts.values()))) == (field, sentence)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ("", "wish_not_understood"),
        ("。。。", "wish_not_understood"),
        ("长" * 501, "wish_too_long"),
        ("假装成真人", "wish_not_possible"),
        ("不要承认自己是程序", "wish_not_possible"),
        ("pretend to be human", "wish_not_possible"),
        ("改名叫阿三", "wish_without_effect"),
        ("说粤语", "wish_not_possible"),
    ],
)
async def test_what_cannot_be_done_gets_a_sentence(persona: Persona, wish: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        await said(persona, wish)
    assert caught.value.code == code and caught.value.zh


@pytest.mark.parametrize("wish", ["说话像真人一样", "别说得像AI", "never say 'as an AI'", "sound more human"])
async def test_a_style_is_no_deceit(persona: Persona, wish: str) -> None:
    assert (await said(persona, wish)).diff


async def test_a_complaint_mends_the_answer(persona: Persona) -> None:
    complaint = Complaint("冷吗？", "首先，渡口很冷。河风大，多穿一件。希望对你有帮助！")
    proposal = await propose(persona, "太像AI了", None, complaint)
    assert proposal.fields["examples"][-1]["answer"] == "河风大，多穿一件。"
    assert proposal.questions[0] == "冷吗？" and len(proposal.questions) == 3


async def test_a_wish_is_not_added_to_a_proposal_for_another_card(persona: Persona) -> None:
    """Accepted, it would take back what somebody else had changed meanwhile."""
    first = await said(persona, "温和些")
    changed = persona.model_copy(update={"voice": "another"})
    with pytest.raises(StaleError):
        await propose(changed, "再幽默些", None, onto=first)


async def test_wishes_add_up(persona: Persona) -> None:
    first = await said(persona, "温和些")
    both = await propose(persona, "再幽默些", None, onto=first)
    assert both.told["zh"] == "更温和，先体谅对方；更幽默。" and both.base == first.base
    assert plain(persona)["manner"]["zh"] == "话短。"


@pytest.mark.parametrize(
    ("wish", "name", "who"),
    [
        ("做一个唐代的说书人，话不多", "说书人", "你是唐代的说书人。"),
        ("请做一个叫阿四的船夫", "阿四", "你是阿四，船夫。"),
        (
            "make a Tang dynasty storyteller who loves legends",
            "Tang Dynasty Storyteller",
            "You are a Tang dynasty storyteller.",
        ),
        ("Create a grumpy keeper named Old Tom", "Old Tom", "You are Old Tom, a grumpy keeper."),
    ],
)
async def test_a_persona_from_nothing(wish: str, name: str, who: str, data_dir: Path) -> None:
    proposal = await propose_new(wish, None, Personas(data_dir), data_dir / "personas")
    language = proposal.persona.languages[0]
    assert proposal.persona.name.of(language) == name and proposal.persona.biography.of(language).startswith(who)
    assert proposal.base is None and proposal.persona.ground.kind == "fictional"
    made = Personas(data_dir).create(proposal.fields)
    assert plain(made) == proposal.fields


async def test_a_wish_is_added_to_one_that_is_not_there_yet(data_dir: Path) -> None:
    folder = data_dir / "personas"
    first = await propose_new("做一个灯塔看守，话不多", None, Personas(data_dir), folder)
    second = await propose(first.persona, "再温和一些", None, onto=first)
    assert second.base is None and second.wishes[:-1] == first.wishes
    assert second.diff == tuple(differences({}, second.fields)), "all of the card is new, not what was added alone"
    assert second.questions == first.questions
    assert accept(second, Personas(data_dir)) == load_persona(first.persona.id, data_dir)


async def test_from_nothing_the_model_greets(data_dir: Path) -> None:
    generator = ScriptedGenerator("…", '{"greeting": "且听我慢慢道来。"}')
    proposal = await propose_new("做一个说书人", generator, Personas(data_dir), data_dir)
    assert proposal.persona.greeting.zh == "且听我慢慢道来。"
    for nobody in ("做一个", "做一个人物", "make a persona"):
        with pytest.raises(InputError):
            await propose_new(nobody, None, Personas(data_dir), data_dir)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "{",
        '{"greeting": 1}',
        '{"greeting": "我能帮您什么？"}',
        '{"greeting": "Hello."}',
        '{"greeting": "坐近火炉罢。"}',
    ],
)
def test_a_greeting_that_is_none(written: str) -> None:
    assert checked_greeting(written, "zh") == ""


async def test_both_cards_answer_the_same(persona: Persona, knowledge: Knowledge) -> None:
    proposal = await said(persona, "叫我小明")
    generator = ScriptedGenerator("很深。", "小明，很深。")
    steps = [
        step
        async for step in trial([("before", persona), ("after", proposal.persona)], ["河深吗？"], knowledge, generator)
    ]
    assert [(step.side, step.text) for step in steps if isinstance(step, Answered)] == [
        ("before", "很深。"),
        ("after", "小明，很深。"),
    ]
    assert "小明" not in generator.prompts[0][0].content and "小明" in generator.prompts[1][0].content


def test_differences_are_places() -> None:
    old = {"a": {"zh": "x", "en": "y"}, "n": ["p"], "rows": [{"q": 1}, {"q": 2}, {"q": 3}], "gone": 1}
    new = {"a": {"zh": "z", "en": "y"}, "n": ["p", "r"], "rows": [{"q": 1}, {"q": 3}, {"q": 4}], "come": 2}
    assert differences(old, old) == []
    assert differences(old, new) == [
        Difference("a.zh", "x", "z"),
        Difference("n", ["p"], ["p", "r"]),
        Difference("rows.1", {"q": 2}, None),
        Difference("rows.2", None, {"q": 4}),
        Difference("come", None, 2),
        Difference("gone", 1, None),
    ]


def test_cutting() -> None:
    assert clauses("少一点反讽，句子再短些。而且要温和") == ["少一点反讽", "句子再短些", "要温和"]
    assert clauses("别说“一、二，三”，短些") == ["别说“一、二，三”", "短些"]
    assert clauses("He loves rain and tea. Be brief, and let him smile") == [
        "He loves rain and tea",
        "Be brief",
        "let him smile",
    ]
    assert first_sentences("好。想办过，叫作《新生》。没有办成。", 1) == "好。想办过，叫作《新生》。"
    assert first_sentences("Yes. I tried, in Tokyo. It failed.", 1) == "Yes. I tried, in Tokyo."
