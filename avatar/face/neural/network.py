"""A network of Wav2Lip's signature in ONNX Runtime.

    mel float32 [1, 1, 80, 16], face float32 [1, 6, 96, 96]  ─►  float32 [1, 3, 96, 96]

The six channels are the face with its lower half blackened and the whole face, blue, green and red in 0..1 each; the
answer is the face that says the sound. Exports name their inputs differently, so they are told apart by their shape.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.errors import EngineError, WeightsError
from avatar.face.neural.mel import BANDS, COLUMNS, Floats
from avatar.media import Pixels

SIDE = 96
"""Width and height of the face that a network sees."""

_HEARD, _SEEN = (BANDS, COLUMNS), (6, SIDE, SIDE)


class LipNetwork:
    """Draws the face that says a sound. Safe to share between threads.

    Args:
        path: the ONNX file, or a folder that holds one.
        device: "cpu", "cuda" or "cuda:N".
        threads: for one face on the processor.

    Raises:
        WeightsError: the file is missing, damaged, or of another signature.
        EngineError: the device is not there.
    """

    def __init__(self, path: Path, device: str = "cpu", threads: int = 1) -> None:
        import onnxruntime

        file = _file(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        providers = _providers(device)
        try:
            self._session: Any = onnxruntime.InferenceSession(str(file), options, providers=providers)
        except Exception as error:  # ONNX Runtime raises classes of its own, which have no common base but this
            raise WeightsError(
                f"{file.name} is not an ONNX network that can be loaded. Download it again.",
                f"{file.name} 不是可以载入的 ONNX 网络。请重新下载。",
            ) from error
        self._mel, self._face = _inputs(self._session, file)
        self.device = device
        self._check(file)

    def __call__(self, mel: Floats, face: Pixels) -> Pixels:
        """The face that says the sound.

        Args:
            mel: float32 [BANDS, COLUMNS].
            face: uint8 [SIDE, SIDE, 3] RGB, its own mouth whatever it is.

        Returns:
            uint8 [SIDE, SIDE, 3] RGB.

        Raises:
            EngineError: the network failed.
        """
        whole = face[..., ::-1].astype(np.float32).transpose(2, 0, 1) / np.float32(255.0)
        masked = whole.copy()
        masked[:, SIDE // 2 :] = 0.0
        seen = np.concatenate([masked, whole])[None]
        try:
            (answer, *_) = self._session.run(None, {self._mel: mel[None, None], self._face: seen})
        except Exception as error:  # see above
            raise EngineError("The lip network failed; its log says more.", "口型网络出错;详情见日志。") from error
        picture = np.nan_to_num(np.asarray(answer, dtype=np.float32)).reshape(3, SIDE, SIDE).transpose(1, 2, 0)
        return np.ascontiguousarray(np.clip(picture * 255.0 + 0.5, 0, 255)[..., ::-1], dtype=np.uint8)

    def _check(self, file: Path) -> None:
        """Run it once, which also readies it: what it answers must be a face."""
        silence: NDArray[np.float32] = np.full((1, 1, *_HEARD), -4.0, dtype=np.float32)
        try:
            (answer, *_) = self._session.run(
                None, {self._mel: silence, self._face: np.zeros((1, *_SEEN), dtype=np.float32)}
            )
        except Exception as error:  # see above
            raise _another(file) from error
        if np.shape(answer) != (1, 3, SIDE, SIDE):
            raise _another(file)


def _file(path: Path) -> Path:
    """The ONNX file at a path, or in it."""
    found = sorted(path.glob("*.onnx")) if path.is_dir() else [path]
    if not found or not found[0].is_file():
        raise WeightsError(
            f"There is no lip network at {path}. Set face.lips to an ONNX file of Wav2Lip; see docs/models.md.",
            f"{path} 没有口型网络。请把 face.lips 设为 Wav2Lip 的 ONNX 文件;见 docs/models.md。",
        )
    return found[0]


def _inputs(session: Any, file: Path) -> tuple[str, str]:
    """The names of the inputs for the sound and for the face."""
    shapes = {node.name: tuple(node.shape) for node in session.get_inputs()}
    heard = [name for name, shape in shapes.items() if len(shape) == 4 and shape[-2:] == _HEARD]
    seen = [name for name, shape in shapes.items() if len(shape) == 4 and shape[-3:] == _SEEN]
    if len(shapes) != 2 or len(heard) != 1 or len(seen) != 1:
        raise _another(file)
    return heard[0], seen[0]


def _another(file: Path) -> WeightsError:
    return WeightsError(
        f"{file.name} is no network of Wav2Lip's kind: it must take [1, 1, 80, 16] and [1, 6, 96, 96], and answer "
        "[1, 3, 96, 96].",
        f"{file.name} 不是 Wav2Lip 类的网络:输入须为 [1, 1, 80, 16] 与 [1, 6, 96, 96],输出须为 [1, 3, 96, 96]。",
    )


def _providers(device: str) -> list[Any]:
    """What ONNX Runtime computes with.

    Raises:
        EngineError: the device is not there.
    """
    import onnxruntime

    name, _, number = device.partition(":")
    if name == "cpu":
        return ["CPUExecutionProvider"]
    if name != "cuda" or "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise EngineError(
            f"ONNX Runtime cannot compute on {device!r} here. Install the extra `gpu`, or set face.device to cpu.",
            f"ONNX Runtime 在此无法使用 {device!r}。请安装 `gpu` 附加依赖,或把 face.device 设为 cpu。",
        )
    return [("CUDAExecutionProvider", {"device_id": int(number or 0)}), "CPUExecutionProvider"]
