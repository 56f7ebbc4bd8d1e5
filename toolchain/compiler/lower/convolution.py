"""What convolution, depthwise convolution and fully connected layers share: requantisation tables, weight order,
and how far an output may run behind its input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from toolchain.compiler.lower.common import output_range, refuse
from toolchain.compiler.lower.lookup import multiplier
from toolchain.model.arithmetic import INT32_MAX, multiply_by_quantized_multiplier
from toolchain.model.graph import DType, Operator

BLOCK = 4  # output channels whose weights are interleaved
UINT16_MAX = 65535


def require_int8(operator: Operator) -> None:
    """Refuse anything but int8 activations, int8 weights with zero point 0 and an int32 bias."""
    x, weights, y = operator.input(0), operator.input(1), operator.output
    for tensor in (x, weights, y):
        if tensor.dtype is not DType.INT8 or tensor.quantization is None:
            raise refuse(
                operator,
                f"{tensor.dtype.value} is not int8",
                "convert the model with full-integer quantisation",
                tensor,
            )
    if weights.data is None:
        raise refuse(operator, "the weights are computed at run time", "make the weights a constant", weights)
    if any(weights.quantization.zero_points):  # type: ignore[union-attr]
        raise refuse(operator, "the weights have a zero point", "quantise the weights symmetrically", weights)
    bias = operator.inputs[2] if len(operator.inputs) > 2 else None
    if bias is not None and (bias.data is None or bias.dtype is not DType.INT32):
        raise refuse(operator, "the bias is not a constant int32", "convert with full-integer quantisation", bias)


def bias_of(operator: Operator, channels: int) -> np.ndarray:
    """Bias of each output channel, int64 [channels]; zeros when the operator has none."""
    bias = operator.inputs[2] if len(operator.inputs) > 2 else None
    if bias is None:
        return np.zeros(channels, np.int64)
    assert bias.data is not None
    if bias.data.size != channels:
        raise refuse(operator, f"{bias.data.size} biases for {channels} channels", "re-convert the model", bias)
    return bias.data.reshape(channels).astype(np.int64)


def multipliers_of(operator: Operator, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Multiplier and shift of each output channel, int64 [channels] each; the scales are multiplied in double."""
    x, weights, y = operator.input(0), operator.input(1), operator.output
    assert weights.quantization is not None
    scales = weights.quantization.scales
    if len(scales) not in (1, channels):
        raise refuse(operator, f"{len(scales)} scales for {channels} channels", "re-convert the model", weights)
    table = np.array([multiplier(operator, x.scale * scale / y.scale) for scale in scales], np.int64)
    table = np.broadcast_to(table, (channels, 2)) if len(scales) == 1 else table
    return table[:, 0], table[:, 1]


def weights_of(operator: Operator, rank: int, axis: int = 0) -> np.ndarray:
    """The weights, int8 of ``rank`` dimensions, output channels along ``axis``; those of channels whose multiplier is 0
    are zero, as they do not matter."""
    weights = operator.input(1).data
    assert weights is not None
    if weights.ndim != rank:
        raise refuse(operator, f"its weights have {weights.ndim} dimensions", "re-convert the model", operator.input(1))
    factors, _ = multipliers_of(operator, weights.shape[axis])
    shape = [1] * weights.ndim
    shape[axis] = -1
    return np.where(factors.reshape(shape) == 0, 0, weights).astype(np.int8)


@dataclass(frozen=True)
class Channels:
    """Output channels of a layer: weights int64 [outputs, taps]; bias, multiplier, shift int64 [outputs]."""

    weights: np.ndarray
    bias: np.ndarray
    multiplier: np.ndarray
    shift: np.ndarray


def channels_of(operator: Operator, weights: np.ndarray) -> Channels:
    """The channels of a layer; ``weights`` [outputs, …].

    A channel whose output does not depend on the input (all weights 0, or multiplier 0) gets a bias, multiplier and
    shift that give the same output and are small; so no multiplier is 0. A layer whose accumulators could leave 32
    bits is refused: the reference's would overflow.
    """
    outputs = weights.shape[0]
    bias = bias_of(operator, outputs)
    multiplier, shift = multipliers_of(operator, outputs)
    wide = weights.reshape(outputs, -1).astype(np.int64)
    zero_point = operator.output.zero_point
    low, high = output_range(operator)
    fixed = (multiplier == 0) | ~wide.any(axis=1)
    value = np.clip(multiply_by_quantized_multiplier(bias, multiplier, shift) + zero_point, low, high)
    found = Channels(
        np.where(fixed[:, None], 0, wide),
        np.where(fixed, 4 * (value - zero_point), bias),  # a quarter of it: half by the multiplier, half by the shift
        np.where(fixed, 1 << 30, multiplier),
        np.where(fixed, -1, shift),
    )
    if largest_sum(found).max() > INT32_MAX - 512:  # no sum can overflow, in any order, nor what the kernels add
        raise refuse(operator, "its sums can leave 32 bits", "re-convert the model", operator.input(1))
    return found


def largest_sum(channels: Channels) -> np.ndarray:
    """What no accumulator goes beyond, in either direction and at any time, int64 [channels]."""
    return np.abs(channels.bias) + 256 * np.abs(channels.weights).sum(axis=1)


def folded_bias(channels: Channels, input_zero_point: int) -> np.ndarray:
    """Biases with the input zero point in them, modulo 2^32: for dot products of the inputs as they are."""
    return wrapped(channels.bias - input_zero_point * channels.weights.sum(axis=1))


def wrapped(values: np.ndarray) -> np.ndarray:
    """Modulo 2^32, int64 holding int32."""
    return (values & 0xFFFFFFFF).astype(np.uint32).astype(np.int32).astype(np.int64)


def doubled(multiplier: np.ndarray) -> np.ndarray:
    """2 * multiplier modulo 2^32, the factor for a product's high word (see ``kit_simd.h``)."""
    return wrapped(2 * multiplier)


def one_scale(channels: Channels) -> bool:
    """Whether multiplier and shift of all channels are the same."""
    return len(set(zip(channels.multiplier.tolist(), channels.shift.tolist(), strict=True))) == 1


def channel_table(channels: Channels, bias: np.ndarray) -> np.ndarray:
    """``bias``, and multiplier and n for `kit_scale_s8`, of each channel, int32 [channels, 3]."""
    quick = (channels.shift < 0) & (largest_sum(channels) < 1 << 29)
    return np.stack([bias, channels.multiplier, np.where(quick, 0, -64) - channels.shift], axis=1).astype(np.int32)


def blocked_table(table: np.ndarray, groups: int) -> np.ndarray:
    """The `channel_table` of ``groups`` groups as `kit_conv_s8` reads it, int32 [3 * channels]."""
    parts = []
    for rows in np.split(table, groups):
        whole = len(rows) // BLOCK * BLOCK
        blocks = rows[:whole].reshape(-1, BLOCK, 3)
        parts += [np.concatenate([blocks[:, :, 0], blocks[:, :, 1:].reshape(-1, 2 * BLOCK)], axis=1), rows[whole:]]
    return np.concatenate([part.ravel() for part in parts])


def one_scale_table(table: np.ndarray) -> np.ndarray:
    """The `channel_table` of channels with `one_scale` as `kit_conv_s8` reads it, int32 [2 * BLOCK + channels]."""
    return np.concatenate([np.tile(table[0, 1:], BLOCK), table[:, 0]])


def vector_table(operator: Operator, channels: Channels) -> np.ndarray | None:
    """The table of ``kit_mve.h`` with the input zero point folded into the biases, int32; None when a channel has a
    left shift."""
    if (channels.shift > 0).any():
        return None
    rows = np.stack([folded_bias(channels, operator.input(0).zero_point), channels.multiplier, channels.shift])
    biases, *scales = np.pad(rows, ((0, 0), (0, -rows.shape[1] % BLOCK)), mode="edge").astype(np.int32)
    blocks = np.stack(scales).reshape(2, -1, BLOCK).transpose(1, 0, 2)
    return np.concatenate([biases, (blocks[:1] if one_scale(channels) else blocks).ravel()])


def whole_blocks(weights: np.ndarray) -> np.ndarray:
    """Weights [outputs, taps…] filled up with outputs of zeros to a multiple of four."""
    return np.pad(weights, ((0, -len(weights) % BLOCK), *((0, 0),) * (weights.ndim - 1)))


def blocked(weights: np.ndarray) -> np.ndarray:
    """Weights [outputs, taps] in the order of the portable kernels, flat: blocks of four outputs interleaved tap by
    tap, then the outputs that are left over one after the other."""
    outputs, taps = weights.shape
    whole = outputs - outputs % BLOCK
    head = weights[:whole].reshape(whole // BLOCK, BLOCK, taps).transpose(0, 2, 1)
    return np.concatenate([head.ravel(), weights[whole:].ravel()])


def whole_words(values: np.ndarray) -> np.ndarray:
    """A flat array of bytes filled up with zeros to a multiple of four."""
    return np.pad(values, (0, -values.size % 4))


def quantization_fields(operator: Operator) -> dict[str, int]:
    """Zero points and clamping bounds for a params struct."""
    low, high = output_range(operator)
    return {
        "input_zero_point": operator.input(0).zero_point,
        "output_zero_point": operator.output.zero_point,
        "output_min": low,
        "output_max": high,
    }


def require_small(operator: Operator, sizes: Sequence[int]) -> None:
    """Refuse dimensions that do not fit the 16-bit fields of the params structs."""
    if max(sizes) > UINT16_MAX:
        raise refuse(operator, f"a dimension of {max(sizes)} is over {UINT16_MAX}", "use a smaller layer")


def forward_lead(first_read: np.ndarray, write_end: np.ndarray) -> int:
    """`Overlap.lead` of a kernel that runs in steps: after step t it has written bytes up to ``write_end[t]`` of its
    output, and from then on (or still during the writing of step t) it reads no input byte before ``first_read[t]``.
    """
    later = np.minimum.accumulate(np.asarray(first_read)[::-1])[::-1]
    return int((later - np.asarray(write_end)).min())
