"""Raw samples to int8 and back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.data.quantize import dequantize, quantize, real_input
from toolchain.kit import InputSpec

pytestmark = pytest.mark.unit

SPEC = InputSpec(shape=(3,), dtype="uint8", offset=4.0, scale=0.5)


def test_real_input_is_offset_then_scaled() -> None:
    assert real_input(np.array([[4, 5, 0]], np.uint8), SPEC).tolist() == [[0.0, 0.5, -2.0]]
    assert real_input(np.array([[4, 5, 0]], np.uint8), SPEC).dtype == np.float32


def test_halves_round_away_from_zero_and_the_ends_saturate() -> None:
    real = np.array([0.25, -0.25, 0.75, -0.75, 0.2, 1e9, -1e9], np.float32)
    assert quantize(real, 0.5, 3).tolist() == [4, 2, 5, 1, 3, 127, -128]


def test_the_float_just_below_a_half_rounds_down() -> None:
    below = np.nextafter(np.float32(0.5), np.float32(0))
    assert quantize(np.array([below]), 1.0, 0).tolist() == [0]


@given(
    st.floats(-100, 100, width=32),
    st.floats(2**-10, 4, width=32),
    st.integers(-128, 127),
)
def test_quantize_is_the_nearest_step(real: float, scale: float, zero_point: int) -> None:
    q = int(quantize(np.array([real], np.float32), scale, zero_point)[0])
    quotient = Fraction(float(np.float32(real) / np.float32(scale)))
    distance = abs(quotient - (q - zero_point))
    assert distance <= Fraction(1, 2) or q in (-128, 127)


@given(st.integers(-128, 127), st.floats(2**-10, 4, width=32), st.integers(-128, 127))
def test_quantize_undoes_dequantize(q: int, scale: float, zero_point: int) -> None:
    assert quantize(dequantize(np.array([q], np.int8), scale, zero_point), scale, zero_point).tolist() == [q]
