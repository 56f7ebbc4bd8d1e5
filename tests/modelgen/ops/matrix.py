"""Models with matrix products, normalisation and transposed convolution."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.ops.common import int32, scales, shape_of, zero_points
from modelgen.strategy import Draw, strategy


def _batch_matmul(draw: Draw, dtype: str = "int8") -> bytes:
    zero = zero_points if dtype == "int8" else st.just(0)
    rows, columns, depth = (draw(st.integers(1, 9)) for _ in range(3))
    batch = list(shape_of(draw, 0, 2, 3))
    sides = []
    for first, second, name in ((rows, depth, "adj_x"), (depth, columns, "adj_y")):
        swapped = draw(st.booleans())
        sides.append((name, swapped, [*batch, *((second, first) if swapped else (first, second))]))
    if batch and draw(st.booleans()):  # one side repeated over the batch
        sides[draw(st.integers(0, 1))][2][: len(batch)] = [1] * len(batch)
    model = ModelBuilder()
    s1, s2 = draw(scales), draw(scales)
    a = model.input(sides[0][2], s1, draw(zero), dtype)
    if draw(st.booleans()):
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        limit = np.iinfo(dtype)
        b = model.constant(rng.integers(limit.min, limit.max + 1, sides[1][2]).astype(dtype), s2, draw(zero))
    else:
        b = model.input(sides[1][2], s2, draw(zero), dtype)
    scale = s1 * s2 * draw(st.sampled_from((20.0, 0.4, 300.0, 4000.0))) * (1 if dtype == "int8" else 100)
    y = model.tensor([*batch, rows, columns], scale, draw(zero), dtype)
    model.op("BATCH_MATMUL", [a, b], [y], **{name: swapped for name, swapped, _ in sides})
    model.output(y)
    return model.build()


@strategy("BATCH_MATMUL")
def batch_matmul(draw: Draw) -> bytes:
    return _batch_matmul(draw)


@strategy("BATCH_MATMUL (int16)")
def batch_matmul_int16(draw: Draw) -> bytes:
    return _batch_matmul(draw, "int16")


@strategy("L2_NORMALIZATION")
def l2_normalization(draw: Draw) -> bytes:
    shape = (*shape_of(draw, 0, 3, 4), draw(st.integers(1, 24)))
    model = ModelBuilder()
    x = model.input(shape, draw(scales), draw(zero_points))
    y = model.tensor(shape, 1 / 128, 0)
    model.op("L2_NORMALIZATION", [x], [y], fused_activation_function="NONE")
    model.output(y)
    return model.build()


@strategy("TRANSPOSE_CONV")
def transpose_conv(draw: Draw) -> bytes:
    return _transpose_conv(draw)


@strategy("TRANSPOSE_CONV (int16)", lowered=False)
def transpose_conv_int16(draw: Draw) -> bytes:
    return _transpose_conv(draw, "int16")


def _transpose_conv(draw: Draw, dtype: str = "int8") -> bytes:
    wide = dtype == "int16"
    zero = st.just(0) if wide else zero_points
    padding = draw(st.sampled_from(("SAME", "VALID")))
    sizes, outputs, kernels, strides = [], [], [], []
    for _ in range(2):
        kernel, stride, size = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(1, 5))
        kernels.append(kernel)
        strides.append(stride)
        sizes.append(size)
        outputs.append(size * stride if padding == "SAME" else (size - 1) * stride + max(kernel, stride))
    batches, depth, channels = draw(st.sampled_from((1, 1, 2))), draw(st.integers(1, 6)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    model = ModelBuilder()
    s1 = draw(scales)
    per_channel = draw(st.booleans())
    s2 = 0.01 * rng.uniform(0.3, 1.5, channels if per_channel else 1)
    x = model.input((batches, *sizes, depth), s1, draw(zero), dtype)
    w = model.constant(rng.integers(-127, 128, (channels, *kernels, depth)).astype(np.int8), s2, axis=0)
    target = (batches, *outputs, channels)
    inputs = [model.constant(int32(*target)), w, x]
    if draw(st.sampled_from((True, True, False))):
        bias = rng.integers(-5000, 5001, channels).astype(np.int64 if wide else np.int32)
        inputs.append(model.constant(bias, np.float32(s1) * s2.astype(np.float32)))
    s_out = s1 * float(s2.mean()) * draw(st.sampled_from((0.7, 40.0, 400.0)))
    y = model.tensor(target, s_out, draw(zero), dtype)
    model.op("TRANSPOSE_CONV", inputs, [y], padding=padding, stride_h=strides[0], stride_w=strides[1])
    model.output(y)
    return model.build()
