"""Sound as rows, one for each moment, its channels side by side, and convolutions over them.

So laid out, oneDNN uses a processor's matrix units without reordering anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution.

    Attributes:
        weight: [out, in, 1, width], in the precision that it computes in.
        bias: [out].
    """

    weight: Tensor
    bias: Tensor
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def __call__(self, rows: Tensor) -> Tensor:
        """The rows [n, in] convolved, [m, out]."""
        made = functional.conv2d(
            as_picture(rows),
            self.weight,
            self.bias,
            (1, self.stride),
            (0, self.padding),
            (1, self.dilation),
        )
        return as_rows(made)


@dataclass(frozen=True, slots=True)
class Product:
    """A convolution that keeps the length, as one product of matrices. For few rows of many channels it is twice as
    quick, since oneDNN would sort such heavy weights anew for every call.

    Attributes:
        weight: [out, width * in], in the precision that it computes in.
        bias: [out].
        width: odd.
    """

    weight: Tensor
    bias: Tensor
    width: int

    def __call__(self, rows: Tensor) -> Tensor:
        """The rows float32 [n, in] convolved, float32 [n, out]."""
        rows = rows.to(self.weight.dtype)
        if self.width > 1:
            edge = self.width // 2
            padded = functional.pad(rows, (0, 0, edge, edge))
            rows = torch.cat([padded[place : place + len(rows)] for place in range(self.width)], dim=1)
        return functional.linear(rows, self.weight, self.bias).float()


def product_of(weight: Floats, bias: Floats, kind: torch.dtype, device: torch.device) -> Product:
    """A convolution of stride 1 as a product.

    Args:
        weight: float32 [out, in, width].
        kind: what it computes in.
    """
    flat = on_device(weight.transpose(0, 2, 1).reshape(len(weight), -1), device).to(kind)
    return Product(flat, on_device(bias, device).to(kind), weight.shape[2])


def conv_of(
    weight: Floats,
    bias: Floats,
    kind: torch.dtype,
    device: torch.device,
    *,
    stride: int = 1,
    padding: int | None = None,
    dilation: int = 1,
) -> Conv:
    """A convolution that keeps the length where neither stride nor padding is given.

    Args:
        weight: float32 [out, in, width].
        kind: what it computes in.
    """
    tensor = on_device(weight[:, :, None], device).to(kind).contiguous(memory_format=torch.channels_last)
    edge = dilation * (weight.shape[2] - 1) // 2 if padding is None else padding
    return Conv(tensor, on_device(bias, device).to(kind), stride, edge, dilation)


def on_device(array: Floats, device: torch.device) -> Tensor:
    """A copy, float32."""
    return torch.from_numpy(np.array(array, dtype=np.float32)).to(device)


def as_picture(rows: Tensor) -> Tensor:
    """[n, c] as [1, c, 1, n], without copying: a picture of one line whose channels lie side by side."""
    return rows.view(1, 1, *rows.shape).permute(0, 3, 1, 2)


def as_rows(picture: Tensor) -> Tensor:
    """[1, c, 1, n] as [n, c]."""
    return picture.permute(0, 2, 3, 1).reshape(-1, picture.shape[1])
