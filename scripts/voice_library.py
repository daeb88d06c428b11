"""Make avatar/voice/fitting/library.npz: how stock voices and blends of them sound to the speaker encoder.

    python scripts/voice_library.py [--blends 60]

Every timbre says one sentence in each language with a native's rhythm and tune, is embedded, and is stored beside its
embeddings as float16. Blends mix two or three stock timbres of one sex with random weights, and go a little beyond
them. The seed is fixed; the result depends on the weights alone (kokoro-82m, kokoro-voices and speaker-encoder of the
catalog, all Apache-2.0). It takes about five minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar.engines import faster_whisper, kokoro
from avatar.engines.fitting import fitting_studio
from avatar.errors import Language
from avatar.models import model_path
from avatar.settings import Settings
from avatar.voice.enrolment.windows import Sex
from avatar.voice.fitting.library import FILE
from avatar.voice.fitting.sentences import PROBES
from avatar.voice.fitting.studio import TIMBRE, Studio
from avatar.voice.speaker import SpeakerEncoder
from avatar.voice.speaking.acoustics import TIMBRE_ROW

Floats = NDArray[np.float32]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blends", type=int, default=60)
    parser.add_argument("--out", type=Path, default=FILE)
    given = parser.parse_args()
    settings = Settings(threads=1)
    studio = opened(settings)
    names, males, timbres = members(studio, given.blends)
    heard: dict[Language, list[Floats]] = {"zh": [], "en": []}
    for at, (timbre, male) in enumerate(zip(timbres, males, strict=True)):
        sex: Sex = "male" if male else "female"
        for language in LANGUAGES:
            sound = studio.say(PROBES[language][1], studio.style(timbre, language, sex), language)
            heard[language].append(studio.embedding([sound]))
        sys.stderr.write(f"\r{at + 1} of {len(timbres)}")
    np.savez_compressed(
        given.out,
        names=np.array(names),
        male=np.array(males),
        timbres=np.stack(timbres).astype(np.float16),
        zh=np.stack(heard["zh"]).astype(np.float16),
        en=np.stack(heard["en"]).astype(np.float16),
    )


def opened(settings: Settings) -> Studio:
    encoder = SpeakerEncoder(model_path("speaker-encoder", settings))
    return fitting_studio(settings, kokoro(settings), encoder, faster_whisper(settings))


def members(studio: Studio, blends: int) -> tuple[list[str], list[bool], list[Floats]]:
    """Names, sexes and timbres: first the packs, then the blends."""
    names = sorted(path.stem for path in studio.packs.glob("*.bin"))
    males = [name[1] == "m" for name in names]
    timbres = [studio.pack(name)[TIMBRE_ROW, :TIMBRE] for name in names]
    rng = np.random.default_rng(20)
    for number in range(blends):
        male = number % 2 == 1
        pool = [timbre for timbre, is_male in zip(timbres[: len(names)], males, strict=False) if is_male == male]
        chosen = rng.choice(len(pool), size=rng.integers(2, 4), replace=False)
        weights = rng.dirichlet(np.full(len(chosen), 1.5)) * 1.3 - 0.3 / len(chosen)
        timbres.append(np.asarray(sum(w * pool[c] for w, c in zip(weights, chosen, strict=True)), dtype=np.float32))
        males.append(male)
    return [*names, *[""] * blends], males, timbres


if __name__ == "__main__":
    main()
