"""Logarithm, power and root of kit_log2.c against float64, and its tables against their definition."""

from __future__ import annotations

import ctypes
import re

import numpy as np
import pytest

from toolchain.signal import library

pytestmark = pytest.mark.unit


def every(function: str, argument: type, result: type, values: list[int]) -> np.ndarray:
    called = getattr(library.library(), function)
    called.argtypes, called.restype = [argument], result
    return np.array([called(v) for v in values], np.float64)


def numbers() -> list[int]:
    rng = np.random.default_rng(1)
    edges = [2**n + d for n in range(1, 64) for d in (-1, 0, 1)]
    return sorted({1, 2**64 - 1, *edges, *(int(2.0**e) for e in rng.uniform(0, 64, 20000))})


def test_log2() -> None:
    values = numbers()
    got = every("kit_log2", ctypes.c_uint64, ctypes.c_int32, values) / 65536
    assert np.abs(got - np.log2(np.array(values, np.float64))).max() < 3.5e-5
    assert (np.diff(got) >= 0).all()


def test_exp2() -> None:
    values = np.random.default_rng(2).integers(-20 * 65536, 15 * 65536, 20000)
    got = every("kit_exp2", ctypes.c_int32, ctypes.c_int32, values.tolist()) / 65536
    expected = 2.0 ** (values / 65536)
    assert (np.abs(got - expected) < 6e-5 * expected + 0.51 / 65536).all()
    assert every("kit_exp2", ctypes.c_int32, ctypes.c_int32, [2**31 - 1, 15 << 16, -(2**31)]).tolist() == [
        2**31 - 1,
        2**31 - 1,
        0,
    ]


def test_sqrt() -> None:
    values = numbers()
    got = every("kit_sqrt", ctypes.c_uint64, ctypes.c_uint64, values) / 65536
    expected = np.sqrt(np.array(values, np.float64))
    assert (np.abs(got - expected) <= expected * 2.0**-15).all()
    assert every("kit_sqrt", ctypes.c_uint64, ctypes.c_uint64, [0]) == [0]


def test_tables_are_what_they_say() -> None:
    text = library.ROOM.sources["kit_log2.c"]

    def table(name: str) -> list[int]:
        found = re.search(name + r"\[\d+\] = \{([^}]*)\}", text)
        assert found
        return [int(v) for v in found[1].split(",") if v.strip()]

    assert table("log_table") == [round(2**15 * np.log2(1 + i / 128)) for i in range(129)]
    assert table("exp_table") == [min(65535, round(2**15 * 2 ** (i / 64))) for i in range(65)]
