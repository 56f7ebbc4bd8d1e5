"""kit_fixedpoint.h against the arithmetic that the rest of the toolchain uses."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from toolchain.compiler.c_text import included
from toolchain.compiler.host_build import load_library
from toolchain.model import arithmetic, fixedpoint
from toolchain.resources import resource

pytestmark = pytest.mark.unit

INT32 = st.integers(-(1 << 31), (1 << 31) - 1)
FUNCTIONS = {
    "kit_srdhm": 2,
    "kit_high_word": 2,
    "kit_rdbypot": 2,
    "kit_requantize": 3,
    "kit_clamp": 3,
    "kit_exp_negative": 2,
    "kit_logistic": 2,
    "kit_tanh": 2,
    "scale": 4,
}
#: kit_scale_s8 takes two of its numbers from memory.
SCALE = """
static int32_t scale(int32_t acc, int32_t m, int32_t n, int32_t zero) {
    const int32_t words[2] = {m, n};
    return kit_scale_s8(acc, words, zero);
}
"""


@pytest.fixture(scope="module", params=[0, 1], ids=["wide products", "products by halves"])
def library(request: pytest.FixtureRequest) -> ctypes.CDLL:
    """The inline functions as exported ones, ``call_<name>``."""
    lines = [f"#define KIT_BY_HALVES {request.param}", '#include "kit_fixedpoint.h"', SCALE]
    for name, count in FUNCTIONS.items():
        declared = ", ".join(f"int32_t {c}" for c in "abcd"[:count])
        lines.append(f"int32_t call_{name}({declared});")
        lines.append(f"int32_t call_{name}({declared}) {{ return {name}({', '.join('abcd'[:count])}); }}")
    headers = included(resource("firmware_templates") / "nn", "kit_fixedpoint.h")
    loaded = load_library({"call.c": "\n".join(lines) + "\n", **headers})
    for name, count in FUNCTIONS.items():
        function = getattr(loaded, f"call_{name}")
        function.restype = ctypes.c_int32
        function.argtypes = [ctypes.c_int32] * count
    return loaded


@settings(max_examples=300)
@given(INT32, INT32)
@example(-(1 << 31), -(1 << 31))
def test_high_multiply(library: ctypes.CDLL, a: int, b: int) -> None:
    assert library.call_kit_srdhm(a, b) == arithmetic.saturating_rounding_doubling_high_mul(a, b)
    assert library.call_kit_high_word(a, b) == (a * b + (1 << 31)) >> 32


@settings(max_examples=300)
@given(INT32 | st.integers(-1024, 1024), st.integers(0, 31))
def test_rounding_shift(library: ctypes.CDLL, x: int, n: int) -> None:
    assert library.call_kit_rdbypot(x, n) == arithmetic.rounding_divide_by_pot(x, n)


@settings(max_examples=300)
@given(INT32 | st.integers(-70000, 70000), st.integers(1 << 30, (1 << 31) - 1) | st.just(0), st.integers(-31, 30))
def test_requantize(library: ctypes.CDLL, x: int, m: int, shift: int) -> None:
    assert library.call_kit_requantize(x, m, shift) == arithmetic.multiply_by_quantized_multiplier(x, m, shift)


def limited(value: int) -> int:
    return max(-128, min(127, value))


@st.composite
def sums(draw: st.DrawFn) -> tuple[int, int]:
    """A right shift, and a sum that it mostly takes to the range of int8."""
    n = draw(st.integers(1, 31))
    most = min((1 << 29) - 1, 300 << n)
    return draw(st.integers(-most, most)), n


@settings(max_examples=500)
@given(sums(), st.integers(1 << 30, (1 << 31) - 1) | st.just(1 << 30), st.integers(-128, 127) | st.just(-128))
@example((-1, 1), 1 << 30, -128)
@example((0, 1), 1 << 30, -128)
@example((65535, 9), (1 << 31) - 1, -128)
@example((65536, 9), (1 << 31) - 1, -128)
@example((-1, 1), 1 << 30, 0)
@example((-2, 1), 1 << 30, 0)
@example((-6, 1), 1 << 30, 0)
@example((1 - (1 << 29), 22), (1 << 31) - 1, 127)
def test_scale(library: ctypes.CDLL, total: tuple[int, int], m: int, zero: int) -> None:
    acc, n = total
    assert library.call_scale(acc, m, n, 2 * zero + 1) == limited(library.call_kit_requantize(acc, m, -n) + zero)


@settings(max_examples=300)
@given(INT32 | st.integers(-200, 200), st.integers(1 << 30, (1 << 31) - 1), st.integers(-3, 31), st.integers(-128, 127))
def test_scale_of_any_sum_and_shift(library: ctypes.CDLL, acc: int, m: int, n: int, zero: int) -> None:
    scaled = library.call_kit_requantize(acc, m, -n)
    if abs(scaled) < (1 << 31) - 128:  # a sum that wraps is none: see channels_of
        assert library.call_scale(acc, m, n - 64, 2 * zero + 1) == limited(scaled + zero)


@settings(max_examples=200)
@given(st.integers(-(1 << 31), 0), st.integers(0, 6))
def test_exponential_is_close(library: ctypes.CDLL, a: int, integer_bits: int) -> None:
    exact = np.exp(a / 2.0 ** (31 - integer_bits))
    assert library.call_kit_exp_negative(a, integer_bits) / 2.0**31 == pytest.approx(exact, abs=3e-7)


@settings(max_examples=200)
@given(INT32, st.integers(2, 5))
def test_logistic_and_tanh_are_close(library: ctypes.CDLL, a: int, integer_bits: int) -> None:
    real = a / 2.0 ** (31 - integer_bits)
    assert library.call_kit_logistic(a, integer_bits) / 2.0**31 == pytest.approx(1 / (1 + np.exp(-real)), abs=1e-6)
    assert library.call_kit_tanh(a, integer_bits) / 2.0**31 == pytest.approx(np.tanh(real), abs=2e-6)


@settings(max_examples=300)
@given(INT32, st.integers(2, 4))
def test_transcendentals_are_exact(library: ctypes.CDLL, a: int, integer_bits: int) -> None:
    negative = min(a, 0)
    assert library.call_kit_exp_negative(negative, integer_bits + 1) == fixedpoint.exp_on_negative_values(
        negative, integer_bits + 1
    )
    assert library.call_kit_logistic(a, integer_bits) == fixedpoint.logistic(a, integer_bits)
    assert library.call_kit_tanh(a, integer_bits) == fixedpoint.tanh(a, integer_bits)
