"""Sliding windows: where the taps of a convolution or pool lie, and the input padded for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Axis:
    """One spatial axis: ``before`` elements of padding in front, ``count`` outputs."""

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    count: int

    @property
    def after(self) -> int:
        """Padding behind, as much as the last window needs."""
        return max(0, (self.count - 1) * self.stride + (self.kernel - 1) * self.dilation + 1 - self.before - self.size)

    def taps(self, k: int) -> slice:
        """Positions, in the padded input, of tap ``k`` for all outputs."""
        first = k * self.dilation
        return slice(first, first + (self.count - 1) * self.stride + 1, self.stride)


def axis(size: int, kernel: int, stride: int, dilation: int, padding: str) -> Axis:
    """SAME or VALID padding as TensorFlow defines them: SAME puts the odd element behind."""
    extent = (kernel - 1) * dilation + 1
    if padding == "SAME":
        count = -(-size // stride)
        before = max(0, (count - 1) * stride + extent - size) // 2
    else:
        count = max(0, -(-(size - extent + 1) // stride))
        before = 0
    return Axis(size, kernel, stride, dilation, before, count)


def padded(x: np.ndarray, rows: Axis, columns: Axis, fill: float) -> np.ndarray:
    """``x`` (NHWC) with its padding, of value ``fill``."""
    margins = ((0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0))
    return np.pad(x, margins, constant_values=fill)
