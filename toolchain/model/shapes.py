"""What shapes an operator's outputs have, given its inputs and options. The reader checks every operator against this,
so that whoever lowers or runs one can rely on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from toolchain.model.graph import DType, Operator, Tensor
from toolchain.model.windows import Axis, axis

Shape = tuple[int, ...]

_WIDEST_WINDOW = 1024
"""A window may reach this far even if its input is smaller (dilated windows with SAME padding do)."""


class Mismatch(ValueError):
    """An operator's tensors and options do not fit together; the text says how."""


_RULES: dict[str, Callable[[Operator], list[Shape]]] = {}


def check_shapes(op: Operator) -> None:
    """Raises Mismatch when the outputs of ``op`` do not have the shapes that its inputs and options give. Operators
    whose kind has no rule pass."""
    expected = shapes_of(op)
    if expected is None:
        return
    _require(len(expected) == len(op.outputs), f"it has {len(op.outputs)} outputs instead of {len(expected)}")
    for tensor, shape in zip(op.outputs, expected, strict=True):
        _require(
            tensor.shape == shape,
            f"its output {tensor.name!r} has shape {list(tensor.shape)}, its inputs give {list(shape)}",
        )


def shapes_of(op: Operator) -> list[Shape] | None:
    """The shapes that the outputs of ``op`` should have, None for a kind without a rule. Raises Mismatch."""
    rule = _RULES.get(op.kind)
    return None if rule is None else rule(op)


def _rule(*kinds: str) -> Callable[[Callable[[Operator], list[Shape]]], Callable[[Operator], list[Shape]]]:
    def register(function: Callable[[Operator], list[Shape]]) -> Callable[[Operator], list[Shape]]:
        for kind in kinds:
            assert kind not in _RULES, kind
            _RULES[kind] = function
        return function

    return register


def _require(condition: bool, text: str) -> None:
    if not condition:
        raise Mismatch(text)


def _ranked(tensor: Tensor, *ranks: int) -> Shape:
    _require(
        len(tensor.shape) in ranks,
        f"tensor {tensor.name!r} of shape {list(tensor.shape)} should have {' or '.join(map(str, ranks))} axes",
    )
    return tensor.shape


def constant_ints(op: Operator, i: int) -> list[int]:
    """The numbers of input ``i``, which must be an int32 or int64 constant. Raises Mismatch when it is not."""
    tensor = op.input(i)
    if tensor.data is None or tensor.data.dtype not in (np.dtype("int32"), np.dtype("int64")):
        raise Mismatch(f"its input {i} {tensor.name!r} should be a constant of type int32")
    return [int(v) for v in tensor.data.ravel()]


def front_axis(value: int, rank: int) -> int:
    """An axis counted from the front. Raises Mismatch when there is no such axis."""
    _require(-rank <= value < rank, f"axis {value} does not exist in {rank} axes")
    return value % rank


def constant_axes(op: Operator, i: int) -> tuple[int, ...]:
    """The axes of input 0 that constant input ``i`` names, each once, in order."""
    rank = len(op.input(0).shape)
    return tuple(sorted({front_axis(a, rank) for a in constant_ints(op, i)}))


# Convolutions and pools -----------------------------------------------------------------------------------------------


def window_axes(op: Operator, size: Sequence[int], kernel: Sequence[int]) -> tuple[Axis, Axis]:
    """Rows and columns of a sliding window over ``size``, from the options of ``op``."""
    o = op.options
    strides = int(o["stride_h"]), int(o["stride_w"])
    dilations = int(o.get("dilation_h_factor", 1)), int(o.get("dilation_w_factor", 1))
    _require(min(*strides, *dilations, *kernel) >= 1, f"strides {strides}, dilation {dilations} or window {kernel} < 1")
    for length, taps, stride, dilation in zip(size, kernel, strides, dilations, strict=True):
        _require(
            max((taps - 1) * dilation, stride) <= max(_WIDEST_WINDOW, length),
            f"a window of {taps} taps, dilation {dilation} and stride {stride} is absurd for {length} positions",
        )
    rows, columns = (axis(size[i], kernel[i], strides[i], dilations[i], str(o["padding"])) for i in (0, 1))
    return rows, columns


def _windowed(op: Operator, size: Sequence[int], kernel: Sequence[int]) -> Shape:
    rows, columns = window_axes(op, size, kernel)
    _require(rows.count > 0 and columns.count > 0, f"a window of {list(kernel)} does not fit into {list(size)}")
    return rows.count, columns.count


def _check_bias(op: Operator, i: int, channels: int) -> None:
    bias = op.inputs[i] if len(op.inputs) > i else None
    _require(bias is None or bias.elements == channels, f"its bias does not have {channels} elements")


@_rule("CONV_2D")
def _conv(op: Operator) -> list[Shape]:
    x, w = _ranked(op.input(0), 4), _ranked(op.input(1), 4)
    groups = x[3] // w[3] if x[3] % w[3] == 0 else 0
    _require(groups > 0 and w[0] % groups == 0, f"{x[3]} input channels do not fit weights of shape {list(w)}")
    _check_bias(op, 2, w[0])
    return [(x[0], *_windowed(op, x[1:3], w[1:3]), w[0])]


@_rule("DEPTHWISE_CONV_2D")
def _depthwise(op: Operator) -> list[Shape]:
    x, w = _ranked(op.input(0), 4), _ranked(op.input(1), 4)
    multiplier = int(op.options["depth_multiplier"])
    _require(
        w[0] == 1 and w[3] == x[3] * multiplier,
        f"{x[3]} input channels and multiplier {multiplier} do not fit weights of shape {list(w)}",
    )
    _check_bias(op, 2, w[3])
    return [(x[0], *_windowed(op, x[1:3], w[1:3]), w[3])]


@_rule("TRANSPOSE_CONV")
def _transpose_conv(op: Operator) -> list[Shape]:
    w, x = _ranked(op.input(1), 4), _ranked(op.input(2), 4)
    out = tuple(constant_ints(op, 0))
    _require(len(out) == 4 and min(out) >= 1, f"its output shape {list(out)} is impossible")
    _require(x[3] == w[3] and out[0] == x[0] and out[3] == w[0], f"weights of shape {list(w)} do not fit {list(x)}")
    _check_bias(op, 3, w[0])
    _require(_windowed(op, out[1:3], w[1:3]) == x[1:3], f"an output of {list(out)} does not come from {list(x)}")
    return [out]


@_rule("FULLY_CONNECTED")
def _fully_connected(op: Operator) -> list[Shape]:
    x, w, y = op.input(0), _ranked(op.input(1), 2), op.output
    _require(x.elements % w[1] == 0, f"{x.elements} inputs do not divide into rows of {w[1]}")
    _check_bias(op, 2, w[0])
    rows = x.elements // w[1]
    fits = y.shape[-1:] == w[:1] and y.elements == rows * w[0]
    return [y.shape if fits else (rows, w[0])]


@_rule("AVERAGE_POOL_2D", "MAX_POOL_2D")
def _pool(op: Operator) -> list[Shape]:
    x = _ranked(op.input(0), 4)
    kernel = int(op.options["filter_height"]), int(op.options["filter_width"])
    return [(x[0], *_windowed(op, x[1:3], kernel), x[3])]


@_rule("BATCH_MATMUL")
def _batch_matmul(op: Operator) -> list[Shape]:
    x, y = list(_ranked(op.input(0), 2, 3, 4, 5)), list(_ranked(op.input(1), 2, 3, 4, 5))
    if op.options["adj_x"]:
        x[-2:] = x[:-3:-1]
    if op.options["adj_y"]:
        y[-2:] = y[:-3:-1]
    _require(x[-1] == y[-2], f"a depth of {x[-1]} does not match {y[-2]}")
    return [(*_broadcast(x[:-2], y[:-2]), x[-2], y[-1])]


# Elementwise and reductions -------------------------------------------------------------------------------------------


def _broadcast(a: Sequence[int], b: Sequence[int]) -> Shape:
    rank = max(len(a), len(b))
    a, b = [1] * (rank - len(a)) + list(a), [1] * (rank - len(b)) + list(b)
    _require(all(p == q or 1 in (p, q) for p, q in zip(a, b, strict=True)), f"{a} and {b} do not broadcast")
    return tuple(max(p, q) for p, q in zip(a, b, strict=True))


@_rule("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "PRELU")
def _binary(op: Operator) -> list[Shape]:
    return [_broadcast(op.input(0).shape, op.input(1).shape)]


@_rule(
    "RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU", "HARD_SWISH", "LOGISTIC", "TANH", "SOFTMAX", "LOG_SOFTMAX",
    "L2_NORMALIZATION", "QUANTIZE", "DEQUANTIZE",
)  # fmt: skip
def _unary(op: Operator) -> list[Shape]:
    if op.kind in ("SOFTMAX", "LOG_SOFTMAX", "L2_NORMALIZATION"):
        _require(len(op.input(0).shape) >= 1, "its input is a scalar")
    return [op.input(0).shape]


@_rule("MEAN", "SUM", "REDUCE_MAX")
def _reduction(op: Operator) -> list[Shape]:
    axes, x = constant_axes(op, 1), op.input(0).shape
    keep = bool(op.options["keep_dims"])
    return [tuple(1 if i in axes else d for i, d in enumerate(x) if keep or i not in axes)]


@_rule("ARG_MAX")
def _arg_max(op: Operator) -> list[Shape]:
    axes, x = constant_axes(op, 1), op.input(0).shape
    _require(len(axes) == 1, "it should have one axis")
    return [x[: axes[0]] + x[axes[0] + 1 :]]


# Moving data ----------------------------------------------------------------------------------------------------------


@_rule("RESHAPE", "EXPAND_DIMS", "SQUEEZE")
def _reshape(op: Operator) -> list[Shape]:
    x, y = op.input(0), op.output
    _require(x.elements == y.elements, f"{x.elements} elements do not fit its output of shape {list(y.shape)}")
    return [y.shape]


@_rule("SHAPE")
def _shape(op: Operator) -> list[Shape]:
    return [(len(op.input(0).shape),)]


@_rule("TRANSPOSE")
def _transpose(op: Operator) -> list[Shape]:
    x, order = op.input(0).shape, constant_ints(op, 1)
    order = [front_axis(a, len(x)) for a in order]
    _require(sorted(order) == list(range(len(x))), f"{order} is no permutation of {len(x)} axes")
    return [tuple(x[a] for a in order)]


@_rule("SLICE")
def _slice(op: Operator) -> list[Shape]:
    x, begin, size = op.input(0).shape, constant_ints(op, 1), constant_ints(op, 2)
    _require(len(begin) == len(size) == len(x), f"begin {begin} and size {size} do not fit {list(x)}")
    out = tuple(d - b if s == -1 else s for d, b, s in zip(x, begin, size, strict=True))
    inside = all(b >= 0 and n >= 1 and b + n <= d for d, b, n in zip(x, begin, out, strict=True))
    _require(inside, f"begin {begin} and size {size} reach outside of {list(x)}")
    return [out]


def strided_positions(op: Operator) -> list[range]:
    """The positions that STRIDED_SLICE takes along each axis of its input; a shrunk axis has one."""
    x = op.input(0).shape
    begin, end, stride = (constant_ints(op, i) for i in (1, 2, 3))
    o = op.options
    _require(not (o["ellipsis_mask"] or o["new_axis_mask"]), "ellipsis and new axes are not supported")
    _require(
        len(begin) == len(end) == len(stride) <= len(x) and 0 not in stride,
        f"begin {begin}, end {end} and strides {stride} do not fit {list(x)}",
    )
    positions = []
    for i, (first, last, step) in enumerate(zip(begin, end, stride, strict=True)):
        size, bit = x[i], 1 << i
        low, high = (0, size) if step > 0 else (-1, size - 1)
        if o["offset"]:
            last += first
        first = (low if step > 0 else high) if o["begin_mask"] & bit else _bounded(first, size, low, high)
        if o["shrink_axis_mask"] & bit:
            _require(0 <= first < size, f"position {first} lies outside of axis {i} of {list(x)}")
            positions.append(range(first, first + 1))
            continue
        last = (high if step > 0 else low) if o["end_mask"] & bit else _bounded(last, size, low, high)
        positions.append(range(first, last, step))
    return positions + [range(d) for d in x[len(begin) :]]


def _bounded(value: int, size: int, low: int, high: int) -> int:
    return min(max(value + size if value < 0 else value, low), high)


@_rule("STRIDED_SLICE")
def _strided_slice(op: Operator) -> list[Shape]:
    shrunk = op.options["shrink_axis_mask"]
    return [tuple(len(p) for i, p in enumerate(strided_positions(op)) if not shrunk >> i & 1)]


@_rule("SPLIT")
def _split(op: Operator) -> list[Shape]:
    x, n = op.input(1).shape, len(op.outputs)
    axes = constant_ints(op, 0)
    _require(len(axes) == 1, "it should have one axis")
    along = front_axis(axes[0], len(x))
    _require(x[along] % n == 0, f"axis {along} of {list(x)} does not split into {n}")
    return [(*x[:along], x[along] // n, *x[along + 1 :])] * n


def split_sizes(op: Operator) -> tuple[int, list[int]]:
    """(axis, sizes) of SPLIT_V, a size of -1 filled in."""
    x, sizes, axes = op.input(0).shape, constant_ints(op, 1), constant_ints(op, 2)
    _require(len(axes) == 1, "it should have one axis")
    along = front_axis(axes[0], len(x))
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = x[along] - sum(sizes) - 1
    _require(min(sizes) >= 1 and sum(sizes) == x[along], f"sizes {sizes} do not fit axis {along} of {list(x)}")
    return along, sizes


@_rule("SPLIT_V")
def _split_v(op: Operator) -> list[Shape]:
    along, sizes = split_sizes(op)
    x = op.input(0).shape
    return [(*x[:along], n, *x[along + 1 :]) for n in sizes]


@_rule("PACK")
def _pack(op: Operator) -> list[Shape]:
    shapes = {op.input(i).shape for i in range(len(op.inputs))}
    _require(len(shapes) == 1, "its inputs differ in shape")
    x = shapes.pop()
    along = front_axis(int(op.options["axis"]), len(x) + 1)
    return [(*x[:along], len(op.inputs), *x[along:])]


@_rule("UNPACK")
def _unpack(op: Operator) -> list[Shape]:
    x = op.input(0).shape
    along = front_axis(int(op.options["axis"]), len(x))
    _require(x[along] == len(op.outputs), f"axis {along} of {list(x)} does not give {len(op.outputs)} outputs")
    return [x[:along] + x[along + 1 :]] * x[along]


@_rule("CONCATENATION")
def _concatenation(op: Operator) -> list[Shape]:
    shapes = [op.input(i).shape for i in range(len(op.inputs))]
    along = front_axis(int(op.options["axis"]), len(shapes[0]))
    rest = {(len(s), s[:along], s[along + 1 :]) for s in shapes}
    _require(len(rest) == 1, f"its inputs differ elsewhere than along axis {along}")
    return [(*shapes[0][:along], sum(s[along] for s in shapes), *shapes[0][along + 1 :])]


def margins(op: Operator) -> list[tuple[int, int]]:
    """Elements that PAD and kin put before and behind each axis."""
    x, flat = op.input(0).shape, constant_ints(op, 1)
    _require(len(flat) == 2 * len(x) and min(flat, default=0) >= 0, f"paddings {flat} do not fit {list(x)}")
    return list(zip(flat[::2], flat[1::2], strict=True))


@_rule("PAD", "PADV2", "MIRROR_PAD")
def _pad(op: Operator) -> list[Shape]:
    x, around = op.input(0).shape, margins(op)
    if op.kind == "MIRROR_PAD":
        less = op.options["mode"] == "REFLECT"
        _require(
            all(max(m) <= d - less for d, m in zip(x, around, strict=True)), f"{list(x)} is too small for {around}"
        )
    if op.kind == "PADV2":
        _require(op.input(2).elements == 1, "its fill value is not one number")
    return [tuple(before + d + behind for d, (before, behind) in zip(x, around, strict=True))]


@_rule("TILE")
def _tile(op: Operator) -> list[Shape]:
    x, times = op.input(0).shape, constant_ints(op, 1)
    _require(len(times) == len(x) and min(times, default=1) > 0, f"multiples {times} do not fit {list(x)}")
    return [tuple(n * d for n, d in zip(times, x, strict=True))]


@_rule("GATHER")
def _gather(op: Operator) -> list[Shape]:
    x, at = op.input(0).shape, op.input(1).shape
    along, batch = front_axis(int(op.options["axis"]), len(x)), int(op.options["batch_dims"])
    _require(
        0 <= batch <= min(along, len(at)) and x[:batch] == at[:batch],
        f"{batch} batch axes do not fit {list(x)} and {list(at)}",
    )
    _require(op.input(1).dtype in (DType.INT32, DType.INT64), "its positions are not int32")
    return [(*x[:along], *at[batch:], *x[along + 1 :])]


@_rule("SPACE_TO_DEPTH", "DEPTH_TO_SPACE")
def _blocks(op: Operator) -> list[Shape]:
    b, h, w, c = _ranked(op.input(0), 4)
    n = int(op.options["block_size"])
    deep = op.kind == "SPACE_TO_DEPTH"
    fits = n >= 1 and (h % n == w % n == 0 if deep else c % (n * n) == 0)
    _require(fits, f"blocks of {n} do not fit {[b, h, w, c]}")
    return [(b, h // n, w // n, c * n * n) if deep else (b, h * n, w * n, c // (n * n))]


@_rule("RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR")
def _resize(op: Operator) -> list[Shape]:
    x, size = _ranked(op.input(0), 4), constant_ints(op, 1)
    _require(len(size) == 2 and min(size) >= 1, f"size {size} is not a height and a width")
    return [(x[0], size[0], size[1], x[3])]


# Recurrent ------------------------------------------------------------------------------------------------------------


@_rule("SVDF")
def _svdf(op: Operator) -> list[Shape]:
    x, feature, time = (_ranked(op.input(i), 2) for i in (0, 1, 2))
    rank = int(op.options["rank"])
    _require(rank >= 1 and feature[0] % rank == 0, f"rank {rank} does not divide {feature[0]} filters")
    _require(
        feature == (time[0], x[1]) and op.input(4).elements == x[0] * math.prod(time),
        f"weights of shapes {list(feature)} and {list(time)} or the state do not fit {list(x)}",
    )
    _check_bias(op, 3, feature[0] // rank)
    return [(x[0], feature[0] // rank)]


@_rule("UNIDIRECTIONAL_SEQUENCE_LSTM")
def _lstm(op: Operator) -> list[Shape]:
    x, forget = _ranked(op.input(0), 3), _ranked(op.input(2), 2)
    hidden, units = _ranked(op.input(18), 2), forget[0]
    batch = x[1] if op.options["time_major"] else x[0]
    for i in (1, 2, 3, 4, 5, 6, 7, 8):
        tensor = op.inputs[i]
        shape = (units, x[2]) if i < 5 else (units, hidden[1])
        _require(tensor is None or tensor.shape == shape, f"its weights (input {i}) should have shape {list(shape)}")
    for i in (12, 13, 14, 15):
        _check_bias(op, i, units)
    _require(hidden[0] == batch and op.input(19).elements == batch * units, f"its states do not fit {batch} sequences")
    return [(x[0], x[1], hidden[1])]
