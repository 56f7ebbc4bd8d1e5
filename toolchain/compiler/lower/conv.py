"""CONV_2D with int8 activations and weights."""

from __future__ import annotations

import numpy as np

from toolchain.compiler.lower.common import Window, refuse, window_of
from toolchain.compiler.lower.convolution import (
    bias_of,
    blocked,
    channel_table,
    forward_lead,
    multipliers_of,
    quantization_fields,
    require_int8,
    require_small,
)
from toolchain.compiler.step import Constant, Context, Overlap, Step, lowers
from toolchain.model.graph import Operator


@lowers("CONV_2D")
def lower_conv(operator: Operator, context: Context) -> Step:
    """Weights are [outputs, kernel height, kernel width, input channels / groups]."""
    require_int8(operator)
    weights = operator.input(1).data
    assert weights is not None
    outputs, kernel_h, kernel_w, depth = weights.shape
    window = window_of(operator, kernel_h, kernel_w)
    channels = operator.input(0).shape[3]
    if channels % depth or outputs % (channels // depth) or operator.output.shape[3] != outputs:
        raise refuse(operator, f"{depth} filter channels do not divide {channels} inputs", "re-convert the model")
    return portable_step(operator, window, weights, operator.input(0).shape[0])


def portable_step(
    operator: Operator, window: Window, weights: np.ndarray, batches: int, float_product: bool = False
) -> Step:
    """The call of `kit_conv_s8`; ``weights`` [outputs, kernel height, kernel width, filter channels]."""
    outputs, kernel_h, kernel_w, depth = weights.shape
    x, y = operator.input(0), operator.output
    channels = x.elements // (batches * window.in_h * window.in_w)
    groups = channels // depth
    multiplier, shift = multipliers_of(operator, outputs, float_product)
    by_group = weights.reshape(groups, outputs // groups, -1)
    dimensions = {
        "batches": batches,
        "groups": groups,
        "input_height": window.in_h,
        "input_width": window.in_w,
        "filter_channels": depth,
        "output_height": window.out_h,
        "output_width": window.out_w,
        "group_outputs": outputs // groups,
        "kernel_height": kernel_h,
        "kernel_width": kernel_w,
        "stride_height": window.stride_h,
        "stride_width": window.stride_w,
        "dilation_height": window.dilation_h,
        "dilation_width": window.dilation_w,
        "pad_top": window.pad_h,
        "pad_left": window.pad_w,
    }
    require_small(operator, list(dimensions.values()))
    starts = window.starts(batches) * channels
    return Step(
        operator,
        kernel="kit_conv_s8",
        header="kit_conv.h",
        struct="kit_conv_params",
        params={
            "weights": Constant("weights", np.concatenate([blocked(w) for w in by_group])),
            "channels": Constant("channels", channel_table(bias_of(operator, outputs), multiplier, shift)),
            **quantization_fields(operator),
            **dimensions,
        },
        inputs=(x,),
        outputs=(y,),
        overlaps=(Overlap(0, 0, forward_lead(starts, (np.arange(len(starts)) + 1) * outputs)),),
        macs=len(starts) * weights.size,
    )
