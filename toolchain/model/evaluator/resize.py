"""RESIZE_NEAREST_NEIGHBOR, RESIZE_BILINEAR.

Sources: tensorflow/lite/kernels/internal/reference/{resize_nearest_neighbor,resize_bilinear}.h (the integer form).
"""

from __future__ import annotations

import math

import numpy as np

from toolchain.model.evaluator.registry import Values, evaluates, present, unsupported
from toolchain.model.graph import Operator
from toolchain.model.shapes import constant_ints


def _sizes(op: Operator, values: Values) -> tuple[np.ndarray, list[int]]:
    x, sizes = present(values, 0), constant_ints(op, 1)
    if op.options["align_corners"] and op.options["half_pixel_centers"]:
        raise unsupported(op, "align_corners and half_pixel_centers exclude each other")
    return x, sizes


def nearest_positions(size: int, count: int, align_corners: bool, half_pixel_centers: bool) -> list[int]:
    """Input position of each of ``count`` outputs; computed in float32 as the reference does."""
    f32 = np.float32
    aligned = align_corners and count > 1
    scale = f32(size - 1) / f32(count - 1) if aligned else f32(size) / f32(count)
    offset = f32(0.5 if half_pixel_centers else 0.0)
    positions = []
    for i in range(count):
        at = float((f32(i) + offset) * scale)
        positions.append(max(0, min(math.floor(at + 0.5) if align_corners else math.floor(at), size - 1)))
    return positions


@evaluates("RESIZE_NEAREST_NEIGHBOR")
def resize_nearest_neighbor(op: Operator, values: Values) -> np.ndarray:
    x, sizes = _sizes(op, values)
    flags = bool(op.options["align_corners"]), bool(op.options["half_pixel_centers"])
    for axis, count in zip((1, 2), sizes, strict=True):
        x = x.take(nearest_positions(x.shape[axis], count, *flags), axis=axis)
    return x


def bilinear_positions(
    size: int, count: int, align_corners: bool, half_pixel_centers: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(lower position, upper position, weight of the upper in 1/1024) of each of ``count`` outputs."""
    scale = ((size << 10) + count // 2) // count
    if align_corners and count > 1:
        scale = (((size - 1) << 10) + (count - 1) // 2) // (count - 1)
    at = np.arange(count, dtype=np.int64) * scale
    if half_pixel_centers:
        at += scale // 2 - (1 << 9)
    low = np.maximum(np.where(at < 0, -(-at >> 10), at >> 10), 0)
    above = at + 1023
    high = np.minimum(np.where(above < 0, -(-above >> 10), above >> 10), size - 1)
    return low, high, at - (low << 10)


@evaluates("RESIZE_BILINEAR")
def resize_bilinear(op: Operator, values: Values) -> np.ndarray:
    x, sizes = _sizes(op, values)
    x = x.astype(np.int64)
    flags = bool(op.options["align_corners"]), bool(op.options["half_pixel_centers"])
    for axis, count in zip((1, 2), sizes, strict=True):
        low, high, weight = bilinear_positions(x.shape[axis], count, *flags)
        weight = weight.reshape([-1 if a == axis else 1 for a in range(4)])
        x = x.take(low, axis=axis) * (1024 - weight) + x.take(high, axis=axis) * weight
    return np.where(x > 0, (x + (1 << 19)) >> 20, -((-x + (1 << 19)) >> 20))
