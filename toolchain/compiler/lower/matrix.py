"""BATCH_MATMUL, L2_NORMALIZATION and TRANSPOSE_CONV."""

from __future__ import annotations

import numpy as np

from toolchain.compiler.lower.common import (
    bias_at,
    collapse,
    dense_strides,
    output_range,
    refuse,
    require_output,
    require_per_tensor,
    require_types,
    same_padding,
)
from toolchain.compiler.lower.int16 import reduced
from toolchain.compiler.lower.lookup import multiplier
from toolchain.compiler.step import Constant, Context, Overlap, Step, lowers
from toolchain.model.graph import DType, Operator


@lowers("BATCH_MATMUL")
def lower_batch_matmul(operator: Operator, context: Context) -> Step:
    a, b, y = operator.input(0), operator.input(1), operator.output
    require_types(operator, y, DType.INT8, DType.INT16)
    for t in (a, b):
        require_types(operator, t, y.dtype)
    require_per_tensor(operator, a, b, y)
    wide = y.dtype is DType.INT16
    if wide and (a.zero_point or b.zero_point or y.zero_point):
        raise refuse(operator, "int16 tensors must have zero point 0", "re-convert the model")
    rank = len(y.shape)
    shapes, strides = [], []
    for t, swapped in ((a, operator.options.get("adj_x")), (b, operator.options.get("adj_y"))):
        if len(t.shape) < 2 or len(t.shape) > rank:
            raise refuse(operator, f"{t.shape} is no batch of matrices", "give it two dimensions or more", t)
        shape = [1] * (rank - len(t.shape)) + list(t.shape)
        steps = dense_strides(shape)
        if swapped:
            shape[-2:], steps[-2:] = shape[:-3:-1], steps[:-3:-1]
        shapes.append(shape)
        strides.append([0 if n == 1 and d < rank - 2 else s for d, (n, s) in enumerate(zip(shape, steps, strict=True))])
    batches = np.broadcast_shapes(*(s[:-2] for s in shapes))
    if (*batches, shapes[0][-2], shapes[1][-1]) != y.shape or shapes[0][-1] != shapes[1][-2]:
        raise refuse(operator, f"shapes {a.shape} and {b.shape} do not multiply to {y.shape}", "re-convert the model")
    m, shift = multiplier(operator, a.scale * b.scale / y.scale)
    if wide:
        m, shift = reduced(operator, m, shift)
    rows = collapse(batches, strides[0][:-2], strides[1][:-2])
    params = {
        "batches": {"rank": len(rows), "rows": Constant("walk", rows)},
        "rows": y.shape[-2],
        "columns": y.shape[-1],
        "depth": shapes[0][-1],
        "a_row": strides[0][-2],
        "a_depth": strides[0][-1],
        "b_depth": strides[1][-2],
        "b_column": strides[1][-1],
        "zero_a": a.zero_point,
        "zero_b": b.zero_point,
        "multiplier": m,
        "shift": shift,
        "zero": y.zero_point,
    }
    macs = y.elements * shapes[0][-1]
    kernel = "kit_batch_matmul_s16" if wide else "kit_batch_matmul_s8"
    return Step(
        operator,
        kernel,
        "kit_batch_matmul.h",
        params,
        (a, b),
        (y,),
        struct="kit_batch_matmul_params",
        macs=macs,
    )


@lowers("L2_NORMALIZATION")
def lower_l2_norm(operator: Operator, context: Context) -> Step:
    x, y = operator.input(0), operator.output
    require_types(operator, x, DType.INT8)
    require_types(operator, y, DType.INT8)
    require_per_tensor(operator, x, y)
    if operator.options.get("fused_activation_function", "NONE") != "NONE":
        raise refuse(operator, "a fused activation is not supported", "put the activation into a layer of its own")
    require_output(operator, 128, 0)
    depth = x.shape[-1]
    params = {"rows": x.elements // depth, "depth": depth, "zero": x.zero_point}
    return Step(operator, "kit_l2_norm_s8", "kit_l2_norm.h", params, (x,), (y,), overlaps=(Overlap(0, 0, 0),))


@lowers("TRANSPOSE_CONV")
def lower_transpose_conv(operator: Operator, context: Context) -> Step:
    weights, x, y = operator.input(1), operator.input(2), operator.output
    for t in (weights, x, y):
        require_types(operator, t, DType.INT8)
    require_per_tensor(operator, x, y)
    if weights.data is None or weights.quantization is None or any(weights.quantization.zero_points):
        raise refuse(operator, "the weights are not constant and symmetric", "re-convert the model", weights)
    if len(x.shape) != 4 or len(y.shape) != 4 or len(weights.shape) != 4:
        raise refuse(operator, "images and weights must have four dimensions", "re-convert the model", x)
    channels, kernel_h, kernel_w, depth = weights.shape
    if (x.shape[0], channels, depth) != (y.shape[0], y.shape[3], x.shape[3]):
        raise refuse(operator, f"weights {weights.shape} do not take {x.shape} to {y.shape}", "re-convert", weights)
    stride_h, stride_w = operator.options["stride_h"], operator.options["stride_w"]
    if min(stride_h, stride_w) < 1:
        raise refuse(operator, "strides must be at least 1", "re-convert the model")
    same = operator.options["padding"] == "SAME"
    pad_h, pad_w = (
        same_padding(out, -(-out // stride), kernel, stride) if same else 0
        for out, kernel, stride in ((y.shape[1], kernel_h, stride_h), (y.shape[2], kernel_w, stride_w))
    )
    scales = weights.quantization.scales
    if len(scales) not in (1, channels):
        raise refuse(operator, f"{len(scales)} scales for {channels} channels", "re-convert the model", weights)
    pairs = [multiplier(operator, x.scale * s / y.scale) for s in (scales * channels)[:channels]]
    lo, hi = output_range(operator)
    params = {
        "batches": x.shape[0],
        "in_h": x.shape[1],
        "in_w": x.shape[2],
        "in_channels": depth,
        "out_h": y.shape[1],
        "out_w": y.shape[2],
        "out_channels": channels,
        "kernel_h": kernel_h,
        "kernel_w": kernel_w,
        "stride_h": stride_h,
        "stride_w": stride_w,
        "pad_h": pad_h,
        "pad_w": pad_w,
        "zero_in": x.zero_point,
        "zero": y.zero_point,
        "lo": lo,
        "hi": hi,
        "weights": Constant("weights", weights.data),
        "bias": Constant("bias", bias_at(operator, 3, channels).astype(np.int32)),
        "multiplier": Constant("multiplier", np.array([m for m, _ in pairs], np.int32)),
        "shift": Constant("shift", np.array([s for _, s in pairs], np.int8)),
    }
    macs = x.elements * kernel_h * kernel_w * channels
    return Step(operator, "kit_transpose_conv_s8", "kit_transpose_conv.h", params, (x,), (y,), macs=macs)
