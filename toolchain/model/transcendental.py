"""Exponential, logistic and hyperbolic tangent in 32-bit fixed point, as the reference kernels compute them.

A value in Qn has n integer bits and 31 - n fractional bits. Source of the algorithms and constants: gemmlowp,
fixedpoint/fixedpoint.h, used by tensorflow/lite/kernels/internal/reference. All functions take and return int64
arrays that hold int32 values.
"""

from __future__ import annotations

import numpy as np

from toolchain.model.arithmetic import INT32_MAX, INT32_MIN, rounding_divide_by_pot
from toolchain.model.arithmetic import saturating_rounding_doubling_high_mul as high_mul

# exp(-2^k) in Q0 for k = -2 ... 4
_EXP_OF_NEGATIVE_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)


def saturating_shift_left(x: np.ndarray, bits: int) -> np.ndarray:
    return np.clip(np.asarray(x, np.int64) << bits, INT32_MIN, INT32_MAX)


def exp_on_negative_values(a: np.ndarray, integer_bits: int) -> np.ndarray:
    """exp(a) in Q0 of a <= 0 in Q``integer_bits`` (at most 5)."""
    a = np.asarray(a, np.int64)
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    reduced = (a & (quarter - 1)) - quarter  # in [-1/4, 0)
    # Taylor series of degree 4 around -1/8
    x = saturating_shift_left(reduced, integer_bits) + (1 << 28)
    x2 = high_mul(x, x)
    x3 = high_mul(x2, x)
    x4 = high_mul(x2, x2)
    tail = rounding_divide_by_pot(high_mul(rounding_divide_by_pot(x4, 2) + x3, 715827883) + x2, 1)
    result = 1895147668 + high_mul(1895147668, x + tail)
    remainder = reduced - a
    for k, factor in enumerate(_EXP_OF_NEGATIVE_POWERS, start=-2):
        if k < integer_bits:
            result = np.where(remainder & (1 << (fraction_bits + k)), high_mul(result, factor), result)
    return np.where(a == 0, INT32_MAX, result)


def _newton_reciprocal(a: np.ndarray) -> np.ndarray:
    """2 / (1 + a) in Q2 of a in Q0, 0 <= a <= 1."""
    half_denominator = (np.asarray(a, np.int64) + INT32_MAX + 1) // 2
    x = 1515870810 + high_mul(half_denominator, -1010580540)  # 48/17 - 32/17 d
    for _ in range(3):
        error = (1 << 29) - high_mul(half_denominator, x)
        x = x + saturating_shift_left(high_mul(x, error), 2)
    return x


def one_over_one_plus_x(a: np.ndarray) -> np.ndarray:
    """1 / (1 + a) in Q0 of a in Q0, 0 <= a <= 1."""
    return saturating_shift_left(_newton_reciprocal(a), 1)


def logistic(a: np.ndarray, integer_bits: int) -> np.ndarray:
    """1 / (1 + exp(-a)) in Q0."""
    a = np.asarray(a, np.int64)
    positive = one_over_one_plus_x(exp_on_negative_values(-np.abs(a), integer_bits))
    return np.where(a == 0, 1 << 30, np.where(a > 0, positive, INT32_MAX - positive))


def tanh(a: np.ndarray, integer_bits: int) -> np.ndarray:
    """tanh(a) in Q0 of a in Q``integer_bits`` (at most 4)."""
    a = np.asarray(a, np.int64)
    e = exp_on_negative_values(-np.abs(a), integer_bits + 1)  # the same bits read as 2a
    positive = saturating_shift_left(_newton_reciprocal(e) - (1 << 29), 2)
    return np.where(a == 0, 0, np.where(a > 0, positive, -positive))
