"""DEPTHWISE_CONV_2D with int8 activations and weights."""

from __future__ import annotations

import numpy as np

from toolchain.compiler.lower.common import Window, refuse, window_of
from toolchain.compiler.lower.conv import dsp_step as conv_dsp_step
from toolchain.compiler.lower.conv import mve_step as conv_mve_step
from toolchain.compiler.lower.conv import pixel_lead
from toolchain.compiler.lower.convolution import (
    BLOCK,
    channel_table,
    channels_of,
    doubled,
    folded_bias,
    forward_lead,
    quantization_fields,
    require_int8,
    require_small,
    weights_of,
)
from toolchain.compiler.lower.dsp import packed_shifts
from toolchain.compiler.step import Constant, Context, Overlap, Step, lowers
from toolchain.model.graph import Operator

RUN = 16  # pixels; longer runs share more of the widening, shorter ones need less scratch and overlap more
LONG_RUN = 24  # of a kernel that is slow to begin


def run_of(width: int, fewest: int = 1, most: int = RUN) -> int:
    """Pixels a run: equal parts of a row, at most ``most``, at least ``fewest`` parts."""
    return -(-width // max(fewest, -(-width // most)))


def upright(window: Window, weights: np.ndarray) -> tuple[Window, np.ndarray]:
    """A convolution along a single column, turned into one along a row (the same bytes in the same order)."""
    if window.in_w == window.kernel_w == window.out_w == 1 and window.pad_w == 0:
        turned = Window(
            in_h=1,
            in_w=window.in_h,
            out_h=1,
            out_w=window.out_h,
            kernel_h=1,
            kernel_w=window.kernel_h,
            stride_h=1,
            stride_w=window.stride_h,
            pad_h=0,
            pad_w=window.pad_h,
            dilation_h=1,
            dilation_w=window.dilation_h,
        )
        return turned, weights.transpose(1, 0, 2)
    return window, weights


@lowers("DEPTHWISE_CONV_2D")
def lower_depthwise_conv(operator: Operator, context: Context) -> Step:
    """Weights are [1, kernel height, kernel width, outputs]; the multiplier follows from the shapes."""
    require_int8(operator)
    x, y = operator.input(0), operator.output
    weights = weights_of(operator, rank=4, axis=3)
    _, kernel_h, kernel_w, outputs = weights.shape
    window = window_of(operator, kernel_h, kernel_w)
    batches, channels = x.shape[0], x.shape[3]
    if weights.shape[0] != 1 or outputs % channels or y.shape[3] != outputs:
        raise refuse(operator, f"{outputs} outputs are no multiple of {channels} inputs", "re-convert the model")
    step = None
    if channels == 1:  # every output reads the one channel: a convolution
        filters = weights.transpose(3, 1, 2, 0)
        step = conv_mve_step(operator, window, filters, batches) if context.target.mve else None
        step = step or (conv_dsp_step(operator, window, filters, batches, context) if context.target.dsp else None)
    elif outputs == channels:
        step = _mve_step(operator, window, weights[0], batches) if context.target.mve else None
        if step is None and context.target.dsp:
            step = _dsp_step(operator, *upright(window, weights[0]), batches)
    return step or _portable_step(operator, window, weights[0], batches, context)


def _step(
    operator: Operator,
    kernel: str,
    window: Window,
    batches: int,
    constants: dict[str, Constant | None],
    lead: int,
    scratch_bytes: int = 0,
    run: int = 0,
) -> Step:
    x, y = operator.input(0), operator.output
    dimensions = {
        "batches": batches,
        "input_height": window.in_h,
        "input_width": window.in_w,
        "input_channels": x.shape[3],
        "output_height": window.out_h,
        "output_width": window.out_w,
        "depth_multiplier": y.shape[3] // x.shape[3],
        "kernel_height": window.kernel_h,
        "kernel_width": window.kernel_w,
        "stride_height": window.stride_h,
        "stride_width": window.stride_w,
        "dilation_height": window.dilation_h,
        "dilation_width": window.dilation_w,
        "pad_top": window.pad_h,
        "pad_left": window.pad_w,
        "run": run,
    }
    require_small(operator, list(dimensions.values()))
    return Step(
        operator,
        kernel=kernel,
        header="kit_depthwise_conv.h",
        struct="kit_depthwise_conv_params",
        params={**constants, **quantization_fields(operator), **dimensions},
        inputs=(x,),
        outputs=(y,),
        scratch_bytes=scratch_bytes,
        overlaps=(Overlap(0, 0, lead),),
        macs=y.elements * window.kernel_h * window.kernel_w,
    )


def _portable_step(operator: Operator, window: Window, weights: np.ndarray, batches: int, context: Context) -> Step:
    """The call of `kit_depthwise_conv_s8_3x3` (not on a narrow target) or `kit_depthwise_conv_s8`; ``weights``
    [kernel height, kernel width, outputs]."""
    outputs, channels = weights.shape[2], operator.input(0).shape[3]
    found = channels_of(operator, weights.transpose(2, 0, 1))
    zero_point = operator.input(0).zero_point
    table = channel_table(found, folded_bias(found, zero_point))
    square = weights.shape[:2] == (3, 3) and window.dilation_w == 1
    if square and not context.target.narrow and outputs == channels and channels % BLOCK == 0:
        kernel, run = "kit_depthwise_conv_s8_3x3", run_of(window.out_w, fewest=2)  # small images: rows cost overlap
        if context.target.unsigned_bytes:
            kernel += "_unsigned"
            table = channel_table(found, folded_bias(found, zero_point + 128))
            if context.optimize != "ram":
                run = run_of(window.out_w, most=LONG_RUN)
        return _step(
            operator,
            kernel,
            window,
            batches,
            {"weights": Constant("weights", weights.transpose(2, 1, 0)), "channels": Constant("channels", table)},
            lead=_run_lead(window, batches, outputs, run),
            scratch_bytes=3 * BLOCK * _columns(window, run),
            run=run,
        )
    constants: dict[str, Constant | None] = {
        "weights": Constant("weights", weights),
        "channels": Constant("channels", table),
    }
    return _step(
        operator,
        "kit_depthwise_conv_s8",
        window,
        batches,
        constants,
        lead=pixel_lead(operator, window.starts(batches) * channels, outputs, gathered=True),
        scratch_bytes=window.kernel_h * window.kernel_w * channels,
    )


def _columns(window: Window, run: int) -> int:
    """Input columns under a run of pixels."""
    return (run - 1) * window.stride_w + (window.kernel_w - 1) * window.dilation_w + 1


def _run_lead(window: Window, batches: int, channels: int, run: int) -> int:
    """`Overlap.lead` of a kernel that reads the windows of a run of pixels while it writes their outputs."""
    columns = np.minimum(np.arange(0, window.out_w, run) + run, window.out_w)
    ends = (np.arange(batches * window.out_h)[:, None] * window.out_w + columns).ravel()
    begins = np.concatenate([[0], ends[:-1]])
    return forward_lead(window.starts(batches)[begins] * channels, ends * channels)


def _every_window_inside(window: Window) -> bool:
    """Whether every window has a tap inside the input."""
    for out, size, kernel, stride, pad, dilation in (
        (window.out_h, window.in_h, window.kernel_h, window.stride_h, window.pad_h, window.dilation_h),
        (window.out_w, window.in_w, window.kernel_w, window.stride_w, window.pad_w, window.dilation_w),
    ):
        taps = np.arange(out)[:, None] * stride - pad + np.arange(kernel) * dilation
        if not ((taps >= 0) & (taps < size)).any(axis=1).all():
            return False
    return True


def _mve_step(operator: Operator, window: Window, weights: np.ndarray, batches: int) -> Step | None:
    """The call of `kit_depthwise_conv_s8_mve`; None when a channel has a left shift, with fewer than eight, or when
    a window has no tap inside the input (a PAD that was merged has any amounts)."""
    channels = weights.shape[2]
    found = channels_of(operator, weights.transpose(2, 0, 1))
    if (found.shift > 0).any() or channels < 8 or not _every_window_inside(window):
        return None
    lanes = np.array([0, 2, 4, 6, 1, 3, 5, 7])
    order = np.concatenate([min(first, channels - 8) + lanes for first in range(0, channels, 8)])
    table = np.stack([found.bias, found.multiplier, found.shift])[:, order].reshape(3, -1, 8).transpose(1, 0, 2)
    constants: dict[str, Constant | None] = {
        "weights": Constant("weights", weights),
        "channels": Constant("channels", table.astype(np.int32).ravel()),
    }
    if channels % 8 == 0:
        lead = window.channelwise_lead(batches, channels)
    else:  # the last channels are computed twice: the window must be whole until the end
        starts = window.starts(batches) * channels
        lead = forward_lead(starts, (np.arange(len(starts)) + 1) * channels)
    return _step(operator, "kit_depthwise_conv_s8_mve", window, batches, constants, lead)


def _dsp_step(operator: Operator, window: Window, weights: np.ndarray, batches: int) -> Step | None:
    """The call of `kit_depthwise_conv_s8_dsp`; None when a channel has no right shift."""
    kernel_h, kernel_w, outputs = weights.shape
    channels = channels_of(operator, weights.transpose(2, 0, 1))
    if (channels.shift > -1).any():
        return None
    pad = (0, -outputs % BLOCK)
    taps = np.pad(channels.weights, (pad, (0, 0))).reshape(-1, BLOCK, kernel_h, kernel_w)
    pairs = taps[:, :, : kernel_h - kernel_h % 2].reshape(len(taps), 2, 2, kernel_h // 2, 2, kernel_w)
    # [block, column, two rows, channels 0 and 1 or 2 and 3, row of the two, channel of the two]
    columns = pairs.transpose(0, 5, 3, 1, 4, 2).reshape(len(taps), kernel_w, -1)
    if kernel_h % 2:
        columns = np.concatenate([columns, taps[:, :, -1].transpose(0, 2, 1)], axis=2)
    words = np.ascontiguousarray(columns).astype(np.int8).reshape(len(taps), -1).view(np.int32)
    factors = np.pad(doubled(channels.multiplier), pad).reshape(-1, BLOCK)
    shifts = np.array([[packed_shifts(s)] for s in np.pad(channels.shift, pad, constant_values=-1).reshape(-1, BLOCK)])
    stream = np.concatenate([words, shifts, factors], axis=1).astype(np.int64) & 0xFFFFFFFF
    column_words = kernel_h // 2 * 4 + kernel_h % 2 * 2
    run = run_of(window.out_w)
    constants: dict[str, Constant | None] = {
        "weights": Constant("weights", stream.astype(np.uint32).view(np.int8).ravel()),
        "channels": Constant("bias", np.pad(channels.bias, pad).astype(np.int32)) if channels.bias.any() else None,
    }
    variant = ""
    if window.dilation_w == 1 and outputs % BLOCK == 0:
        if (kernel_h, kernel_w) == (3, 3):
            variant = "_3x3"
        elif kernel_h == 1 and _every_window_inside(window):
            variant = "_row"
    return _step(
        operator,
        f"kit_depthwise_conv_s8{variant}_dsp",
        window,
        batches,
        constants,
        lead=_run_lead(window, batches, outputs, run),
        run=run,
        scratch_bytes=4 * column_words * (kernel_w + _columns(window, run)),
    )
