"""MEAN, SUM, REDUCE_MAX, ARG_MAX, L2_NORMALIZATION.

Sources: tensorflow/lite/kernels/internal/reference/{reduce,arg_min_max,integer_ops/l2normalization}.h.
"""

from __future__ import annotations

import numpy as np

from toolchain.model import arithmetic, fixedpoint
from toolchain.model.evaluator.registry import Values, evaluates, limits, present, unsupported
from toolchain.model.graph import DType, Operator
from toolchain.model.shapes import constant_axes


def mean_multiplier(m: int, shift: int, count: int) -> tuple[int, int]:
    """The multiplier with 1/count folded in."""
    up = min(count.bit_length() - 1, 32, 31 + shift)
    return (m << up) // count, shift - up


@evaluates("MEAN", "SUM")
def mean_or_sum(op: Operator, values: Values) -> np.ndarray:
    x = present(values, 0).astype(np.int64)
    if op.input(0).dtype not in (DType.INT8, DType.INT16) or op.output.dtype is not op.input(0).dtype:
        raise unsupported(op, f"{op.input(0).dtype.value} is not evaluated")
    axes = constant_axes(op, 1)
    count = int(np.prod([x.shape[a] for a in axes]))
    total = x.sum(axis=axes, keepdims=bool(op.options["keep_dims"])) - count * op.input(0).zero_point
    m, shift = arithmetic.quantize_multiplier(float(op.input(0).scale) / float(op.output.scale))
    if op.kind == "MEAN":
        m, shift = mean_multiplier(m, shift, count)
    result = arithmetic.multiply_by_quantized_multiplier(arithmetic.wrap32(total), m, shift)
    return np.clip(result + op.output.zero_point, *limits(op.output))


@evaluates("REDUCE_MAX")
def reduce_max(op: Operator, values: Values) -> np.ndarray:
    x = present(values, 0)
    if op.input(0).quantization != op.output.quantization:
        raise unsupported(op, "input and output differ in quantisation")
    return x.max(axis=constant_axes(op, 1), keepdims=bool(op.options["keep_dims"]))


@evaluates("ARG_MAX")
def arg_max(op: Operator, values: Values) -> np.ndarray:
    """The first position of the largest value."""
    x = present(values, 0)
    if op.output.dtype is not DType.INT32:
        raise unsupported(op, "its output is not int32")
    return np.argmax(x, axis=constant_axes(op, 1)[0])


@evaluates("L2_NORMALIZATION")
def l2_normalization(op: Operator, values: Values) -> np.ndarray:
    if op.input(0).dtype is not DType.INT8 or op.output.dtype is not DType.INT8:
        raise unsupported(op, "only int8 is evaluated")
    x = present(values, 0).astype(np.int64) - op.input(0).zero_point
    rows = x.reshape(-1, x.shape[-1])
    result = []
    for row in rows:
        m, shift = fixedpoint.inverse_square_root(int(arithmetic.wrap32((row * row).sum())))
        result.append(arithmetic.multiply_by_quantized_multiplier(row, m, shift + 7))
    return np.clip(np.array(result).reshape(x.shape), -128, 127)
