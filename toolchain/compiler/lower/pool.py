"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from __future__ import annotations

from toolchain.compiler.lower.common import output_range, refuse, require_per_tensor, require_types, window_of
from toolchain.compiler.step import Context, Overlap, Step, lowers
from toolchain.model.graph import DType, Operator


@lowers("AVERAGE_POOL_2D", "MAX_POOL_2D")
def lower_pool(operator: Operator, context: Context) -> Step:
    x, y = operator.input(0), operator.output
    require_types(operator, x, DType.INT8, DType.INT16)
    require_types(operator, y, x.dtype)
    require_per_tensor(operator, x, y)
    if x.zero_point != y.zero_point or abs(x.scale - y.scale) > 1e-6:
        raise refuse(operator, "input and output differ in quantisation", "re-convert the model", y)
    options = operator.options
    window = window_of(operator, options["filter_height"], options["filter_width"])
    lo, hi = output_range(operator)
    batches, _, _, channels = x.shape
    params = {
        "batches": batches,
        "in_h": window.in_h,
        "in_w": window.in_w,
        "channels": channels,
        "out_h": window.out_h,
        "out_w": window.out_w,
        "window_h": window.kernel_h,
        "window_w": window.kernel_w,
        "stride_h": window.stride_h,
        "stride_w": window.stride_w,
        "pad_h": window.pad_h,
        "pad_w": window.pad_w,
        "lo": lo,
        "hi": hi,
    }
    average = operator.kind == "AVERAGE_POOL_2D"
    kernel = "kit_average_pool" if average else "kit_max_pool"
    sums_fit = not average or window.kernel_h * window.kernel_w <= 255
    suffix = "s8" if x.dtype is DType.INT8 else "s16"
    if suffix == "s8" and sums_fit and context.target.dsp and channels % 4 == 0:
        suffix = "s8_dsp"
    return Step(
        operator,
        f"{kernel}_{suffix}",
        "kit_pool.h",
        params,
        (x,),
        (y,),
        struct="kit_pool_params",
        overlaps=(Overlap(0, 0, window.channelwise_lead(batches, channels, x.dtype.size)),),
    )
