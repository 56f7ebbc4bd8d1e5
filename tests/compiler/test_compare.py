"""Inputs that tell a wrong model from a right one, and the comparison."""

from __future__ import annotations

import numpy as np
import pytest
from modelgen.networks import random_network
from modelgen.planted import with_changed

from toolchain.compiler.compare import compare, compare_model, input_set, unsaturated
from toolchain.compiler.compile import compile_model
from toolchain.compiler.native import NativeModel
from toolchain.model.reader import load_model, read_model
from toolchain.model.runners import reference_runner

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["kws", "sww"])
def test_half_of_the_inputs_leave_the_outputs_unsaturated(shared_models, name: str) -> None:
    graph = load_model(shared_models[name])
    reference = reference_runner(shared_models[name].read_bytes(), graph)
    inputs = input_set(graph, 24, 7, reference)
    again = input_set(graph, 24, 7, reference)
    assert all(np.array_equal(a, b) for x, y in zip(inputs, again, strict=True) for a, b in zip(x, y, strict=True))
    assert sum(unsaturated(graph.outputs, reference.run(x)) for x in inputs) >= 12
    assert {int(x[0].min()) for x in inputs} >= {-128, 127}


@pytest.mark.parametrize("name", ["kws", "ic", "vww", "ad", "sww"])
@pytest.mark.parametrize("target", ["generic", "cortex-m4"])
def test_shared_models_are_exact_in_every_tensor(shared_models, name: str, target: str) -> None:
    data = shared_models[name].read_bytes()
    graph = read_model(data)
    compiled = compile_model(graph, target)
    result = compare_model(data, graph, NativeModel(compiled), 12, 1, layers=True)
    assert result.exact, result
    assert result.inputs == 12 and result.unsaturated >= 6 and result.tensors > len(compiled.layers)
    assert result.outputs == 12 * graph.outputs[0].elements


def test_first_wrong_layer_is_found() -> None:
    seed = next(s for s in range(100) if len(read_model(random_network(s)).operators) > 5)
    data = random_network(seed)
    graph = read_model(data)
    number = next(i for i, op in enumerate(graph.operators) if i > 0 and op.kind == "CONV_2D")
    wrong = NativeModel(compile_model(with_changed(graph, number, 2, (0,), 100_000), "generic"))
    reference = reference_runner(data, graph)
    result = compare(graph, wrong, reference, input_set(graph, 8, 0, reference), layers=True)
    assert result.first_difference is not None and not result.exact
    order = [t.index for op in graph.operators for t in op.outputs]
    assert order.index(result.first_difference.tensor) >= number
    assert result.to_json()["first_difference"]["got"] == result.first_difference.got
