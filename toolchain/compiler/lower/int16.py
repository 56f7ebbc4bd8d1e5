"""Layers with int16 activations: those with int8 weights and int64 biases, and functions of one value."""

from __future__ import annotations

import math

import numpy as np

from toolchain.compiler.lower.common import Window, output_range, refuse, require_per_tensor, require_types, window_of
from toolchain.compiler.lower.lookup import multiplier, requantize_step, slope_multiplier
from toolchain.compiler.step import Constant, Context, Overlap, Step, lowers
from toolchain.model.arithmetic import activation_range
from toolchain.model.graph import DType, Operator, Tensor

PIXEL = Window(in_h=1, in_w=1, out_h=1, out_w=1, kernel_h=1, kernel_w=1, stride_h=1, stride_w=1, pad_h=0, pad_w=0)


def reduced(operator: Operator, m: int, shift: int) -> tuple[int, int]:
    """A multiplier cut to 16 bits, and the right shift of its 64-bit product (MultiplyByQuantizedMultiplier, int64)."""
    if shift > 14:
        raise refuse(operator, "the output scale is too small for the input scales", "re-quantise the output")
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
    pairs = [reduced(operator, *multiplier(operator, x.scale * s / y.scale)) for s in scales]
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


def _require_symmetric(operator: Operator) -> tuple[Tensor, Tensor]:
    x, y = operator.input(0), operator.output
    require_types(operator, x, DType.INT16)
    require_per_tensor(operator, x, y)
    if x.zero_point or y.zero_point:
        raise refuse(operator, "int16 tensors must have zero point 0", "re-convert the model", x)
    return x, y


@lowers("RELU", "RELU_N1_TO_1", dtype=DType.INT16)
def lower_relu(operator: Operator, context: Context) -> Step:
    _, y = _require_symmetric(operator)
    return requantize_step(operator, *activation_range(operator.kind, y.scale, 0, -32768, 32767))


@lowers("LEAKY_RELU", dtype=DType.INT16)
def lower_leaky_relu(operator: Operator, context: Context) -> Step:
    x, y = _require_symmetric(operator)
    m, shift = multiplier(operator, x.scale / y.scale)
    alpha_m, alpha_shift = slope_multiplier(operator)
    params = {"count": x.elements, "multiplier": m, "shift": shift}
    params |= {"alpha_multiplier": alpha_m, "alpha_shift": alpha_shift}
    return Step(operator, "kit_leaky_relu_s16", "kit_quantize.h", params, (x,), (y,), overlaps=(Overlap(0, 0, 0),))


def sigmoid_table() -> np.ndarray:
    """65536 / (1 + exp(-i / 24)) of i = 0 … 255, each raised by half of what the linear piece after it falls short of
    the curve in its middle, uint16 [256] (sigmoid_table_uint16 of the reference)."""

    def curve(i: np.ndarray) -> np.ndarray:
        return 65536 / (1 + np.exp(-i / 24))

    i = np.arange(256)
    shortfall = curve(i + 0.5) - (curve(i) + curve(i + 1)) / 2
    table = np.floor(curve(i) + shortfall / 2 + 0.5).astype(np.uint16)
    table[255] = 65535
    return table


@lowers("LOGISTIC", "TANH", dtype=DType.INT16)
def lower_sigmoid(operator: Operator, context: Context) -> Step:
    """The table counts in 1/12288; a power-of-two scale gets there exactly, any other by a 15-bit multiplier."""
    x, y = _require_symmetric(operator)
    if y.scale != 1 / 32768:
        raise refuse(operator, "the output must have scale 1/32768", "re-convert the model")
    tangent = operator.kind == "TANH"
    fraction, exponent = math.frexp(x.scale)
    left = 12 + exponent - 1  # of a power of two
    if fraction == 0.5 and 0 <= left <= tangent:
        m, shift = 3 << left, 0
    else:
        real, shift = x.scale * 4096.0 * 3.0, 0
        while real <= 32767.0 / 2.0 and shift <= 30:
            real, shift = real * 2.0, shift + 1
        m = int(real)
        if m > 32767 or shift > 30:
            size = "large" if m > 32767 else "small"
            raise refuse(operator, f"input scale {x.scale:g} is too {size}", "check the quantisation of the input", x)
    params: dict[str, object] = {"count": x.elements, "multiplier": m, "shift": shift, "tangent": int(tangent)}
    params |= {"table": Constant("table", sigmoid_table())}
    return Step(operator, "kit_sigmoid_s16", "kit_sigmoid.h", params, (x,), (y,), overlaps=(Overlap(0, 0, 0),))
