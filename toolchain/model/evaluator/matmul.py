"""TRANSPOSE_CONV and BATCH_MATMUL.

Sources: tensorflow/lite/micro/kernels/{transpose_conv,batch_matmul}.cc and
tensorflow/lite/kernels/internal/reference/{integer_ops/transpose_conv,batch_matmul}.h.
"""

from __future__ import annotations

import numpy as np

from toolchain.model import arithmetic
from toolchain.model.evaluator.linear import clamped, requantized_by
from toolchain.model.evaluator.registry import Values, evaluates, limits, present, unsupported
from toolchain.model.graph import DType, Operator
from toolchain.model.shapes import window_axes


@evaluates("TRANSPOSE_CONV")
def transpose_conv(op: Operator, values: Values) -> np.ndarray:
    """Inputs are output shape, weights, input and bias. Each input adds its patch to the output, which is then cut."""
    source, weights = op.input(2), present(values, 1).astype(np.float64)
    if source.dtype not in (DType.INT8, DType.INT16) or op.input(1).dtype is not DType.INT8:
        raise unsupported(op, f"{source.dtype.value} input with {op.input(1).dtype.value} weights is not evaluated")
    x = present(values, 2).astype(np.float64) - source.zero_point
    batch, height, width, _ = x.shape
    channels, kernel_height, kernel_width, _ = weights.shape
    shape = op.output.shape
    rows, columns = window_axes(op, shape[1:3], (kernel_height, kernel_width))
    full_height = max((height - 1) * rows.stride + kernel_height, rows.before + shape[1])
    full_width = max((width - 1) * columns.stride + kernel_width, columns.before + shape[2])
    acc = np.zeros((batch, full_height, full_width, channels))
    for i in range(kernel_height):
        for j in range(kernel_width):
            at = (
                slice(i, i + (height - 1) * rows.stride + 1, rows.stride),
                slice(j, j + (width - 1) * columns.stride + 1, columns.stride),
            )
            acc[:, at[0], at[1]] += x @ weights[:, i, j].T
    acc = acc[:, rows.before : rows.before + shape[1], columns.before : columns.before + shape[2]]
    total = acc.astype(np.int64)
    if len(values) > 3 and values[3] is not None:
        total += values[3].astype(np.int64)
    weight_scales = op.input(1).quantization
    assert weight_scales is not None
    scales = [float(source.scale) * s / float(op.output.scale) for s in weight_scales.scales]
    scaled = requantized_by(total, np.array(scales), wide=source.dtype is DType.INT16)
    return clamped(op, scaled + op.output.zero_point)


@evaluates("BATCH_MATMUL")
def batch_matmul(op: Operator, values: Values) -> np.ndarray:
    a, b = op.input(0), op.input(1)
    if a.dtype not in (DType.INT8, DType.INT16) or not a.dtype is b.dtype is op.output.dtype:
        raise unsupported(op, f"types {a.dtype.value} and {b.dtype.value} are not evaluated")
    x, y = (present(values, i).astype(np.int64) - op.input(i).zero_point for i in (0, 1))
    x = np.swapaxes(x, -1, -2) if op.options["adj_x"] else x
    y = np.swapaxes(y, -1, -2) if op.options["adj_y"] else y
    # Products of two int16 exceed what float64 holds exactly only beyond 2^21 terms.
    total = (x.astype(np.float64) @ y.astype(np.float64)).astype(np.int64)
    m, shift = arithmetic.quantize_multiplier(float(a.scale) * float(b.scale) / float(op.output.scale))
    if a.dtype is DType.INT16:
        scaled = arithmetic.multiply_wide_by_quantized_multiplier(total, m, shift)
    else:
        scaled = arithmetic.multiply_by_quantized_multiplier(total, m, shift)
    return np.clip(scaled + op.output.zero_point, *limits(op.output))
