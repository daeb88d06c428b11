"""How closely a model is led, by its size."""

from __future__ import annotations

import pytest

from avatar.dialog.character import Character
from avatar.dialog.conversation import Conversation
from avatar.dialog.guard import Guard
from avatar.dialog.hand import LOOSE, STRICT, Hand, hand_for, parameters_in, parameters_of_file
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.llm import OpenAIGenerator
from avatar.dialog.persona import Persona
from avatar.errors import Language
from tests.unit.dialog.fakes import ScriptedGenerator


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("qwen2.5-coder-1.5b-instruct-q4_k_m.gguf", 1.5e9),
        ("qwen2.5:72B", 72e9),
        ("smollm2-135m", 135e6),
        ("mixtral-8x7b", 7e9),
        ("gpt-4o", None),
        ("claude-3-5-sonnet", None),
        ("", None),
    ],
)
def test_the_size_that_a_name_tells(name: str, parameters: float | None) -> None:
    assert parameters_in(name) == parameters
    assert OpenAIGenerator("http://localhost", model=name).parameters == parameters


def test_a_file_without_a_size_in_its_name_is_weighed() -> None:
    assert parameters_of_file("model.gguf", 6_000_000_000) == pytest.approx(1e10)
    assert parameters_of_file("model-3b.gguf", 6_000_000_000) == 3e9


def test_small_and_unknown_models_get_the_strict_hand() -> None:
    assert hand_for(1.5e9) == hand_for(3e9) == hand_for(None) == STRICT
    assert hand_for(7e9) == LOOSE


def said(persona: Persona, text: str, hand: Hand, language: Language = "zh") -> str:
    guard = Guard(Character(persona), language, hand=hand)
    return "".join([*guard.push(text), *guard.flush()])


def test_an_answer_begins_with_what_it_says(persona: Persona) -> None:
    assert said(persona, "好的，河很深。", STRICT) == "河很深。"
    assert said(persona, "Sure, the river is deep. ", STRICT, "en") == "The river is deep. "
    assert said(persona, "好的，河很深。", LOOSE) == "好的，河很深。"
    assert said(persona, "河很深，好的，就这样。", STRICT) == "河很深，好的，就这样。"


def test_a_large_model_may_say_more(persona: Persona) -> None:
    text = "河深。船旧。桨短。风大。水急。人少。天黑。"
    assert said(persona, text, STRICT) == "河深。船旧。桨短。"
    assert said(persona, text, LOOSE) == "河深。船旧。桨短。风大。水急。人少。"


def test_a_large_model_is_shown_fewer_examples(persona: Persona, knowledge: Knowledge) -> None:
    many = persona.model_copy(update={"examples": persona.examples * 4})

    class Large(ScriptedGenerator):
        parameters = 70e9

    small, large = (Conversation(many, knowledge, model) for model in (ScriptedGenerator(), Large()))
    assert len(small.prefix("zh")) == 9
    assert len(large.prefix("zh")) == 5
