"""The evaluator equals the device reference on random models of every operator."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from modelgen.generate import models
from modelgen.inputs import sample_inputs
from modelgen.strategy import every_strategy

from toolchain.model.reader import read_model
from toolchain.model.runners import EvaluatorRunner, TflmRunner, reference_runner

pytestmark = pytest.mark.unit

MODELS_AN_OPERATOR = 6  # and many more in tests/conformance


def compare(data: bytes) -> None:
    """Raises AssertionError when evaluator and device reference differ in an output; several runs, state kept."""
    graph = read_model(data)
    ours, reference = EvaluatorRunner(graph), reference_runner(data, graph)
    if reference.name == ours.name:  # the device reference does not run the model
        return
    for inputs in sample_inputs(graph.inputs, zlib.crc32(data)):
        for want, got in zip(reference.run(inputs), ours.run(inputs), strict=True):
            if got.dtype.kind == "f":
                assert want.tobytes() == got.tobytes()
            assert np.array_equal(want, got), (
                f"{np.count_nonzero(want != got)} of {want.size} differ, by up to "
                f"{np.abs(want.astype(float) - got).max()}; {[o.options for o in graph.operators]}"
            )


@pytest.mark.parametrize("name", sorted(every_strategy()))
def test_operator_equals_the_device_reference(name: str) -> None:
    if not TflmRunner.available():
        pytest.skip("tflite-micro is not installed")
    for data in models(name, MODELS_AN_OPERATOR):
        compare(data)
