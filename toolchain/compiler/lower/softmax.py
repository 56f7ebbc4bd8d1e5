"""SOFTMAX and LOG_SOFTMAX over the last dimension."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from toolchain.compiler.lower.common import refuse, require_output, require_per_tensor, require_types
from toolchain.compiler.lower.lookup import multiplier
from toolchain.compiler.step import Constant, Context, Overlap, Step, lowers
from toolchain.model.arithmetic import quantize_multiplier
from toolchain.model.graph import DType, Operator

INTEGER_BITS = 5  # of the scaled difference to the row's maximum


def scaled_difference(operator: Operator, beta: float) -> tuple[int, int, int]:
    """Multiplier, left shift and least difference that counts (PreprocessSoftmaxScaling, CalculateInputRadius)."""
    x = operator.input(0)
    real = min(beta * x.scale * (1 << (31 - INTEGER_BITS)), float((1 << 31) - 1))
    if not real > 1:  # the reference stops there
        what = f"input scale {x.scale:g} times beta {beta:g} is too small"
        raise refuse(operator, what, "check the quantisation of the input", x)
    m, shift = quantize_multiplier(real)
    radius = ((1 << INTEGER_BITS) - 1) * (1 << (31 - INTEGER_BITS)) / (1 << shift)
    return m, shift, -math.floor(radius)


@lowers("SOFTMAX")
def lower_softmax(operator: Operator, context: Context) -> Step:
    x, y = operator.input(0), operator.output
    require_types(operator, x, DType.INT8, DType.INT16)
    require_types(operator, y, x.dtype)
    require_per_tensor(operator, x, y)
    if x.dtype is DType.INT16:
        return _softmax_16(operator)
    require_output(operator, 256, -128)
    params = _exponents(operator, operator.options["beta"])
    return Step(operator, "kit_softmax_s8", "kit_softmax.h", params, (x,), (y,), overlaps=(Overlap(0, 0, 0),))


def _exponents(operator: Operator, beta: float) -> dict[str, int]:
    """What the int8 kernels need for the sum of a row's exponential functions."""
    x = operator.input(0)
    depth = x.shape[-1]
    if depth > 4095:
        raise refuse(operator, f"{depth} classes overflow the sum, at most 4095", "use fewer classes")
    m, shift, diff_min = scaled_difference(operator, beta)
    return {
        "rows": x.elements // depth,
        "depth": depth,
        "multiplier": m,
        "left_shift": shift,
        "diff_min": diff_min,
    }


def interpolation_table(function: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> np.ndarray:
    """513 values, Q0.15, of ``function`` over ``low`` … ``high``, each nudged so that the middle of its linear piece
    errs less (LUTPopulate for int16, in float32)."""
    f32 = np.float32
    step = f32((f32(high) - f32(low)) / f32(512))
    at = (f32(low) + np.arange(513, dtype=f32) * step).astype(f32)
    at[512] = high
    scale = f32(32768)
    value = function(at) * scale
    middle = function(at[:512] + step / f32(2)) * scale
    rounded = _round(value)
    interpolated = _round((value[1:] + rounded[:512]) / f32(2))
    nudge = _round((interpolated - _round(middle)) / f32(2))
    table = np.append(rounded[:512] - nudge, rounded[512:])
    return np.clip(table, -32768, 32767).astype(np.int16)


def _round(x: np.ndarray) -> np.ndarray:
    return np.trunc(x + np.copysign(np.float32(0.5), x)).astype(np.float32)


def _softmax_16(operator: Operator) -> Step:
    x, y = operator.input(0), operator.output
    if y.zero_point != 0 or abs(y.scale * 32768 - 1) > 0.001:
        raise refuse(operator, "the output must have scale 1/32768 and zero point 0", "re-convert the model")
    depth = x.shape[-1]
    if depth > 65535:
        raise refuse(operator, f"{depth} classes overflow the sum", "use fewer classes")
    beta = operator.options["beta"]
    m, shift = multiplier(operator, x.scale * beta / (10.0 / 65535.0))
    params = {
        "rows": x.elements // depth,
        "depth": depth,
        "multiplier": m,
        "shift": shift,
        "exp_table": Constant("exp_table", interpolation_table(np.exp, -10.0, 0.0)),
        "inverse_table": Constant("inverse_table", interpolation_table(lambda v: 1 / (1 + v), 0.0, 1.0)),
    }
    return Step(operator, "kit_softmax_s16", "kit_softmax.h", params, (x,), (y,), overlaps=(Overlap(0, 0, 0),))


@lowers("LOG_SOFTMAX")
def lower_log_softmax(operator: Operator, context: Context) -> Step:
    x, y = operator.input(0), operator.output
    require_types(operator, x, DType.INT8)
    require_types(operator, y, DType.INT8)
    require_per_tensor(operator, x, y)
    require_output(operator, 16, 127)
    params = _exponents(operator, beta=1.0)
    reverse_m, reverse_shift = multiplier(operator, (1 << (31 - params["left_shift"])) / params["multiplier"])
    params |= {"reverse_multiplier": reverse_m, "reverse_shift": reverse_shift}
    return Step(operator, "kit_log_softmax_s8", "kit_softmax.h", params, (x,), (y,), overlaps=(Overlap(0, 0, 0),))
