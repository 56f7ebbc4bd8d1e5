"""AVERAGE_POOL_2D, MAX_POOL_2D. Source: tensorflow/lite/kernels/internal/reference/integer_ops/pooling.h."""

from __future__ import annotations

import numpy as np

from toolchain.model.arithmetic import rounding_divide
from toolchain.model.evaluator.linear import clamped
from toolchain.model.evaluator.registry import Values, evaluates, limits, present, unsupported
from toolchain.model.graph import DType, Operator
from toolchain.model.shapes import window_axes
from toolchain.model.windows import Axis, padded


def _windows(op: Operator, x: np.ndarray) -> tuple[Axis, Axis]:
    if op.input(0).dtype not in (DType.INT8, DType.INT16) or op.output.dtype is not op.input(0).dtype:
        raise unsupported(op, f"{op.input(0).dtype.value} is not pooled")
    return window_axes(op, x.shape[1:3], (op.options["filter_height"], op.options["filter_width"]))


def _taps(x: np.ndarray, rows: Axis, columns: Axis) -> list[np.ndarray]:
    return [x[:, rows.taps(i), columns.taps(j)] for i in range(rows.kernel) for j in range(columns.kernel)]


@evaluates("AVERAGE_POOL_2D")
def average_pool(op: Operator, values: Values) -> np.ndarray:
    """Only taps inside the input are summed and counted; input and output share their quantisation."""
    x = present(values, 0).astype(np.int64)
    rows, columns = _windows(op, x)
    total = np.sum(_taps(padded(x, rows, columns, 0), rows, columns), axis=0)
    inside = padded(np.ones((1, *x.shape[1:3], 1), np.int64), rows, columns, 0)
    return clamped(op, rounding_divide(total, np.sum(_taps(inside, rows, columns), axis=0)))


@evaluates("MAX_POOL_2D")
def max_pool(op: Operator, values: Values) -> np.ndarray:
    x = present(values, 0).astype(np.int64)
    rows, columns = _windows(op, x)
    return clamped(op, np.max(_taps(padded(x, rows, columns, limits(op.output)[0]), rows, columns), axis=0))
