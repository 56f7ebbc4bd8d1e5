"""DEPTHWISE_CONV_2D with int8 activations and weights."""

from __future__ import annotations

import numpy as np

from toolchain.compiler.lower.common import refuse, window_of
from toolchain.compiler.lower.convolution import (
    bias_of,
    channel_table,
    forward_lead,
    multipliers_of,
    quantization_fields,
    require_int8,
    require_small,
)
from toolchain.compiler.step import Constant, Context, Overlap, Step, lowers
from toolchain.model.graph import Operator


@lowers("DEPTHWISE_CONV_2D")
def lower_depthwise_conv(operator: Operator, context: Context) -> Step:
    """Weights are [1, kernel height, kernel width, outputs]; the multiplier follows from the shapes."""
    require_int8(operator)
    x, y = operator.input(0), operator.output
    weights = operator.input(1).data
    assert weights is not None
    _, kernel_h, kernel_w, outputs = weights.shape
    window = window_of(operator, kernel_h, kernel_w)
    batches, channels = x.shape[0], x.shape[3]
    if weights.shape[0] != 1 or outputs % channels or y.shape[3] != outputs:
        raise refuse(operator, f"{outputs} outputs are no multiple of {channels} inputs", "re-convert the model")
    multiplier, shift = multipliers_of(operator, outputs)
    dimensions = {
        "batches": batches,
        "input_height": window.in_h,
        "input_width": window.in_w,
        "input_channels": channels,
        "output_height": window.out_h,
        "output_width": window.out_w,
        "depth_multiplier": outputs // channels,
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
    if outputs == channels:
        lead = window.channelwise_lead(batches, channels)
    else:
        starts = window.starts(batches) * channels
        lead = forward_lead(starts, (np.arange(len(starts)) + 1) * outputs)
    return Step(
        operator,
        kernel="kit_depthwise_conv_s8",
        header="kit_depthwise_conv.h",
        struct="kit_depthwise_conv_params",
        params={
            "weights": Constant("weights", weights),
            "channels": Constant("channels", channel_table(bias_of(operator, outputs), multiplier, shift)),
            **quantization_fields(operator),
            **dimensions,
        },
        inputs=(x,),
        outputs=(y,),
        overlaps=(Overlap(0, 0, lead),),
        macs=y.elements * kernel_h * kernel_w,
    )
