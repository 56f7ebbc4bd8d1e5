"""Random models of the operators that only move data; importing this module adds them to `cases.CASES`."""

from __future__ import annotations

import math

import numpy as np

from modelgen.builder import ModelBuilder
from modelgen.cases import Rng, any_shape, case, int8_array, pick, scale, shape4, size, zero


class Move:
    """A model with one int8 input; outputs share its quantisation."""

    def __init__(self, rng: Rng, shape: tuple[int, ...]) -> None:
        self.m = ModelBuilder()
        self.shape = shape
        self.quantization = (scale(rng), zero(rng))
        self.x = self.m.input(shape, *self.quantization)

    def ints(self, values: object) -> int:
        return self.m.constant(np.array(values, np.int32))

    def finish(self, kind: str, inputs: list[int], shapes: list[tuple[int, ...]], **options: object) -> bytes:
        outputs = [self.m.tensor(s, *self.quantization) for s in shapes]
        self.m.op(kind, inputs, outputs, **options)
        self.m.output(*outputs)
        return self.m.build()


@case("RESHAPE", "EXPAND_DIMS", "SQUEEZE")
def reshape(rng: Rng, kind: str, wide: bool) -> bytes:
    shape = any_shape(rng, (2, 3))
    if kind == "RESHAPE":
        t = Move(rng, shape)
        to = (math.prod(shape), 1) if rng.random() < 0.5 else (*shape[::-1], 1)
        return t.finish(kind, [t.x, t.ints(to)], [to], new_shape=list(to))
    at = size(rng, 0, len(shape))
    longer = (*shape[:at], 1, *shape[at:])
    if kind == "EXPAND_DIMS":
        t = Move(rng, shape)
        return t.finish(kind, [t.x, t.ints(at)], [longer])
    t = Move(rng, longer)
    return t.finish(kind, [t.x], [shape], squeeze_dims=[at])


@case("TRANSPOSE")
def transpose(rng: Rng, kind: str, wide: bool) -> bytes:
    t = Move(rng, any_shape(rng, (2, 3, 4)))
    order = rng.permutation(len(t.shape)).tolist()
    return t.finish(kind, [t.x, t.ints(order)], [tuple(t.shape[a] for a in order)])


@case("SLICE")
def slice_(rng: Rng, kind: str, wide: bool) -> bytes:
    t = Move(rng, any_shape(rng, (2, 3, 4)))
    begin = [size(rng, 0, d - 1) for d in t.shape]
    out = [size(rng, 1, d - b) for b, d in zip(begin, t.shape, strict=True)]
    sizes = [-1 if o == d - b and rng.random() < 0.5 else o for o, b, d in zip(out, begin, t.shape, strict=True)]
    return t.finish(kind, [t.x, t.ints(begin), t.ints(sizes)], [tuple(out)])


@case("STRIDED_SLICE")
def strided_slice(rng: Rng, kind: str, wide: bool) -> bytes:
    t = Move(rng, any_shape(rng, (2, 3, 4)))
    begins, ends, strides, out = [], [], [], []
    masks = {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0}
    for i, d in enumerate(t.shape):
        stride = int(pick(rng, 1, 1, 2, 3, -1, -2))  # type: ignore[call-overload]
        positions = range(d)[::stride]
        first, last = positions[0], positions[-1]
        end = last + (1 if stride > 0 else -1)
        masks["end_mask"] |= (end < 0 or rng.random() < 0.2) << i
        masks["begin_mask"] |= int(rng.random() < 0.2) << i
        if stride == 1 and len(t.shape) > 2 and not masks["shrink_axis_mask"] and rng.random() < 0.3:
            masks["shrink_axis_mask"] = 1 << i
            masks["begin_mask"] &= ~(1 << i)
            masks["end_mask"] &= ~(1 << i)
            first = size(rng, 0, d - 1)
            end = first + 1
        else:
            out.append(len(positions))
        begins.append(first - d if rng.random() < 0.3 else first)
        ends.append(end)
        strides.append(stride)
    return t.finish(kind, [t.x, t.ints(begins), t.ints(ends), t.ints(strides)], [tuple(out)], **masks)


@case("SPLIT", "SPLIT_V", "UNPACK")
def split(rng: Rng, kind: str, wide: bool) -> bytes:
    shape = list(any_shape(rng, (2, 3, 4)))
    axis, n = size(rng, 0, len(shape) - 1), size(rng, 1, 4)
    sizes = [size(rng, 1, 3) for _ in range(n)] if kind == "SPLIT_V" else [size(rng, 1, 3)] * n
    if kind == "UNPACK":
        shape[axis] = n
        t = Move(rng, tuple(shape))
        return t.finish(kind, [t.x], [tuple(shape[:axis] + shape[axis + 1 :])] * n, num=n, axis=axis)
    shape[axis] = sum(sizes)
    t = Move(rng, tuple(shape))
    shapes = [(*shape[:axis], s, *shape[axis + 1 :]) for s in sizes]
    inputs = [t.ints(axis), t.x] if kind == "SPLIT" else [t.x, t.ints(sizes), t.ints(axis)]
    return t.finish(kind, inputs, shapes, num_splits=n)


@case("CONCATENATION", "PACK")
def join(rng: Rng, kind: str, wide: bool) -> bytes:
    shape = any_shape(rng, (2, 3))
    axis, n = size(rng, 0, len(shape) - 1), size(rng, 1, 4)
    t = Move(rng, shape)
    inputs, total = [t.x], shape[axis]
    for _ in range(n - 1):
        other = shape if kind == "PACK" else (*shape[:axis], size(rng, 1, 4), *shape[axis + 1 :])
        total += other[axis]
        if rng.random() < 0.3:
            inputs.append(t.m.constant(int8_array(rng, other, -128), *t.quantization))
        else:
            inputs.append(t.m.input(other, *t.quantization))
    if kind == "PACK":
        return t.finish(kind, inputs, [(*shape[:axis], n, *shape[axis:])], values_count=n, axis=axis)
    return t.finish(kind, inputs, [(*shape[:axis], total, *shape[axis + 1 :])], axis=axis)


@case("PAD", "PADV2", "MIRROR_PAD")
def pad(rng: Rng, kind: str, wide: bool) -> bytes:
    t = Move(rng, any_shape(rng, (2, 3, 4)))
    mode = str(pick(rng, "REFLECT", "SYMMETRIC"))
    margins = []
    for d in t.shape:
        most = 2 if kind != "MIRROR_PAD" else min(2, d - (mode == "REFLECT"))
        margins.append((size(rng, 0, most), size(rng, 0, most)))
    inputs = [t.x, t.ints(margins)]
    if kind == "PADV2":
        inputs.append(t.m.constant(np.array([size(rng, -128, 127)], np.int8), *t.quantization))
    out = tuple(a + d + b for d, (a, b) in zip(t.shape, margins, strict=True))
    return t.finish(kind, inputs, [out], **({"mode": mode} if kind == "MIRROR_PAD" else {}))


@case("GATHER")
def gather(rng: Rng, kind: str, wide: bool) -> bytes:
    t = Move(rng, any_shape(rng, (2, 3)))
    axis = size(rng, 0, len(t.shape) - 1)
    batch = size(rng, 0, min(1, axis))
    at = (*t.shape[:batch], *any_shape(rng, (1,)))
    positions = rng.integers(0, t.shape[axis], at)
    out = (*t.shape[:axis], *at[batch:], *t.shape[axis + 1 :])
    return t.finish(kind, [t.x, t.ints(positions)], [out], axis=axis, batch_dims=batch)


@case("SPACE_TO_DEPTH", "DEPTH_TO_SPACE")
def blocks(rng: Rng, kind: str, wide: bool) -> bytes:
    b, h, w, c = shape4(rng, 4, 4)
    n = size(rng, 2, 3)
    wide_shape, deep_shape = (b, h * n, w * n, c), (b, h, w, c * n * n)
    source, target = (wide_shape, deep_shape) if kind == "SPACE_TO_DEPTH" else (deep_shape, wide_shape)
    t = Move(rng, source)
    return t.finish(kind, [t.x], [target], block_size=n)
