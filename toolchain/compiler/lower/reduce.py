"""MEAN, SUM, REDUCE_MAX and ARG_MAX."""

from __future__ import annotations

import math

from toolchain.compiler.lower.common import (
    collapse,
    constant,
    dense_strides,
    refuse,
    require_per_tensor,
    require_same_quantization,
    require_types,
)
from toolchain.compiler.lower.lookup import multiplier
from toolchain.compiler.lower.movement import axis_of
from toolchain.compiler.step import Constant, Context, Step, lowers
from toolchain.model.graph import DType, Operator, Tensor


def _walks(operator: Operator, x: Tensor) -> tuple[dict[str, object], dict[str, object], int]:
    """Walks over the kept and over the reduced dimensions of ``x``, and the number of elements reduced to one."""
    axes = {axis_of(operator, int(a), len(x.shape)) for a in constant(operator, 1, "axis").reshape(-1)}
    strides = dense_strides(x.shape)
    walks = []
    for reduced in (False, True):
        dims = [d for d in range(len(x.shape)) if (d in axes) is reduced]
        rows = collapse([x.shape[d] for d in dims], [strides[d] for d in dims])
        walks.append({"rank": len(rows), "rows": Constant("walk", rows)})
    count = math.prod(x.shape[d] for d in axes)
    if x.elements != count * operator.output.elements:
        raise refuse(operator, "the output's shape does not follow from the axes", "re-convert the model")
    return walks[0], walks[1], count


def mean_multiplier(m: int, shift: int, count: int) -> tuple[int, int]:
    """The multiplier of a mean: 1 / count folded into ``m``, truncating (QuantizedMeanOrSum)."""
    bits = min(count.bit_length() - 1, 32, 31 + shift)
    return (m << bits) // count, shift - bits


@lowers("MEAN", "SUM")
def lower_mean(operator: Operator, context: Context) -> Step:
    x, y = operator.input(0), operator.output
    require_types(operator, x, DType.INT8, DType.INT16)
    require_types(operator, y, x.dtype)
    require_per_tensor(operator, x, y)
    kept, reduced, count = _walks(operator, x)
    m, shift = multiplier(operator, x.scale / y.scale)
    if operator.kind == "MEAN":
        m, shift = mean_multiplier(m, shift, count)
    params = {
        "kept": kept,
        "reduced": reduced,
        "zero_sum": x.zero_point * count,
        "multiplier": m,
        "shift": shift,
        "zero": y.zero_point,
    }
    kernel = "kit_mean_s8" if x.dtype is DType.INT8 else "kit_mean_s16"
    return Step(operator, kernel, "kit_reduce.h", params, (x,), (y,), struct="kit_mean_params")


@lowers("REDUCE_MAX")
def lower_reduce_max(operator: Operator, context: Context) -> Step:
    x, y = operator.input(0), operator.output
    require_types(operator, x, DType.INT8)
    require_types(operator, y, DType.INT8)
    require_same_quantization(operator, x, y)
    kept, reduced, _ = _walks(operator, x)
    return Step(operator, "kit_reduce_max_s8", "kit_reduce.h", {"kept": kept, "reduced": reduced}, (x,), (y,))


@lowers("ARG_MAX")
def lower_arg_max(operator: Operator, context: Context) -> Step:
    x, y = operator.input(0), operator.output
    require_types(operator, x, DType.INT8)
    if y.dtype is not DType.INT32:
        raise refuse(operator, f"the output is {y.dtype.value}, not int32", "set output_type to int32")
    axis = axis_of(operator, int(constant(operator, 1, "axis").reshape(-1)[0]), len(x.shape))
    outer, inner = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    if y.elements != outer * inner:
        raise refuse(operator, "the output's shape does not follow from the axis", "re-convert the model")
    params = {"outer": outer, "extent": x.shape[axis], "inner": inner}
    return Step(operator, "kit_arg_max_s8", "kit_reduce.h", params, (x,), (y,))
