"""Elementwise operators of two tensors, with broadcasting: ADD, SUB, MUL, MAXIMUM, MINIMUM, PRELU."""

from __future__ import annotations

from toolchain.compiler.lower.common import (
    collapse,
    dense_strides,
    output_range,
    refuse,
    require_per_tensor,
    require_types,
)
from toolchain.compiler.lower.lookup import multiplier
from toolchain.compiler.lower.movement import MAX_RANK
from toolchain.compiler.step import Constant, Context, Overlap, Step, lowers
from toolchain.model.graph import DType, Operator, Tensor

INT32_MIN = -(1 << 31)


def broadcast(operator: Operator, a: Tensor, b: Tensor) -> dict[str, object]:
    """``struct kit_walk`` over the output with the strides of both operands, 0 where one is repeated."""
    shape = operator.output.shape
    strides = []
    for t in (a, b):
        padded = (1,) * (len(shape) - len(t.shape)) + t.shape
        if len(padded) != len(shape) or any(n not in (1, extent) for n, extent in zip(padded, shape, strict=True)):
            raise refuse(operator, f"shape {t.shape} does not broadcast to {shape}", "reshape it first", t)
        steps = dense_strides(padded)
        strides.append([0 if n == 1 else s for n, s in zip(padded, steps, strict=True)])
    rows = collapse(shape, *strides)
    if len(rows) > MAX_RANK:
        raise refuse(operator, f"broadcasts over {len(rows)} dimensions, at most {MAX_RANK}", "reshape it first")
    return {"rank": len(rows), "rows": Constant("walk", rows)}


def in_place(operator: Operator, *inputs: Tensor) -> tuple[Overlap, ...]:
    """Operands of the output's size may be overwritten as they are read."""
    return tuple(Overlap(i, 0, 0) for i, t in enumerate(inputs) if t.elements == operator.output.elements)


def _operands(operator: Operator, *types: DType) -> tuple[Tensor, Tensor, Tensor]:
    a, b, y = operator.input(0), operator.input(1), operator.output
    require_types(operator, y, *types)
    for t in (a, b):
        require_types(operator, t, y.dtype)
    require_per_tensor(operator, a, b, y)
    return a, b, y


def _below_one(operator: Operator, real: float) -> tuple[int, int]:
    if not 0 < real < 1:
        raise refuse(operator, "the output scale is too small for the input scales", "re-quantise the output")
    return multiplier(operator, real)


@lowers("ADD", "SUB")
def lower_add(operator: Operator, context: Context) -> Step:
    a, b, y = _operands(operator, DType.INT8, DType.INT16)
    twice = 2 * max(a.scale, b.scale)
    left = 20 if y.dtype is DType.INT8 else 15
    ma, sa = _below_one(operator, a.scale / twice)
    mb, sb = _below_one(operator, b.scale / twice)
    m, shift = _below_one(operator, twice / ((1 << left) * y.scale))
    lo, hi = output_range(operator)
    sign = -1 if operator.kind == "SUB" else 1
    if y.dtype is DType.INT16:
        params: dict[str, object] = {"walk": broadcast(operator, a, b), "zero_a": a.zero_point, "multiplier_a": ma}
        params |= {"shift_a": sa, "zero_b": b.zero_point, "multiplier_b": mb, "shift_b": sb, "sign": sign}
        params |= {"multiplier": m, "shift": shift, "zero": y.zero_point, "lo": lo, "hi": hi}
        return Step(operator, "kit_add_s16", "kit_add.h", params, (a, b), (y,), overlaps=in_place(operator, a, b))
    if m == 0:
        shift = -1  # any: all outputs are the zero point
    if shift == 0:
        raise refuse(operator, "the output scale is too small for the input scales", "re-quantise the output")
    # The operand with the smaller scale is `narrow`; the sign of a difference goes to the other, and to the
    # multiplier where the narrow one is subtracted.
    narrow, wide, nm, ns = (a, b, ma, sa) if a.scale <= b.scale else (b, a, mb, sb)
    factor, total = sign << 20, m if narrow is a else sign * m
    if nm == 0:
        ns = -1  # any: the narrow operand is far below a step of the sum
    elif ns == 0:  # equal scales: -1 and one right shift say the same as the multiplier 1/2
        nm, ns, factor, total = INT32_MIN, -1, -factor, -total
    params = {
        "walk": broadcast(operator, narrow, wide),
        "narrow_base": -narrow.zero_point << 21,
        "narrow_multiplier": nm,
        "narrow_right": -ns - 1,
        "wide_factor": factor,
        "base": -factor * wide.zero_point,
        "multiplier": total,
        "right": -shift - 1,
        "zero": 2 * y.zero_point + 1,
        "lo": lo,
        "hi": hi,
    }
    inputs = (narrow, wide)
    return Step(operator, "kit_add_s8", "kit_add.h", params, inputs, (y,), overlaps=in_place(operator, *inputs))


@lowers("MUL")
def lower_mul(operator: Operator, context: Context) -> Step:
    a, b, y = _operands(operator, DType.INT8, DType.INT16)
    m, shift = multiplier(operator, a.scale * b.scale / y.scale)
    lo, hi = output_range(operator)
    params = {
        "walk": broadcast(operator, a, b),
        "zero_a": a.zero_point,
        "zero_b": b.zero_point,
        "multiplier": m,
        "shift": shift,
        "zero": y.zero_point,
        "lo": lo,
        "hi": hi,
    }
    kernel = "kit_mul_s8" if y.dtype is DType.INT8 else "kit_mul_s16"
    return Step(
        operator,
        kernel,
        "kit_elementwise.h",
        params,
        (a, b),
        (y,),
        struct="kit_mul_params",
        overlaps=in_place(operator, a, b),
    )


@lowers("MAXIMUM", "MINIMUM")
def lower_extremum(operator: Operator, context: Context) -> Step:
    """The reference compares and copies the stored values: it rescales nothing."""
    a, b, y = _operands(operator, DType.INT8)
    params = {"walk": broadcast(operator, a, b), "sign": 1 if operator.kind == "MAXIMUM" else -1}
    return Step(
        operator, "kit_extremum_s8", "kit_elementwise.h", params, (a, b), (y,), overlaps=in_place(operator, a, b)
    )


@lowers("PRELU")
def lower_prelu(operator: Operator, context: Context) -> Step:
    x, alpha, y = _operands(operator, DType.INT8)
    m, shift = multiplier(operator, x.scale / y.scale)
    alpha_m, alpha_shift = multiplier(operator, x.scale * alpha.scale / y.scale)
    params = {
        "walk": broadcast(operator, x, alpha),
        "zero_in": x.zero_point,
        "zero_alpha": alpha.zero_point,
        "multiplier": m,
        "shift": shift,
        "alpha_multiplier": alpha_m,
        "alpha_shift": alpha_shift,
        "zero": y.zero_point,
    }
    return Step(
        operator,
        "kit_prelu_s8",
        "kit_elementwise.h",
        params,
        (x, alpha),
        (y,),
        overlaps=in_place(operator, x, alpha),
    )
