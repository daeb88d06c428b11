"""The fitter that the program runs on: what it takes a kept voice for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch

from avatar.errors import EngineError
from avatar.voice.enrolment.windows import Enrolment
from avatar.voice.fitting import Fitted, Studio
from avatar.voice.making import EngineFitter
from avatar.voice.profiles import PACK_SHAPE, VoiceLibrary
from tests.unit.voice.clonery import clonery, speech


@pytest.fixture
def fitter(tmp_path: Path) -> EngineFitter:
    np.full(PACK_SHAPE, 7.0, dtype="<f4").tofile(tmp_path / "zm_yunxi.bin")
    voices = VoiceLibrary([tmp_path / "voices"], tmp_path, lambda profile: None)
    return EngineFitter(lambda: cast(Studio, None), lambda: pytest.fail("nothing is said"), voices)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), OSError(2, "gone"), KeyError("fc")])
def test_a_fitting_that_fails_is_a_sentence(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Fitted:
        raise error

    monkeypatch.setattr("avatar.voice.making.fit_style", fails)
    engines = cast(Studio, SimpleNamespace(device="cuda:0"))
    voices = VoiceLibrary([], tmp_path, lambda profile: None)
    failing = EngineFitter(lambda: engines, lambda: pytest.fail("nothing is said"), voices)
    with pytest.raises(EngineError) as caught:
        failing.style(cast(Enrolment, None), cast(Fitted, None), lambda share: None, lambda: False)
    assert "cuda:0" in caught.value.en and caught.value.code == "fitting_failed"


def test_a_kept_voice_is_what_was_done_for_it(fitter: EngineFitter, tmp_path: Path) -> None:
    house = clonery(tmp_path)
    profile = house.cloning.create("张三", [speech(8.0)], house.agreed())
    assert profile.made[-1] == "regression"
    kept = fitter.fitted(profile)
    assert kept.done == ("regression",)
    assert not kept.deltas
    assert (kept.style == np.float32(0.1)).all()
    house.cloning.fit(profile.id, lambda share: None, lambda: False)
    again = fitter.fitted(house.cloning.own.get(profile.id))
    assert again.done == ("regression", "style", "biases")
    assert list(again.deltas) == ["decode.0.norm1.fc"]
