"""Films: read back, picture and sound belong together, and nothing half written is left behind."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from avatar.errors import EngineError, InputError, StorageError
from avatar.face.badge import badged
from avatar.face.film import NOTICE, write_film
from avatar.media import FPS, SAMPLES_PER_FRAME, SPEECH_RATE, Pixels, Samples, WordSpan, read_audio

SIZE = 64


def grey(brightness: int) -> Pixels:
    return np.full((SIZE, SIZE, 3), brightness, dtype=np.uint8)


def flashing(count: int, flash: int) -> Iterator[Pixels]:
    """Dark frames, and one that is white."""
    return (grey(235 if number == flash else 30) for number in range(count))


def clicking(length: int, click: int) -> Samples:
    """Silence, and a short tone that begins at a sample."""
    sound = np.zeros(length, dtype=np.float32)
    tone = 0.8 * np.sin(2 * np.pi * 1000 * np.arange(480) / SPEECH_RATE)
    sound[click : click + 480] = tone[: max(length - click, 0)]
    return sound


def pictures(path: Path) -> tuple[list[float], list[float]]:
    """When each picture shows, in seconds, and how bright it is."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [float(frame.time or 0) for frame in frames], [
        float(frame.to_ndarray(format="gray").mean()) for frame in frames
    ]


def sounds(path: Path) -> tuple[float, NDArray[np.float32]]:
    """When the sound begins, in seconds, and its samples at SPEECH_RATE, with the edit list applied."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    every = frames[0].sample_rate // SPEECH_RATE  # Opus always decodes at 48 kHz
    samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
    return float(frames[0].time or 0), samples[::every]


@pytest.mark.parametrize("kind", ["mp4", "webm"])
@pytest.mark.parametrize("flash", [0, 1, 25, 74])
def test_a_flash_and_a_click_stay_together(tmp_path: Path, flash: int, kind: str) -> None:
    path = tmp_path / f"film.{kind}"
    write_film(path, flashing(80, flash), clicking(80 * SAMPLES_PER_FRAME, flash * SAMPLES_PER_FRAME))
    times, brightness = pictures(path)
    start, samples = sounds(path)
    seen = times[int(np.argmax(brightness))]
    heard = start + int(np.argmax(np.abs(samples) > 0.3)) / SPEECH_RATE
    assert abs(seen - flash / FPS) < 0.001
    assert abs(seen - heard) <= 0.020


def test_every_frame_and_sample_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    told: list[int] = []
    count = write_film(path, (grey(40 + number) for number in range(60)), clicking(57_600, 9), progress=told.append)
    times, brightness = pictures(path)
    assert count == len(times) == 60
    assert told == list(range(1, 61))
    assert np.allclose(times, np.arange(60) / FPS, atol=1e-3)
    assert np.corrcoef(brightness, np.arange(60))[0, 1] > 0.99
    assert abs(sounds(path)[1].size - 57_600) <= 1024
    assert abs(read_audio(path, SPEECH_RATE).size - 57_600) <= 1024


def test_both_tracks_last_equally_long(tmp_path: Path) -> None:
    for frames, samples in ((50, 24_000), (10, 48_100), (3, 0)):
        path = tmp_path / f"{frames}.mp4"
        expected = max(frames, -(-samples // SAMPLES_PER_FRAME))
        assert write_film(path, (grey(99) for _ in range(frames)), clicking(samples, 0)) == expected
        times, _ = pictures(path)
        with av.open(str(path)) as container:
            video, audio = container.streams.video[0], container.streams.audio[0]
            lasts = [float((stream.duration or 0) * (stream.time_base or 0)) for stream in (video, audio)]
        assert len(times) == expected
        assert abs(lasts[0] - lasts[1]) <= 0.06


def test_the_film_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    write_film(path, flashing(5, 1), clicking(4800, 0), title="呐喊", comment="A reply.\0")
    with av.open(str(path)) as container:
        assert container.metadata["title"] == "呐喊"
        assert container.metadata["comment"] == f"A reply. {NOTICE}"
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.audio[0].codec_context.name == "aac"


def test_a_webm_film_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "film.webm"
    assert write_film(path, flashing(5, 1), clicking(4800, 0), comment="A reply.") == 5
    with av.open(str(path)) as container:
        told = {key.lower(): value for key, value in container.metadata.items()}
        assert told["comment"] == f"A reply. {NOTICE}"
        assert container.streams.video[0].codec_context.name in ("vp9", "libvpx-vp9")
        assert container.streams.audio[0].codec_context.name in ("opus", "libopus")


def test_a_gif_keeps_every_second_picture_and_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "film.gif"
    told: list[int] = []
    frames = (grey(40 if number % 4 < 2 else 200) for number in range(80))
    assert write_film(path, frames, clicking(9600, 0), progress=told.append) == 80
    assert told == list(range(1, 81))
    with Image.open(path) as image:
        assert image.n_frames == 40  # type: ignore[attr-defined]
        assert image.info["duration"] == 80
        assert image.info["loop"] == 0
        assert NOTICE in image.info["comment"].decode("utf-8")
        for number in range(40):
            image.seek(number)
            assert abs(float(np.asarray(image.convert("L")).mean()) - (200 if number % 2 else 40)) < 3


def test_a_gif_that_would_be_too_long_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="60 seconds"):
        write_film(tmp_path / "film.gif", (grey(9) for _ in range(1502)), clicking(960, 0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["film.avi", "film", "film.mp3"])
def test_another_kind_of_film_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"must end in one of \.mp4, \.webm, \.gif"):
        write_film(tmp_path / name, flashing(3, 1), clicking(960, 0))


def test_it_can_be_played_while_it_arrives(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    write_film(path, flashing(30, 3), clicking(28_800, 0))
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_frames_are_pulled_one_at_a_time(tmp_path: Path) -> None:
    pulled: list[int] = []
    written: list[int] = []

    def frames() -> Iterator[Pixels]:
        for number in range(12):
            pulled.append(len(written))
            yield grey(number)

    write_film(tmp_path / "film.mp4", frames(), clicking(960, 0), progress=written.append)
    assert all(later - earlier == 1 for earlier, later in pairwise(pulled))


def test_no_frames_no_film(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        write_film(tmp_path / "film.mp4", iter(()), clicking(960, 0))
    assert list(tmp_path.iterdir()) == []


def test_a_frame_that_fails_leaves_the_older_film(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"older")

    def failing() -> Iterator[Pixels]:
        yield from flashing(4, 1)
        raise EngineError("no", "不")

    with pytest.raises(EngineError, match="no"):
        write_film(path, failing(), clicking(9600, 0))
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 128, 128, 3), dtype=np.uint8)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    try:
        with pytest.raises(StorageError) as caught:
            write_film(tmp_path / "film.mp4", iter(noise), clicking(38_400, 0))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "film.mp4" in caught.value.en
    assert "film.mp4" in caught.value.zh
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(StorageError):
        write_film(tmp_path / "taken" / "film.mp4", flashing(3, 1), clicking(960, 0))


def test_the_sound_is_clipped_not_wrapped(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    loud = 3.0 * clicking(9600, 2000)
    loud[5000] = np.nan
    write_film(path, flashing(10, 1), loud)
    _, samples = sounds(path)
    assert np.isfinite(samples).all()
    assert 0.7 < np.abs(samples).max() < 1.5


def cut_out(count: int) -> Iterator[Pixels]:
    """Frames of which the left half is there, and is light."""
    frame = np.zeros((SIZE, SIZE, 4), dtype=np.uint8)
    frame[:, : SIZE // 2] = 200, 180, 160, 255

    def numbered(number: int) -> Pixels:
        frame[40 + number % 16, : SIZE // 2, :3] = 100
        return frame.copy()

    return (numbered(number) for number in range(count))


def test_a_webm_can_be_transparent(tmp_path: Path) -> None:
    path = tmp_path / "clear.webm"
    write_film(path, cut_out(10), np.zeros(9600, dtype=np.float32))
    with av.open(str(path)) as container:
        tags = {key.lower(): value for key, value in container.streams.video[0].metadata.items()}
        assert tags["alpha_mode"] == "1", tags
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        packets = [packet for packet in container.demux(video=0) if packet.size]
        frame = decoder.decode(packets[0])[0]
    assert frame.format.name == "yuva420p"
    alpha = np.frombuffer(memoryview(frame.planes[3]), dtype=np.uint8).reshape(SIZE, -1)
    assert alpha[:, 8 : SIZE // 2 - 8].min() > 240
    assert alpha[:, SIZE // 2 + 8 : SIZE - 8].max() < 15


def test_a_gif_can_be_transparent(tmp_path: Path) -> None:
    path = tmp_path / "clear.gif"
    write_film(path, cut_out(10), np.zeros(9600, dtype=np.float32))
    with Image.open(path) as image:
        for number in (0, 3):
            image.seek(number)
            pixels = np.asarray(image.convert("RGBA"))
            assert (pixels[:, : SIZE // 2, 3] == 255).all()
            assert (pixels[:, SIZE // 2 :, 3] == 0).all()
            assert np.abs(pixels[8, 8, :3].astype(int) - [200, 180, 160]).max() < 10


def test_an_mp4_cannot_be_transparent(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="webm") as caught:
        write_film(tmp_path / "clear.mp4", cut_out(3), np.zeros(2880, dtype=np.float32))
    assert caught.value.code == "no_transparency"
    assert "透明" in caught.value.zh
    assert not list(tmp_path.iterdir())


def test_the_mark_is_seen_where_there_is_nothing_behind_the_person() -> None:
    frame = np.zeros((256, 256, 4), dtype=np.uint8)
    (marked,) = badged(iter([frame]))
    assert (marked[..., 3] == 255).any()
    assert marked[marked[..., 3] == 0].max() == 0
    assert marked[..., :3].max() > 200


def _seconds(packet: av.Packet[Any], ticks: int | None) -> float:
    assert ticks is not None
    return float(ticks * packet.time_base)


def test_an_mp4_holds_what_is_said(tmp_path: Path) -> None:
    path = tmp_path / "said.mp4"
    lines = [WordSpan("你好，世界。", 0, 24_000), WordSpan(" ", 24_000, 30_000), WordSpan("Good bye.", 36_000, 48_000)]
    write_film(path, (grey(90) for _ in range(50)), clicking(48_000, 24_000), lines=lines)
    with av.open(str(path)) as container:
        assert container.streams.subtitles[0].language == "chi"
        assert [float(stream.start_time or 0) for stream in container.streams] == [0.0, 0.0, 0.0]
        packets = [packet for packet in container.demux(subtitles=0) if packet.size > 2]
    said = [(_seconds(packet, packet.pts), _seconds(packet, packet.duration), bytes(packet)[2:]) for packet in packets]
    assert said == [(0.0, 1.0, "你好，世界。".encode()), (1.5, 0.5, b"Good bye.")]
    begins, samples = sounds(path)
    assert abs(begins + int(np.argmax(np.abs(samples) > 0.2)) / SPEECH_RATE - 1.0) < 0.02


def test_other_films_hold_no_subtitles(tmp_path: Path) -> None:
    path = tmp_path / "said.webm"
    write_film(path, (grey(90) for _ in range(5)), clicking(4800, 0), lines=[WordSpan("你好", 0, 4800)])
    with av.open(str(path)) as container:
        assert not container.streams.subtitles
