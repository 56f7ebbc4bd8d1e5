"""The exact arithmetic against plain integer formulas, and the fixed-point functions against the real ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.model import arithmetic, fixedpoint

pytestmark = pytest.mark.unit

INT32 = st.integers(arithmetic.INT32_MIN, arithmetic.INT32_MAX)


def truncated(a: int, b: int) -> int:
    """a / b as C divides."""
    return abs(a) // b if a >= 0 else -(abs(a) // b)


@given(INT32, INT32)
def test_high_multiply_rounds_as_gemmlowp_does(a: int, b: int) -> None:
    product = a * b
    nudge = 1 << 30 if product >= 0 else 1 - (1 << 30)
    expected = min(truncated(product + nudge, 1 << 31), arithmetic.INT32_MAX)
    assert int(arithmetic.saturating_rounding_doubling_high_mul(a, b)) == expected


@given(INT32, st.integers(0, 31))
def test_division_by_a_power_of_two_rounds_ties_away_from_zero(x: int, n: int) -> None:
    magnitude = (2 * abs(x) + (1 << n)) >> (n + 1)
    assert int(arithmetic.rounding_divide_by_pot(x, n)) == (magnitude if x >= 0 else -magnitude)


@given(st.floats(1e-9, 1e6))
def test_multiplier_and_shift_stand_for_the_real_number(real: float) -> None:
    m, shift = arithmetic.quantize_multiplier(real)
    assert 1 << 30 <= m <= arithmetic.INT32_MAX
    assert m * 2.0 ** (shift - 31) == pytest.approx(real, rel=2.0**-30)


@given(st.integers(-(1 << 46), 1 << 46), st.floats(1e-8, 1e-4))
def test_wide_multiply_keeps_fifteen_bits(x: int, real: float) -> None:
    if abs(x * real) < 1 << 31:
        result = int(arithmetic.multiply_wide_by_quantized_multiplier(x, *arithmetic.quantize_multiplier(real)))
        assert abs(result - x * real) <= abs(x * real) * 2.0**-14 + 1


@given(st.integers(-(10**7), 10**7), st.integers(1, 5000))
def test_average_rounds_ties_away_from_zero(total: int, count: int) -> None:
    expected = truncated(total + (count // 2 if total > 0 else -(count // 2)), count)
    assert int(arithmetic.rounding_divide(total, count)) == expected


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5])
def test_exponential(bits: int) -> None:
    raw = -np.linspace(0, arithmetic.INT32_MAX, 2001).astype(np.int64)
    got = fixedpoint.exp_on_negative_values(raw, bits) / 2.0**31
    assert np.abs(got - np.exp(raw / 2.0 ** (31 - bits))).max() < 1e-6


def test_logistic_and_tanh() -> None:
    raw = np.linspace(arithmetic.INT32_MIN + 1, arithmetic.INT32_MAX, 2001).astype(np.int64)
    real = raw / 2.0**27
    assert np.abs(fixedpoint.logistic(raw, 4) / 2.0**31 - 1 / (1 + np.exp(-real))).max() < 1e-6
    assert np.abs(fixedpoint.tanh(raw, 4) / 2.0**31 - np.tanh(real)).max() < 1e-6


def test_logarithm_and_inverse_square_root() -> None:
    raw = np.linspace(1 << 19, arithmetic.INT32_MAX, 2001).astype(np.int64)  # 1 to 4096 in Q12
    assert np.abs(fixedpoint.log(raw, 12, 5) / 2.0**26 - np.log(raw / 2.0**19)).max() < 1e-4
    for x in (1, 2, 3, 100, 65025, 10**6, arithmetic.INT32_MAX):
        m, shift = fixedpoint.inverse_square_root(x)
        assert m * 2.0 ** (shift - 31) == pytest.approx(1 / math.sqrt(x), rel=1e-3)


def test_tables_interpolate() -> None:
    table = fixedpoint.int16_table(math.exp, -10.0, 0.0)
    x = np.arange(-32768, 32768)
    got = fixedpoint.int16_lookup(x, table) / 32768
    assert np.abs(got - np.exp((x + 32768) * 10 / 65536 - 10)).max() < 2e-4
    assert np.abs(fixedpoint.sigmoid_table() - 65536 / (1 + np.exp(-np.arange(256) / 24))).max() < 2
