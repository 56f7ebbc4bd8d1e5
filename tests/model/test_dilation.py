"""Dilated convolutions that the converter took apart."""

from __future__ import annotations

import numpy as np
import pytest
from modelgen.builder import ModelBuilder

from toolchain.compiler.compile import compile_model
from toolchain.compiler.native import NativeModel
from toolchain.model.reader import read_model
from toolchain.model.runners import LiteRtRunner, reference_runner

pytestmark = pytest.mark.unit


def _apart(blocks, pads, crops, size, *, batch=None, depthwise=False, second_use=False, stride=1) -> bytes:
    """SPACE_TO_BATCH_ND, 3-tap VALID convolution (1 × 3 in one dimension), BATCH_TO_SPACE_ND. ``batch``: what the file
    says of the batch in between, if not the truth."""
    rng, m, rank = np.random.default_rng(1), ModelBuilder(), len(blocks)
    inside = batch or int(np.prod(blocks))
    cut = [(n + sum(p)) // b for n, p, b in zip(size, pads, blocks, strict=True)]
    short = [n - 2 for n in cut]
    short[0] = (short[0] - 1) // stride + 1 if rank == 2 else short[0]
    final = [n * b - sum(c) for n, b, c in zip(short, blocks, crops, strict=True)]
    x = m.input((1, *size, 4), scale=0.05, zero_point=-7)
    apart = m.tensor((inside, *cut, 4), scale=0.05, zero_point=-7)
    blocks_ = m.constant(np.array(blocks, np.int32))
    m.op("SPACE_TO_BATCH_ND", [x, blocks_, m.constant(np.array(pads, np.int32))], [apart])
    given = apart
    if rank == 1:
        given = m.tensor((inside, 1, *cut, 4), scale=0.05, zero_point=-7)
        m.op("EXPAND_DIMS", [apart, m.constant(np.array(1, np.int32))], [given])
    shape = (1 if depthwise else 4, 3 if rank == 2 else 1, 3, 4)
    w = m.constant(
        rng.integers(-127, 128, shape).astype(np.int8), scale=[0.01, 0.02, 0.015, 0.01], axis=3 if depthwise else 0
    )
    b = m.constant(rng.integers(-900, 900, 4).astype(np.int32), scale=[0.0005, 0.001, 0.00075, 0.0005])
    made = m.tensor((inside, *([1] if rank == 1 else []), *short, 4), scale=0.11, zero_point=5)
    more = {"depth_multiplier": 1} if depthwise else {}
    settings = {"stride_h": stride, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1, **more}
    m.op("DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", [given, w, b], [made], padding="VALID", **settings)
    back = made
    if rank == 1:
        back = m.tensor((inside, *short, 4), scale=0.11, zero_point=5)
        m.op("RESHAPE", [made, m.constant(np.array([-1, *short, 4], np.int32))], [back])
    y = m.tensor((1, *final, 4), scale=0.11, zero_point=5)
    m.op("BATCH_TO_SPACE_ND", [back, blocks_, m.constant(np.array(crops, np.int32))], [y])
    m.output(y, *([back] if second_use else []))
    return m.build()


CASES = [
    ((2,), ((2, 2),), ((0, 0),), (12,)),
    ((3,), ((3, 5),), ((1, 2),), (13,)),
    ((4,), ((0, 0),), ((0, 0),), (16,)),
    ((2, 2), ((2, 3), (2, 3)), ((0, 1), (0, 1)), (11, 11)),
    ((2, 3), ((2, 2), (4, 1)), ((1, 0), (0, 1)), (8, 10)),
    ((1, 3), ((0, 0), (3, 3)), ((0, 0), (0, 0)), (6, 9)),
]


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_one_convolution_gives_what_the_three_operators_give(case, depthwise):
    data = _apart(*case, depthwise=depthwise)
    graph = read_model(data)
    assert not {"SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"} & {op.kind for op in graph.operators}
    open_batch = read_model(_apart(*case, depthwise=depthwise, batch=1))  # what the converter writes for an open batch
    reference = reference_runner(data, graph)
    assert graph.reworked and reference.name == "evaluator"  # tflite-micro pads with a number that is not initialised
    tested = [NativeModel(compile_model(g, t)) for g in (graph, open_batch) for t in ("generic", "cortex-m4")]
    tested.append(LiteRtRunner(data, reference=True))
    rng = np.random.default_rng(0)
    for _ in range(3):
        values = [rng.integers(-128, 128, graph.inputs[0].shape).astype(np.int8)]
        expected = reference.run(values)[0]
        assert expected.std() > 5
        for runner in tested:
            np.testing.assert_array_equal(runner.run(values)[0], expected)


@pytest.mark.parametrize(
    "data",
    [
        _apart(*CASES[3], second_use=True),
        _apart(*CASES[3], stride=2),
        _apart((2, 2), ((0, 1), (0, 1)), ((1, 1), (1, 1)), (11, 11)),
    ],
    ids=["somebody else reads the batches", "stride", "more cut off than padded"],
)
def test_what_is_no_dilated_convolution_stays(data):
    assert "SPACE_TO_BATCH_ND" in {op.kind for op in read_model(data).operators}
