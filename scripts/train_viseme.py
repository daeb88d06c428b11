"""Trains the network that reads visemes from sound, on this project's own synthesis.

    python scripts/train_viseme.py speak FOLDER    # speech for training and for tests, at about half of real time
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

from avatar.engines import Engines, voice_library
from avatar.media import SPEECH_RATE
from avatar.settings import PACKAGE_ROOT, Settings
from scripts.viseme.examples import Example, example
from scripts.viseme.speech import plan, read_take, speak, write_take

SEED = 7
DRAWS = 3
"""How often each take is spoiled anew; the rounds go through the spoilings in turn."""

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command("speak")
def speak_all(
    folder: Annotated[Path, typer.Argument(help="Where the takes are kept.")],
    minutes: Annotated[float, typer.Option(help="Of speech for training; a fifth of it more for tests.")] = 25.0,
) -> None:
    """Synthesize the speech that is trained on, and that of the held-out voices."""
    settings = Settings()
    engines = Engines(settings)
    voices = [profile.id for profile in voice_library(settings).list()]
    try:
        for name, held_out, length in (("test", True, minutes / 5), ("train", False, minutes)):
            (folder / name).mkdir(parents=True, exist_ok=True)
            rng, done = np.random.default_rng(SEED), 0.0
            for number, (voice, text, language) in enumerate(plan(voices, held_out=held_out, seed=SEED)):
                take = speak(engines.synthesizer, voice, text, language, float(rng.uniform(0.85, 1.2)))
                write_take(take, folder / name / f"{number:05d}.npz")
                done += take.sound.size / SPEECH_RATE / 60
                if done >= length:
                    break
            typer.echo(f"{name}: {done:.1f} minutes")
    finally:
        engines.close()


@app.command()
def train(
    folder: Annotated[Path, typer.Argument(help="Where the takes are kept.")],
    rounds: Annotated[int, typer.Option(help="How often all takes are gone through.")] = 90,
    out: Annotated[Path, typer.Option(help="Where the network is written.")] = PACKAGE_ROOT
    / "face"
    / "audio_visemes.onnx",
) -> None:
    """Train the network and write it."""
    from scripts.viseme import network

    rng = np.random.default_rng(SEED)
    takes = [read_take(path) for path in sorted((folder / "train").glob("*.npz"))]
    typer.echo(f"{len(takes)} takes, {sum(take.sound.size for take in takes) / SPEECH_RATE / 60:.1f} minutes")
    spoilings = [[example(take, rng, spoiled=draw > 0) for take in takes] for draw in range(DRAWS)]
    turn = iter(range(10**9))

    def draw() -> list[Example]:
        return spoilings[next(turn) % DRAWS]

    def tell(number: int, loss: float) -> None:
        if number % 10 == 9:
            typer.echo(f"round {number + 1}: {loss:.4f}")

    network.export(network.train(draw, rounds, tell, SEED), out)
    typer.echo(f"{out.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    app()
