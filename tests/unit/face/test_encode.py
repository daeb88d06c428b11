"""The live encoders: one packet for each frame, key pictures on demand, and a codec string that is true."""

from __future__ import annotations

from collections.abc import Callable

import av
import numpy as np
import pytest
from av.error import PermissionError as AvPermissionError

from avatar.errors import EngineError
from avatar.face import encode
from avatar.face.encode import H264Encoder, JpegEncoder, codec_string, nal_units
from avatar.media import Packet, Pixels

SIZE = 128


def picture(number: int, size: int = SIZE) -> Pixels:
    """A smooth picture whose brightness and stripes tell its number."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    wave = 96 + 60 * np.sin((x + 3 * number) / 9) * np.cos(y / 11)
    return np.stack([wave, wave * 0.8 + number, 200 - wave * 0.5], axis=-1).clip(0, 255).astype(np.uint8)


def decoded(packets: list[Packet]) -> list[Pixels]:
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet.data))]
    frames += decoder.decode(None)
    return [frame.to_ndarray(format="rgb24").astype(np.uint8) for frame in frames]


def types(packet: Packet) -> list[int]:
    return [unit[0] & 0x1F for unit in nal_units(packet.data)]


def test_every_frame_gives_one_access_unit_at_once() -> None:
    encoder = H264Encoder(SIZE)
    packets = [encoder.encode(picture(number)) for number in range(60)]
    assert all(packet.data.startswith(b"\x00\x00\x00\x01") for packet in packets)
    assert all(sum(kind in (1, 5) for kind in types(packet)) == 1 for packet in packets)
    assert [number for number, packet in enumerate(packets) if packet.key] == [0, 50]


def test_the_pictures_come_back() -> None:
    encoder = H264Encoder(SIZE)
    frames = decoded([encoder.encode(picture(number)) for number in range(10)])
    assert len(frames) == 10
    for number, frame in enumerate(frames):
        assert np.abs(frame.astype(int) - picture(number)).mean() < 6


def test_a_decoder_can_start_at_a_key_picture_asked_for() -> None:
    encoder = H264Encoder(SIZE)
    packets = [encoder.encode(picture(number), key=number == 7) for number in range(14)]
    assert packets[7].key
    assert {7, 8, 5} <= set(types(packets[7]))
    frames = decoded(packets[7:])
    assert len(frames) == 7
    assert np.abs(frames[0].astype(int) - picture(7)).mean() < 6


def test_the_codec_string_is_that_of_the_stream() -> None:
    encoder = H264Encoder(512)
    assert encoder.codec_string == "avc1.42c01e"
    assert codec_string(encoder.encode(picture(0, 512)).data) == encoder.codec_string


def test_a_stream_without_parameter_sets_has_no_codec_string() -> None:
    with pytest.raises(EngineError):
        codec_string(b"\x00\x00\x00\x01\x65\x88\x84\x00")


def test_units_are_found_behind_both_start_codes() -> None:
    assert nal_units(b"\x00\x00\x00\x01\x67\x42\x00\x00\x01\x68\xce\x00\x00\x00\x01\x65\x00") == [
        b"\x67\x42",
        b"\x68\xce",
        b"\x65\x00",
    ]


def test_a_frame_of_another_size_is_refused() -> None:
    with pytest.raises(EngineError, match="128x128"):
        H264Encoder(SIZE).encode(picture(0, 64))


def test_a_missing_hardware_encoder_is_an_error_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_nvenc(monkeypatch)
    with pytest.raises(EngineError) as caught:
        H264Encoder(SIZE, device="cuda")
    assert caught.value.code == "encoder_unavailable"
    assert "h264_nvenc" in caught.value.en
    assert "h264_nvenc" in caught.value.zh


def test_auto_takes_the_processor_where_there_is_no_hardware_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_nvenc(monkeypatch)
    encoder = H264Encoder(SIZE, device="auto")
    assert encoder.device == "cpu"
    assert encoder.encode(picture(0)).key


def _without_nvenc(monkeypatch: pytest.MonkeyPatch) -> None:
    create: Callable[..., object] = av.CodecContext.create

    def refuse(name: str, mode: str) -> object:
        if name == "h264_nvenc":
            raise AvPermissionError(1, "no encoder here")
        return create(name, mode)

    monkeypatch.setattr(av, "CodecContext", type("Factory", (), {"create": staticmethod(refuse)}))


def test_jpeg_frames_stand_alone() -> None:
    import cv2

    packet = JpegEncoder().encode(picture(3))
    back = cv2.imdecode(np.frombuffer(packet.data, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert packet.key
    assert back is not None
    assert np.abs(back[..., ::-1].astype(int) - picture(3)).mean() < 4


def test_red_stays_red() -> None:
    red = np.zeros((SIZE, SIZE, 3), dtype=np.uint8)
    red[..., 0] = 220
    (frame,) = decoded([H264Encoder(SIZE).encode(red)])
    assert np.abs(frame[64, 64].astype(int) - [220, 0, 0]).max() < 12
    assert encode.to_i420(red).shape == (SIZE * 3 // 2, SIZE)


def test_the_planes_are_those_of_the_standard() -> None:
    import cv2

    colours = np.random.default_rng(1).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    image = colours.repeat(2, axis=0).repeat(2, axis=1)
    expected = cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420)
    assert np.abs(encode.to_i420(image).astype(int) - expected).max() <= 1


def test_four_bytes_for_each_pixel_are_read_as_they_are() -> None:
    image = np.random.default_rng(2).integers(0, 256, (16, 32, 4), dtype=np.uint8)
    rgb = np.ascontiguousarray(image[..., :3])
    assert np.array_equal(encode.to_i420(image[..., :3]), encode.to_i420(rgb))
    assert np.array_equal(encode.to_i420(image[..., 1:]), encode.to_i420(np.ascontiguousarray(image[..., 1:])))
    assert np.array_equal(encode.to_i420(image[::2, :, :3]), encode.to_i420(np.ascontiguousarray(rgb[::2])))


def test_a_chroma_sample_is_the_mean_of_four_pixels() -> None:
    image = np.zeros((2, 2, 3), dtype=np.uint8)
    image[0, 0] = 255, 0, 0
    mean = np.full((2, 2, 3), [64, 0, 0], dtype=np.uint8)
    assert np.abs(encode.to_i420(image)[2].astype(int) - encode.to_i420(mean)[2]).max() <= 1
