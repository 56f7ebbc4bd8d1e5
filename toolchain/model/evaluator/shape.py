"""Operators that only move data: reshape and kin, slices, pads, joins, transposes, gathers.

Sources: tensorflow/lite/micro/kernels/{strided_slice,slice,pad,mirror_pad,gather,…}.cc.
"""

from __future__ import annotations

import numpy as np

from toolchain.model.evaluator.registry import Values, evaluates, present, unsupported
from toolchain.model.graph import Operator
from toolchain.model.shapes import constant_ints, margins, split_sizes, strided_positions


@evaluates("RESHAPE", "EXPAND_DIMS", "SQUEEZE")
def reshape(op: Operator, values: Values) -> np.ndarray:
    return present(values, 0).reshape(op.output.shape)


@evaluates("TRANSPOSE")
def transpose(op: Operator, values: Values) -> np.ndarray:
    return present(values, 0).transpose(constant_ints(op, 1))


@evaluates("SLICE")
def slice_(op: Operator, values: Values) -> np.ndarray:
    begin = constant_ints(op, 1)
    return present(values, 0)[tuple(slice(b, b + n) for b, n in zip(begin, op.output.shape, strict=True))]


@evaluates("STRIDED_SLICE")
def strided_slice(op: Operator, values: Values) -> np.ndarray:
    return present(values, 0)[np.ix_(*strided_positions(op))].reshape(op.output.shape)


@evaluates("SPLIT")
def split(op: Operator, values: Values) -> list[np.ndarray]:
    return list(np.split(present(values, 1), len(op.outputs), axis=constant_ints(op, 0)[0]))


@evaluates("SPLIT_V")
def split_v(op: Operator, values: Values) -> list[np.ndarray]:
    along, sizes = split_sizes(op)
    return list(np.split(present(values, 0), np.cumsum(sizes)[:-1], axis=along))


@evaluates("PACK")
def pack(op: Operator, values: Values) -> np.ndarray:
    return np.stack([present(values, i) for i in range(len(values))], axis=int(op.options["axis"]))


@evaluates("UNPACK")
def unpack(op: Operator, values: Values) -> list[np.ndarray]:
    x, along = present(values, 0), int(op.options["axis"])
    return [x.take(i, axis=along) for i in range(x.shape[along])]


@evaluates("CONCATENATION")
def concatenation(op: Operator, values: Values) -> np.ndarray:
    if op.options["fused_activation_function"] != "NONE":
        raise unsupported(op, "a fused activation is not evaluated")
    if any(t is not None and t.quantization != op.output.quantization for t in op.inputs):
        raise unsupported(op, "inputs and output differ in quantisation")
    return np.concatenate([present(values, i) for i in range(len(values))], axis=int(op.options["axis"]))


@evaluates("PAD", "PADV2")
def pad(op: Operator, values: Values) -> np.ndarray:
    if op.kind == "PADV2":
        fill = present(values, 2).ravel()[0]
    else:
        fill = op.output.zero_point if op.output.quantization else 0
    return np.pad(present(values, 0), margins(op), constant_values=fill)


@evaluates("MIRROR_PAD")
def mirror_pad(op: Operator, values: Values) -> np.ndarray:
    x = present(values, 0)
    if op.options["mode"] == "REFLECT":
        return np.pad(x, margins(op), mode="reflect")
    return np.pad(x, margins(op), mode="symmetric")


@evaluates("TILE")
def tile(op: Operator, values: Values) -> np.ndarray:
    return np.tile(present(values, 0), constant_ints(op, 1))


@evaluates("GATHER")
def gather(op: Operator, values: Values) -> np.ndarray:
    x, positions = present(values, 0), present(values, 1)
    batch = int(op.options["batch_dims"])
    along = int(op.options["axis"]) % x.ndim - batch
    if not 0 <= positions.min() <= positions.max() < x.shape[along + batch]:
        raise unsupported(op, f"a position lies outside of axis {along + batch} of {list(x.shape)}")
    parts = [x[i].take(positions[i], axis=along) for i in np.ndindex(*x.shape[:batch])]
    return np.array(parts).reshape(op.output.shape)


@evaluates("SPACE_TO_DEPTH")
def space_to_depth(op: Operator, values: Values) -> np.ndarray:
    n, (b, h, w, c) = int(op.options["block_size"]), op.input(0).shape
    x = present(values, 0).reshape(b, h // n, n, w // n, n, c)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(op.output.shape)


@evaluates("DEPTH_TO_SPACE")
def depth_to_space(op: Operator, values: Values) -> np.ndarray:
    n, (b, h, w, c) = int(op.options["block_size"]), op.input(0).shape
    x = present(values, 0).reshape(b, h, w, n, n, c // n**2)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(op.output.shape)
