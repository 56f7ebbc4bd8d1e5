"""The generated C against the device reference, on one model."""

from __future__ import annotations

import numpy as np

from modelgen.inputs import sample_inputs
from toolchain.compiler.compile import compile_model
from toolchain.compiler.native import NativeModel
from toolchain.model.reader import read_model
from toolchain.model.runners import reference_runner


def assert_exact(data: bytes, target: str = "generic", seed: int = 0) -> None:
    """Every output of the C generated for ``target``, run on this machine, equals the reference's, byte for byte."""
    graph = read_model(data)
    native = NativeModel(compile_model(graph, target))
    reference = reference_runner(data, graph)
    for values in sample_inputs(graph.inputs, seed):
        for got, expected in zip(native.run(values), reference.run(values), strict=True):
            np.testing.assert_array_equal(got, expected)
