"""The generated C against the device reference, on one model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from toolchain.compiler.compile import compile_model
from toolchain.compiler.native import NativeModel
from toolchain.model.graph import Tensor
from toolchain.model.reader import read_model
from toolchain.model.runners import reference_runner


def sample_inputs(tensors: tuple[Tensor, ...], count: int, seed: int) -> Iterator[list[np.ndarray]]:
    """Random inputs of several widths around the zero point, then the ends of the range."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        values = []
        for t in tensors:
            if t.dtype.numpy.kind == "f":
                values.append(rng.normal(size=t.shape).astype(np.float32))
                continue
            info = np.iinfo(t.dtype.numpy)
            zero = t.quantization.zero_point if t.quantization else 0
            width = (info.max, 40, 8)[i % 3]
            drawn = rng.integers(-width, width + 1, t.shape) + zero
            values.append(np.clip(drawn, info.min, info.max).astype(t.dtype.numpy))
        yield values
    for end in ("min", "max"):
        yield [
            np.full(t.shape, getattr(np.iinfo(t.dtype.numpy), end) if t.dtype.numpy.kind != "f" else 0, t.dtype.numpy)
            for t in tensors
        ]


def assert_exact(data: bytes, target: str = "generic", count: int = 3, seed: int = 0) -> None:
    """Every output of the C generated for ``target``, run on this machine, equals the reference's, byte for byte."""
    graph = read_model(data)
    native = NativeModel(compile_model(graph, target))
    reference = reference_runner(data, graph)
    for values in sample_inputs(graph.inputs, count, seed):
        for got, expected in zip(native.run(values), reference.run(values), strict=True):
            np.testing.assert_array_equal(got, expected)
