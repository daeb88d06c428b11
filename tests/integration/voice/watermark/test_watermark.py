"""The real watermark on real speech, live, saved and passed on."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from avatar.cli import app
from avatar.engines import Engines
from avatar.engines.voices import mark_network
from avatar.media import SPEECH_RATE, Samples, read_audio, resample
from avatar.settings import Settings, SpeakingSettings
from avatar.voice.watermark import MarkNetwork, detect

pytestmark = pytest.mark.integration

TEXT = "我家后园,可以看见墙外有两株树,一株是枣树,还有一株也是枣树。"


@pytest.fixture(scope="module")
def network() -> MarkNetwork:
    return mark_network(Settings())


@pytest.fixture(scope="module")
def blocks(engines: Engines) -> list[Samples]:
    """What the engine of the default settings speaks, block by block."""
    return list(engines.synthesizer.speak(TEXT, "zm_yunyang", language="zh").chunks)


def encoded(samples: Samples, container: str, codec: str, rate: int, bit_rate: int) -> Samples:
    """Through a codec and back."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        stream = cast(av.AudioStream, file.add_stream(codec, rate=rate))
        stream.bit_rate = bit_rate
        pcm = (resample(samples, SPEECH_RATE, rate) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return read_audio(buffer.getvalue(), SPEECH_RATE)


def test_live_speech_is_marked_and_survives_what_happens_to_recordings(
    blocks: list[Samples], network: MarkNetwork
) -> None:
    speech = np.concatenate(blocks)
    assert len(blocks) > 2
    assert detect(speech, network).score > 0.9
    for attacked in (
        encoded(speech, "mp3", "libmp3lame", 24_000, 64_000),
        encoded(speech, "ogg", "libopus", 24_000, 24_000),
        resample(resample(speech, SPEECH_RATE, 16_000), 16_000, SPEECH_RATE),
        (speech / 2).astype(np.float32),
        speech[SPEECH_RATE : 3 * SPEECH_RATE],
    ):
        assert detect(attacked, network).marked


def test_the_same_speech_without_the_mark_is_not_found(network: MarkNetwork, caplog: pytest.LogCaptureFixture) -> None:
    engines = Engines(Settings(speaking=SpeakingSettings(watermark=False)))
    speech = engines.synthesizer.speak(TEXT, "zm_yunyang", language="zh")
    assert not detect(np.concatenate(list(speech.chunks)), network).marked
    assert "watermark.off" in caplog.text


def test_people_are_not_taken_for_machines(shared_data: Path, network: MarkNetwork) -> None:
    for path in sorted((shared_data / "voices").iterdir()):
        assert not detect(read_audio(path, SPEECH_RATE), network).marked, path.name


def test_the_command_tells_marked_from_clean(blocks: list[Samples], shared_data: Path, tmp_path: Path) -> None:
    ours = tmp_path / "ours.wav"
    soundfile.write(ours, np.concatenate(blocks), SPEECH_RATE)
    found = CliRunner().invoke(app, ["detect", str(ours), "--json"])
    assert found.exit_code == 0, found.output
    assert '"marked": true' in found.stdout
    assert CliRunner().invoke(app, ["detect", str(shared_data / "voices" / "jfk.flac")]).exit_code == 1
    assert CliRunner().invoke(app, ["detect", str(tmp_path / "none.wav")]).exit_code not in {0, 1}
