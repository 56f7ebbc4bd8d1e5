"""Transcendental functions in fixed point, as the device reference computes them.

Source: gemmlowp ``fixedpoint/fixedpoint.h``. A number in "Qm" form has m integer bits: value = raw / 2^(31 - m), raw an
int32 (held as int64 arrays here). One in Q0 is 2^31 - 1.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from toolchain.model.arithmetic import INT32_MAX, INT32_MIN, rounding_divide_by_pot
from toolchain.model.arithmetic import saturating_rounding_doubling_high_mul as mul

_EXP_MINUS_ONE_EIGHTH = 1895147668
_ONE_THIRD = 715827883
_48_OVER_17 = 1515870810  # Q2
_MINUS_32_OVER_17 = -1010580540  # Q2
# exp(-2^e) in Q0 for e = -2 … 4
_EXP_OF_MINUS_POWER = {-2: 1672461947, -1: 1302514674, 0: 790015084, 1: 290630308, 2: 39332535, 3: 720401, 4: 242}


def saturating_shift_left(x: np.ndarray, n: int) -> np.ndarray:
    """x · 2^n, saturated to int32."""
    return np.clip(x << n, INT32_MIN, INT32_MAX)


def _exp_near_zero(a: np.ndarray) -> np.ndarray:
    """exp(a) in Q0 for a in [-1/4, 0): Taylor series about -1/8."""
    x = a + (1 << 28)
    x2 = mul(x, x)
    x3 = mul(x2, x)
    x4 = mul(x2, x2)
    tail = rounding_divide_by_pot(mul(rounding_divide_by_pot(x4, 2) + x3, _ONE_THIRD) + x2, 1)
    return _EXP_MINUS_ONE_EIGHTH + mul(_EXP_MINUS_ONE_EIGHTH, x + tail)


def exp_on_negative_values(a: np.ndarray, integer_bits: int) -> np.ndarray:
    """exp(a) in Q0 for a <= 0 in Qm, m = ``integer_bits`` in 1..5."""
    a = np.asarray(a, np.int64)
    fractional_bits = 31 - integer_bits
    quarter = 1 << (fractional_bits - 2)
    minus = (a & (quarter - 1)) - quarter
    result = _exp_near_zero(saturating_shift_left(minus, integer_bits))
    remainder = minus - a
    for exponent, factor in _EXP_OF_MINUS_POWER.items():
        if exponent < integer_bits:
            bit = 1 << (fractional_bits + exponent)
            result = np.where(remainder & bit, mul(result, factor), result)
    return np.where(a == 0, INT32_MAX, result)


def _reciprocal_of_half(a: np.ndarray) -> np.ndarray:
    """2 / (1 + a) in Q2 for a in [0, 1] in Q0: Newton-Raphson division."""
    half_denominator = (np.asarray(a, np.int64) + INT32_MAX + 1) // 2
    x = _48_OVER_17 + mul(half_denominator, _MINUS_32_OVER_17)
    for _ in range(3):
        one_minus = (1 << 29) - mul(half_denominator, x)
        x = x + saturating_shift_left(mul(x, one_minus), 2)
    return x


def one_over_one_plus_x(a: np.ndarray) -> np.ndarray:
    """1 / (1 + a) in Q0 for a in [0, 1] in Q0."""
    return saturating_shift_left(_reciprocal_of_half(a), 1)


def reciprocal(x: np.ndarray, integer_bits: int) -> tuple[np.ndarray, np.ndarray]:
    """1 / x for x > 0 in Qm as (Q0 mantissa, ``num_bits_over_unit``): 1/x = mantissa · 2^-num_bits_over_unit."""
    x = np.asarray(x, np.int64)
    headroom = count_leading_zeros(x)
    return one_over_one_plus_x((x << headroom) - (1 << 31)), integer_bits - headroom


def count_leading_zeros(x: np.ndarray) -> np.ndarray:
    """Zero bits above the highest one of a uint32; 32 for 0."""
    return 32 - np.frexp(np.asarray(x, np.float64))[1].astype(np.int64)


def logistic(a: np.ndarray, integer_bits: int) -> np.ndarray:
    """1 / (1 + exp(-a)) in Q0 for a in Qm."""
    a = np.asarray(a, np.int64)
    positive = one_over_one_plus_x(exp_on_negative_values(-np.abs(a), integer_bits))
    return np.where(a == 0, 1 << 30, np.where(a > 0, positive, INT32_MAX - positive))


def tanh(a: np.ndarray, integer_bits: int) -> np.ndarray:
    """tanh(a) in Q0 for a in Qm, m <= 4."""
    a = np.asarray(a, np.int64)
    # Doubling the argument is the same raw number with one more integer bit.
    magnitude = _reciprocal_of_half(exp_on_negative_values(-np.abs(a), integer_bits + 1)) - (1 << 29)
    magnitude = saturating_shift_left(magnitude, 2)
    return np.where(a == 0, 0, np.where(a < 0, -magnitude, magnitude))


def int16_table(function: Callable[[float], float], lowest: float, highest: float) -> np.ndarray:
    """513 entries of ``function`` over [lowest, highest], scaled by 2^15, for `int16_lookup` (gen_lut).

    Each entry is moved by half the error of linear interpolation at the middle of its interval. Computed in float32.
    """
    f32 = np.float32
    step = (f32(highest) - f32(lowest)) / f32(512)
    half = step / f32(2)

    def scaled(x: np.float32) -> np.float32:
        return f32(function(float(x))) * f32(32768)

    def rounded(x: np.float32) -> np.float32:
        return f32(np.trunc(x + np.copysign(f32(0.5), x))) if abs(x) < 2**23 else x

    entries = []
    for i in range(512):
        x = f32(lowest) + f32(i) * step
        value = rounded(scaled(x))
        interpolated = rounded((scaled(f32(lowest) + f32(i + 1) * step) + value) / f32(2))
        middle = rounded(scaled(x + half))
        entries.append(value - rounded((interpolated - middle) / f32(2)))
    entries.append(rounded(scaled(f32(highest))))
    return np.clip(np.array(entries), -32768, 32767).astype(np.int64)


def int16_lookup(x: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Linear interpolation in a table of `int16_table` for int16 x."""
    x = np.asarray(x, np.int64)
    index = 256 + (x >> 7)
    return table[index] + (((table[index + 1] - table[index]) * (x & 0x7F) + 64) >> 7)


# The reference's table is one above the nearest integer at these entries.
_RAISED = (
    4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39, 40, 41, 43, 44, 45, 46, 49,
    50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255,
)  # fmt: skip


@functools.cache
def sigmoid_table() -> np.ndarray:
    """sigmoid(i/24) in 0.16 fixed point, 256 entries, as int16 LOGISTIC and TANH look it up
    (``sigmoid_table_uint16`` of tensorflow/lite/kernels/internal/common.h)."""
    return np.array([round(65536 / (1 + math.exp(-i / 24))) + (i in _RAISED) for i in range(256)], np.int64)


def inverse_square_root(x: int) -> tuple[int, int]:
    """1 / sqrt(x) as (multiplier, shift) of `arithmetic.multiply_by_quantized_multiplier`; 0 counts as 1."""
    if x <= 1:
        return INT32_MAX, 0
    right = 11
    while x >= 1 << 29:
        x //= 4
        right += 1
    pairs = (32 - x.bit_length() - 1) // 2 - 1
    right -= pairs
    x <<= 2 * pairs
    # Newton-Raphson with 3 integer bits: a product of Qa and Qb is in Q(a + b).
    half_input = rounding_divide_by_pot(x >> 1, 1)
    half_three = (1 << 28) + (1 << 27)
    y = np.asarray(1 << 28, np.int64)
    for _ in range(5):
        cube = saturating_shift_left(mul(mul(y, y), y), 6)
        y = saturating_shift_left(mul(half_three, y) - mul(half_input, cube), 3)
    m = int(mul(y, 1518500250))  # sqrt(2) / 2
    return (m << -right, 0) if right < 0 else (m, -right)


_LOG_2 = 1488522236
_FOURTH_ROOT_OF_HALF = 1805811301
_ROOT_OF_HALF = 1518500250
_LOG_NUMERATOR, _LOG_SQUARE, _LOG_CONSTANT, _LOG_LINEAR = 117049297, 127690142, 1057819769, 638450708


def log(x: np.ndarray, input_bits: int, output_bits: int) -> np.ndarray:
    """ln(x) in Q``output_bits`` for x > 0 in Q``input_bits``: a power of two and a rational function of the rest."""
    x = np.asarray(x, np.int64)
    bits = output_bits + 1
    quarter = (1 << 29) >> bits
    headroom = count_leading_zeros(x)
    rest_a = saturating_shift_left(mul(saturating_shift_left_by(x, headroom - 1), _ROOT_OF_HALF), 1)
    power_a = ((input_bits - headroom) << (31 - bits)) + quarter
    headroom_b = count_leading_zeros(mul(x, _ROOT_OF_HALF)) - 1
    rest_b = saturating_shift_left_by(x, headroom_b)
    power_b = ((input_bits - headroom_b) << (31 - bits)) - quarter
    rest, power = np.minimum(rest_a, rest_b), np.maximum(power_a, power_b)
    p = (rest + _FOURTH_ROOT_OF_HALF + 1) // 2
    q = 2 * (rest - _FOURTH_ROOT_OF_HALF)
    square = mul(q, q)
    numerator = mul(q, rest) + mul(mul(q, square), _LOG_NUMERATOR)
    denominator = mul(p, _LOG_CONSTANT + q + mul(_LOG_SQUARE, square)) + mul(_LOG_LINEAR, q)
    fraction = mul(rounding_divide_by_pot(numerator, bits), one_over_one_plus_x(denominator))
    return saturating_shift_left(mul(power, _LOG_2) + fraction, 1)


def saturating_shift_left_by(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """`saturating_shift_left` with a shift for each element."""
    return np.clip(x << n, INT32_MIN, INT32_MAX)
