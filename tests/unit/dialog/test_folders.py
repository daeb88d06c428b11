"""Personas on disk, as bundles and as character cards."""

from __future__ import annotations

import errno
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from avatar.dialog.archive import Archive, pack
from avatar.dialog.bundle import read_bundle, write_bundle
from avatar.dialog.cards.card import OURS, Card, as_v2, read, to_json, to_zip, with_extension
from avatar.dialog.cards.convert import card_of, fields_of, plain
from avatar.dialog.cards.jsontext import Json
from avatar.dialog.folders import IMPORTED, VERSIONS, Personas, StaleError, contents, is_built_in, mark, portrait_file
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.library import Library, index, packed, text_id
from avatar.dialog.persona import BUILT_IN, CARD, check_fields, list_personas, load_persona, parse_fields, surveyed
from avatar.dialog.tomltext import toml
from avatar.errors import AvatarError, InputError, NotFoundError, PhotoError, StorageError, TextError
from tests.unit.dialog.cards.samples import CARDS, V1, V2, Body, picture, variant

GROUND: Json = {"kind": "fictional", "basis": {"zh": "虚构。", "en": "Made up."}}
LIVING: Json = {**GROUND, "kind": "consent", "consent": {"person": "阿三", "given": "2026-11-22"}}


@pytest.fixture
def personas(data_dir: Path) -> Personas:
    return Personas(data_dir)


def edited(data_dir: Path, persona_id: str, **changes: object) -> Json:
    return {**plain(load_persona(persona_id, data_dir)), **changes}


def test_toml_says_what_the_card_says(data_dir: Path) -> None:
    for persona in list_personas(data_dir):
        fields = plain(persona)
        assert parse_fields(toml(fields).encode(), "x") == json.loads(json.dumps(fields))
    odd = {"a": 'q"\\\n\t\x7f\u2028', "b c": ["", "河"], "t": {"x": [{"y": "z"}, {"y": ""}]}, "n": [1, 2.5, True]}
    assert parse_fields(toml(odd).encode(), "x") == odd


@pytest.mark.parametrize("body", CARDS.values(), ids=CARDS)
def test_a_card_becomes_a_persona_and_the_same_card_again(body: Body, data_dir: Path) -> None:
    original = Card(body)
    fields = fields_of(original, "guest", GROUND)
    persona = Personas(data_dir).create(fields, {IMPORTED: to_zip(original)})
    kept = read((persona.folder / IMPORTED).read_bytes(), "x")
    assert kept.body == body
    written = card_of(persona, kept)
    assert with_extension(written, OURS, None).data == with_extension(as_v2_if_old(original), OURS, None).data
    assert fields_of(written, "guest", None) == fields


def as_v2_if_old(card: Card) -> Card:
    return as_v2(card) if card.version == 1 else card


@pytest.mark.timeout(60)
@pytest.mark.parametrize("field", ["mes_example", "description"])
@pytest.mark.parametrize("slow", ["\n", "{{", "<START>\n{{user}}: a\n{{char}}: b\n", "{{//"])
def test_a_card_made_to_be_slow(field: str, slow: str) -> None:
    body = variant(V1, **{field: "渡船是柳木做的。" + slow * (300_000 // len(slow))})
    assert fields_of(Card(body), "guest", GROUND)["name"]["zh"] == "阿三"


def test_what_a_card_says_becomes_what_the_persona_says() -> None:
    fields = fields_of(Card(V2), "ah-san", GROUND)
    assert fields["languages"] == ["zh"]
    assert fields["biography"]["zh"].startswith("阿三是撑船的。")
    assert fields["greeting"]["zh"] == "上船罢，客人。"
    assert fields["limits"]["zh"].endswith("Be brief.") and "{{" not in fields["limits"]["zh"]
    assert fields["examples"] == [{"language": "zh", "question": "河深吗？", "answer": "比桨长。", "quote": ""}]


def test_a_change_is_written_over_the_card_and_nothing_else(data_dir: Path) -> None:
    fields = fields_of(Card(V2), "guest", GROUND)
    changed = check_fields({**fields, "manner": {"zh": "啰嗦。", "en": "At length."}}, data_dir / "guest", "x")
    card = card_of(changed, Card(V2))
    assert card.data["personality"] == "啰嗦。"
    assert with_extension(card, OURS, None).data == {**V2["data"], "personality": "啰嗦。"}
    assert fields_of(card, "guest", None) == plain(changed)


def test_what_another_program_changed_counts(data_dir: Path) -> None:
    persona = check_fields(fields_of(Card(V2), "guest", GROUND), data_dir / "guest", "x")
    exported = card_of(persona, Card(V2))
    elsewhere = Card({**exported.body, "data": {**exported.data, "description": "打鱼的。"}})
    fields = fields_of(elsewhere, "guest", None)
    assert fields["biography"]["zh"].startswith("打鱼的。")
    assert fields["ground"]["kind"] == "fictional"


def test_a_persona_without_a_card_becomes_one(data_dir: Path) -> None:
    persona = load_persona("luxun", data_dir)
    card = card_of(persona, None)
    assert card.version == 3 and card.data["name"] == "鲁迅"
    assert fields_of(read(to_json(card), "x"), "luxun", None) == plain(persona)


@pytest.mark.parametrize(
    "ground",
    [
        None,
        {"kind": "historical"},
        {**GROUND, "kind": "consent"},
        {**GROUND, "consent": LIVING["consent"]},
        {**LIVING, "consent": {"person": "", "given": "2026-11-22"}},
        {**LIVING, "consent": {"person": "a", "given": "yesterday"}},
    ],
)
def test_there_is_no_persona_without_a_ground(ground: Json | None) -> None:
    with pytest.raises(InputError) as caught:
        fields_of(Card(V1), "guest", ground)
    assert caught.value.zh


def test_a_living_person_agrees(personas: Personas) -> None:
    persona = personas.create(fields_of(Card(V1), "guest", LIVING))
    assert persona.ground.consent is not None and persona.ground.consent.person == "阿三"


def test_changes_keep_what_was_before(personas: Personas, data_dir: Path) -> None:
    first = plain(load_persona("ah-san", data_dir))
    personas.change("ah-san", edited(data_dir, "ah-san", voice="other"))
    personas.change("ah-san", edited(data_dir, "ah-san", voice="third"))
    assert personas.change("ah-san", edited(data_dir, "ah-san")).voice == "third"
    assert personas.versions("ah-san") == [1, 2]
    assert plain(personas.restore("ah-san", 1)) == first
    assert personas.restore("ah-san", 3).voice == "third"
    with pytest.raises(NotFoundError, match="no version 9"):
        personas.restore("ah-san", 9)


def test_every_version_can_be_looked_at(personas: Personas, data_dir: Path) -> None:
    first = load_persona("ah-san", data_dir)
    made = (first.folder / CARD).stat().st_mtime
    assert personas.number("ah-san") == 1 and personas.number("luxun") == 1
    personas.change("ah-san", edited(data_dir, "ah-san", voice="other"))
    history = personas.history("ah-san")
    assert [(one.number, one.persona.voice, one.current) for one in history] == [
        (1, "anyone", False),
        (2, "other", True),
    ]
    assert history[0].made_at == made and history[1].made_at > made
    assert plain(personas.version("ah-san", 1).persona) == plain(first)
    with pytest.raises(NotFoundError, match="There are: 1, 2"):
        personas.version("ah-san", 3)


def test_a_damaged_version_does_not_hide_the_others(personas: Personas, data_dir: Path) -> None:
    for voice in ("a", "b"):
        personas.change("ah-san", edited(data_dir, "ah-san", voice=voice))
    (data_dir / "personas" / "ah-san" / VERSIONS / "0001.toml").write_text("id = ", encoding="utf-8")
    assert [one.number for one in personas.history("ah-san")] == [2, 3]
    with pytest.raises(TextError):
        personas.restore("ah-san", 1)
    assert personas.number("ah-san") == 3


def test_a_change_of_a_card_that_is_no_longer_there_is_refused(personas: Personas, data_dir: Path) -> None:
    seen = mark(load_persona("ah-san", data_dir))
    after = personas.change("ah-san", edited(data_dir, "ah-san", voice="a"), expected=seen)
    assert mark(after) != seen
    with pytest.raises(StaleError) as caught:
        personas.change("ah-san", edited(data_dir, "ah-san", voice="b"), expected=seen)
    assert caught.value.http_status == 409 and caught.value.code == "persona_changed"
    assert load_persona("ah-san", data_dir).voice == "a"


def test_changes_side_by_side_are_each_a_version(personas: Personas, data_dir: Path) -> None:
    def change(number: int) -> None:
        Personas(data_dir).change("ah-san", edited(data_dir, "ah-san", voice=f"voice-{number}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, range(12)))
    voices = [one.persona.voice for one in personas.history("ah-san")]
    assert sorted(voices) == sorted(["anyone", *(f"voice-{number}" for number in range(12))])


def test_a_write_that_fails_leaves_the_card_as_it_was(
    personas: Personas, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "no space")

    before = load_persona("ah-san", data_dir)
    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", fails)
        for fields in (edited(data_dir, "ah-san", voice="x"), edited(data_dir, "luxun", voice="x")):
            with pytest.raises(StorageError) as caught:
                personas.change(str(fields["id"]), fields)
            assert caught.value.code == "disk_full"
    assert load_persona("ah-san", data_dir) == before
    assert sorted(file.name for file in (data_dir / "personas").rglob("*")) == [
        "ah-san", "knowledge", "persona.toml", "river.md", "versions"
    ]  # fmt: skip


def test_deleting_ones_own_copy_keeps_the_texts(personas: Personas, data_dir: Path) -> None:
    personas.change("luxun", edited(data_dir, "luxun", voice="host"))
    for persona_id in ("luxun", "ah-san"):
        Knowledge.open(load_persona(persona_id, data_dir), data_dir, None).add("渡口夜里有灯。".encode(), "夜渡.txt")
        personas.delete(persona_id)
    assert (data_dir / "knowledge" / "luxun").is_dir() and not (data_dir / "knowledge" / "ah-san").exists()


def test_a_damaged_persona_hides_nobody_and_can_be_deleted(personas: Personas, data_dir: Path) -> None:
    (data_dir / "personas" / "ah-san" / CARD).write_text("id = ", encoding="utf-8")
    found, wrong = surveyed(data_dir)
    assert "luxun" in {persona.id for persona in found} and "ah-san" in wrong[0].en
    assert list_personas(data_dir) == found
    personas.delete("ah-san")
    assert surveyed(data_dir)[1] == []


def test_what_a_killed_process_left_goes_with_the_next_change(personas: Personas, data_dir: Path) -> None:
    """Half of a deletion may be what a persona remembers of people."""
    for name in (".going-a1b2_c3d", ".making-0123456789abcdef"):
        left = data_dir / "personas" / name / "memories"
        left.mkdir(parents=True)
        (left / "somebody.json").write_text("{}", encoding="utf-8")
    personas.change("ah-san", edited(data_dir, "ah-san", voice="host"))
    assert [folder.name for folder in (data_dir / "personas").iterdir()] == ["ah-san"]


@pytest.mark.parametrize("wrong", ["../ah-san", "", ".", "AH", "a/b", "a" * 65])
def test_no_id_leads_out_of_the_folder(wrong: str, personas: Personas, data_dir: Path) -> None:
    assert not personas.owns(wrong) and not is_built_in(wrong) and personas.versions(wrong) == []
    for forbidden in (personas.delete, personas.history, lambda name: personas.restore(name, 1)):
        with pytest.raises(NotFoundError):
            forbidden(wrong)


def test_a_built_in_persona_is_copied_before_it_is_changed(personas: Personas, data_dir: Path) -> None:
    before = load_persona("luxun", data_dir)
    after = personas.change("luxun", edited(data_dir, "luxun", voice="host"))
    assert after.voice == "host" and after.folder == data_dir / "personas" / "luxun"
    assert after.portrait_file.read_bytes() == before.portrait_file.read_bytes()
    assert {f.name for f in after.knowledge_folder.iterdir()} == {f.name for f in before.knowledge_folder.iterdir()}
    personas.delete("luxun")
    assert load_persona("luxun", data_dir) == before
    with pytest.raises(InputError, match="comes with the project"):
        personas.delete("luxun")


def test_what_is_refused_leaves_nothing(personas: Personas, data_dir: Path) -> None:
    fields = fields_of(Card(V1), "guest", GROUND)
    for wrong in (
        {**fields, "id": "../x"},
        {**fields, "id": "ah-san"},
        {**fields, "voice": ""},
        {},
        {**fields, "x": 1},
    ):
        with pytest.raises(AvatarError):
            personas.create(wrong, {"portrait.png": picture()}, {"a.txt": b"a"})
    with pytest.raises(InputError, match="id"):
        personas.change("ah-san", edited(data_dir, "ah-san", id="other"))
    assert [f.name for f in (data_dir / "personas").iterdir()] == ["ah-san"]
    assert not (data_dir / "knowledge").exists()


def test_a_bundle_brings_everything(
    personas: Personas, data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    portrait, data = portrait_file(picture(), "face.png")
    personas.change("ah-san", edited(data_dir, "ah-san", portrait=portrait), {portrait: data})
    knowledge = Knowledge.open(load_persona("ah-san", data_dir), data_dir, None)
    knowledge.add("渡口夜里有灯。\n\n船夫在灯下数钱。".encode(), "夜渡.txt")
    packed = write_bundle(load_persona("ah-san", data_dir), data_dir, b"a voice")

    bundle = read_bundle(packed, "a.persona")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    arrived = Personas(elsewhere).create(bundle.fields, bundle.files, bundle.library_files())
    assert plain(arrived) == plain(load_persona("ah-san", data_dir))
    assert arrived.portrait_file.read_bytes() == picture()
    assert Personas(elsewhere).versions("ah-san") == [1]
    there = Knowledge.open(arrived, elsewhere, None)
    assert there.entries == knowledge.entries and list(there.passages) == list(knowledge.passages)
    assert bundle.voice == b"a voice"
    assert write_bundle(arrived, elsewhere, bundle.voice) == packed

    Personas(elsewhere).delete("ah-san")
    assert not list(elsewhere.rglob("*.txt")) and not list(elsewhere.rglob("*.toml"))


def test_a_bundle_in_the_place_of_a_built_in_persona_brings_its_texts(personas: Personas, data_dir: Path) -> None:
    library = Library(data_dir / "knowledge" / "luxun")
    before = library.add("那时渡口还没有灯。", "旧书").entry
    text = "渡口夜里有灯。\n\n船夫在灯下数钱。"
    files = {
        f"{text_id(text)}.{kind}": b"".join(data) for kind, data in packed(index(text, "夜渡", text_id(text))).items()
    }
    files |= {f"{text_id(text)}.txt": text.encode()}
    personas.create({**plain(load_persona("luxun", data_dir)), "voice": "host"}, contents(BUILT_IN / "luxun"), files)
    assert {library.read(each).entry.title for each in library.ids()} == {before.title, "夜渡"}


def test_more_than_a_bundle_holds_is_refused(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Library(data_dir / "knowledge" / "ah-san").add("渡口夜里有灯。" * 20, "夜渡")
    packed_before = write_bundle(load_persona("ah-san", data_dir), data_dir)
    monkeypatch.setattr("avatar.dialog.bundle.MAX_TOTAL_BYTES", 400)
    with pytest.raises(InputError) as caught:
        write_bundle(load_persona("ah-san", data_dir), data_dir)
    assert caught.value.code == "bundle_too_large"
    with pytest.raises(InputError) as caught:
        read_bundle(packed_before, "a.persona")
    assert caught.value.code == "bundle_too_large" and "a.persona" in caught.value.zh


def altered(packed: bytes, **files: bytes) -> bytes:
    archive = Archive(packed, "x")
    return pack({**{name: archive.read(name) for name in archive.names}, **files})


def test_the_files_of_an_archive_count_together() -> None:
    archive = Archive(pack({"a": bytes(600), "b": bytes(600)}), "a.zip", total=1000)
    assert len(archive.read("a")) == 600
    with pytest.raises(InputError) as caught:
        archive.read("b")
    assert caught.value.code == "archive_too_large" and "a.zip" in caught.value.zh


def test_a_bundle_that_was_tampered_with_is_refused(data_dir: Path) -> None:
    packed = write_bundle(load_persona("ah-san", data_dir), data_dir)
    manifest = json.loads(Archive(packed, "x").read("manifest.json"))
    for broken in (
        b"",
        b"PK\x03\x04",
        packed[: len(packed) // 2],
        altered(packed, **{CARD: b"id = 'other'"}),
        altered(packed, extra=b"x"),
        altered(packed, **{"manifest.json": b"{}"}),
        altered(packed, **{"manifest.json": b"[" * 10_000}),
        altered(packed, **{"manifest.json": json.dumps({**manifest, "version": 2}).encode()}),
    ):
        with pytest.raises(InputError) as caught:
            read_bundle(broken, "a.persona")
        assert "a.persona" in caught.value.en and "a.persona" in caught.value.zh


def test_a_picture_is_one(tmp_path: Path) -> None:
    assert portrait_file(picture(), "x")[0].endswith(".png")
    for wrong in (b"", b"GIF89a", picture()[:40], bytes(33 * 1024 * 1024)):
        with pytest.raises(PhotoError):
            portrait_file(wrong, "x")


def test_a_bundle_is_an_ordinary_zip(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.persona"
    file.write_bytes(write_bundle(load_persona("ah-san", data_dir), data_dir))
    with zipfile.ZipFile(file) as opened:
        assert opened.testzip() is None
        assert {"manifest.json", CARD, "knowledge/river.md"} == set(opened.namelist())


def test_an_empty_card_makes_a_persona_that_can_speak() -> None:
    fields = fields_of(Card(variant(V1, **dict.fromkeys(V1, ""))), "guest", GROUND)
    assert fields["name"]["en"] == "?" and fields["greeting"]["en"]
