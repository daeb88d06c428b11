"""From phrase to voice and back to nothing: what is made, what is refused, and that nothing half made stays behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatar.errors import AudioError, AvatarError, InputError, NotFoundError
from avatar.voice.consent.record import GroundWish, PhraseWish
from avatar.voice.fitting import Fitted, FittingStopped
from avatar.voice.profiles import PACK_SHAPE, VoiceLibrary, VoiceProfile, stock_voices_dir
from tests.unit.voice.clonery import Clonery, clonery, speech

HIGH, LOW = 220.0, 110.0
GROUND = "他于一九三六年去世,作品早已进入公有领域,此声音只作演绎。"


@pytest.fixture
def house(tmp_path: Path) -> Clonery:
    return clonery(tmp_path)


def library(house: Clonery) -> VoiceLibrary:
    packs = house.folder / "packs"
    packs.mkdir(exist_ok=True)
    for name in ("zm_yunxi", "zf_xiaoxiao", "am_michael", "af_heart"):
        np.full(PACK_SHAPE, 7.0, dtype="<f4").tofile(packs / f"{name}.bin")
    folders = [house.folder / "voices", stock_voices_dir()]
    return VoiceLibrary(folders, packs, lambda profile: house.consents.valid(profile.consent))


def test_a_voice_speaks_at_once_and_only_with_its_consent(house: Clonery) -> None:
    consent = house.agreed()
    steps: list[str] = []
    voice = house.cloning.create("张三", [speech(8.0)], consent, lambda step, share: steps.append(step))
    assert voice.id == "zhang-san"
    assert voice.stage == "instant"
    assert {"high_pass", "trimmed", "regression"} <= set(voice.made)
    assert voice.scores["similarity"] == 0.61
    assert voice.scores["consent_likeness"] > 0.9
    assert list(dict.fromkeys(steps)) == ["reading", "checking", "cleaning", "hearing", "fitting", "sampling"]
    found = library(house)
    assert (found.style(found.get("zhang-san"), "zh") == np.float32(0.1)).all()
    other = found.style(found.get("zhang-san"), "en")
    assert (other[:, :128] == np.float32(0.1)).all()
    assert (other[:, 128:] == 7.0).all()
    assert "zhang-san" in [each.id for each in found.list()]
    assert VoiceLibrary([house.folder / "voices"], house.folder).list() == ()
    house.now[0] += 731 * 86_400
    with pytest.raises(InputError) as caught:
        found.get("zhang-san")
    assert caught.value.code == "consent_over"
    assert "zhang-san" not in [each.id for each in found.list()]


def test_what_is_kept_of_a_voice_stands_and_falls_with_it(house: Clonery) -> None:
    consent = house.agreed()
    voice, voices = house.cloning.create("张三", [speech(8.0)], consent).id, library(house)
    before = voices.standing(voice)
    house.cloning.fit(voice, lambda share: None, lambda: False)
    assert voices.standing(voice) not in ("", before)
    assert voices.standing("of-another-engine") == ""
    house.now[0] += 3 * 366 * 86_400
    with pytest.raises(InputError):
        voices.standing(voice)
    house.cloning.revoke(consent)
    assert voices.standing(voice) == ""


def test_revoking_removes_everything(house: Clonery) -> None:
    consent = house.agreed()
    house.cloning.create("张三", [speech(8.0)], consent)
    other = house.agreed(name="李四")
    house.cloning.create("李四", [speech(8.0)], other)
    assert house.cloning.revoke(consent) == ["zhang-san"]
    assert not any("zhang-san" in name for name in house.left())
    assert not (house.folder / "consents" / consent).exists()
    assert [each.id for each in house.consents.all()] == [other]
    with pytest.raises(NotFoundError):
        library(house).get("zhang-san")
    assert library(house).get("li-si")
    with pytest.raises(NotFoundError):
        house.cloning.revoke(consent)


def test_a_revocation_that_was_cut_off_is_finished_by_the_next(house: Clonery, monkeypatch: pytest.MonkeyPatch) -> None:
    consent = house.agreed()
    house.cloning.create("张三", [speech(8.0)], consent)

    def broken(consent_id: str) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(house.consents, "_remove_voices", broken)
    with pytest.raises(KeyboardInterrupt):
        house.cloning.revoke(consent)
    with pytest.raises(NotFoundError):
        library(house).get("zhang-san")
    again = clonery(house.folder)
    assert again.left() == []
    assert not list((house.folder / "consents").rglob("statement.wav"))


def test_without_consent_there_is_no_clone(house: Clonery) -> None:
    for consent in ("", "cons_" + "0" * 20, "../consents", "cons_x"):
        with pytest.raises(NotFoundError):
            house.cloning.create("张三", [speech(8.0)], consent)
    assert house.left() == []


def test_the_samples_are_those_of_whoever_agreed(house: Clonery) -> None:
    consent = house.agreed(hertz=LOW)
    looked = house.cloning.check([speech(8.0, HIGH)], consent)
    assert looked.same is False
    with pytest.raises(InputError) as caught:
        house.cloning.create("张三", [speech(8.0, HIGH)], consent)
    assert caught.value.code == "another_speaker"
    assert house.left() == []
    assert house.cloning.check([speech(8.0, LOW, seed=3)], consent).same


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (lambda text, words: text.replace("、".join(words), "天空、河流、牛马、风云"), "consent_words"),
        (lambda text, words: "今天天气很好，" + "、".join(words), "consent_statement"),
        (lambda text, words: "", "consent_words"),
        (lambda text, words: "我们下周去爬山吧，记得带上雨衣和干粮，山上的风很大。", "consent_words"),
    ],
)
def test_a_statement_that_is_not_the_one_asked_for(
    house: Clonery, said: Callable[[str, tuple[str, ...]], str], code: str
) -> None:
    phrase = house.cloning.phrase(PhraseWish(name="张三", language="zh"))
    house.ear.text = said(phrase.text, phrase.words)
    with pytest.raises(InputError) as caught:
        house.cloning.consent(speech(6.0), phrase.id)
    assert caught.value.code == code
    assert house.consents.all() == []
    assert house.consents.open_phrases(phrase.id)


def test_a_phrase_serves_once_and_for_an_hour(house: Clonery) -> None:
    phrase = house.cloning.phrase(PhraseWish(name="张三", language="zh"))
    house.ear.text = phrase.text.replace("苹", "平").replace("口令", "口零")
    house.cloning.consent(speech(6.0))
    with pytest.raises(NotFoundError) as caught:
        house.cloning.consent(speech(6.0), phrase.id)
    assert caught.value.code == "phrase_not_found"
    late = house.cloning.phrase(PhraseWish(name="张三", language="zh"))
    house.now[0] += 3601
    with pytest.raises(NotFoundError):
        house.cloning.consent(speech(6.0), late.id)


def test_an_old_recording_fails_though_it_says_an_older_phrase(house: Clonery) -> None:
    old = house.cloning.phrase(PhraseWish(name="张三", language="zh"))
    house.ear.text = old.text
    house.cloning.consent(speech(6.0), old.id)
    new = house.cloning.phrase(PhraseWish(name="张三", language="zh"))
    with pytest.raises(InputError) as caught:
        house.cloning.consent(speech(6.0), new.id)
    assert caught.value.code == "consent_words"


def test_a_ground_for_the_long_dead(house: Clonery) -> None:
    wish = {"name": "鲁迅", "ground": "public_domain", "words": GROUND, "died": 1936, "scope": "project"}
    consent = house.cloning.ground(GroundWish.model_validate(wish))
    voice = house.cloning.create("鲁迅先生", [speech(8.0)], consent.id)
    assert "consent_likeness" not in voice.scores
    for wrong in ({"died": 2020}, {"died": 2900, "ground": "estate"}, {"words": "他很有名"}):
        with pytest.raises(InputError) as caught:
            house.cloning.ground(GroundWish.model_validate({**wish, **wrong}))
        assert caught.value.code == "ground_insufficient"
    assert house.cloning.ground(GroundWish.model_validate({**wish, "ground": "family", "died": 2020})).died == 2020


@pytest.mark.parametrize("name", ["习近平", "Xi  Jinping", "Antonio  GUTERRES"])
def test_blocked_names(house: Clonery, name: str) -> None:
    with pytest.raises(InputError) as caught:
        house.cloning.phrase(PhraseWish(name=name, language="zh"))
    assert caught.value.code == "name_blocked"
    consent = house.agreed()
    with pytest.raises(InputError):
        house.cloning.create(name, [speech(8.0)], consent)
    (house.folder / "consents" / "blocked.txt").write_text("# ours\n王小明\n", encoding="utf-8")
    with pytest.raises(InputError):
        house.cloning.phrase(PhraseWish(name="王晓明", language="zh"))
    assert house.left() == []


@pytest.mark.parametrize("name", ["", " ", "../x", "a/b", "a\\b", "x" * 65, "a\nb" + "\x00", "<b>", "..", "a\u202eb"])
def test_names_that_are_none(house: Clonery, name: str) -> None:
    consent = house.agreed()
    with pytest.raises(InputError) as caught:
        house.cloning.create(name, [speech(8.0)], consent)
    assert caught.value.code == "invalid_name"
    assert house.left() == []


def test_fitting_brings_a_voice_nearer(house: Clonery) -> None:
    house.cloning.create("张三", [speech(8.0)], house.agreed())
    shares: list[float] = []
    voice = house.cloning.fit("zhang-san", shares.append, lambda: False)
    assert (voice.stage, voice.revision, voice.pitch) == ("fitted", 2, 1.1)
    assert voice.scores["similarity"] == 0.8
    assert shares == [0.5]
    found = library(house)
    assert (found.style(found.get("zhang-san"), "zh") == np.float32(0.2)).all()
    assert list(found.deltas(voice)) == ["decode.0.norm1.fc"]
    assert "voices/zhang-san/reference/00.wav" in house.left()


def test_a_fit_that_does_not_win_changes_nothing(house: Clonery) -> None:
    before = house.cloning.create("张三", [speech(8.0)], house.agreed())
    house.maker.wins = False
    assert house.cloning.fit("zhang-san", lambda share: None, lambda: False) == before


def test_samples_that_may_not_be_kept_are_not(house: Clonery) -> None:
    house.cloning.create("张三", [speech(8.0)], house.agreed(keep=False))
    assert not [name for name in house.left() if "reference" in name or "voice.npy" in name]
    house.cloning.fit("zhang-san", lambda share: None, lambda: False)
    later = clonery(house.folder)
    with pytest.raises(InputError) as caught:
        later.cloning.fit("zhang-san", lambda share: None, lambda: False)
    assert caught.value.code == "samples_not_kept"


def test_samples_that_were_kept_can_be_fitted_after_a_restart(house: Clonery) -> None:
    house.cloning.create("张三", [speech(8.0)], house.agreed())
    assert clonery(house.folder).cloning.fit("zhang-san", lambda share: None, lambda: False).stage == "fitted"


def test_a_break_leaves_nothing_behind(house: Clonery) -> None:
    consent = house.agreed()

    def leave(step: str, share: float) -> None:
        if step == "sampling":
            raise InputError("gone", "走了", code="cancelled")

    with pytest.raises(AvatarError):
        house.cloning.create("张三", [speech(8.0)], consent, leave)
    assert house.left() == []


def test_a_consent_revoked_meanwhile_makes_no_voice(house: Clonery) -> None:
    consent = house.agreed()
    house.maker.on_instant = lambda: house.consents.revoke(consent)
    with pytest.raises(NotFoundError):
        house.cloning.create("张三", [speech(8.0)], consent)
    assert house.left() == []


def test_names_and_ids(house: Clonery) -> None:
    consent = house.agreed()
    assert house.cloning.create("Luxun", [speech(8.0)], consent).id == "luxun-2"
    assert house.cloning.create("☀", [speech(8.0)], consent).id == "voice"
    renamed = house.cloning.rename("voice", "太阳")
    assert (renamed.id, renamed.name.zh) == ("voice", "太阳")
    assert house.cloning.own.get("voice").name.en == "太阳"
    house.cloning.delete("voice")
    with pytest.raises(NotFoundError):
        house.cloning.own.get("voice")
    with pytest.raises(NotFoundError):
        house.cloning.own.get("af_heart")


def test_the_log_has_ids_and_no_contents(house: Clonery) -> None:
    house.cloning.create("张三", [speech(8.0)], house.agreed())
    text = (house.folder / "consents" / "audit.log").read_text(encoding="ascii")
    events = [json.loads(line)["event"] for line in text.splitlines()]
    assert events == ["phrase_issued", "consent_added", "voice_made"]
    assert "张" not in text
    assert "\\u" not in text


def test_a_statement_has_to_be_a_recording_of_one_person(house: Clonery) -> None:
    phrase = house.cloning.phrase(PhraseWish(name="张三", language="zh"))
    house.ear.text = phrase.text
    with pytest.raises(AudioError) as caught:
        house.cloning.consent(b"no sound at all", phrase.id)
    assert caught.value.code == "invalid_audio"
    with pytest.raises(AudioError) as caught:
        house.cloning.consent(speech(61.0), phrase.id)
    assert caught.value.code == "audio_too_long"


def test_a_damaged_voice_can_be_deleted(house: Clonery) -> None:
    voice = house.cloning.create("张三", [speech(8.0)], house.agreed()).id
    (house.cloning.own.folder / voice / "profile.toml").write_text("broken", encoding="utf-8")
    house.cloning.own.delete(voice)
    assert house.left() == []


def test_a_name_that_was_changed_during_the_fitting_stays_changed(
    house: Clonery, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = house.cloning.create("张三", [speech(8.0)], house.agreed()).id
    fit = house.maker.style

    def meanwhile(*given: Any) -> Fitted:
        house.cloning.rename(voice, "老张")
        return fit(*given)

    monkeypatch.setattr(house.maker, "style", meanwhile)
    fitted = house.cloning.fit(voice, lambda share: None, lambda: False)
    assert (fitted.name.zh, fitted.stage) == ("老张", "fitted")


def test_a_fit_is_not_given_to_another_voice_that_took_the_id(house: Clonery, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = house.cloning.create("张三", [speech(8.0)], house.agreed()).id
    fit = house.maker.style

    def meanwhile(*given: Any) -> Fitted:
        house.cloning.own.delete(voice)
        house.now[0] += 60
        assert house.cloning.create("张三", [speech(8.0, 200.0)], house.agreed(hertz=200.0)).id == voice
        return fit(*given)

    monkeypatch.setattr(house.maker, "style", meanwhile)
    with pytest.raises(FittingStopped):
        house.cloning.fit(voice, lambda share: None, lambda: False)
    assert house.cloning.own.get(voice).stage == "instant"


def test_a_consent_revoked_while_the_fit_is_kept_leaves_nothing(
    house: Clonery, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent = house.agreed()
    voice = house.cloning.create("张三", [speech(8.0)], consent).id
    save = house.cloning.own.save

    def late(profile: VoiceProfile, files: dict[str, bytes]) -> None:
        house.consents.revoke(consent)
        save(profile, files)

    monkeypatch.setattr(house.cloning.own, "save", late)
    with pytest.raises(NotFoundError):
        house.cloning.fit(voice, lambda share: None, lambda: False)
    assert house.left() == []


def test_a_damaged_consent_hides_no_other(house: Clonery) -> None:
    damaged, whole = house.agreed(), house.agreed(name="李四")
    (house.folder / "consents" / damaged / "consent.json").write_text("{", encoding="utf-8")
    assert [each.id for each in house.consents.all()] == [whole]
