"""The exact fixed-point arithmetic of the device reference, TensorFlow Lite Micro with its reference kernels.

Sources: tensorflow/lite/kernels/internal/{common.h, quantization_util.cc} as used by tflite-micro (double rounding).
All functions work on numpy arrays elementwise and on Python integers.
"""

from __future__ import annotations

import math

import numpy as np

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1


def round_half_away(x: float) -> int:
    """Round to the nearest integer, halves away from zero (C ``round``)."""
    return math.floor(x + 0.5) if x >= 0 else math.ceil(x - 0.5)


def quantize_multiplier(real: float) -> tuple[int, int]:
    """``real`` as ``(m, shift)``, real ≈ m · 2^(shift - 31), m in [2^30, 2^31) or (0, 0).

    A ``shift`` below -31 gives (0, 0). Raises ValueError for a negative or non-finite value.
    """
    if not math.isfinite(real) or real < 0:
        raise ValueError(f"multiplier {real} is not a finite non-negative number")
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    m = round_half_away(fraction * (1 << 31))
    if m == 1 << 31:
        m //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    if shift > 30:  # saturates as the reference does
        return INT32_MAX, 30
    return m, shift


def saturating_rounding_doubling_high_mul(a: np.ndarray | int, b: np.ndarray | int) -> np.ndarray:
    """round(a·b / 2^31), halves towards +inf; only INT32_MIN · INT32_MIN saturates. int64 result holding int32."""
    a64, b64 = np.asarray(a, np.int64), np.asarray(b, np.int64)
    result = (a64 * b64 + (1 << 30)) >> 31
    return np.where((a64 == INT32_MIN) & (b64 == INT32_MIN), INT32_MAX, result)


def rounding_divide_by_pot(x: np.ndarray | int, exponent: np.ndarray | int) -> np.ndarray:
    """x / 2^exponent rounded to nearest, halves away from zero; exponent in 0..31."""
    x64, n = np.asarray(x, np.int64), np.asarray(exponent, np.int64)
    mask = (np.int64(1) << n) - 1
    remainder = x64 & mask
    threshold = (mask >> 1) + (x64 < 0)
    return (x64 >> n) + (remainder > threshold)


def multiply_by_quantized_multiplier(x: np.ndarray | int, m: np.ndarray | int, shift: np.ndarray | int) -> np.ndarray:
    """x · m · 2^(shift - 31) with the reference's double rounding; int32 in, int32 (held as int64) out.

    The left shift wraps to 32 bits as the reference's does.
    """
    shift64 = np.asarray(shift, np.int64)
    left, right = np.maximum(shift64, 0), np.maximum(-shift64, 0)
    shifted = (np.asarray(x, np.int64) << left).astype(np.int32).astype(np.int64)
    return rounding_divide_by_pot(saturating_rounding_doubling_high_mul(shifted, m), right)


def activation_range(activation: str, scale: float, zero_point: int, qmin: int, qmax: int) -> tuple[int, int]:
    """Clamping bounds of a fused activation in the output's quantisation (CalculateActivationRangeQuantized).

    The division is done in float32 as the reference does.
    """

    def quantized(value: float) -> int:
        return zero_point + round_half_away(float(np.float32(value) / np.float32(scale)))

    if activation == "NONE":
        return qmin, qmax
    if activation == "RELU":
        return max(qmin, quantized(0.0)), qmax
    if activation == "RELU6":
        return max(qmin, quantized(0.0)), min(qmax, quantized(6.0))
    if activation == "RELU_N1_TO_1":
        return max(qmin, quantized(-1.0)), min(qmax, quantized(1.0))
    raise ValueError(f"fused activation {activation} has no quantised form")


def multiply_smaller_than_one(x: np.ndarray | int, m: int, shift: int) -> np.ndarray:
    """x · m · 2^(shift - 31) for a multiplier below one (shift <= 0): no left shift (MultiplyBy…SmallerThanOneExp)."""
    return rounding_divide_by_pot(saturating_rounding_doubling_high_mul(x, m), -shift)


def multiply_wide_by_quantized_multiplier(x: np.ndarray, m: np.ndarray | int, shift: np.ndarray | int) -> np.ndarray:
    """The form for 64-bit accumulators (16x8): the multiplier is reduced to 16 bits, one rounding, halves up.

    The result wraps to 32 bits. ``shift`` is -31 to 7, \\|x\\| below 2^47.
    """
    m64, total = np.asarray(m, np.int64), 15 - np.asarray(shift, np.int64)
    reduced = np.where(m64 < 0x7FFF0000, (m64 + (1 << 15)) >> 16, 0x7FFF)
    result = (np.asarray(x, np.int64) * reduced + (np.int64(1) << (total - 1))) >> total
    return wrap32(result)


def wrap32(x: np.ndarray) -> np.ndarray:
    """The low 32 bits as a signed number, held as int64: what an int32 accumulator keeps."""
    return np.asarray(x, np.int64).astype(np.int32).astype(np.int64)


def rounding_divide(x: np.ndarray, n: np.ndarray | int) -> np.ndarray:
    """x / n rounded to nearest, halves away from zero, as the average pool does: (x ± n/2) / n, truncating."""
    x64, n64 = np.asarray(x, np.int64), np.asarray(n, np.int64)
    return np.where(x64 > 0, (x64 + n64 // 2) // n64, -((n64 // 2 - x64) // n64))
