"""Frames into packets, one for one: live H.264 for the browser's VideoDecoder, and JPEG where there is none.

The stream is what WebCodecs calls Annex B: every key packet carries its parameter sets, so a decoder can start at any
of them. Constrained baseline has no reordering, and zero latency no look-ahead: the packet of a frame comes out of the
call that took the frame in. The colours are BT.601 in the limited range and say so in the stream.
"""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from avatar.errors import EngineError
from avatar.face.planes import to_planes
from avatar.media import FPS, Packet, Pixels

if TYPE_CHECKING:
    from av import VideoCodecContext, VideoFrame

logger = logging.getLogger(__name__)

VideoDevice = Literal["auto", "cpu", "cuda"]

KEY_INTERVAL = 50
"""Frames between two key pictures, where none is asked for: two seconds."""

JPEG_QUALITY = 85

_X264 = {
    "preset": "superfast", "tune": "zerolatency", "profile": "baseline", "threads": "1",
    "qp": "23", "sc_threshold": "0",
}  # fmt: skip
# Slices in parallel threads are what zerolatency would choose; one thread keeps the cores for the other stages. With a
# fixed quantiser and no search for cuts x264 makes no small copy of each frame to look ahead in: a fifth of its time.
_NVENC = {
    "preset": "p3", "tune": "ull", "profile": "baseline", "zerolatency": "1", "delay": "0", "forced-idr": "1",
    "rc": "vbr", "cq": "26", "bf": "0",
}  # fmt: skip
_SPS = 7
_BT601_COLORSPACE, _BT709_CURVE, _BT709_PRIMARIES, _LIMITED = 6, 1, 1, 1


def to_i420(frame: Pixels) -> NDArray[np.uint8]:
    """The planes of 4:2:0 video, one below the other.

    Args:
        frame: uint8 [height, width, 3], RGB; both sides even.

    Returns:
        uint8 [height * 3 / 2, width]: BT.601, limited range.
    """
    height, width = frame.shape[:2]
    planes = np.empty((height * 3 // 2, width), dtype=np.uint8)
    blue, red = planes[height:].reshape(2, height // 2, width // 2)
    to_planes(frame, planes[:height], blue, red)
    return planes


def video_frame(frame: Pixels) -> VideoFrame:
    """A frame as the encoders take it, with its colours described; with an alpha where it has four channels."""
    from av import VideoFrame

    height, width, channels = frame.shape
    picture = VideoFrame(width, height, "yuva420p" if channels == 4 else "yuv420p")
    luma, blue, red, *alpha = (
        np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in picture.planes
    )
    to_planes(frame[..., :3], luma, blue, red)
    if alpha:
        alpha[0][:] = frame[..., 3]
    picture.colorspace, picture.color_range = _BT601_COLORSPACE, _LIMITED
    return picture


def describe_colours(context: VideoCodecContext) -> None:
    """Write into the stream what `to_i420` does."""
    context.colorspace, context.color_range = _BT601_COLORSPACE, _LIMITED
    context.color_primaries, context.color_trc = _BT709_PRIMARIES, _BT709_CURVE


class H264Encoder:
    """Encodes the frames of one session. Not shared between threads.

    Args:
        size: width and height in pixels, even.
        fps: frames per second.
        device: "cpu" is x264; "cuda" is the graphics card's encoder (NVENC) or an error; "auto" is NVENC where it
            opens, else x264. Some cards that compute have no encoder (the A100 and H100, for example).

    Raises:
        EngineError: the encoder asked for cannot be opened on this machine.
    """

    def __init__(self, size: int, fps: int = FPS, *, device: VideoDevice = "cpu") -> None:
        self.size = size
        self.device: Literal["cpu", "cuda"] = "cpu" if device == "cpu" else "cuda"
        try:
            self._start(fps)
        except EngineError:
            if device != "auto":
                raise
            logger.info("nvenc_unavailable")
            self.device = "cpu"
            self._start(fps)

    def _start(self, fps: int) -> None:
        probe = _opened(self.size, fps, self.device, header=True)
        self.codec_string = codec_string(bytes(probe.extradata or b""))
        self._context = _opened(self.size, fps, self.device)
        self._count = 0

    def encode(self, image: Pixels, *, key: bool = False) -> Packet:
        """The packet of one frame.

        Args:
            image: uint8 [size, size, 3], RGB.
            key: make this a key picture (IDR), from which a decoder can start.

        Raises:
            EngineError: the encoder failed, or the image is not of this size.
        """
        from av import FFmpegError
        from av.video.frame import PictureType

        if image.shape != (self.size, self.size, 3):
            raise EngineError(
                f"A frame of shape {image.shape} came to an encoder for {self.size}x{self.size} pixels.",
                f"编码器的尺寸是 {self.size}x{self.size},收到的画面却是 {image.shape}。",
            )
        picture = video_frame(image)
        picture.pts = self._count
        picture.pict_type = PictureType.I if key else PictureType.NONE
        self._count += 1
        try:
            packets = self._context.encode(picture)
        except FFmpegError as error:
            raise EngineError(f"Encoding the video failed: {error}.", f"视频编码失败:{error}。") from error
        return Packet(b"".join(bytes(packet) for packet in packets), any(packet.is_keyframe for packet in packets))


class JpegEncoder:
    """Encodes each frame as a picture of its own, for clients without an H.264 decoder."""

    codec_string = "jpeg"

    def __init__(self, quality: int = JPEG_QUALITY) -> None:
        self._quality = quality

    def encode(self, image: Pixels, *, key: bool = False) -> Packet:
        """A JPEG of uint8 [height, width, 3] RGB; every one is a key picture.

        Raises:
            EngineError: the frame cannot be encoded.
        """
        import cv2

        done, data = cv2.imencode(
            ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, self._quality]
        )
        if not done:
            raise EngineError("The frame could not be written as a JPEG.", "无法把画面写成 JPEG。")
        return Packet(data.tobytes(), key=True)


def nal_units(data: bytes) -> list[bytes]:
    """The units of an Annex B stream, without their start codes (ITU-T H.264, annex B)."""
    parts = data.split(b"\x00\x00\x01")[1:]
    return [part.rstrip(b"\x00") if place < len(parts) - 1 else part for place, part in enumerate(parts)]


def codec_string(data: bytes) -> str:
    """The name of the codec as browsers want it, e.g. avc1.42c01e (RFC 6381): profile, constraints and level.

    Args:
        data: Annex B bytes that hold a sequence parameter set.

    Raises:
        EngineError: there is none.
    """
    for unit in nal_units(data):
        if len(unit) >= 4 and unit[0] & 0x1F == _SPS:
            return f"avc1.{unit[1:4].hex()}"
    raise EngineError(
        "The video encoder gave no parameter set, so its stream cannot be described.",
        "视频编码器没有给出参数集,无法描述视频流。",
    )


def _opened(size: int, fps: int, device: Literal["cpu", "cuda"], *, header: bool = False) -> VideoCodecContext:
    """An encoder, opened; with `header` its parameter sets stand in `extradata` instead of in the key packets."""
    from av import CodecContext, FFmpegError
    from av.codec.context import Flags

    name: Literal["h264_nvenc", "libx264"] = "h264_nvenc" if device == "cuda" else "libx264"
    try:
        context = CodecContext.create(name, "w")
        context.width = context.height = size
        context.pix_fmt = "yuv420p"
        context.time_base, context.framerate = Fraction(1, fps), Fraction(fps)
        context.gop_size, context.max_b_frames = KEY_INTERVAL, 0
        describe_colours(context)
        context.options = dict(_NVENC if device == "cuda" else _X264)
        if header:
            context.flags |= Flags.global_header
        context.open()
    except (FFmpegError, ValueError) as error:
        raise EngineError(
            f"The video encoder {name} cannot be opened for {size}x{size} pixels: {error}. "
            "Set the face's device to cpu, or use a card with an encoder and its driver.",
            f"无法为 {size}x{size} 像素打开视频编码器 {name}:{error}。请把面部的设备设为 cpu,"
            "或使用带编码器的显卡并装好驱动。",
            code="encoder_unavailable",
        ) from error
    return context
