"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR of NHWC images."""

from __future__ import annotations

import numpy as np

from toolchain.compiler.lower.common import refuse, require_types
from toolchain.compiler.lower.movement import move, numbers, require_type
from toolchain.compiler.step import Context, Step, View, lowers
from toolchain.model.graph import DType, Operator, Tensor


def _images(operator: Operator) -> tuple[Tensor, Tensor]:
    x, y = operator.input(0), operator.output
    require_type(operator, x, y)
    if len(x.shape) != 4 or len(y.shape) != 4 or (x.shape[0], x.shape[3]) != (y.shape[0], y.shape[3]):
        raise refuse(operator, f"cannot resize {x.shape} to {y.shape}", "resize height and width of NHWC images", y)
    if operator.options.get("align_corners") and operator.options.get("half_pixel_centers"):
        raise refuse(operator, "aligned corners and half-pixel centres exclude each other", "choose one")
    return x, y


def nearest(size: int, out: int, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    """Input row or column of each output one, int64 [out]; in float32 as the reference does (GetNearestNeighbor)."""
    aligned = align_corners and out > 1
    scale = np.float32(size - 1) / np.float32(out - 1) if aligned else np.float32(size) / np.float32(out)
    position = (np.arange(out, dtype=np.float32) + np.float32(0.5 if half_pixel_centers else 0.0)) * np.float32(scale)
    index = np.floor(position.astype(np.float64) + 0.5) if align_corners else np.floor(position)
    return np.clip(index.astype(np.int64), 0, size - 1)


@lowers("RESIZE_NEAREST_NEIGHBOR")
def lower_resize_nearest(operator: Operator, context: Context) -> Step | View:
    x, y = _images(operator)
    flags = bool(operator.options.get("align_corners")), bool(operator.options.get("half_pixel_centers"))
    rows, columns = nearest(x.shape[1], y.shape[1], *flags), nearest(x.shape[2], y.shape[2], *flags)
    source = numbers(x)[:, rows][:, :, columns]
    factors = y.shape[1] // x.shape[1], y.shape[2] // x.shape[2]
    repeated = all(
        np.array_equal(np.repeat(np.arange(n), f), picks)
        for n, f, picks in zip(x.shape[1:3], factors, (rows, columns), strict=True)
    )
    if repeated:  # whole factors: strides of 0 instead of a table
        n, h, w, c = x.shape
        source = source.reshape(n, h, factors[0], w, factors[1], c)
    return move(operator, source, x, y)


def bilinear_positions(size: int, out: int, align_corners: bool, half_pixel_centers: bool) -> tuple[int, int]:
    """Step and start of the positions of the output rows or columns, in 1/1024 of an input one."""
    step = (1024 * size + out // 2) // out
    if align_corners and out > 1:
        step = (1024 * (size - 1) + (out - 1) // 2) // (out - 1)
    return step, step // 2 - 512 if half_pixel_centers else 0


@lowers("RESIZE_BILINEAR")
def lower_resize_bilinear(operator: Operator, context: Context) -> Step:
    x, y = _images(operator)
    require_types(operator, x, DType.INT8)
    flags = bool(operator.options.get("align_corners")), bool(operator.options.get("half_pixel_centers"))
    step_y, start_y = bilinear_positions(x.shape[1], y.shape[1], *flags)
    step_x, start_x = bilinear_positions(x.shape[2], y.shape[2], *flags)
    params = {
        "batches": x.shape[0],
        "in_h": x.shape[1],
        "in_w": x.shape[2],
        "channels": x.shape[3],
        "out_h": y.shape[1],
        "out_w": y.shape[2],
        "step_y": step_y,
        "start_y": start_y,
        "step_x": step_x,
        "start_x": start_x,
    }
    return Step(operator, "kit_resize_bilinear_s8", "kit_resize.h", params, (x,), (y,))
