"""Raw samples to the model's input and its output back to real values, exactly as for the device.

``real = scale * (q - zero_point)``; the division is done in float32 and rounds halves away from zero, as TensorFlow
Lite's QUANTIZE does (``AffineQuantize`` in tensorflow/lite/kernels/internal).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from toolchain.kit import InputSpec


def real_input(raw: np.ndarray, spec: InputSpec) -> np.ndarray:
    """``(raw - offset) * scale`` as float32, same shape: what the float model is trained on."""
    return (raw.astype(np.float32) - np.float32(spec.offset)) * np.float32(spec.scale)


def quantize(real: np.ndarray, scale: float, zero_point: int, dtype: np.dtype | type = np.int8) -> np.ndarray:
    """Real values to integers of ``dtype``: ``round(real / scale) + zero_point``, clamped to the range of ``dtype``."""
    quotient = np.asarray(real, np.float32) / np.float32(scale)
    whole = np.trunc(quotient)
    rounded = whole + np.where(np.abs(quotient - whole) >= 0.5, np.copysign(1, quotient), 0)
    limits = np.iinfo(dtype)
    return np.clip(rounded + zero_point, limits.min, limits.max).astype(dtype)


def dequantize(q: np.ndarray, scale: float, zero_point: int) -> np.ndarray:
    """``scale * (q - zero_point)`` as float32."""
    return np.float32(scale) * (q.astype(np.int32) - zero_point).astype(np.float32)
