"""Inputs for a model: random ones of several widths around the zero point, and the edges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from toolchain.model.graph import Graph, Tensor

#: Standard deviations in steps of an int8 tensor; None is evenly over the whole range.
WIDTHS = (None, 40.0, 6.0, None, 20.0)
_STEPS = {1: 1, 2: 200, 4: 1}
EDGES = ("lowest", "highest", "zero point")


def random_input(tensor: Tensor, rng: np.random.Generator, width: float | None) -> np.ndarray:
    """Spread by ``width`` about the zero point. Floats: a standard deviation of ``width`` / 10, or 10."""
    dtype = tensor.dtype.numpy
    if dtype.kind == "f":
        return rng.normal(0, 10 if width is None else width / 10, tensor.shape).astype(dtype)
    if dtype.kind == "b":
        return rng.random(tensor.shape) < 0.5
    info = np.iinfo(dtype)
    if width is None:
        return rng.integers(info.min, info.max, tensor.shape, dtype, endpoint=True)
    middle = tensor.zero_point if tensor.quantization else 0
    values = rng.normal(middle, width * _STEPS[min(4, dtype.itemsize)], tensor.shape)
    return np.clip(np.round(values), info.min, info.max).astype(dtype)


def random_inputs(graph: Graph, rng: np.random.Generator, width: float | None = None) -> list[np.ndarray]:
    """`random_input` for each input of ``graph``."""
    return [random_input(t, rng, width) for t in graph.inputs]


def edge_input(tensor: Tensor, edge: str) -> np.ndarray:
    """All lowest, all highest or all zero point; for floats what quantises to the ends (beyond int32, what the device
    reference does with them is undefined in C)."""
    dtype = tensor.dtype.numpy
    if dtype.kind == "b":
        return np.full(tensor.shape, edge == "highest")
    if dtype.kind == "f":
        return np.full(tensor.shape, {"lowest": -1e5, "highest": 1e5, "zero point": 0.0}[edge], dtype)
    info = np.iinfo(dtype)
    zero = tensor.zero_point if tensor.quantization else 0
    return np.full(tensor.shape, {"lowest": info.min, "highest": info.max, "zero point": zero}[edge], dtype)


def sample_inputs(tensors: Sequence[Tensor], seed: int) -> list[list[np.ndarray]]:
    """For one model: a random input of each of `WIDTHS`, then one of each of `EDGES`."""
    rng = np.random.default_rng(seed)
    made = [[random_input(t, rng, width) for t in tensors] for width in WIDTHS]
    return made + [[edge_input(t, edge) for t in tensors] for edge in EDGES]
