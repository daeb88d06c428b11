"""Cards: those that come with the project, the user's own, and hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.dialog.persona import BUILT_IN, MAX_CARD_BYTES, list_personas, load_persona, read_card
from avatar.errors import AvatarError, InputError, NotFoundError, TextError
from tests.unit.dialog.conftest import CARD


def test_luxun_comes_with_the_project(tmp_path: Path) -> None:
    persona = load_persona("luxun", tmp_path)
    assert persona.name.of("zh") == "鲁迅" and persona.name.of("en") == "Lu Xun"
    assert persona.ground.kind == "historical"
    assert persona.knowledge_folder.is_dir()
    assert {example.language for example in persona.examples} == {"zh", "en"}
    assert persona.speaks("en") == "en"


def test_the_built_in_portraits_are_there(tmp_path: Path) -> None:
    assert all(persona.portrait_file.is_file() for persona in list_personas(tmp_path))


def test_an_unknown_id_names_those_there_are(data_dir: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        load_persona("nobody", data_dir)
    assert "ah-san" in caught.value.en and "luxun" in caught.value.zh


@pytest.mark.parametrize("name", ["../luxun", "", "luxun/..", "LUXUN", "a" * 100, "x\x00y", "路人"])
def test_an_id_never_becomes_a_path(name: str, data_dir: Path) -> None:
    with pytest.raises(NotFoundError):
        load_persona(name, data_dir)


def test_the_users_own_go_first(data_dir: Path) -> None:
    own = data_dir / "personas" / "luxun"
    own.mkdir()
    (own / "persona.toml").write_text(CARD.replace('"ah-san"', '"luxun"'), encoding="utf-8")
    assert load_persona("luxun", data_dir).folder == own
    assert {persona.id for persona in list_personas(data_dir)} >= {"ah-san", "luxun"}
    assert load_persona("luxun", data_dir / "elsewhere").folder == BUILT_IN / "luxun"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda card: b"\xff\xfe\x00\x01", TextError),
        (lambda card: b"a" * (MAX_CARD_BYTES + 1), TextError),
        (lambda card: b"id = ", TextError),
        (lambda card: card.replace(b'voice = "anyone"', b""), InputError),
        (lambda card: card.replace(b'voice = "anyone"', b'voice = "anyone"\nsurprise = 1'), InputError),
        (
            lambda card: card.replace(b'voice = "anyone"', b'voice = "anyone"\nportrait = "../../etc/passwd"'),
            InputError,
        ),
        (lambda card: card.replace(b'voice = "anyone"', b'voice = "anyone"\nportrait = ".hidden"'), InputError),
        (lambda card: card.replace(b'"anyone"', b'"any\\u202eone"'), InputError),
        (lambda card: card.replace(b'"ah-san"', b'"other"'), InputError),
        (lambda card: card.replace(b'["zh", "en"]', b"[]"), InputError),
        (lambda card: card.replace(b'["zh", "en"]', b'["fr"]'), InputError),
        (lambda card: card[: card.rindex(b"[[examples]]")], InputError),
        (lambda card: card.replace("你是阿三，撑船的。".encode(), b"x" * 5000), InputError),
    ],
)
def test_hostile_cards_are_refused_in_both_languages(change: object, kind: type[AvatarError], data_dir: Path) -> None:
    assert callable(change)
    card = data_dir / "personas" / "ah-san" / "persona.toml"
    card.write_bytes(change(CARD.encode()))
    with pytest.raises(kind) as caught:
        load_persona("ah-san", data_dir)
    assert "persona.toml" in caught.value.en and "persona.toml" in caught.value.zh


def test_a_card_that_is_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TextError):
        read_card(tmp_path)
