"""SOFTMAX. Sources: tensorflow/lite/kernels/internal/reference/softmax.h and micro/kernels/softmax_common.cc."""

from __future__ import annotations

import functools
import math

import numpy as np

from toolchain.model import arithmetic, fixedpoint
from toolchain.model.evaluator.registry import Values, evaluates, limits, present, unsupported
from toolchain.model.graph import DType, Operator

_SCALED_DIFF_BITS = 5
_ACCUMULATION_BITS = 12


@evaluates("SOFTMAX")
def softmax(op: Operator, values: Values) -> np.ndarray:
    x = present(values, 0).astype(np.int64)
    kinds = op.input(0).dtype, op.output.dtype
    if kinds == (DType.INT16, DType.INT16):
        return _int16(op, x)
    if kinds not in ((DType.INT8, DType.INT8), (DType.INT8, DType.INT16)):
        raise unsupported(op, f"softmax from {kinds[0].value} to {kinds[1].value}")
    return _int8(op, x)


def softmax_scaling(beta: float, scale: float) -> tuple[int, int, int]:
    """Multiplier and left shift to Q5.26, and the smallest difference to the maximum that counts."""
    real = min(beta * scale * (1 << (31 - _SCALED_DIFF_BITS)), (1 << 31) - 1.0)
    m, shift = arithmetic.quantize_multiplier(real)
    radius = math.floor(((1 << _SCALED_DIFF_BITS) - 1) * (1 << (31 - _SCALED_DIFF_BITS)) / (1 << shift))
    return m, shift, -radius


def _int8(op: Operator, x: np.ndarray) -> np.ndarray:
    beta, scale = float(op.options["beta"]), float(op.input(0).scale)
    if not beta * scale * (1 << (31 - _SCALED_DIFF_BITS)) > 1:
        raise unsupported(op, f"beta {beta} is too small")
    m, shift, diff_min = softmax_scaling(beta, scale)
    diff = x - x.max(axis=-1, keepdims=True)
    counts = diff >= diff_min
    scaled = arithmetic.saturating_rounding_doubling_high_mul(np.where(counts, diff, 0) << shift, m)
    exps = fixedpoint.exp_on_negative_values(scaled, _SCALED_DIFF_BITS)
    parts = np.where(counts, arithmetic.rounding_divide_by_pot(exps, _ACCUMULATION_BITS), 0)
    mantissa, over_unit = fixedpoint.reciprocal(parts.sum(axis=-1, keepdims=True), _ACCUMULATION_BITS)
    low, high = limits(op.output)
    exponent = over_unit + 31 - 8 * op.output.dtype.size
    product = arithmetic.saturating_rounding_doubling_high_mul(mantissa, exps)
    result = arithmetic.rounding_divide_by_pot(product, exponent) + low
    return np.where(counts, np.clip(result, low, high), low)


@functools.cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    return (
        fixedpoint.int16_table(math.exp, -10.0, 0.0),
        fixedpoint.int16_table(lambda v: float(np.float32(1) / (np.float32(1) + np.float32(v))), 0.0, 1.0),
    )


def _int16(op: Operator, x: np.ndarray) -> np.ndarray:
    exp_table, reciprocal_table = _tables()
    real = float(op.input(0).scale) * float(op.options["beta"]) / (10.0 / 65535.0)
    diff = x - x.max(axis=-1, keepdims=True)
    scaled = arithmetic.multiply_by_quantized_multiplier(diff, *arithmetic.quantize_multiplier(real))
    exps = fixedpoint.int16_lookup(np.clip(scaled + 32767, -32768, 32767), exp_table)
    total = exps.sum(axis=-1, keepdims=True)
    headroom = fixedpoint.count_leading_zeros(total)
    shifted = ((total << (headroom - 1)) + (1 << 13)) >> 14
    centred = np.clip(shifted - (1 << 15) - (1 << 16), -32768, 32767)
    factor = fixedpoint.int16_lookup(centred, reciprocal_table)
    right = 31 - headroom
    return np.clip((exps * factor + (np.int64(1) << (right - 1))) >> right, 0, 32767)


@evaluates("LOG_SOFTMAX")
def log_softmax(op: Operator, values: Values) -> np.ndarray:
    """Output scale 1/16, zero point 127. Source: tensorflow/lite/kernels/internal/reference/log_softmax.h."""
    if op.input(0).dtype is not DType.INT8 or (op.output.scale, op.output.zero_point) != (1 / 16, 127):
        raise unsupported(op, "it needs int8, an output scale of 1/16 and an output zero point of 127")
    if not op.input(0).scale * (1 << (31 - _SCALED_DIFF_BITS)) > 1:
        raise unsupported(op, "the input scale is too small")
    x = present(values, 0).astype(np.int64)
    m, shift, diff_min = softmax_scaling(1.0, float(op.input(0).scale))
    reverse_m, reverse_shift = arithmetic.quantize_multiplier((1 << (31 - shift)) / m)
    diff = x - x.max(axis=-1, keepdims=True)
    scaled = arithmetic.multiply_by_quantized_multiplier(np.maximum(diff, diff_min), m, shift)
    exps = fixedpoint.exp_on_negative_values(scaled, _SCALED_DIFF_BITS)
    parts = np.where(diff >= diff_min, arithmetic.rounding_divide_by_pot(exps, _ACCUMULATION_BITS), 0)
    log_sum = fixedpoint.log(parts.sum(axis=-1, keepdims=True), _ACCUMULATION_BITS, _SCALED_DIFF_BITS)
    least = arithmetic.multiply_by_quantized_multiplier(log_sum + arithmetic.INT32_MIN, reverse_m, reverse_shift)
    least = np.maximum(diff_min - 1, least)
    result = arithmetic.rounding_divide_by_pot(scaled - log_sum, 31 - _SCALED_DIFF_BITS - 4) + 127
    return np.where(diff > least, np.clip(result, -128, 127), -128)
