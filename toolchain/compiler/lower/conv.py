"""CONV_2D with int8 activations and weights."""

from __future__ import annotations

import numpy as np

from toolchain.compiler.lower.common import Window, refuse, window_of
from toolchain.compiler.lower.convolution import (
    BLOCK,
    Channels,
    blocked,
    blocked_table,
    channel_table,
    channels_of,
    folded_bias,
    forward_lead,
    one_scale,
    one_scale_table,
    quantization_fields,
    require_int8,
    require_small,
    vector_table,
    weights_of,
    whole_blocks,
    whole_words,
    wrapped,
)
from toolchain.compiler.lower.dsp import dot_stream
from toolchain.compiler.step import Constant, Context, Overlap, Step, lowers
from toolchain.model.graph import Operator

LANES = 16  # int8 values of a vector


@lowers("CONV_2D")
def lower_conv(operator: Operator, context: Context) -> Step:
    """Weights are [outputs, kernel height, kernel width, input channels / groups]."""
    require_int8(operator)
    weights = weights_of(operator, rank=4)
    outputs, kernel_h, kernel_w, depth = weights.shape
    window = window_of(operator, kernel_h, kernel_w)
    channels = operator.input(0).shape[3]
    if channels % depth or outputs % (channels // depth) or operator.output.shape[3] != outputs:
        raise refuse(operator, f"{depth} filter channels do not divide {channels} inputs", "re-convert the model")
    batches = operator.input(0).shape[0]
    step = None
    if channels == depth:
        step = mve_step(operator, window, weights, batches) if context.target.mve else None
        step = step or (dsp_step(operator, window, weights, batches, context) if context.target.dsp else None)
    return step or portable_step(operator, window, weights, batches, context)


def conv_step(
    operator: Operator,
    kernel: str,
    window: Window,
    weights: np.ndarray,
    batches: int,
    constants: dict[str, Constant | None],
    lead: int,
    scratch_bytes: int = 0,
    common: bool = False,
) -> Step:
    """The call of a kernel with `kit_conv_params`; ``weights`` [outputs, kernel height, kernel width, filter channels]
    for the sizes, ``constants`` what the kernel reads, ``common`` its `one_scale`."""
    outputs, kernel_h, kernel_w, depth = weights.shape
    x, y = operator.input(0), operator.output
    groups = x.elements // (batches * window.in_h * window.in_w * depth)
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
        "one_scale": int(common),
    }
    require_small(operator, list(dimensions.values()))
    return Step(
        operator,
        kernel=kernel,
        header="kit_conv.h",
        struct="kit_conv_params",
        params={**constants, **quantization_fields(operator), **dimensions},
        inputs=(x,),
        outputs=(y,),
        scratch_bytes=scratch_bytes,
        overlaps=(Overlap(0, 0, lead),),
        macs=batches * window.out_h * window.out_w * weights.size,
    )


def portable_step(operator: Operator, window: Window, weights: np.ndarray, batches: int, context: Context) -> Step:
    """The call of `kit_conv_s8` or `kit_conv_s8_unsigned`; ``weights`` [outputs, kernel height, kernel width, filter
    channels]."""
    outputs, kernel_h, kernel_w, depth = weights.shape
    inputs = operator.input(0).elements // (batches * window.in_h * window.in_w)
    groups = inputs // depth
    channels = channels_of(operator, weights)
    table = channel_table(channels, folded_bias(channels, operator.input(0).zero_point))
    common = groups == 1 and one_scale(channels)
    direct = kernel_h * kernel_w == 1 and window.inside
    starts = window.starts(batches) * inputs
    taps = kernel_h * kernel_w * depth
    if context.target.unsigned_bytes:
        kernel = "kit_conv_s8_unsigned"
        filters, table = _unsigned(channels, table, groups, common)
        direct = direct and depth % 4 == 0
        gathered = len(starts) * groups > 1 or not direct
        scratch_bytes = 4 if not gathered else -(-taps // 4) * 4 * (2 if direct else 3)
    else:
        kernel = "kit_conv_s8"
        filters = np.concatenate([whole_words(blocked(w)) for w in weights.reshape(groups, -1, taps)])
        gathered = not direct
        scratch_bytes = 4 if direct else taps if groups > 1 else taps + -(-taps // 4) * 4
        table = one_scale_table(table) if common else blocked_table(table, groups)
    if groups > 1:
        lead = pixel_lead(operator, starts, outputs, gathered=False)
    else:
        lead = pair_lead(operator, starts, outputs, gathered)
    return conv_step(
        operator,
        kernel,
        window,
        weights,
        batches,
        {"weights": Constant("weights", filters), "channels": Constant("channels", table)},
        lead=lead,
        scratch_bytes=scratch_bytes,  # the kernel has the argument in any case
        common=common,
    )


def _unsigned(channels: Channels, table: np.ndarray, groups: int, common: bool) -> tuple[np.ndarray, np.ndarray]:
    """Weights of `kit_conv_s8_unsigned` and the `channel_table` as it reads it, both flat. It multiplies numbers with
    128 added, and takes off what is too much for the inputs; what is for the weights is in the biases."""
    outputs, taps = channels.weights.shape[0] // groups, channels.weights.shape[1]
    fill = (0, -outputs % BLOCK)
    filters = (channels.weights + 128).astype(np.uint8).reshape(groups, outputs, taps)
    filters = np.pad(filters, ((0, 0), fill, (0, -taps % 4)))
    filters = filters.reshape(-1, BLOCK, filters.shape[2]).transpose(0, 2, 1)
    bias = wrapped(table[:, 0] - 128 * channels.weights.sum(axis=1)).reshape(groups, outputs)
    scales = table[:1, 1:] if common else table[:, 1:]
    parts = [np.pad(bias, ((0, 0), fill)), scales.reshape(groups, -1)]
    return filters.ravel().view(np.int8), np.concatenate(parts, axis=1).astype(np.int32).ravel()


def pixel_lead(operator: Operator, starts: np.ndarray, outputs: int, gathered: bool) -> int:
    """`Overlap.lead` of a kernel that works pixel by pixel, from windows that begin at byte ``starts[p]``; with
    ``gathered`` a window has been read before its pixel is written."""
    ends = np.arange(1, len(starts) + 1)
    if not gathered:
        return forward_lead(starts, ends * outputs)
    return forward_lead(starts[1:], ends[:-1] * outputs) if len(starts) > 1 else operator.input(0).bytes


def pair_lead(operator: Operator, starts: np.ndarray, outputs: int, gathered: bool) -> int:
    """`pixel_lead` of a kernel that works on two pixels at a time."""
    ends = np.minimum(np.arange(2, len(starts) + 2, 2), len(starts))
    if not gathered:
        return forward_lead(starts[::2], ends * outputs)
    return forward_lead(starts[2::2], ends[:-1] * outputs) if len(ends) > 1 else operator.input(0).bytes


def _is_pointwise(window: Window, depth: int) -> bool:
    """Whether the kernel is 1x1 on whole words, without padding and stride."""
    same_size = window.inside and (window.out_h, window.out_w) == (window.in_h, window.in_w)
    return window.kernel_h * window.kernel_w == 1 and depth % 4 == 0 and same_size


def _all_pointwise(context: Context) -> bool:
    """Whether the whole graph does with `kit_conv_s8_1x1_dsp`: the general kernel beside it would cost more flash."""
    for operator in context.graph.operators:
        if operator.kind == "CONV_2D":
            shape = operator.input(1).shape
            if len(shape) != 4 or not _is_pointwise(window_of(operator, shape[1], shape[2]), shape[3]):
                return False
        elif operator.kind == "FULLY_CONNECTED" and any(n % 4 for n in operator.input(1).shape[1:]):
            return False  # its inputs are no whole words
        elif operator.kind == "DEPTHWISE_CONV_2D" and operator.input(0).shape[3:] == (1,):
            return False  # a convolution in fact
    return True


def dsp_step(operator: Operator, window: Window, weights: np.ndarray, batches: int, context: Context) -> Step | None:
    """The call of `kit_conv_s8_dsp` or `kit_conv_s8_1x1_dsp`; None when their arithmetic would not be exact for these
    weights."""
    outputs, kernel_h, kernel_w, depth = weights.shape
    row = kernel_w * depth
    rows = np.pad(weights.reshape(outputs, kernel_h, row), ((0, 0), (0, 0), (0, -row % 4)))
    stream = dot_stream(channels_of(operator, rows), operator.input(0).zero_point)
    if stream is None:
        return None
    pointwise = _is_pointwise(window, depth)
    return conv_step(
        operator,
        "kit_conv_s8_1x1_dsp" if pointwise and _all_pointwise(context) else "kit_conv_s8_dsp",
        window,
        weights,
        batches,
        {"weights": Constant("weights", stream.view(np.int8)), "channels": None},
        lead=pair_lead(operator, window.starts(batches) * depth, outputs, gathered=True),
        scratch_bytes=4 * depth if pointwise else (4 * kernel_h + 2) * rows.shape[2],
    )


def mve_step(operator: Operator, window: Window, weights: np.ndarray, batches: int) -> Step | None:
    """The call of `kit_conv_s8_mve`; None when a channel has a left shift."""
    outputs, kernel_h, kernel_w, depth = weights.shape
    channels = channels_of(operator, weights)
    table = vector_table(operator, channels)
    if table is None:
        return None
    taps = kernel_h * kernel_w * depth
    rows = np.pad(whole_blocks(weights).reshape(-1, taps), ((0, 0), (0, -taps % LANES)))
    rows = rows.reshape(-1, BLOCK, rows.shape[1] // LANES, LANES).transpose(0, 2, 1, 3)
    starts = window.starts(batches) * depth
    return conv_step(
        operator,
        "kit_conv_s8_mve",
        window,
        weights,
        batches,
        {"weights": Constant("weights", rows), "channels": Constant("channels", table)},
        lead=pair_lead(operator, starts, outputs, gathered=True),
        scratch_bytes=2 * taps,
        common=one_scale(channels),
    )
