"""Operators that only move data: reshape and kin, slices, pads, joins, transposes, gathers.

Sources: tensorflow/lite/micro/kernels/{strided_slice,slice,pad,mirror_pad,gather,…}.cc.
"""

from __future__ import annotations

import numpy as np

from toolchain.model.evaluator.registry import Values, evaluates, present, unsupported
from toolchain.model.graph import Operator


def constant(op: Operator, i: int) -> list[int]:
    """The integers of constant input ``i``."""
    tensor = op.input(i)
    if tensor.data is None:
        raise unsupported(op, f"its input {i} {tensor.name!r} is not a constant")
    return [int(v) for v in tensor.data.ravel()]


def one_axis(op: Operator, axis: int, rank: int) -> int:
    """``axis`` counted from the front."""
    if not -rank <= axis < rank:
        raise unsupported(op, f"axis {axis} is outside of rank {rank}")
    return axis % rank


@evaluates("RESHAPE", "EXPAND_DIMS", "SQUEEZE")
def reshape(op: Operator, values: Values) -> np.ndarray:
    x = present(values, 0)
    if x.size != op.output.elements:
        raise unsupported(op, f"{x.size} elements do not fit shape {list(op.output.shape)}")
    return x.reshape(op.output.shape)


@evaluates("TRANSPOSE")
def transpose(op: Operator, values: Values) -> np.ndarray:
    x, order = present(values, 0), constant(op, 1)
    if sorted(a % x.ndim for a in order) != list(range(x.ndim)):
        raise unsupported(op, f"{order} is not an order of {x.ndim} axes")
    return x.transpose([a % x.ndim for a in order])


@evaluates("SLICE")
def slice_(op: Operator, values: Values) -> np.ndarray:
    x, begin, size = present(values, 0), constant(op, 1), constant(op, 2)
    if not len(begin) == len(size) == x.ndim:
        raise unsupported(op, f"begin {begin} and size {size} do not fit rank {x.ndim}")
    ends = [b + s if s >= 0 else d for b, s, d in zip(begin, size, x.shape, strict=True)]
    if any(b < 0 or e > d for b, e, d in zip(begin, ends, x.shape, strict=True)):
        raise unsupported(op, f"begin {begin} and size {size} reach outside of {list(x.shape)}")
    return x[tuple(slice(b, e) for b, e in zip(begin, ends, strict=True))]


def strided_range(op: Operator, i: int, begin: int, end: int, stride: int, size: int) -> range:
    """Positions that STRIDED_SLICE takes along axis ``i``."""
    o, bit = op.options, 1 << i
    if stride == 0:
        raise unsupported(op, "a stride is 0")
    low, high = (0, size) if stride > 0 else (-1, size - 1)

    def bounded(v: int) -> int:
        return min(max(v + size if v < 0 else v, low), high)

    first = (low if stride > 0 else high) if o["begin_mask"] & bit else bounded(begin)
    if o["shrink_axis_mask"] & bit:
        return range(first, first + 1)
    if o["offset"]:
        end += begin
    last = (high if stride > 0 else low) if o["end_mask"] & bit else bounded(end)
    return range(first, last, stride)


@evaluates("STRIDED_SLICE")
def strided_slice(op: Operator, values: Values) -> np.ndarray:
    x, begin, end, stride = present(values, 0), constant(op, 1), constant(op, 2), constant(op, 3)
    if op.options["ellipsis_mask"] or op.options["new_axis_mask"]:
        raise unsupported(op, "ellipsis and new axes are not evaluated")
    if not len(begin) == len(end) == len(stride) <= x.ndim:
        raise unsupported(op, f"begin {begin}, end {end} and strides {stride} do not fit rank {x.ndim}")
    for i, (b, e, s) in enumerate(zip(begin, end, stride, strict=True)):
        x = x.take(list(strided_range(op, i, b, e, s, x.shape[i])), axis=i)
    shrunk = tuple(i for i in range(len(begin)) if op.options["shrink_axis_mask"] >> i & 1)
    return x.squeeze(shrunk)


@evaluates("SPLIT")
def split(op: Operator, values: Values) -> list[np.ndarray]:
    x = present(values, 1)
    along = one_axis(op, constant(op, 0)[0], x.ndim)
    if x.shape[along] % len(op.outputs):
        raise unsupported(op, f"axis {along} of {list(x.shape)} does not split into {len(op.outputs)}")
    return list(np.split(x, len(op.outputs), axis=along))


@evaluates("SPLIT_V")
def split_v(op: Operator, values: Values) -> list[np.ndarray]:
    x, sizes = present(values, 0), constant(op, 1)
    along = one_axis(op, constant(op, 2)[0], x.ndim)
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = x.shape[along] - sum(sizes) - 1
    if sum(sizes) != x.shape[along] or min(sizes) < 0 or len(sizes) != len(op.outputs):
        raise unsupported(op, f"sizes {sizes} do not fit axis {along} of {list(x.shape)}")
    return list(np.split(x, np.cumsum(sizes)[:-1], axis=along))


@evaluates("PACK")
def pack(op: Operator, values: Values) -> np.ndarray:
    return np.stack([present(values, i) for i in range(len(values))], axis=int(op.options["axis"]))


@evaluates("UNPACK")
def unpack(op: Operator, values: Values) -> list[np.ndarray]:
    x = present(values, 0)
    along = one_axis(op, int(op.options["axis"]), x.ndim)
    return [x.take(i, axis=along) for i in range(x.shape[along])]


@evaluates("CONCATENATION")
def concatenation(op: Operator, values: Values) -> np.ndarray:
    if op.options["fused_activation_function"] != "NONE":
        raise unsupported(op, "a fused activation is not evaluated")
    if any(t is not None and t.quantization != op.output.quantization for t in op.inputs):
        raise unsupported(op, "inputs and output differ in quantisation")
    return np.concatenate([present(values, i) for i in range(len(values))], axis=int(op.options["axis"]))


def _margins(op: Operator, rank: int) -> list[tuple[int, int]]:
    flat = constant(op, 1)
    if len(flat) != 2 * rank or min(flat) < 0:
        raise unsupported(op, f"paddings {flat} do not fit rank {rank}")
    return list(zip(flat[::2], flat[1::2], strict=True))


@evaluates("PAD", "PADV2")
def pad(op: Operator, values: Values) -> np.ndarray:
    x = present(values, 0)
    if op.kind == "PADV2":
        fill = present(values, 2).ravel()[0]
    else:
        fill = op.output.zero_point if op.output.quantization else 0
    return np.pad(x, _margins(op, x.ndim), constant_values=fill)


@evaluates("MIRROR_PAD")
def mirror_pad(op: Operator, values: Values) -> np.ndarray:
    x = present(values, 0)
    return np.pad(x, _margins(op, x.ndim), mode="reflect" if op.options["mode"] == "REFLECT" else "symmetric")


@evaluates("GATHER")
def gather(op: Operator, values: Values) -> np.ndarray:
    x, positions = present(values, 0), present(values, 1)
    along, batch = one_axis(op, int(op.options["axis"]), x.ndim), int(op.options["batch_dims"])
    if positions.size and not 0 <= positions.min() <= positions.max() < x.shape[along]:
        raise unsupported(op, f"a position lies outside of axis {along} of {list(x.shape)}")
    if not 0 <= batch <= along or x.shape[:batch] != positions.shape[:batch]:
        raise unsupported(op, f"{batch} batch axes do not fit {list(x.shape)} and {list(positions.shape)}")
    parts = [x[i].take(positions[i], axis=along - batch) for i in np.ndindex(*x.shape[:batch])]
    return np.array(parts).reshape(*x.shape[:batch], *parts[0].shape)


@evaluates("SPACE_TO_DEPTH")
def space_to_depth(op: Operator, values: Values) -> np.ndarray:
    x, n = present(values, 0), int(op.options["block_size"])
    if n < 1 or x.ndim != 4 or x.shape[1] % n or x.shape[2] % n:
        raise unsupported(op, f"blocks of {n} do not fit {list(x.shape)}")
    b, h, w, c = x.shape
    return x.reshape(b, h // n, n, w // n, n, c).transpose(0, 1, 3, 2, 4, 5).reshape(b, h // n, w // n, n * n * c)


@evaluates("DEPTH_TO_SPACE")
def depth_to_space(op: Operator, values: Values) -> np.ndarray:
    x, n = present(values, 0), int(op.options["block_size"])
    if n < 1 or x.ndim != 4 or x.shape[3] % (n * n):
        raise unsupported(op, f"blocks of {n} do not fit {list(x.shape)}")
    b, h, w, c = x.shape
    return x.reshape(b, h, w, n, n, c // n**2).transpose(0, 1, 3, 2, 4, 5).reshape(b, h * n, w * n, c // n**2)
