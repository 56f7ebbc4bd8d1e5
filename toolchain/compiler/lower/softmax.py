"""SOFTMAX and LOG_SOFTMAX over the last dimension."""

from __future__ import annotations

import math

from toolchain.compiler.lower.common import refuse, require_per_tensor, require_types
from toolchain.compiler.lower.lookup import multiplier
from toolchain.compiler.step import Context, Overlap, Step, lowers
from toolchain.model.graph import DType, Operator

INTEGER_BITS = 5  # of the scaled difference to the row's maximum


def scaled_difference(operator: Operator, beta: float) -> tuple[int, int, int]:
    """Multiplier, left shift and least difference that counts (PreprocessSoftmaxScaling, CalculateInputRadius)."""
    x = operator.input(0)
    real = min(beta * x.scale * (1 << (31 - INTEGER_BITS)), float((1 << 31) - 1))
    m, shift = multiplier(operator, real)
    if shift < 0:
        raise refuse(operator, f"input scale {x.scale:g} is too small", "check the quantisation of the input", x)
    radius = ((1 << INTEGER_BITS) - 1) * (1 << (31 - INTEGER_BITS)) / (1 << shift)
    return m, shift, -math.floor(radius)


@lowers("SOFTMAX")
def lower_softmax(operator: Operator, context: Context) -> Step:
    x, y = operator.input(0), operator.output
    require_types(operator, x, DType.INT8)
    require_types(operator, y, DType.INT8)
    require_per_tensor(operator, x, y)
    if y.zero_point != -128 or y.scale != 1 / 256:
        raise refuse(operator, "the output must have scale 1/256 and zero point -128", "re-convert the model")
    depth = x.shape[-1]
    if depth > 4095:
        raise refuse(operator, f"{depth} classes overflow the sum, at most 4095", "use fewer classes")
    m, shift, diff_min = scaled_difference(operator, operator.options["beta"])
    params = {
        "rows": x.elements // depth,
        "depth": depth,
        "multiplier": m,
        "left_shift": shift,
        "diff_min": diff_min,
    }
    return Step(operator, "kit_softmax_s8", "kit_softmax.h", params, (x,), (y,), overlaps=(Overlap(0, 0, 0),))
