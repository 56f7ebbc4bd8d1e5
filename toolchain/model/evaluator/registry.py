"""Kind of operator → function that evaluates it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from toolchain.errors import BadInput
from toolchain.model.graph import Operator, Tensor

Values = Sequence["np.ndarray | None"]
Kernel = Callable[[Operator, Values], "np.ndarray | list[np.ndarray]"]
"""Gets an operator and its inputs' arrays (None for one that is absent); returns its output, or list of outputs. Arrays
have the shape and type of their tensors, except that the result of a kernel may be of a wider integer type. The array
of a variable tensor is the state itself: a kernel updates it in place."""

KERNELS: dict[str, Kernel] = {}


def evaluates(*kinds: str) -> Callable[[Kernel], Kernel]:
    """Register a function as the evaluation of operators ``kinds``."""

    def register(function: Kernel) -> Kernel:
        for kind in kinds:
            assert kind not in KERNELS, kind
            KERNELS[kind] = function
        return function

    return register


def unsupported(op: Operator, why: str) -> BadInput:
    """The error for a form of ``op`` that tflite-micro does not evaluate either."""
    return BadInput(f"operator {op.index} ({op.kind}): {why}", "convert the model with full-integer quantisation")


def present(values: Values, i: int) -> np.ndarray:
    """Input ``i``, which must be there."""
    value = values[i]
    assert value is not None
    return value


def limits(tensor: Tensor) -> tuple[int, int]:
    """Smallest and largest value of an integer tensor's type."""
    info = np.iinfo(tensor.dtype.numpy)
    return int(info.min), int(info.max)
