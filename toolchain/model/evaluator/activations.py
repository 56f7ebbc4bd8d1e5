"""Activations of one input: RELU and kin, LEAKY_RELU, HARD_SWISH, LOGISTIC, TANH.

Sources: tensorflow/lite/micro/kernels/{activations,leaky_relu,hard_swish,logistic,tanh}*.cc and
tensorflow/lite/kernels/internal/reference/{leaky_relu,hard_swish,integer_ops/logistic,integer_ops/tanh}.h.
"""

from __future__ import annotations

import math

import numpy as np

from toolchain.model import arithmetic, fixedpoint
from toolchain.model.evaluator.registry import Values, evaluates, limits, present, unsupported
from toolchain.model.graph import DType, Operator


def _centred(op: Operator, values: Values) -> np.ndarray:
    """Input less its zero point; input and output must be of one type, int8 or int16."""
    if op.input(0).dtype not in (DType.INT8, DType.INT16) or op.output.dtype is not op.input(0).dtype:
        raise unsupported(op, f"{op.input(0).dtype.value} to {op.output.dtype.value} is not evaluated")
    return present(values, 0).astype(np.int64) - op.input(0).zero_point


@evaluates("RELU", "RELU_N1_TO_1")
def relu(op: Operator, values: Values) -> np.ndarray:
    real = float(op.input(0).scale) / float(op.output.scale)
    scaled = arithmetic.multiply_by_quantized_multiplier(_centred(op, values), *arithmetic.quantize_multiplier(real))
    output = op.output
    low, high = arithmetic.activation_range(op.kind, output.scale, output.zero_point, *limits(output))
    return np.minimum(np.maximum(scaled + output.zero_point, low), high)


@evaluates("RELU6")
def relu6(op: Operator, values: Values) -> np.ndarray:
    """Clamps in the input's quantisation; the output's is taken to be the same, as the reference does."""
    _centred(op, values)
    tensor = op.input(0)
    low, high = limits(tensor)
    six = tensor.zero_point + arithmetic.round_half_away(float(np.float32(6) / np.float32(tensor.scale)))
    return np.clip(present(values, 0), tensor.zero_point, max(low, min(high, six)))


@evaluates("LEAKY_RELU")
def leaky_relu(op: Operator, values: Values) -> np.ndarray:
    x = _centred(op, values)
    s_in, s_out = float(op.input(0).scale), float(op.output.scale)
    slope = s_in * float(op.options["alpha"]) / s_out
    m, shift = arithmetic.quantize_multiplier(abs(slope))
    negative = arithmetic.multiply_by_quantized_multiplier(x, m if slope >= 0 else -m, shift)
    positive = arithmetic.multiply_by_quantized_multiplier(x, *arithmetic.quantize_multiplier(s_in / s_out))
    return np.clip(np.where(x >= 0, positive, negative) + op.output.zero_point, *limits(op.output))


def high_mul16(a: np.ndarray, b: int) -> np.ndarray:
    """round(a·b / 2^15) of int16 numbers, halves towards +inf, saturated."""
    return np.minimum((a * b + (1 << 14)) >> 15, 32767)


def _downscaled(real: float) -> tuple[int, int]:
    """A multiplier reduced to int16, and its exponent."""
    m, exponent = arithmetic.quantize_multiplier(real)
    return (32767 if m >= arithmetic.INT32_MAX - (1 << 15) else (m + (1 << 15)) >> 16), exponent


def hard_swish_parameters(input_scale: float, output_scale: float) -> tuple[int, int, int, int]:
    """(output multiplier, its exponent, relu-ish multiplier, its exponent); multipliers are int16, Q0."""
    fine = float(input_scale) / 128
    output, reluish = _downscaled(fine / float(output_scale)), _downscaled(fine * 32768 / 3)
    return *output, *reluish


@evaluates("HARD_SWISH")
def hard_swish(op: Operator, values: Values) -> np.ndarray:
    if op.input(0).dtype is not DType.INT8:
        raise unsupported(op, "only int8 is evaluated")
    out_m, out_exponent, relu_m, relu_exponent = hard_swish_parameters(op.input(0).scale, op.output.scale)
    if out_exponent > 0:
        raise unsupported(op, "the output scale is too small for the input scale")
    fine = _centred(op, values) << 7
    preshift = high_mul16(fine, out_m)
    reluish = fine
    if relu_exponent > 0:
        reluish = np.clip(reluish << (relu_exponent - 1), -32768, 32767)
    reluish = high_mul16(reluish, relu_m)
    if relu_exponent > 0:
        reluish = np.clip(reluish << 1, -32768, 32767)
    if relu_exponent < 0:
        reluish = arithmetic.rounding_divide_by_pot(reluish, -relu_exponent)
    reluish = (reluish + (1 << 15)) >> 1
    product = reluish * preshift
    truncated = np.where(product < 0, -(-product >> 15), product >> 15)
    result = arithmetic.rounding_divide_by_pot(truncated, -out_exponent) + op.output.zero_point
    return np.clip(result, *limits(op.output))


_INTEGER_BITS = 4


def _q4(op: Operator, x: np.ndarray) -> tuple[np.ndarray, int]:
    """``x`` in Q4.27, and the magnitude from which on the function is saturated."""
    m, shift = arithmetic.quantize_multiplier(float(op.input(0).scale) * (1 << (31 - _INTEGER_BITS)))
    radius = math.floor(((1 << _INTEGER_BITS) - 1) * (1 << (31 - _INTEGER_BITS)) / 2.0**shift)
    inside = np.clip(x, -radius, radius)
    return arithmetic.multiply_by_quantized_multiplier(inside, m, shift), radius


def _saturating(op: Operator, x: np.ndarray, radius: int, inside: np.ndarray) -> np.ndarray:
    low, high = limits(op.output)
    return np.where(x <= -radius, low, np.where(x >= radius, high, np.clip(inside, low, high)))


@evaluates("LOGISTIC")
def logistic(op: Operator, values: Values) -> np.ndarray:
    x = _centred(op, values)
    if op.output.dtype is DType.INT16:
        return logistic_int16(x, *int16_scaling(op, 0))
    if op.output.zero_point != -128:
        raise unsupported(op, "the output's zero point is not -128")
    q4, radius = _q4(op, x)
    q0 = fixedpoint.logistic(q4, _INTEGER_BITS)
    return _saturating(op, x, radius, arithmetic.rounding_divide_by_pot(q0, 23) - 128)


@evaluates("TANH")
def tanh(op: Operator, values: Values) -> np.ndarray:
    x = _centred(op, values)
    if op.output.dtype is DType.INT16:
        return tanh_int16(x, *int16_scaling(op, 1))
    q4, radius = _q4(op, x)
    q0 = fixedpoint.tanh(q4, _INTEGER_BITS)
    return _saturating(op, x, radius, arithmetic.rounding_divide_by_pot(q0, 24))


def log2_of_scale(scale: float) -> tuple[int, bool]:
    """log2 rounded, and whether the scale is that power of two (within 0.001), in float32 as the reference does."""
    log2 = np.float32(np.log(np.float32(scale))) * np.float32(1 / np.log(np.float32(2)))
    nearest = arithmetic.round_half_away(float(log2))
    return nearest, bool(abs(log2 - np.float32(nearest)) < 1e-3)


def int16_scaling(op: Operator, most_shift: int) -> tuple[int, int]:
    """(multiplier, right shift) from the input's scale to 1/(3·4096). ``most_shift``: largest left shift for which a
    power-of-two scale is taken as such."""
    if op.input(0).zero_point or op.output.zero_point or log2_of_scale(op.output.scale) != (-15, True):
        raise unsupported(op, "int16 needs zero points of 0 and an output scale of 1/32768")
    log2, power_of_two = log2_of_scale(op.input(0).scale)
    if power_of_two and 0 <= 12 + log2 <= most_shift:
        return 3 << (12 + log2), 0
    multiplier, shift = float(op.input(0).scale) * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        shift += 1
        multiplier *= 2.0
    return int(multiplier), shift


def _scaled16(x: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    return (x * multiplier + ((1 << shift) >> 1)) >> shift


def _interpolated(magnitude: np.ndarray, bits: int, saturated: int) -> np.ndarray:
    table, index = fixedpoint.sigmoid_table(), magnitude >> bits
    low = np.minimum(index, 254)
    value = (table[low] << bits) + (magnitude & ((1 << bits) - 1)) * (table[low + 1] - table[low])
    return np.where(index >= 255, saturated, value)


def logistic_int16(x: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    """int16 logistic by table, output scale 2^-15."""
    x = _scaled16(np.asarray(x, np.int64), multiplier, shift)
    result = _interpolated(np.abs(x), 9, 0x7FFF << 10)
    return np.where(x >= 0, result + (1 << 9), (1 << 25) - result + (1 << 9) - 1) >> 10


def tanh_int16(x: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    """int16 tanh by table, output scale 2^-15."""
    x = _scaled16(np.asarray(x, np.int64), multiplier, shift)
    result = _interpolated(np.abs(x), 8, 0xFFFF << 8)
    return np.where(x >= 0, result - (1 << 23) + (1 << 7), -result + (1 << 23) + (1 << 7) - 1) >> 8
