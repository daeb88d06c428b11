"""Trains the network that reads visemes from sound, on this project's own synthesis.

    python scripts/train_viseme.py speak FOLDER    # speech for training; stopped and called again, it goes on
    python scripts/train_viseme.py train FOLDER    # some minutes on one core; writes avatar/face/audio_visemes.onnx

The speech is kept in FOLDER, outside of the repository. docs/decisions/018-audio-to-viseme.md says what is learned.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from avatar.engines import Engines
from avatar.engines.voices import voice_library
from avatar.media import SAMPLES_PER_FRAME, SPEECH_RATE
from avatar.models import model_path
from avatar.settings import PACKAGE_ROOT, Settings
from scripts.viseme.examples import Example, example
from scripts.viseme.speech import plan, read_take, speak, write_take

SEED = 7
DRAWS = 4
"""How often each take is spoiled anew; the rounds go through the spoilings in turn."""

TESTS = 40
"""Takes of the held-out voices that the training is told by; it learns nothing from them."""

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command("speak")
def speak_all(
    folder: Annotated[Path, typer.Argument(help="Where the takes are kept.")],
    minutes: Annotated[float, typer.Option(help="Of speech for training, with what is there already.")] = 60.0,
) -> None:
    """Synthesize the speech that is trained on, and some of the held-out voices."""
    import torch

    from scripts.viseme.speech import Chorus

    torch.set_num_threads(1)
    settings = Settings()
    model = model_path("kokoro-82m", settings)
    packs, graphs = model_path("kokoro-voices", settings), settings.cache_dir / "graphs"
    chorus = Chorus(model / "kokoro-v1.0.int8.onnx", model / "vocab.json", packs, graphs)
    (folder / "train").mkdir(parents=True, exist_ok=True)
    seconds, number = 0.0, 0
    while seconds < 60 * minutes:
        path = folder / "train" / f"{number:06d}.npz"
        if not path.exists():
            write_take(chorus.take("en" if number % 2 else "zh", np.random.default_rng([SEED, number])), path)
        seconds += read_take(path).sound.size / SPEECH_RATE
        number += 1
    typer.echo(f"{seconds / 60:.1f} minutes")
    _speak_tests(settings, folder / "test")


def _speak_tests(settings: Settings, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    engines = Engines(settings)
    voices = [profile.id for profile in voice_library(settings).list()]
    try:
        for number, planned in zip(range(TESTS), plan(voices, held_out=True, seed=SEED), strict=False):
            path = folder / f"{number:06d}.npz"
            if not path.exists():
                write_take(speak(engines.synthesizer, *planned, 1.0), path)
    finally:
        engines.close()


@app.command()
def train(
    folder: Annotated[Path, typer.Argument(help="Where the takes are kept.")],
    rounds: Annotated[int, typer.Option(help="How often all takes are gone through.")] = 60,
    onward: Annotated[bool, typer.Option(help="Teach the network on that was taught here last.")] = False,
    out: Annotated[Path, typer.Option(help="Where the network is written.")] = PACKAGE_ROOT
    / "face"
    / "audio_visemes.onnx",
) -> None:
    """Train the network and write it."""
    import torch

    from scripts.viseme import network

    rng = np.random.default_rng(SEED)
    takes = [read_take(path) for path in sorted((folder / "train").glob("*.npz"))]
    spoilings = [[example(take, rng, spoiled=draw > 0) for take in takes] for draw in range(DRAWS)]
    tests = [example(read_take(path), rng, spoiled=False) for path in sorted((folder / "test").glob("*.npz"))[:TESTS]]
    frames = sum(len(one.shapes) for one in spoilings[0])
    typer.echo(f"{len(takes)} takes, {frames * SAMPLES_PER_FRAME / SPEECH_RATE / 60:.1f} minutes")
    turn = iter(range(10**9))

    def draw() -> list[Example]:
        return spoilings[next(turn) % DRAWS]

    def tell(number: int, loss: float, now: network.Network) -> None:
        if number % 10 == 9:
            typer.echo(f"round {number + 1}: loss {loss:.3f}, {network.judged(now, tests)}")

    pupil = network.Network()
    if onward:
        pupil.load_state_dict(torch.load(folder / "network.pt"))
    taught = network.train(pupil, draw, rounds, tell, SEED)
    torch.save(taught.state_dict(), folder / "network.pt")
    network.export(taught, out)
    typer.echo(f"{out.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    app()
