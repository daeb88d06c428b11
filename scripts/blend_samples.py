"""Make `sample.ogg` of the project's own blends, and measure how well they are understood.

    python -m scripts.blend_samples [--every 10]

Each says a sentence in its first language, on the way out that all speech takes: marked, limited, then Opus. The
figures printed are for `[scores]` of `voices/<id>/profile.toml`: the share of Mandarin syllables (by their tones) and
of English words that the ears of `avatar bench voice` miss, over every so manieth of its sentences. A few minutes.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from avatar.engines import Engines
from avatar.errors import Language
from avatar.media import Samples
from avatar.server.encoding import file_encoder
from avatar.settings import Settings
from avatar.voice.profiles import load_profile, stock_voices_dir
from benchmarks._ears import Ears
from benchmarks._sentences import sentences
from benchmarks.understood import THREADS, UNITS, understood

BLENDS = ("luxun", "host")
SAMPLE = "sample.ogg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=10)
    given = parser.parse_args()
    settings = Settings()
    engines = Engines(settings.model_copy(update={"threads": THREADS}))
    try:
        ears = Ears(settings, THREADS)
        for voice in BLENDS:
            profile = load_profile(stock_voices_dir() / voice / "profile.toml")
            sound = _said(engines, profile.sample_text, voice, profile.languages[0])
            encoder = file_encoder("opus")
            (stock_voices_dir() / voice / SAMPLE).write_bytes(encoder.push(sound) + encoder.finish())
            for language in profile.languages:
                tallies = understood(
                    lambda text, spoken, voice=voice: _said(engines, text, voice, spoken),  # type: ignore[misc]
                    ears,
                    sentences(language, given.every),
                    language,
                )
                sys.stdout.write(f"{voice} {UNITS[language]} = {tallies[''].error:.3f}\n")
    finally:
        engines.close()


def _said(engines: Engines, text: str, voice: str, language: Language) -> Samples:
    chunks = engines.synthesizer.speak(text, voice, language=language).chunks
    return np.concatenate([*chunks, np.zeros(0, dtype=np.float32)])


if __name__ == "__main__":
    main()
