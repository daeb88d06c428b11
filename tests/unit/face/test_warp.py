"""The warp engine's bookkeeping: portraits kept and forgotten, and the order of calls within a session."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.errors import PhotoError
from avatar.face import warp
from avatar.face.params import INDEX, FaceParams
from avatar.face.warp import KEPT_RIGS, WarpAnimator, WarpEngine
from avatar.media import SAMPLES_PER_FRAME, PhoneSpan, Pixels
from avatar.stages import Animator, AnimatorEngine, FaceChoice

SIZE = 256


class FlatRig:
    """A rig without a face: its lips open as far as the jaw drops and `close` lets them."""

    size = SIZE

    def aperture(self, vector: NDArray[np.float32]) -> float:
        return float(0.6 * vector[INDEX["jaw"]] * (1 - vector[INDEX["close"]]))


class FlatRenderer:
    """Draws the jaw as brightness."""

    def __init__(self, rig: FlatRig, *, clear: bool = False) -> None:
        self.size = rig.size
        self.aperture = 0.0
        self.alpha = np.zeros((4, 4), dtype=np.uint8) if clear else None

    def render(self, params: FaceParams) -> Pixels:
        self.aperture = params.jaw * (1.0 - params.close)
        return np.full((4, 4, 3), round(255 * params.jaw), dtype=np.uint8)


class Loader:
    """Stands for `load_rig` and counts what it prepared."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def __call__(self, source: Path, finder: object, *, size: int, cache: Path, choice: FaceChoice) -> FlatRig:
        if not source.exists():
            raise PhotoError("no", "无")
        self.loaded.append(source.name)
        return FlatRig()


@pytest.fixture
def loader(monkeypatch: pytest.MonkeyPatch) -> Loader:
    loader = Loader()
    monkeypatch.setattr(warp, "load_rig", loader)
    monkeypatch.setattr(warp, "Renderer", FlatRenderer)
    monkeypatch.setattr(warp, "FaceFinder", lambda weights, threads: object())
    return loader


@pytest.fixture
def engine(loader: Loader, tmp_path: Path) -> WarpEngine:
    return WarpEngine(tmp_path / "weights", tmp_path / "cache", 1)


def photo(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(name.encode())
    return path


def test_it_is_what_the_stages_ask_for(engine: WarpEngine, tmp_path: Path) -> None:
    stage: AnimatorEngine = engine
    face: Animator = stage.animator(photo(tmp_path, "a.png"), size=SIZE)
    assert (stage.name, stage.device, face.size) == ("warp", "cpu", SIZE)


def test_a_portrait_is_prepared_once(engine: WarpEngine, loader: Loader, tmp_path: Path) -> None:
    path = photo(tmp_path, "a.png")
    engine.animator(path, size=SIZE, seed=1)
    engine.animator(path, size=SIZE, seed=2)
    assert loader.loaded == ["a.png"]
    engine.animator(path, size=512)
    assert loader.loaded == ["a.png", "a.png"]
    engine.animator(path, size=512, choice=FaceChoice(2))
    assert len(loader.loaded) == 3


def test_a_photo_that_changed_is_prepared_again(engine: WarpEngine, loader: Loader, tmp_path: Path) -> None:
    path = photo(tmp_path, "a.png")
    engine.animator(path, size=SIZE)
    os.utime(path, ns=(1, 1))
    engine.animator(path, size=SIZE)
    assert len(loader.loaded) == 2


def test_the_portrait_unused_for_longest_is_forgotten(engine: WarpEngine, loader: Loader, tmp_path: Path) -> None:
    paths = [photo(tmp_path, f"{number}.png") for number in range(KEPT_RIGS + 1)]
    for path in paths[:-1]:
        engine.animator(path, size=SIZE)
    engine.animator(paths[0], size=SIZE)
    engine.animator(paths[-1], size=SIZE)
    loader.loaded.clear()
    engine.animator(paths[0], size=SIZE)
    assert loader.loaded == []
    engine.animator(paths[1], size=SIZE)
    assert loader.loaded == ["1.png"]


def test_sessions_that_start_at_once_prepare_one_portrait(engine: WarpEngine, loader: Loader, tmp_path: Path) -> None:
    path = photo(tmp_path, "a.png")
    threads = [threading.Thread(target=engine.animator, args=(path,), kwargs={"size": SIZE}) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loader.loaded == ["a.png"]


def test_a_photo_that_cannot_be_used_leaves_the_engine_usable(engine: WarpEngine, tmp_path: Path) -> None:
    with pytest.raises(PhotoError):
        engine.animator(tmp_path / "nobody.png", size=SIZE)
    assert engine.animator(photo(tmp_path, "a.png"), size=SIZE).size == SIZE


def speak(face: WarpAnimator) -> None:
    spans = [PhoneSpan("a", 0, 12_000)]
    sound = np.random.default_rng(0).normal(0, 0.2, 12_000).astype(np.float32)
    face.speak(sound, spans, 0)


def test_a_reply_moves_the_lips_and_its_end_rests_them(engine: WarpEngine, tmp_path: Path) -> None:
    face = engine.animator(photo(tmp_path, "a.png"), size=SIZE)
    assert face.frame().aperture == 0.0
    face.begin()
    speak(face)
    spoken = [face.frame() for _ in range(10)]
    assert spoken[6].aperture > 0.2
    assert spoken[6].image.mean() > 90
    face.stop()
    assert [face.frame().aperture for _ in range(12)][-1] == 0.0


def test_words_that_come_after_the_end_are_dropped(engine: WarpEngine, tmp_path: Path) -> None:
    face = engine.animator(photo(tmp_path, "a.png"), size=SIZE)
    speak(face)
    assert max(face.frame().aperture for _ in range(10)) == 0.0
    face.begin()
    face.stop()
    speak(face)
    assert max(face.frame().aperture for _ in range(10)) == 0.0


def test_frames_go_on_after_the_sound_is_over(engine: WarpEngine, tmp_path: Path) -> None:
    face = engine.animator(photo(tmp_path, "a.png"), size=SIZE)
    face.begin()
    speak(face)
    frames = [face.frame() for _ in range(12_000 // SAMPLES_PER_FRAME + 25)]
    assert frames[-1].aperture == 0.0


def test_a_picture_left_out_keeps_the_time(engine: WarpEngine, tmp_path: Path) -> None:
    path = photo(tmp_path, "a.png")
    whole, gappy = engine.animator(path, size=SIZE), engine.animator(path, size=SIZE)
    for face in (whole, gappy):
        face.begin()
        speak(face)
    drawn = [whole.frame().aperture for _ in range(8)]
    for _ in range(7):
        gappy.skip()
    assert gappy.frame().aperture == drawn[7]
