"""Arithmetic on shapes, done once here instead of at every inference.

A converted Keras model with an open batch computes the target of a RESHAPE from SHAPE, STRIDED_SLICE and PACK, and the
output shape of a TRANSPOSE_CONV likewise. All shapes being static, these are constants.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from toolchain.model.evaluator import shape as moves
from toolchain.model.evaluator.registry import Kernel
from toolchain.model.graph import DType, Operator

_MOST_ELEMENTS = 1024
_INTEGERS = (DType.INT32, DType.INT64)

_ARITHMETIC: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "ADD": np.add,
    "SUB": np.subtract,
    "MUL": np.multiply,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
}
_MOVES: dict[str, Kernel] = {
    "STRIDED_SLICE": moves.strided_slice,
    "SLICE": moves.slice_,
    "PACK": moves.pack,
    "GATHER": moves.gather,
    "RESHAPE": moves.reshape,
    "EXPAND_DIMS": moves.reshape,
    "SQUEEZE": moves.reshape,
}


def folded(op: Operator) -> np.ndarray | None:
    """The output of ``op`` if it is a small array of int32 or int64 that depends on shapes and constants only."""
    if len(op.outputs) != 1 or op.output.dtype not in _INTEGERS or op.output.elements > _MOST_ELEMENTS:
        return None
    if op.kind == "SHAPE":
        return np.array(op.input(0).shape, op.output.dtype.numpy)
    inputs = [t.data for t in op.inputs if t is not None and t.dtype in _INTEGERS and t.data is not None]
    if len(inputs) != len(op.inputs):
        return None
    if op.kind == "CONCATENATION":  # the evaluator's is of quantised tensors
        result = np.concatenate(inputs, axis=int(op.options["axis"]))
    elif op.kind == "REDUCE_PROD" and len(inputs) == 2 and inputs[0].ndim == op.output.elements == 1:
        result = np.prod(inputs[0]).reshape(op.output.shape)
    elif op.kind in _ARITHMETIC and op.options.get("fused_activation_function", "NONE") == "NONE":
        result = _ARITHMETIC[op.kind](inputs[0], inputs[1])
    elif op.kind in _MOVES:
        result = np.asarray(_MOVES[op.kind](op, inputs))
    else:
        return None
    return result.astype(op.output.dtype.numpy)
