"""State kept between inferences."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.compiler.compile import compile_model
from toolchain.compiler.native import NativeModel
from toolchain.errors import BadInput
from toolchain.model.graph import DType, Graph, Operator, Quantization, Tensor

pytestmark = pytest.mark.unit

Q = Quantization((0.5,), (3,))


def delay(start: np.ndarray | None, size: int = 4) -> Graph:
    """out(t) = in(t - 1): a variable read before it is assigned."""
    x, out = Tensor("x", (4,), DType.INT8, Q, index=0), Tensor("out", (4,), DType.INT8, Q, index=1)
    handle, again = Tensor("h", (), DType.INT32, index=2), Tensor("h2", (), DType.INT32, index=0)
    named = {"container": "", "shared_name": "line"}
    operators = [
        Operator("CALL_ONCE", (), (), index=0),
        Operator("VAR_HANDLE", (), (handle,), named, index=1),
        Operator("READ_VARIABLE", (handle,), (out,), index=2),
        Operator("ASSIGN_VARIABLE", (handle, x), (), index=3),
    ]
    initializers = []
    if start is not None:
        value = Tensor("start", (size,), DType.INT8, Q, data=start, index=1)
        initializers = [
            Operator("VAR_HANDLE", (), (again,), named, index=0),
            Operator("ASSIGN_VARIABLE", (again, value), (), index=1),
        ]
    return Graph("delay", (x,), (out,), tuple(operators), tuple(initializers))


@pytest.mark.parametrize("start", [None, np.array([1, -2, 3, -4], np.int8), np.full(4, 3, np.int8)])
def test_variable_keeps_its_value_and_reset_restores_it(start: np.ndarray | None) -> None:
    model = NativeModel(compile_model(delay(start), "generic"))
    first = np.full(4, 3, np.int8) if start is None else start
    values = [np.array(v, np.int8) for v in ([9, 8, 7, 6], [-1, -2, -3, -4])]
    for _ in range(2):
        outputs = [model.run([v])[0] for v in values]
        assert np.array_equal(outputs, [first, values[0]])
        model.reset()


def test_a_variable_of_two_shapes_is_refused() -> None:
    with pytest.raises(BadInput, match=r"variable 'line' is int8 \[4\] and here int8 \[5\]"):
        compile_model(delay(np.zeros(5, np.int8), 5), "generic")


def test_a_constant_output_is_put_into_the_arena() -> None:
    x = Tensor("x", (4,), DType.INT8, Q, index=0)
    constant = Tensor("c", (3,), DType.INT8, Q, np.array([5, 6, -7], np.int8), index=1)
    model = NativeModel(compile_model(Graph("g", (x,), (constant, x), ()), "generic"))
    outputs = model.run([np.array([1, 2, 3, 4], np.int8)])
    assert outputs[0].tolist() == [5, 6, -7] and outputs[1].tolist() == [1, 2, 3, 4]
