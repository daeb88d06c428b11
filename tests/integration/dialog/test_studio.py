"""The studio with the real 1.5B model: a wish that no rule knows becomes a sentence of the card, in either language."""

from __future__ import annotations

import pytest

from avatar.dialog.llama import EmbeddedLlama
from avatar.dialog.persona import Persona, load_persona
from avatar.dialog.studio import asking
from avatar.dialog.studio.manners import manner_in
from avatar.dialog.studio.proposal import Proposal, propose
from avatar.errors import Language

pytestmark = pytest.mark.integration

TEXTS = ("manner", "biography", "limits")
"""The card's texts to which a sentence may be added."""


@pytest.fixture(scope="module")
def luxun(tmp_path_factory: pytest.TempPathFactory) -> Persona:
    return load_persona("luxun", tmp_path_factory.mktemp("data"))


def added(proposal: Proposal, language: Language) -> str:
    """What the texts of a language say besides what they said."""
    changed = {one.field: one for one in proposal.diff}
    assert changed.keys() <= {f"{text}.{each}" for text in TEXTS for each in ("zh", "en")}
    told = [str(one.new).removeprefix(str(one.old)) for field, one in changed.items() if field.endswith(language)]
    assert told and all(told), "what stood there stands there still"
    return "".join(told)


@pytest.mark.parametrize(
    ("wish", "language", "words"),
    [
        ("他小时候在乡下放过牛", "zh", ("牛", "乡下")),
        ("he should often mention the weather of the season", "en", ("weather", "season")),
    ],
)
@pytest.mark.timeout(900)
async def test_a_wish_becomes_a_sentence_of_the_card(
    wish: str,
    language: Language,
    words: tuple[str, ...],
    luxun: Persona,
    large: EmbeddedLlama,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The model keeps to the form; whether its sentence passes or the wish is taken as it is, the card says it."""
    written: list[str] = []
    checked = asking.checked

    def noted(answer: str, wish: str) -> asking.Sentence | None:
        written.append(answer)
        return checked(answer, wish)

    monkeypatch.setattr(asking, "checked", noted)
    monkeypatch.setattr(asking, "ATTEMPTS", 1)
    monkeypatch.setattr(asking, "MAX_TOKENS", 80)
    assert manner_in(wish) is None
    proposal = await propose(luxun, wish, large)
    assert len(written) == 1 and written[0].lstrip().startswith("{") and '"field"' in written[0]
    sentence = added(proposal, language)
    assert len(proposal.by) == 1 and proposal.by[0] in ("model", "words")
    assert any(word in sentence for word in words)
    assert sentence.strip().startswith("你" if language == "zh" else "You")
    assert len(sentence) < 260 and not set(sentence) & set("{}[]<>")
    assert proposal.base is not None and proposal.persona.id == luxun.id
    assert proposal.persona.identity == luxun.identity and proposal.persona.ground == luxun.ground
    assert len(proposal.questions) == 3 and proposal.told["zh"] and proposal.told["en"]
