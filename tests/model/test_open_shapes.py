"""Models converted with an open batch: shapes inside that the file does not know."""

from __future__ import annotations

import numpy as np
import pytest
from modelgen.builder import ModelBuilder

from toolchain.compiler.compile import compile_model
from toolchain.compiler.native import NativeModel
from toolchain.errors import BadInput
from toolchain.model.reader import read_model
from toolchain.model.runners import LiteRtRunner, TflmRunner, reference_runner

pytestmark = pytest.mark.unit


def _dense_on_three_axes(is_open: bool, rows: int = 6) -> bytes:
    """Keras' Dense on [batch, rows, 5]: the rows become the batch by arithmetic on SHAPE, and come back."""
    rng, m = np.random.default_rng(0), ModelBuilder()

    def ints(*values: int) -> int:
        return m.constant(np.array(values, np.int32))

    def tensor(shape, stated, signature, scale, zero):
        return m.tensor(stated if is_open else shape, scale, zero, signature=signature if is_open else None)

    x = m.input((1, rows, 5), scale=0.05, zero_point=3)
    shape, taken, flat, target = (m.tensor(s, dtype="int32") for s in ((3,), (2,), (), (2,)))
    m.op("SHAPE", [x], [shape], out_type="INT32")
    m.op("GATHER", [shape, ints(0, 1)], [taken], axis=0)
    m.op("REDUCE_PROD", [taken, ints(0)], [flat])
    m.op("PACK", [flat, m.constant(np.array(5, np.int32))], [target], values_count=2, axis=0)
    batch = tensor((rows, 5), (1, 1), (-1, -1), 0.05, 3)
    m.op("RESHAPE", [x, target], [batch])
    w = m.constant(rng.integers(-127, 128, (7, 5)).astype(np.int8), scale=0.01)
    made = tensor((rows, 7), (1, 7), (-1, 7), 0.03, -9)
    m.op("FULLY_CONNECTED", [batch, w, m.constant(np.arange(7, dtype=np.int32) * 50, scale=0.0005)], [made])
    relu = tensor((rows, 7), (1, 7), (-1, 7), 0.03, -9)
    m.op("RELU", [made], [relu])
    y = tensor((1, rows, 7), (1, rows, 7), (-1, rows, 7), 0.03, -9)
    m.op("RESHAPE", [relu, ints(-1, rows, 7)], [y])
    m.output(y, relu)
    return m.build()


def test_an_open_batch_gives_what_a_fixed_one_gives():
    still, data = _dense_on_three_axes(False), _dense_on_three_axes(True)
    graph, fixed = read_model(data), read_model(still)
    assert graph.reworked and not fixed.reworked
    assert [t.shape for t in graph.outputs] == [t.shape for t in fixed.outputs] == [(1, 6, 7), (6, 7)]
    reference = reference_runner(data, graph)
    assert reference.name == "evaluator"  # tflite-micro believes the file
    tested = [NativeModel(compile_model(graph, "generic")), LiteRtRunner(data, reference=True)]
    if TflmRunner.available():
        with pytest.raises(BadInput, match="literally"):
            TflmRunner(data, graph)
    rng = np.random.default_rng(1)
    for _ in range(3):
        values = [rng.integers(-128, 128, (1, 6, 5)).astype(np.int8)]
        expected = reference.run(values)
        assert expected[1].std() > 5
        for runner in tested:
            for got, right in zip(runner.run(values), expected, strict=True):
                assert np.abs(got.astype(int) - right).max() <= (runner.name == "litert")
        for got, right in zip(reference_runner(still, fixed).run(values), expected, strict=True):
            np.testing.assert_array_equal(got, right)


@pytest.mark.parametrize(("times", "says"), [(1 << 20, "above 2 GB"), (0, "do not fit")])
def test_what_an_open_shape_must_not_become(times, says):
    m = ModelBuilder()
    x, y = m.input((1, 4096), scale=0.1), m.tensor((1, 1), scale=0.1, signature=(-1, -1))
    m.op("TILE", [x, m.constant(np.array([1, times], np.int32))], [y])
    m.output(y)
    with pytest.raises(BadInput, match=says):
        read_model(m.build())


def test_a_closed_shape_is_believed():
    m = ModelBuilder()
    x, y = m.input((1, 4), scale=0.1), m.tensor((1, 4), scale=0.1)
    m.op("TILE", [x, m.constant(np.array([1, 2], np.int32))], [y])
    m.output(y)
    with pytest.raises(BadInput, match="has shape"):
        read_model(m.build())


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (np.array([1, np.nan], np.float32), "type int32"),
        (np.array([1, -1], np.float32), "type int32"),
        (np.array([-1] + [1] * 40, np.int32), "41 axes"),
    ],
)
def test_a_target_of_reshape_that_is_none(target, says):
    m = ModelBuilder()
    x, y = m.input((2, 8), scale=0.1), m.tensor((1, 1), scale=0.1, signature=(-1, -1))
    m.op("RESHAPE", [x, m.constant(target)], [y])
    m.output(y)
    with pytest.raises(BadInput, match=says):
        read_model(m.build())
