"""CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED: int8 and int16 activations with int8 weights.

Source: tensorflow/lite/kernels/internal/reference/integer_ops/{conv,depthwise_conv,fully_connected}.h.
Sums are taken in float64, where they are exact: 2^15 · 2^7 · taps stays far below 2^53.
"""

from __future__ import annotations

import numpy as np

from toolchain.model import arithmetic
from toolchain.model.evaluator.registry import Values, evaluates, limits, present, unsupported
from toolchain.model.graph import DType, Operator
from toolchain.model.shapes import window_axes
from toolchain.model.windows import padded


def check_types(op: Operator) -> None:
    """Raises BadInput unless activations are int8 or int16, weights int8 and the bias as that form has it."""
    x, weights, output = op.input(0), op.input(1), op.output
    wide = x.dtype is DType.INT16
    if x.dtype not in (DType.INT8, DType.INT16) or output.dtype is not x.dtype or weights.dtype is not DType.INT8:
        raise unsupported(op, f"{x.dtype.value} input with {weights.dtype.value} weights is not evaluated")
    bias = op.inputs[2] if len(op.inputs) > 2 else None
    allowed = (DType.INT64, DType.INT32) if wide else (DType.INT32,)
    if bias is not None and bias.dtype not in allowed:
        raise unsupported(op, f"the bias {bias.name!r} has type {bias.dtype.value}")


def requantized_by(acc: np.ndarray, scales: np.ndarray, wide: bool) -> np.ndarray:
    """Accumulators (channel last) times the effective ``scales`` (double, one or one a channel).

    ``wide``: accumulators of 64 bits, as int16 activations have them."""
    pairs = [arithmetic.quantize_multiplier(float(s)) for s in scales]
    m, shift = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    if wide:
        return arithmetic.multiply_wide_by_quantized_multiplier(acc, m, shift)
    return arithmetic.multiply_by_quantized_multiplier(arithmetic.wrap32(acc), m, shift)


def requantized(op: Operator, acc: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Accumulators → output, clamped by the fused activation."""
    scaled = requantized_by(acc, scales, wide=op.input(0).dtype is DType.INT16)
    return clamped(op, scaled + op.output.zero_point)


def clamped(op: Operator, x: np.ndarray) -> np.ndarray:
    """Clamp to the fused activation's range in the output's quantisation."""
    output = op.output
    activation = op.options.get("fused_activation_function", "NONE")
    try:
        low, high = arithmetic.activation_range(activation, output.scale, output.zero_point, *limits(output))
    except ValueError as error:
        raise unsupported(op, str(error)) from error
    return np.minimum(np.maximum(x, low), high)


def channel_scales(op: Operator) -> np.ndarray:
    """s_in · s_w / s_out in double from the float32 scales, one a channel (or one)."""
    weights = op.input(1).quantization
    assert weights is not None
    return np.array([float(op.input(0).scale) * s / float(op.output.scale) for s in weights.scales])


def _bias(op: Operator, values: Values) -> np.ndarray | int:
    bias = values[2] if len(values) > 2 else None
    return 0 if bias is None else bias.astype(np.int64)


@evaluates("CONV_2D")
def conv(op: Operator, values: Values) -> np.ndarray:
    check_types(op)
    x, weights = present(values, 0).astype(np.float64) - op.input(0).zero_point, present(values, 1)
    _, kernel_height, kernel_width, depth = weights.shape
    rows, columns = window_axes(op, x.shape[1:3], (kernel_height, kernel_width))
    x = padded(x, rows, columns, 0)
    groups = x.shape[3] // depth
    parts = []
    for group, filters in enumerate(np.split(weights.astype(np.float64), groups)):
        channels = slice(group * depth, (group + 1) * depth)
        taps = [
            x[:, rows.taps(i), columns.taps(j), channels] @ filters[:, i, j].T
            for i in range(kernel_height)
            for j in range(kernel_width)
        ]
        parts.append(np.sum(taps, axis=0))
    return requantized(op, np.concatenate(parts, axis=-1).astype(np.int64) + _bias(op, values), channel_scales(op))


@evaluates("DEPTHWISE_CONV_2D")
def depthwise_conv(op: Operator, values: Values) -> np.ndarray:
    check_types(op)
    x, weights = present(values, 0).astype(np.float64) - op.input(0).zero_point, present(values, 1)
    _, kernel_height, kernel_width, channels = weights.shape
    rows, columns = window_axes(op, x.shape[1:3], (kernel_height, kernel_width))
    # Output channel c reads input channel c // multiplier.
    x = np.repeat(padded(x, rows, columns, 0), channels // x.shape[3], axis=3)
    acc = np.zeros((x.shape[0], rows.count, columns.count, channels))
    for i in range(kernel_height):
        for j in range(kernel_width):
            acc += x[:, rows.taps(i), columns.taps(j)] * weights[0, i, j]
    return requantized(op, acc.astype(np.int64) + _bias(op, values), channel_scales(op))


@evaluates("FULLY_CONNECTED")
def fully_connected(op: Operator, values: Values) -> np.ndarray:
    check_types(op)
    x, weights = present(values, 0).astype(np.float64) - op.input(0).zero_point, present(values, 1)
    outputs, depth = weights.shape[-2:]
    quantization = op.input(1).quantization
    assert quantization is not None
    acc = (x.reshape(-1, depth) @ (weights.reshape(outputs, depth) - quantization.zero_point).T).astype(np.int64)
    return requantized(op, acc + _bias(op, values), channel_scales(op)).reshape(op.output.shape)
