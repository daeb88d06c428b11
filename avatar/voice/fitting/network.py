"""Kokoro's decoder and generator as one network that gradients flow through, with the packaged weights.

The engine's own (`speaking.generator`, and ONNX Runtime for the decoder) are made for speed and give none. This one
takes the same rows (one for each moment, its channels side by side) through the same layers; the weights are the
8-bit ones, restored. The harmonic source comes from the engine: nothing that is fitted has a part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from avatar.voice.fitting.bent import bent, composed
from avatar.voice.speaking.passes import Compiled
from avatar.voice.speaking.weights import DECODER, Weights, collect

Floats = NDArray[np.float32]
Biases = Mapping[str, Tensor]
"""What is added to the biases of style layers, by name: float32 [2 c]."""

Watch = Callable[[], None]

_DILATIONS = (1, 3, 5)
_EPSILON = 1e-5
_HALF, _HOP, _EDGE, _LOUDNESS = 11, 5, 10, 4.0
"""As in the generator: magnitudes, points between two transforms, points cut off at each end, and a factor."""

_BLOCKS = ("encode", "decode.0", "decode.1", "decode.2", "decode.3")


def read_network(model: Path, precision: torch.dtype, device: str = "cpu") -> Network:
    """The network of a Kokoro export.

    Args:
        device: "cpu", "cuda" or "cuda:N".

    Raises:
        OSError: the file cannot be read.
        KeyError: it is another export.
        RuntimeError: the device is not there.
    """
    import onnx

    return Network(Weights(collect(onnx.load(str(model)), DECODER)), precision, device)


class Network:
    """The network. Nothing in it changes, so threads may share it."""

    def __init__(self, weights: Weights, precision: torch.dtype, device: str = "cpu") -> None:
        """
        Args:
            weights: of the decoder and, under `generator.`, the generator.
            precision: of the convolutions: bfloat16 or float32.
            device: "cpu", "cuda" or "cuda:N".

        Raises:
            RuntimeError: the device is not there.
        """
        self.precision, self.device = precision, torch.device(device)
        self._passes = Compiled(precision)
        self._stored = weights
        self._convolutions: dict[str, tuple[Tensor, Tensor]] = {}
        self._linears: dict[str, tuple[Tensor, Tensor]] = {}
        self._alphas: dict[str, Tensor] = {}
        for name in weights.names():
            layer = name.removesuffix(".weight")
            if layer.endswith(".fc"):
                matrix, bias = weights.linear(layer)
                self._linears[layer] = self._put(matrix.T), self._put(bias)
            elif ".alpha" in name:
                self._alphas[name] = self._put(weights.array(name).reshape(-1))
            elif layer != name and "stft" not in layer:
                self._convolutions[layer] = self._convolution(layer)
        self._basis = self._put(weights.array("inverse_basis"))
        self._rates = tuple(self._convolutions[f"generator.ups.{level}"][0].shape[3] // 2 for level in range(2))

    @property
    def layers(self) -> dict[str, int]:
        """The layers that the style goes through, and how many numbers the bias of each has."""
        return {layer: int(bias.shape[0]) for layer, (_, bias) in self._linears.items()}

    def __call__(
        self,
        features: Tensor,
        curves: Tensor,
        source: Tensor,
        style: Tensor,
        biases: Biases,
        watch: Watch = lambda: None,
    ) -> Tensor:
        """Sound.

        Args:
            features: float32 [t, 512], a row for each unit of 25 ms.
            curves: float32 [2 t, 2], F0 in Hz and energy.
            source: float32 [120 t + 1, 22].
            style: float32 [128].
            biases: of any of `layers`.
            watch: called before each layer, and after each on the way back; what it raises ends the call.

        Returns:
            float32 [600 t]. The first 20 samples are not scaled as the engine's are.
        """
        run = _Run(self, style, biases, watch)
        latent = run.decode(features, curves)
        return run.generate(latent, source)

    def _convolution(self, layer: str) -> tuple[Tensor, Tensor]:
        """Weight, [out, in, 1, width], and bias."""
        name = layer.replace("asr_res.asr_res", "asr_res")
        weight = self._stored.weight(layer)
        kind = torch.float32 if layer == "generator.conv_post" else self.precision
        bias = self._stored.bias(name, weight.shape[1 if ".ups." in layer else 0])
        tensor = self._put(weight[:, :, None]).to(kind)
        return tensor.contiguous(memory_format=torch.channels_last), self._put(bias).to(kind)

    def _put(self, array: Floats) -> Tensor:
        return torch.from_numpy(np.array(array, dtype=np.float32)).to(self.device)


class _Run:
    """One call: the style on its way into every layer."""

    def __init__(self, network: Network, style: Tensor, biases: Biases, watch: Watch) -> None:
        self._network, self._style, self._biases, self._watch = network, style, biases, watch

    def decode(self, features: Tensor, curves: Tensor) -> Tensor:
        """The latent, float32 [2 t, 512]."""
        pitch = self._conv("F0_conv", curves[:, :1], stride=2)
        energy = self._conv("N_conv", curves[:, 1:], stride=2)
        residue = self._conv("asr_res.asr_res.0", features)
        rows = self._styled_block("encode", torch.cat([features, pitch, energy], dim=1))
        for block in _BLOCKS[1:]:
            rows = self._styled_block(block, torch.cat([rows, residue, pitch, energy], dim=1))
        return rows

    def _styled_block(self, block: str, rows: Tensor) -> Tensor:
        """A residual block whose normalisations the style scales and shifts; the last one doubles the rate."""
        doubling = f"{block}.pool" in self._network._convolutions
        inner = functional.leaky_relu(self._adain(f"{block}.norm1.fc", rows), 0.2)
        if doubling:
            inner = self._pooled(f"{block}.pool", inner)
        inner = self._conv(f"{block}.conv1", inner)
        inner = functional.leaky_relu(self._adain(f"{block}.norm2.fc", inner), 0.2)
        inner = self._conv(f"{block}.conv2", inner)
        short = rows.repeat_interleave(2, dim=0) if doubling else rows
        return (inner + self._conv(f"{block}.conv1x1", short)) / 2**0.5

    def _pooled(self, layer: str, rows: Tensor) -> Tensor:
        """Each channel by itself at twice the rate."""
        weight, bias = self._network._convolutions[layer]
        made = functional.conv_transpose1d(
            rows.t()[None], weight[:, :, 0].float(), bias.float(), 2, 1, 1, groups=rows.shape[1]
        )
        return made[0].t()

    def generate(self, latent: Tensor, source: Tensor) -> Tensor:
        """The sound of a latent."""
        rows, hum = latent, source.to(self._network.precision)
        for level, rate in enumerate(self._network._rates):
            rows = self._raised(level, rate, rows, hum)
        shape = self._conv("generator.conv_post", functional.leaky_relu(rows, 0.01))
        size, phase = shape[:, :_HALF].exp(), shape[:, _HALF:].sin()
        parts = torch.cat([size * phase.cos(), size * phase.sin()], dim=1)
        waves = functional.conv_transpose1d(parts.t()[None], self._network._basis, stride=_HOP)[0, 0]
        return _LOUDNESS * waves[_EDGE:-_EDGE]

    def _raised(self, level: int, rate: int, rows: Tensor, hum: Tensor) -> Tensor:
        name = "generator.ups." + str(level)
        weight, bias = self._network._convolutions[name]
        quiet = functional.leaky_relu(rows, 0.1).to(self._network.precision)
        raised = functional.conv_transpose2d(_as_picture(quiet), weight, bias, (1, rate), (0, rate // 2))
        rows = _as_rows(raised).float()
        if level:
            rows = torch.cat([rows[1:2], rows])
        fine = 1 if level else self._network._rates[1]
        bright = self._conv(f"generator.noise_convs.{level}", hum, stride=fine, padding=fine // 2).float()
        rows = rows + self._block(f"generator.noise_res.{level}", bright)
        blocks = [self._block(f"generator.resblocks.{3 * level + part}", rows) for part in range(3)]
        return (blocks[0] + blocks[1] + blocks[2]) / len(blocks)

    def _block(self, block: str, rows: Tensor) -> Tensor:
        for part, dilation in enumerate(_DILATIONS):
            inner = self._conv(f"{block}.convs1.{part}", self._bent(block, 1, part, rows), dilation=dilation)
            inner = self._conv(f"{block}.convs2.{part}", self._bent(block, 2, part, inner))
            rows = rows + inner.float()
        return rows

    def _bent(self, block: str, half: int, part: int, rows: Tensor) -> Tensor:
        scale, shift = self._scaled(f"{block}.adain{half}.{part}.fc")
        alpha = self._network._alphas[f"{block}.alpha{half}.{part}"]
        if rows.device.type == "cpu":
            return bent(rows.contiguous(), scale, shift, alpha.numpy(), self._network._passes, self._watch)
        return composed(rows, scale, shift, alpha, self._network.precision, self._watch)

    def _adain(self, layer: str, rows: Tensor) -> Tensor:
        scale, shift = self._scaled(layer)
        variance, mean = torch.var_mean(rows, dim=0, correction=0)
        return (rows - mean) * ((1 + scale) / torch.sqrt(variance + _EPSILON)) + shift

    def _scaled(self, layer: str) -> tuple[Tensor, Tensor]:
        """Scale and shift, [c] each."""
        self._watch()
        matrix, bias = self._network._linears[layer]
        total = matrix @ self._style + bias
        if layer in self._biases:
            total = total + self._biases[layer]
        scale, shift = total.chunk(2)
        return scale, shift

    def _conv(
        self, layer: str, rows: Tensor, *, stride: int = 1, padding: int | None = None, dilation: int = 1
    ) -> Tensor:
        """Rows [n, in] to [m, out]; those of the decoder and the last are float32."""
        weight, bias = self._network._convolutions[layer]
        edge = dilation * (weight.shape[3] - 1) // 2 if padding is None else padding
        made = functional.conv2d(
            _as_picture(rows.to(weight.dtype)), weight, bias, (1, stride), (0, edge), (1, dilation)
        )
        kept = made if layer.startswith("generator.") else made.float()
        return _as_rows(kept)


def _as_picture(rows: Tensor) -> Tensor:
    return rows.contiguous().view(1, 1, *rows.shape).permute(0, 3, 1, 2)


def _as_rows(picture: Tensor) -> Tensor:
    return picture.permute(0, 2, 3, 1).reshape(-1, picture.shape[1])
