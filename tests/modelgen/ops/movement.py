"""Models with operators that only move elements."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.ops.common import int32, one_operator, scales, shape_of, zero_points
from modelgen.strategy import Draw, strategy


@strategy("RESHAPE")
def reshape(draw: Draw) -> bytes:
    shape = shape_of(draw)
    target = draw(st.permutations(shape))
    return one_operator(draw, "RESHAPE", shape, target, [int32(*target)], new_shape=target)


@strategy("EXPAND_DIMS")
def expand_dims(draw: Draw) -> bytes:
    shape = shape_of(draw, highest=3)
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    target = np.expand_dims(np.empty(shape), axis).shape
    return one_operator(draw, "EXPAND_DIMS", shape, target, [int32(axis)])


@strategy("SQUEEZE")
def squeeze(draw: Draw) -> bytes:
    shape = (1, *shape_of(draw, highest=3))
    return one_operator(draw, "SQUEEZE", shape, shape[1:], squeeze_dims=[0])


@strategy("TRANSPOSE")
def transpose(draw: Draw) -> bytes:
    shape = shape_of(draw)
    order = draw(st.permutations(range(len(shape))))
    return one_operator(draw, "TRANSPOSE", shape, [shape[a] for a in order], [int32(*order)])


@strategy("SLICE")
def slice_(draw: Draw) -> bytes:
    shape = shape_of(draw)
    begin = [draw(st.integers(0, n - 1)) for n in shape]
    size = [draw(st.integers(1, n - b)) for b, n in zip(begin, shape, strict=True)]
    asked = [-1 if b + s == n and draw(st.booleans()) else s for b, s, n in zip(begin, size, shape, strict=True)]
    return one_operator(draw, "SLICE", shape, size, [int32(*begin), int32(*asked)])


@strategy("STRIDED_SLICE")
def strided_slice(draw: Draw) -> bytes:
    shape = shape_of(draw)
    begin, end, strides, target = [], [], [], []
    masks = {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0}
    for d, n in enumerate(shape):
        stride = draw(st.sampled_from((1, 1, 2, 3, -1, -2)))
        at = draw(st.integers(0, n - 1))
        count = draw(st.integers(1, (n - 1 - at) // stride + 1 if stride > 0 else at // -stride + 1))
        stop = at + (count - 1) * stride + (1 if stride > 0 else -1)
        kind = draw(st.sampled_from(("plain", "plain", "open", "shrink")))
        if kind == "shrink" and len(shape) > 1:
            masks["shrink_axis_mask"] |= 1 << d
            begin.append(draw(st.sampled_from((at, at - n))))
            end.append(at + 1)
            strides.append(1)
            continue
        if kind == "open" or stop < 0:
            masks["end_mask"] |= 1 << d
            count = (n - 1 - at) // stride + 1 if stride > 0 else at // -stride + 1
        begin.append(draw(st.sampled_from((at, at - n))))
        end.append(stop)
        strides.append(stride)
        target.append(count)
    return one_operator(draw, "STRIDED_SLICE", shape, target, [int32(*begin), int32(*end), int32(*strides)], **masks)


def _many_outputs(draw: Draw, kind: str, inputs: object, shapes: list[list[int]], **options: object) -> bytes:
    model = ModelBuilder()
    scale, zero = draw(scales), draw(zero_points)
    operands = inputs(model, scale, zero)  # type: ignore[operator]
    outputs = [model.tensor(s, scale, zero) for s in shapes]
    model.op(kind, operands, outputs, **options)
    model.output(*outputs)
    return model.build()


@strategy("SPLIT")
def split(draw: Draw) -> bytes:
    count = draw(st.integers(1, 4))
    part = list(shape_of(draw))
    axis = draw(st.integers(0, len(part) - 1))
    shape = [n * count if d == axis else n for d, n in enumerate(part)]
    named = draw(st.sampled_from((axis, axis - len(part))))
    return _many_outputs(
        draw,
        "SPLIT",
        lambda m, s, z: [m.constant(int32(named)), m.input(shape, s, z)],
        [part] * count,
        num_splits=count,
    )


@strategy("SPLIT_V")
def split_v(draw: Draw) -> bytes:
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    base = list(shape_of(draw))
    axis = draw(st.integers(0, len(base) - 1))
    shapes = [[n if d != axis else size for d, n in enumerate(base)] for size in sizes]
    shape = [n if d != axis else sum(sizes) for d, n in enumerate(base)]
    return _many_outputs(
        draw,
        "SPLIT_V",
        lambda m, s, z: [m.input(shape, s, z), m.constant(int32(*sizes)), m.constant(int32(axis))],
        shapes,
        num_splits=len(sizes),
    )


@strategy("UNPACK")
def unpack(draw: Draw) -> bytes:
    shape = list(shape_of(draw, lowest=2, extent=5))
    axis = draw(st.integers(0, len(shape) - 1))
    part = shape[:axis] + shape[axis + 1 :]
    named = draw(st.sampled_from((axis, axis - len(shape))))
    return _many_outputs(
        draw, "UNPACK", lambda m, s, z: [m.input(shape, s, z)], [part] * shape[axis], num=shape[axis], axis=named
    )


@strategy("PACK")
def pack(draw: Draw) -> bytes:
    part = list(shape_of(draw, highest=3))
    count = draw(st.integers(1, 4))
    axis = draw(st.integers(0, len(part)))
    shape = [*part[:axis], count, *part[axis:]]
    return _many_outputs(
        draw,
        "PACK",
        lambda m, s, z: [m.input(part, s, z) for _ in range(count)],
        [shape],
        values_count=count,
        axis=axis,
    )


@strategy("CONCATENATION")
def concatenation(draw: Draw) -> bytes:
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    base = list(shape_of(draw))
    axis = draw(st.integers(0, len(base) - 1))
    shape = [n if d != axis else sum(sizes) for d, n in enumerate(base)]
    named = draw(st.sampled_from((axis, axis - len(base))))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    fixed = draw(st.integers(0, 2)) == 0  # the last piece is a constant

    def operands(model: ModelBuilder, scale: float, zero: int) -> list[int]:
        pieces = []
        for i, size in enumerate(sizes):
            part = [n if d != axis else size for d, n in enumerate(base)]
            if fixed and i and i == len(sizes) - 1:
                pieces.append(model.constant(rng.integers(-128, 128, part).astype(np.int8), scale, zero))
            else:
                pieces.append(model.input(part, scale, zero))
        return pieces

    return _many_outputs(draw, "CONCATENATION", operands, [shape], axis=named)


def _padding(draw: Draw, shape: tuple[int, ...], limit: int) -> np.ndarray:
    return np.array(
        [[draw(st.integers(0, min(limit, n))), draw(st.integers(0, min(limit, n)))] for n in shape], np.int32
    )


@strategy("PAD")
def pad(draw: Draw) -> bytes:
    shape = shape_of(draw)
    pads = _padding(draw, shape, 3)
    return one_operator(draw, "PAD", shape, np.array(shape) + pads.sum(axis=1), [pads])


@strategy("PADV2")
def padv2(draw: Draw) -> bytes:
    shape = shape_of(draw)
    pads = _padding(draw, shape, 3)
    model = ModelBuilder()
    scale, zero = draw(scales), draw(zero_points)
    x, y = model.input(shape, scale, zero), model.tensor(np.array(shape) + pads.sum(axis=1), scale, zero)
    value = model.constant(np.array([draw(st.integers(-128, 127))], np.int8), scale, zero)
    model.op("PADV2", [x, model.constant(pads), value], [y])
    model.output(y)
    return model.build()


@strategy("MIRROR_PAD")
def mirror_pad(draw: Draw) -> bytes:
    mode = draw(st.sampled_from(("REFLECT", "SYMMETRIC")))
    shape = tuple(n + 1 for n in shape_of(draw))
    pads = _padding(draw, tuple(n - (mode == "REFLECT") for n in shape), 3)
    return one_operator(draw, "MIRROR_PAD", shape, np.array(shape) + pads.sum(axis=1), [pads], mode=mode)


@strategy("GATHER")
def gather(draw: Draw) -> bytes:
    shape = shape_of(draw, highest=3)
    axis = draw(st.integers(0, len(shape) - 1))
    batch = draw(st.integers(0, axis))
    count = draw(st.integers(1, 6))
    picks = [draw(st.integers(0, shape[axis] - 1)) for _ in range(count * math.prod(shape[:batch]))]
    indices = np.array(picks, np.int32).reshape(*shape[:batch], count)
    target = (*shape[:axis], count, *shape[axis + 1 :])
    return one_operator(draw, "GATHER", shape, target, [indices], axis=axis, batch_dims=batch)


def _blocks(draw: Draw) -> tuple[int, list[int], list[int]]:
    block, (n, h, w, c) = draw(st.integers(1, 3)), shape_of(draw, 4, 4, 4)
    return block, [n, h * block, w * block, c], [n, h, w, c * block * block]


@strategy("SPACE_TO_DEPTH")
def space_to_depth(draw: Draw) -> bytes:
    block, space, depth = _blocks(draw)
    return one_operator(draw, "SPACE_TO_DEPTH", space, depth, block_size=block)


@strategy("DEPTH_TO_SPACE")
def depth_to_space(draw: Draw) -> bytes:
    block, space, depth = _blocks(draw)
    return one_operator(draw, "DEPTH_TO_SPACE", depth, space, block_size=block)
