"""TILE, which TFLM does not have: against the desktop interpreter."""

from __future__ import annotations

import numpy as np
import pytest
from modelgen.builder import ModelBuilder

from toolchain.compiler.compile import compile_model
from toolchain.compiler.native import NativeModel
from toolchain.errors import BadInput
from toolchain.model.reader import read_model
from toolchain.model.runners import EvaluatorRunner, LiteRtRunner

pytestmark = pytest.mark.unit


def _tile(shape, times, made=None, dtype="int8") -> bytes:
    m = ModelBuilder()
    x = m.input(shape, scale=0.1, zero_point=0, dtype=dtype)
    y = m.tensor(made or np.multiply(shape, times), scale=0.1, zero_point=0, dtype=dtype)
    m.op("TILE", [x, m.constant(np.array(times, np.int32))], [y])
    m.output(y)
    return m.build()


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize(
    ("shape", "times"),
    [((1, 4, 3), (1, 2, 1)), ((1, 3, 1, 5), (1, 1, 4, 1)), ((2, 3), (3, 2)), ((1, 2, 3), (2, 3, 4)), ((1, 5), (1, 1))],
)
def test_repeats(shape, times, dtype):
    data = _tile(shape, times, dtype=dtype)
    graph = read_model(data)
    values = [np.random.default_rng(0).integers(-128, 128, shape).astype(dtype)]
    expected = np.tile(values[0], times)
    for runner in (NativeModel(compile_model(graph, "generic")), EvaluatorRunner(graph), LiteRtRunner(data)):
        np.testing.assert_array_equal(runner.run(values)[0], expected)


@pytest.mark.parametrize("times", [(1, 0), (1, -2), (2,), (1, 3)])
def test_multiples_that_do_not_fit(times):
    with pytest.raises(BadInput, match="TILE"):
        read_model(_tile((1, 4), times, made=(1, 8)))
