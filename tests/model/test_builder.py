"""The model builder of the tests and the reader agree, and the device reference runs what it builds."""

from __future__ import annotations

import numpy as np
import pytest
from modelgen.builder import ModelBuilder

from toolchain.model.reader import read_model

pytestmark = pytest.mark.unit


def test_a_built_model_reads_back_as_described() -> None:
    m = ModelBuilder()
    weights = np.arange(16 * 27, dtype=np.int64).astype(np.int8).reshape(16, 3, 3, 3)
    x = m.input((1, 8, 8, 3), scale=0.05, zero_point=-3)
    w = m.constant(weights, scale=np.linspace(0.01, 0.02, 16), axis=0)
    b = m.constant(np.arange(16, dtype=np.int32), scale=[0.0005] * 16)
    y = m.tensor((1, 3, 2, 16), scale=0.1, zero_point=4)
    m.op("CONV_2D", [x, w, b], [y], padding="VALID", stride_h=2, stride_w=3, fused_activation_function="RELU6")
    m.output(y)
    graph = read_model(m.build())
    (op,) = graph.operators
    assert op.kind == "CONV_2D" and op.inputs[0] is graph.inputs[0] and op.output is graph.outputs[0]
    assert op.options["padding"] == "VALID" and op.options["fused_activation_function"] == "RELU6"
    assert (op.options["stride_h"], op.options["stride_w"], op.options["dilation_h_factor"]) == (2, 3, 1)
    assert np.array_equal(op.input(1).data, weights)
    assert op.input(1).quantization.per_channel and len(op.input(1).quantization.scales) == 16
    assert graph.inputs[0].scale == np.float32(0.05) and graph.inputs[0].zero_point == -3
    assert len(graph.sha256) == 64


def streaming_model() -> bytes:
    """Returns the previous input: reads a variable, then assigns the input to it."""
    m = ModelBuilder()
    init = m.subgraph("init")
    init.op("ASSIGN_VARIABLE", [init.variable("last"), init.constant(np.full((1, 4), 7, np.int8), scale=0.5)], [])
    x = m.input((1, 4), scale=0.5)
    m.op("CALL_ONCE", [], [], init_subgraph_index=init.number)
    handle = m.variable("last")
    y = m.tensor((1, 4), scale=0.5)
    m.op("READ_VARIABLE", [handle], [y])
    m.op("ASSIGN_VARIABLE", [handle, x], [])
    m.output(y)
    return m.build()


def test_variables_and_their_initializer() -> None:
    graph = read_model(streaming_model())
    assert [op.kind for op in graph.initializers] == ["VAR_HANDLE", "ASSIGN_VARIABLE"]
    assert graph.initializers[0].options["shared_name"] == "last"
    handle = next(op for op in graph.operators if op.kind == "VAR_HANDLE")
    assert handle.options["shared_name"] == "last" and handle.output.dtype.value == "resource"
