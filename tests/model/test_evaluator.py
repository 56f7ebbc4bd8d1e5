"""The evaluator equals the device reference on random models of every operator."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from modelgen.cases import CASES, random_inputs

from toolchain.model.reader import read_model
from toolchain.model.runners import EvaluatorRunner, TflmRunner

pytestmark = pytest.mark.unit

CASES_AN_OPERATOR = 12


def compare(data: bytes, rng: np.random.Generator) -> None:
    """Raises AssertionError when evaluator and device reference differ in an output; three runs, state kept."""
    graph = read_model(data)
    reference, ours = TflmRunner(data, graph), EvaluatorRunner(graph)
    for width in (None, 30.0, 6.0):
        inputs = random_inputs(graph, rng, width)
        for want, got in zip(reference.run(inputs), ours.run(inputs), strict=True):
            if got.dtype.kind == "f":
                assert want.tobytes() == got.tobytes()
            assert np.array_equal(want, got), (
                f"{np.count_nonzero(want != got)} of {want.size} differ, by up to "
                f"{np.abs(want.astype(float) - got).max()}; {[o.options for o in graph.operators]}"
            )


@pytest.mark.parametrize("name", sorted(CASES))
def test_operator_equals_the_device_reference(name: str) -> None:
    if not TflmRunner.available():
        pytest.skip("tflite-micro is not installed")
    for seed in range(CASES_AN_OPERATOR):
        rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
        compare(CASES[name](rng), rng)
