"""The Xtensa chips' floating-point functions against this machine's."""

from __future__ import annotations

import ctypes
import operator
import re
from collections.abc import Callable

import numpy as np
import pytest

from toolchain.compiler.host_build import load_library
from toolchain.resources import resource

pytestmark = pytest.mark.unit

EDGES = [0x0, 0x1, 0x2, 0x7FFFFF, 0x800000, 0x800001, 0x3F800000, 0x3F800001, 0x3F7FFFFF, 0x4B000000, 0x4B7FFFFF]
EDGES += [0x33800000, 0x33800001, 0x7F7FFFFF, 0x7F800000, 0x7FC00000, 0x4F000000, 0x4EFFFFFF, 0x3F000000]
Binary = Callable[[np.ndarray, np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    """The functions under names of their own, ``soft_<name>``: the host's compiler has those of its run time."""
    text = (resource("firmware_templates") / "chips" / "common" / "xtensa" / "float.c").read_text()
    library = load_library({"float.c": re.sub(r"\b__(?=\w+\()", "soft_", text)})
    for name in ("addsf3", "subsf3", "mulsf3", "divsf3", "floatsisf"):
        getattr(library, f"soft_{name}").restype = ctypes.c_float
    return library


def pairs() -> tuple[np.ndarray, np.ndarray]:
    """Bit patterns of floats: edges with each other, random ones, ones of nearly equal size."""
    rng = np.random.default_rng(0)
    edges = np.array([e | s for e in EDGES for s in (0, 1 << 31)], np.uint32)
    a, b = (x.ravel() for x in np.meshgrid(edges, edges))
    c = rng.integers(0, 1 << 32, 20000, np.uint32)
    near = c ^ rng.integers(0, 1 << 25, 20000, np.uint32) ^ (rng.integers(0, 2, 20000).astype(np.uint32) << 31)
    x = np.concatenate([a, c, c])
    y = np.concatenate([b, rng.integers(0, 1 << 32, 20000, np.uint32), near])
    return x.view(np.float32), y.view(np.float32)


@pytest.mark.parametrize(
    ("name", "exact"),
    [("addsf3", np.add), ("subsf3", np.subtract), ("mulsf3", np.multiply), ("divsf3", np.divide)],
)
def test_arithmetic(library: ctypes.CDLL, name: str, exact: Binary) -> None:
    x, y = pairs()
    function = getattr(library, f"soft_{name}")
    function.argtypes = [ctypes.c_float, ctypes.c_float]
    got = np.array([function(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)], np.float32)
    with np.errstate(all="ignore"):
        want = exact(x, y)
    assert np.array_equal(np.isnan(got), np.isnan(want))
    numbers = ~np.isnan(want)
    assert numbers.sum() > 30000 and (np.abs(want[numbers]) < 1e-38).sum() > 100
    assert np.array_equal(got[numbers].view(np.uint32), want[numbers].view(np.uint32))


@pytest.mark.parametrize("name", ["eq", "ne", "lt", "le", "gt", "ge"])
def test_comparisons(library: ctypes.CDLL, name: str) -> None:
    """A comparison holds when the result of its function compares so with 0; none but ``ne`` holds with a NaN."""
    x, y = pairs()
    function = getattr(library, f"soft_{name}sf2")
    function.argtypes = [ctypes.c_float, ctypes.c_float]
    compare = getattr(operator, name)
    got = [compare(function(a, b), 0) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert np.array_equal(got, compare(x, y))


def test_conversions(library: ctypes.CDLL) -> None:
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 32, 5000)
    integers = np.concatenate([rng.integers(-(2**31), 2**31, 5000) >> bits, [0, 1, -1, 2**31 - 1, -(2**31)]])
    library.soft_floatsisf.argtypes = [ctypes.c_int32]
    got = np.array([library.soft_floatsisf(int(i)) for i in integers], np.float32)
    assert np.array_equal(got, integers.astype(np.float32))
    floats = np.concatenate([got, rng.normal(0, 1e5, 5000).astype(np.float32)])
    library.soft_fixsfsi.argtypes = [ctypes.c_float]
    back = [library.soft_fixsfsi(f) for f in floats.tolist()]
    assert np.array_equal(back, np.clip(np.trunc(floats.astype(np.float64)), -(2**31), 2**31 - 1))
