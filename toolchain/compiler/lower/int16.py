"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED with int16 activations, int8 weights and int64 biases."""

from __future__ import annotations

import numpy as np

from toolchain.compiler.lower.common import Window, output_range, refuse, require_per_tensor, require_types, window_of
from toolchain.compiler.lower.lookup import multiplier
from toolchain.compiler.step import Constant, Context, Step, lowers
from toolchain.model.graph import DType, Operator

PIXEL = Window(in_h=1, in_w=1, out_h=1, out_w=1, kernel_h=1, kernel_w=1, stride_h=1, stride_w=1, pad_h=0, pad_w=0)


def reduced(m: int, shift: int) -> tuple[int, int]:
    """A multiplier cut to 16 bits, and the right shift of its 64-bit product (MultiplyByQuantizedMultiplier, int64)."""
    return (m + (1 << 15)) >> 16 if m < 0x7FFF0000 else 0x7FFF, 15 - shift


def _checked(operator: Operator) -> np.ndarray:
    """The weights, after refusing other types and asymmetric quantisations."""
    x, weights, y = operator.input(0), operator.input(1), operator.output
    require_types(operator, x, DType.INT16)
    require_types(operator, weights, DType.INT8)
    require_types(operator, y, DType.INT16)
    require_per_tensor(operator, x, y)
    quantization = weights.quantization
    if x.zero_point or y.zero_point or quantization is None or any(quantization.zero_points):
        raise refuse(operator, "int16 layers must be quantised symmetrically", "re-convert the model", x)
    if weights.data is None:
        raise refuse(operator, "the weights are computed at run time", "make the weights a constant", weights)
    return weights.data


def _bias(operator: Operator, channels: int) -> np.ndarray:
    bias = operator.inputs[2] if len(operator.inputs) > 2 else None
    if bias is None and operator.kind == "CONV_2D":
        raise refuse(operator, "an int16 convolution needs a bias of int64", "build the layer with a bias")
    if bias is None:
        return np.zeros(channels, np.int64)
    if bias.data is None or bias.dtype is not DType.INT64 or bias.elements != channels:
        raise refuse(operator, f"the bias is not {channels} constant int64", "re-convert with 16x8 quantisation", bias)
    return bias.data.reshape(channels)


def _step(
    operator: Operator,
    window: Window,
    pixels: tuple[int, int, int],
    filters: tuple[int, int, int, int],
) -> Step:
    """``pixels``: batches, input and output channels. ``filters``: channels of a filter, strides of its channels, taps
    and of the next filter."""
    x, weights, y = operator.input(0), operator.input(1), operator.output
    batches, in_channels, out_channels = pixels
    assert weights.quantization is not None and weights.data is not None
    scales = weights.quantization.scales
    if len(scales) not in (1, out_channels):
        raise refuse(operator, f"{len(scales)} scales for {out_channels} channels", "re-convert the model", weights)
    pairs = [reduced(*multiplier(operator, x.scale * s / y.scale)) for s in scales]
    if any(right < 1 for _, right in pairs):
        raise refuse(operator, "the output scale is too small for the input scales", "re-quantise the output")
    table = np.array((pairs * out_channels)[:out_channels])
    lo, hi = output_range(operator)
    params = {
        "batches": batches,
        "in_h": window.in_h,
        "in_w": window.in_w,
        "in_channels": in_channels,
        "out_h": window.out_h,
        "out_w": window.out_w,
        "out_channels": out_channels,
        "kernel_h": window.kernel_h,
        "kernel_w": window.kernel_w,
        "stride_h": window.stride_h,
        "stride_w": window.stride_w,
        "dilation_h": window.dilation_h,
        "dilation_w": window.dilation_w,
        "pad_h": window.pad_h,
        "pad_w": window.pad_w,
        "filter_channels": filters[0],
        "filter_channel_step": filters[1],
        "filter_tap_step": filters[2],
        "filter_step": filters[3],
        "lo": lo,
        "hi": hi,
        "weights": Constant("weights", weights.data),
        "bias": Constant("bias", _bias(operator, out_channels)),
        "multiplier": Constant("multiplier", table[:, 0].astype(np.int16)),
        "right": Constant("right", table[:, 1].astype(np.int8)),
    }
    macs = y.elements * window.kernel_h * window.kernel_w * filters[0]
    return Step(operator, "kit_conv_s16", "kit_conv_s16.h", params, (x,), (y,), macs=macs)


@lowers("CONV_2D", dtype=DType.INT16)
def lower_conv(operator: Operator, context: Context) -> Step:
    outputs, kernel_h, kernel_w, depth = _checked(operator).shape
    window = window_of(operator, kernel_h, kernel_w)
    batches, _, _, channels = operator.input(0).shape
    if channels % depth or outputs % (channels // depth) or operator.output.shape[3] != outputs:
        raise refuse(operator, f"{depth} filter channels do not divide {channels} inputs", "re-convert the model")
    filters = (depth, 1, depth, kernel_h * kernel_w * depth)
    return _step(operator, window, (batches, channels, outputs), filters)


@lowers("DEPTHWISE_CONV_2D", dtype=DType.INT16)
def lower_depthwise_conv(operator: Operator, context: Context) -> Step:
    _, kernel_h, kernel_w, outputs = _checked(operator).shape
    window = window_of(operator, kernel_h, kernel_w)
    batches, _, _, channels = operator.input(0).shape
    if outputs % channels or operator.output.shape[3] != outputs:
        raise refuse(operator, f"{outputs} outputs are no multiple of {channels} inputs", "re-convert the model")
    return _step(operator, window, (batches, channels, outputs), (1, 0, outputs, 1))


@lowers("FULLY_CONNECTED", dtype=DType.INT16)
def lower_fully_connected(operator: Operator, context: Context) -> Step:
    outputs, depth = _checked(operator).shape
    x = operator.input(0)
    if x.elements % depth or operator.output.elements != x.elements // depth * outputs:
        raise refuse(operator, f"{x.elements} inputs are not rows of {depth}", "re-convert the model", x)
    return _step(
        operator,
        PIXEL,
        (x.elements // depth, depth, outputs),
        (depth, 1, depth, depth),
    )
