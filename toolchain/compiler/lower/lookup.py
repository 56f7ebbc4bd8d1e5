"""Functions of one int8: a table of 256 outputs made here with the reference's arithmetic."""

from __future__ import annotations

import math

import numpy as np

from toolchain.compiler.lower.common import output_range, refuse, require_output, require_per_tensor, require_types
from toolchain.compiler.step import Constant, Context, Overlap, Step, View, lowers
from toolchain.model.arithmetic import (
    activation_range,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    rounding_divide_by_pot,
)
from toolchain.model.fixedpoint import logistic, tanh
from toolchain.model.graph import DType, Operator, Tensor

INPUTS = np.arange(-128, 128)


def lookup(operator: Operator, values: np.ndarray) -> Step | View:
    """The step that maps input -128 … 127 to ``values`` (clamped to int8 here); a view when that is the identity."""
    x, y = operator.input(0), operator.output
    table = np.clip(values, -128, 127).astype(np.int8)
    if np.array_equal(table, INPUTS):
        return View(operator, x, y)
    params = {"count": x.elements, "table": Constant("table", np.roll(table, 128))}
    return Step(operator, "kit_lookup_s8", "kit_lookup.h", params, (x,), (y,), overlaps=(Overlap(0, 0, 0),))


def _require_int8(operator: Operator) -> tuple[Tensor, Tensor]:
    x, y = operator.input(0), operator.output
    require_types(operator, x, DType.INT8)
    require_types(operator, y, DType.INT8)
    require_per_tensor(operator, x, y)
    return x, y


def multiplier(operator: Operator, real: float) -> tuple[int, int]:
    """`quantize_multiplier`, refusing what has none, or one with which the reference shifts by 31 bits or more."""
    if real >= 1 << 30:
        raise refuse(operator, f"its output's scale is {real:.3g} times too small", "check the scales around it")
    try:
        return quantize_multiplier(real)
    except ValueError as error:
        raise refuse(operator, str(error), "check the scales of the tensors around it") from error


def requantized(operator: Operator, x: Tensor, y: Tensor) -> np.ndarray:
    """int8 inputs rescaled to the output's quantisation, not clamped."""
    m, shift = multiplier(operator, x.scale / y.scale)
    return multiply_by_quantized_multiplier(INPUTS - x.zero_point, m, shift) + y.zero_point


@lowers("RELU", "RELU_N1_TO_1")
def lower_relu(operator: Operator, context: Context) -> Step | View:
    x, y = _require_int8(operator)
    lo, hi = activation_range(operator.kind, y.scale, y.zero_point, -128, 127)
    return lookup(operator, np.clip(requantized(operator, x, y), lo, hi))


@lowers("RELU6")
def lower_relu6(operator: Operator, context: Context) -> Step | View:
    """The reference clamps in the input's quantisation and rescales nothing."""
    x, _ = _require_int8(operator)
    lo, hi = activation_range("RELU6", x.scale, x.zero_point, -128, 127)
    return lookup(operator, np.clip(INPUTS, lo, hi))


@lowers("LEAKY_RELU")
def lower_leaky_relu(operator: Operator, context: Context) -> Step | View:
    x, y = _require_int8(operator)
    value = INPUTS - x.zero_point
    rising = multiply_by_quantized_multiplier(value, *multiplier(operator, x.scale / y.scale))
    falling = multiply_by_quantized_multiplier(value, *slope_multiplier(operator))
    return lookup(operator, np.where(x.zero_point <= INPUTS, rising, falling) + y.zero_point)


def slope_multiplier(operator: Operator) -> tuple[int, int]:
    """Multiplier, negative for a negative slope, and shift of what a LEAKY_RELU does to negative values."""
    alpha = float(operator.options["alpha"])
    m, shift = multiplier(operator, operator.input(0).scale * abs(alpha) / operator.output.scale)
    return (-m if alpha < 0 else m), shift


def _sigmoidal(operator: Operator, x: Tensor, fraction_bits: int, tangent: bool) -> np.ndarray:
    """logistic or tanh of the inputs with ``fraction_bits`` after the point, saturated outside the range of Q4."""
    real = x.scale * (1 << 27)
    m, shift = multiplier(operator, real)
    if not 0 <= shift <= 30:
        raise refuse(operator, f"input scale {x.scale:g} is out of range", "check the quantisation of the input", x)
    radius = math.floor(15 * (1 << 27) / (1 << shift))
    value = INPUTS - x.zero_point
    q4 = multiply_by_quantized_multiplier(value, m, shift)
    inside = np.abs(value) < radius
    q0 = (tanh if tangent else logistic)(np.where(inside, q4, 0), 4)
    result = rounding_divide_by_pot(q0, 31 - fraction_bits) + (0 if tangent else -128)
    return np.where(value <= -radius, -128, np.where(value >= radius, 127, result))


@lowers("LOGISTIC")
def lower_logistic(operator: Operator, context: Context) -> Step | View:
    x, _ = _require_int8(operator)
    require_output(operator, 256, -128)
    return lookup(operator, _sigmoidal(operator, x, 8, tangent=False))


@lowers("TANH")
def lower_tanh(operator: Operator, context: Context) -> Step | View:
    x, _ = _require_int8(operator)
    require_output(operator, 128, 0)
    return lookup(operator, _sigmoidal(operator, x, 7, tangent=True))


def _int16(x: np.ndarray | int) -> np.ndarray:
    return np.asarray(x).astype(np.int16).astype(np.int64)


def _high_mul_16(a: np.ndarray, b: int) -> np.ndarray:
    """round(a * b / 2^15) of 16-bit values; b is positive."""
    product = a * b
    nudge = np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    return np.trunc((product + nudge) / (1 << 15)).astype(np.int64)


def _saturate_16(x: np.ndarray) -> np.ndarray:
    return np.clip(x, -32768, 32767)


@lowers("HARD_SWISH")
def lower_hard_swish(operator: Operator, context: Context) -> Step | View:
    """x * relu6(x + 3) / 6 in 16-bit fixed point (reference_ops::HardSwish)."""
    x, y = _require_int8(operator)
    out_m, out_shift = multiplier(operator, x.scale / 128 / y.scale)
    relu_m, relu_shift = multiplier(operator, x.scale / 128 * 32768 / 3)
    out_m, relu_m = (min((m + (1 << 15)) >> 16, 32767) for m in (out_m, relu_m))
    if out_shift > 0:
        raise refuse(operator, "the output scale is too small for the input scale", "re-quantise the output")
    if min(out_shift, relu_shift) < -15:  # beyond the reference's 16 bits, where it no longer rounds
        raise refuse(operator, "its scales are too far apart for 16 bits", "check the quantisation of both tensors")
    value = _int16((INPUTS - x.zero_point) * 128)
    scaled = _high_mul_16(value, out_m)
    reluish = value
    if relu_shift > 0:
        reluish = _saturate_16(reluish << (relu_shift - 1))
    reluish = _high_mul_16(reluish, relu_m)
    if relu_shift > 0:
        reluish = _saturate_16(reluish << 1)
    if relu_shift < 0:
        reluish = rounding_divide_by_pot(reluish, -relu_shift)
    reluish = (reluish + (1 << 15)) >> 1
    product = np.trunc(reluish * scaled / (1 << 15)).astype(np.int64)
    return lookup(operator, rounding_divide_by_pot(product, -out_shift) + y.zero_point)


_INTEGERS = (DType.INT8, DType.UINT8, DType.INT16)


@lowers("QUANTIZE")
def lower_quantize(operator: Operator, context: Context) -> Step | View:
    x, y = operator.input(0), operator.output
    require_per_tensor(operator, y)
    lo, hi = output_range(operator) if y.dtype in _INTEGERS else (-(1 << 31), (1 << 31) - 1)
    if x.dtype is DType.FLOAT32:
        require_types(operator, y, DType.INT8, DType.INT16)
        params: dict[str, object] = {"count": x.elements, "type_out": f"KIT_{y.dtype.name}", "scale": y.scale}
        params |= {"zero": y.zero_point, "lo": lo, "hi": hi}
        return Step(operator, "kit_quantize", "kit_quantize.h", params, (x,), (y,), overlaps=(Overlap(0, 0, 0),))
    require_types(operator, x, *_INTEGERS, DType.INT32)
    require_types(operator, y, *_INTEGERS, DType.INT32)
    require_per_tensor(operator, x)
    if (x.dtype, y.dtype) == (DType.INT8, DType.INT8):
        return lookup(operator, requantized(operator, x, y))
    return requantize_step(operator, lo, hi)


def requantize_step(operator: Operator, lo: int, hi: int) -> Step:
    """Rescale every element of the input to the output's quantisation and clamp it."""
    x, y = operator.input(0), operator.output
    m, shift = multiplier(operator, x.scale / y.scale)
    params = {
        "count": x.elements,
        "type_in": f"KIT_{x.dtype.name}",
        "type_out": f"KIT_{y.dtype.name}",
        "zero_in": x.zero_point,
        "multiplier": m,
        "shift": shift,
        "zero": y.zero_point,
        "lo": lo,
        "hi": hi,
    }
    overlaps = (Overlap(0, 0, 0),) if y.dtype.size <= x.dtype.size else ()
    return Step(
        operator,
        "kit_requantize_elements",
        "kit_quantize.h",
        params,
        (x,),
        (y,),
        struct="kit_requantize_params",
        overlaps=overlaps,
    )


@lowers("DEQUANTIZE")
def lower_dequantize(operator: Operator, context: Context) -> Step:
    x, y = operator.input(0), operator.output
    require_types(operator, x, *_INTEGERS)
    require_types(operator, y, DType.FLOAT32)
    require_per_tensor(operator, x)
    params = {"count": x.elements, "type_in": f"KIT_{x.dtype.name}", "scale": x.scale, "zero": x.zero_point}
    return Step(operator, "kit_dequantize", "kit_quantize.h", params, (x,), (y,))
