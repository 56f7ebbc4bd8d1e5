"""The evaluator equals the device reference in every tensor of the MLPerf Tiny models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from modelgen.inputs import random_inputs

from toolchain.model.reader import read_model
from toolchain.model.runners import EvaluatorRunner, TflmRunner

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", ["kws", "ic", "vww", "ad", "sww"])
def test_every_tensor_equals_the_device_reference(name: str, shared_models: dict[str, Path]) -> None:
    if not TflmRunner.available():
        pytest.skip("tflite-micro is not installed")
    data = shared_models[name].read_bytes()
    graph = read_model(data, name)
    reference, ours = TflmRunner(data, graph), EvaluatorRunner(graph)
    rng = np.random.default_rng(7)
    for width in (4.0, 30.0, 90.0):
        inputs = random_inputs(graph, rng, width)
        outputs, expected = ours.run(inputs), reference.run(inputs)
        for op in graph.operators:
            for tensor in op.outputs:
                want, got = reference.tensor(tensor.index), ours.tensor(tensor.index)
                assert np.array_equal(want, got), f"{op.kind} {op.index} ({tensor.name}) differs"
        assert all(np.array_equal(a, b) for a, b in zip(outputs, expected, strict=True))
