"""Weights for the kernels of machines with the DSP extension: the stream of ``kit_dot_dsp.h``, with its proofs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolchain.compiler.lower.convolution import BLOCK, Channels, doubled


def packed_shifts(shift: np.ndarray) -> int:
    """n - 1 of up to four channels, n the right shift, a byte each, the first in the lowest."""
    return sum(int(-s - 1) << (8 * i) for i, s in enumerate(shift))


def dot_stream(
    channels: Channels, input_zero_point: int, inline_table: bool = True, whole_blocks: bool = False
) -> np.ndarray | None:
    """The stream of ``kit_dot_dsp.h``, int32; with ``whole_blocks`` the last is filled up with channels of zeros. None
    when a pair of channels cannot share halfwords exactly, or a channel has no right shift, as the epilogue needs."""
    if (channels.shift > -1).any():
        return None
    outputs, taps = channels.weights.shape
    even = outputs + -outputs % (BLOCK if whole_blocks else 2)  # channels with those of zeros
    pad = ((0, even - outputs), (0, -taps % 4))
    weights = np.pad(channels.weights, pad)
    padded = replace(channels, weights=weights, bias=np.pad(channels.bias, pad[0]))
    if not separable(padded, input_zero_point):
        return None
    low, high = weights[0::2], weights[1::2]
    halves = (256 * high + low).reshape(even // 2, -1, 2, 2)  # [pair, four inputs, input 0/1 or 2/3, of these]
    words = (halves[:, :, 0] & 0xFFFF) | ((halves[:, :, 1] & 0xFFFF) << 16)  # inputs 0 and 2, inputs 1 and 3
    starts = np.stack([padded.bias[0::2], padded.bias[0::2] + 256 * padded.bias[1::2]], axis=1)
    parts: list[np.ndarray] = []
    for first in range(0, even, BLOCK):
        whole = first + BLOCK <= (even if whole_blocks else outputs)
        for start in (first,) if whole else range(first, even, 2):
            count = BLOCK if whole else 2
            pairs = slice(start // 2, (start + count) // 2)
            scaled = slice(start, min(start + count, outputs))
            factors = np.zeros(count, np.int64)
            factors[: scaled.stop - start] = doubled(channels.multiplier[scaled])
            parts += [starts[pairs].ravel(), words[pairs].transpose(1, 2, 0).ravel()]
            if inline_table:
                parts += [np.array([packed_shifts(channels.shift[scaled])]), factors]
    return (np.concatenate(parts) & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def separable(channels: Channels, input_zero_point: int) -> bool:
    """Whether every second channel's accumulator fits 24 bits for any input, and the pairs fit their halfwords."""
    low, high = channels.weights[0::2], channels.weights[1::2]
    halves = 256 * high + low
    if halves.size and (halves.min() < -(1 << 15) or halves.max() >= 1 << 15):
        return False
    smallest, largest = -128 - input_zero_point, 127 - input_zero_point
    bias = channels.bias[1::2]
    top = bias + np.maximum(high * smallest, high * largest).sum(axis=1)
    bottom = bias + np.minimum(high * smallest, high * largest).sum(axis=1)
    return bool((top < 1 << 23).all() and (bottom >= -(1 << 23)).all())
