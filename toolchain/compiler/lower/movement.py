"""Operators that move elements and change none: reshaping, slicing, joining, transposing, padding, gathering.

A movement is described by numbers of elements: an array of the output's shape that holds, for each element, where in
the input it comes from. Where that is affine it becomes a strided copy, and where it is a contiguous block, a view.
"""

from __future__ import annotations

import math

import numpy as np

from toolchain.compiler.lower.common import (
    collapse,
    constant,
    dense_strides,
    refuse,
    require_same_quantization,
)
from toolchain.compiler.step import Constant, Context, Overlap, Step, View, lowers
from toolchain.model.graph import DType, Operator, Tensor

MAX_RANK = 6
VIEW_ALIGNMENT = 4


def axis_of(operator: Operator, axis: int, rank: int) -> int:
    """``axis`` counted from the front; refuses one that does not exist."""
    if not -rank <= axis < rank:
        raise refuse(operator, f"axis {axis} does not exist in {rank} dimensions", "re-convert the model")
    return axis % rank


def numbers(tensor: Tensor) -> np.ndarray:
    """Element numbers 0, 1, … in the shape of ``tensor``."""
    return np.arange(tensor.elements, dtype=np.int64).reshape(tensor.shape)


def affine(source: np.ndarray) -> tuple[int, list[int]] | None:
    """Base and stride of each dimension if ``source`` is ``base + sum(index * stride)``, else None."""
    base = int(source.flat[0])
    strides: list[int] = []
    rebuilt: np.ndarray = np.array(base, np.int64)
    for d, extent in enumerate(source.shape):
        step = int(np.take(source, 1, d).flat[0]) - base if extent > 1 else 0
        strides.append(step)
        rebuilt = rebuilt + (np.arange(extent) * step).reshape([-1 if k == d else 1 for k in range(source.ndim)])
    return (base, strides) if np.array_equal(rebuilt, source) else None


def copy_params(
    operator: Operator, extents: list[int], bases: tuple[int, int], strides: tuple[list[int], list[int]], size: int
) -> dict[str, object]:
    """Params of ``kit_copy_nd`` in bytes from element strides of input and output; ``size`` is of one element."""
    rows = collapse(extents, *([s * size for s in side] for side in strides))
    run = size
    if rows[-1][1] == size and rows[-1][2] == size:
        run = int(rows[-1][0]) * size
        rows = rows[:-1] if len(rows) > 1 else np.array([[1, run, run]], np.int32)
    if len(rows) > MAX_RANK:
        raise refuse(operator, f"moves data in {len(rows)} nested loops, at most {MAX_RANK}", "split it in two layers")
    return {
        "walk": {"rank": len(rows), "rows": Constant("walk", rows)},
        "in_offset": bases[0] * size,
        "out_offset": bases[1] * size,
        "run": run,
    }


def copy_lead(params: dict[str, object]) -> int:
    """`Overlap.lead` of a ``kit_copy_nd``: no run is overwritten before it has been read."""
    rows: np.ndarray = params["walk"]["rows"].array  # type: ignore[index]
    reads = np.array([params["in_offset"]], np.int64)
    writes = np.array([params["out_offset"]], np.int64)
    for extent, read, write in rows.astype(np.int64):
        reads = (reads[:, None] + np.arange(extent) * read).ravel()
        writes = (writes[:, None] + np.arange(extent) * write).ravel()
    later = np.minimum.accumulate(reads[::-1])[::-1]
    lead = int((reads - writes).min())
    if len(reads) > 1:
        lead = min(lead, int((later[1:] - writes[:-1]).min()) - int(params["run"]))  # type: ignore[call-overload]
    return lead


def move(operator: Operator, source: np.ndarray, x: Tensor, y: Tensor) -> Step | View:
    """``y`` as the elements ``source`` of ``x``; ``source`` may have any shape of as many elements as ``y``."""
    found = affine(source)
    if found is None:
        return take(operator, source, x, y)
    base, strides = found
    params = copy_params(operator, list(source.shape), (base, 0), (strides, dense_strides(source.shape)), x.dtype.size)
    if params["run"] == y.bytes and base * x.dtype.size % VIEW_ALIGNMENT == 0:
        return View(operator, x, y, base * x.dtype.size)
    overlaps = (Overlap(0, 0, copy_lead(params)),)
    return Step(operator, "kit_copy_nd", "kit_copy_nd.h", params, (x,), (y,), overlaps=overlaps)


def take(operator: Operator, source: np.ndarray, x: Tensor, y: Tensor) -> Step:
    """Elements ``source`` of ``x`` by a table of run offsets, as short as repetition over outer dimensions allows."""
    size = x.dtype.size
    flat = source.reshape(-1)
    run = 1
    for extent in reversed(source.shape):
        blocks = flat.reshape(-1, run * extent)
        if not np.array_equal(blocks, blocks[:, :1] + np.arange(run * extent)):
            break
        run *= extent
    table = flat.reshape(-1, run)[:, 0]
    outer, outer_stride = 1, 0
    for extent in source.shape:  # leading dimensions that only shift the table by a constant stride
        if outer * extent > len(table):
            break
        rows = table.reshape(outer * extent, -1)
        step = int(rows[1, 0] - rows[0, 0]) if len(rows) > 1 else 0
        if not np.array_equal(rows, rows[:1] + step * np.arange(len(rows))[:, None]):
            break
        outer, outer_stride = outer * extent, step
    params = {
        "outer": outer,
        "outer_stride": outer_stride * size,
        "count": len(table) // outer,
        "run": run * size,
        "offsets": Constant("offsets", (table[: len(table) // outer] * size).astype(np.int32)),
    }
    return Step(operator, "kit_take", "kit_copy_nd.h", params, (x,), (y,))


def place(operator: Operator, x: Tensor, y: Tensor, target: np.ndarray) -> Step:
    """Copy the elements of ``x`` in order to the places ``target`` (affine, of any shape) in ``y``."""
    found = affine(target)
    assert found is not None
    base, strides = found
    params = copy_params(operator, list(target.shape), (0, base), (dense_strides(target.shape), strides), x.dtype.size)
    overlaps = (Overlap(0, 0, copy_lead(params)),)
    return Step(operator, "kit_copy_nd", "kit_copy_nd.h", params, (x,), (y,), overlaps=overlaps)


def require_shape(operator: Operator, source: np.ndarray, y: Tensor) -> None:
    if source.size != y.elements:
        raise refuse(operator, f"{source.size} elements do not fill the output of {y.elements}", "re-convert", y)


def require_type(operator: Operator, x: Tensor, y: Tensor) -> None:
    if x.dtype is not y.dtype:
        raise refuse(operator, f"changes type from {x.dtype.value} to {y.dtype.value}", "re-convert the model", y)


@lowers("RESHAPE", "EXPAND_DIMS", "SQUEEZE")
def lower_reshape(operator: Operator, context: Context) -> Step | View:
    x, y = operator.input(0), operator.output
    require_type(operator, x, y)
    require_shape(operator, numbers(x), y)
    return View(operator, x, y)


@lowers("TRANSPOSE")
def lower_transpose(operator: Operator, context: Context) -> Step | View:
    x, y = operator.input(0), operator.output
    require_type(operator, x, y)
    order = constant(operator, 1, "permutation").reshape(-1).tolist()
    if sorted(axis_of(operator, a, len(x.shape)) for a in order) != list(range(len(x.shape))):
        raise refuse(operator, f"{order} is no permutation of {len(x.shape)} dimensions", "re-convert the model")
    return move(operator, numbers(x).transpose([a % len(x.shape) for a in order]), x, y)


@lowers("SLICE")
def lower_slice(operator: Operator, context: Context) -> Step | View:
    x, y = operator.input(0), operator.output
    require_type(operator, x, y)
    begin = constant(operator, 1, "begin").reshape(-1).tolist()
    size = constant(operator, 2, "size").reshape(-1).tolist()
    if len(begin) != len(x.shape) or len(size) != len(x.shape):
        raise refuse(operator, "begin and size do not have one entry a dimension", "re-convert the model")
    ends = [extent if n == -1 else b + n for b, n, extent in zip(begin, size, x.shape, strict=True)]
    if any(not 0 <= b <= e <= extent for b, e, extent in zip(begin, ends, x.shape, strict=True)):
        raise refuse(operator, f"begin {begin} and size {size} leave the input {x.shape}", "re-convert the model", x)
    source = numbers(x)[tuple(slice(b, e) for b, e in zip(begin, ends, strict=True))]
    require_shape(operator, source, y)
    return move(operator, source, x, y)


@lowers("STRIDED_SLICE")
def lower_strided_slice(operator: Operator, context: Context) -> Step | View:
    x, y, options = operator.input(0), operator.output, operator.options
    require_type(operator, x, y)
    if options.get("ellipsis_mask") or options.get("new_axis_mask") or options.get("offset"):
        raise refuse(operator, "ellipsis, new axes and offsets are not supported", "slice every dimension by numbers")
    begin, end, strides = (
        constant(operator, i, what).reshape(-1).tolist() for i, what in ((1, "begin"), (2, "end"), (3, "strides"))
    )
    if not len(begin) == len(end) == len(strides) == len(x.shape) or 0 in strides:
        raise refuse(operator, "begin, end and strides do not have one entry a dimension", "re-convert the model")
    parts = []
    for d, extent in enumerate(x.shape):
        bit = 1 << d
        first = None if options.get("begin_mask", 0) & bit else begin[d]
        if options.get("shrink_axis_mask", 0) & bit:
            at = axis_of(operator, 0 if first is None else first, extent)
            parts.append(slice(at, at + 1))
        else:
            parts.append(slice(first, None if options.get("end_mask", 0) & bit else end[d], strides[d]))
    source = numbers(x)[tuple(parts)]
    require_shape(operator, source, y)
    return move(operator, source, x, y)


def _split(operator: Operator, x: Tensor, axis: int, sizes: list[int]) -> list[Step | View]:
    """One view or copy for each output, ``sizes`` along ``axis``."""
    if sum(sizes) != x.shape[axis] or len(sizes) != len(operator.outputs):
        raise refuse(operator, f"pieces {sizes} do not make up {x.shape[axis]}", "re-convert the model", x)
    ends = np.cumsum(sizes)
    result = []
    for y, stop, n in zip(operator.outputs, ends, sizes, strict=True):
        require_type(operator, x, y)
        source = np.take(numbers(x), np.arange(stop - n, stop), axis)
        require_shape(operator, source, y)
        result.append(move(operator, source, x, y))
    return result


@lowers("SPLIT")
def lower_split(operator: Operator, context: Context) -> list[Step | View]:
    x = operator.input(1)
    axis = axis_of(operator, int(constant(operator, 0, "axis").reshape(-1)[0]), len(x.shape))
    count = len(operator.outputs)
    if x.shape[axis] % count:
        raise refuse(operator, f"{x.shape[axis]} does not divide into {count} parts", "re-convert the model", x)
    return _split(operator, x, axis, [x.shape[axis] // count] * count)


@lowers("SPLIT_V")
def lower_split_v(operator: Operator, context: Context) -> list[Step | View]:
    x = operator.input(0)
    axis = axis_of(operator, int(constant(operator, 2, "axis").reshape(-1)[0]), len(x.shape))
    sizes = constant(operator, 1, "sizes").reshape(-1).tolist()
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = x.shape[axis] - sum(sizes) - 1
    return _split(operator, x, axis, sizes)


@lowers("UNPACK")
def lower_unpack(operator: Operator, context: Context) -> list[Step | View]:
    x = operator.input(0)
    axis = axis_of(operator, operator.options.get("axis", 0), len(x.shape))
    return _split(operator, x, axis, [1] * x.shape[axis])


def _join(operator: Operator, axis: int, parts: list[Tensor], shape: tuple[int, ...]) -> list[Step]:
    """Copies of ``parts`` to their places along ``axis`` of the output seen as ``shape``."""
    y = operator.output
    target = np.arange(y.elements, dtype=np.int64).reshape(shape)
    outer = int(np.prod(shape[:axis]))
    if any(t.elements % outer for t in parts) or sum(t.elements for t in parts) != y.elements:
        raise refuse(operator, "the inputs do not make up the output", "re-convert the model")
    rows = target.reshape(outer, -1)
    start, steps = 0, []
    for t in parts:
        require_type(operator, t, y)
        width = t.elements // outer
        steps.append(place(operator, t, y, rows[:, start : start + width]))
        start += width
    return steps


@lowers("CONCATENATION")
def lower_concatenation(operator: Operator, context: Context) -> Step | View | list[Step]:
    y = operator.output
    parts = [t for t in operator.inputs if t is not None]
    if operator.options.get("fused_activation_function", "NONE") != "NONE":
        raise refuse(operator, "a fused activation is not supported", "put the activation into a layer of its own")
    require_same_quantization(operator, y, *parts)
    axis = axis_of(operator, operator.options["axis"], len(y.shape))
    if len(parts) == 1:
        return View(operator, parts[0], y)
    return _join(operator, axis, parts, y.shape)


@lowers("PACK")
def lower_pack(operator: Operator, context: Context) -> Step | View | list[Step]:
    y = operator.output
    parts = [t for t in operator.inputs if t is not None]
    axis = axis_of(operator, operator.options.get("axis", 0), len(y.shape))
    if len(parts) == 1:
        return View(operator, parts[0], y)
    return _join(operator, axis, parts, y.shape)


@lowers("PAD", "PADV2")
def lower_pad(operator: Operator, context: Context) -> Step:
    x, y = operator.input(0), operator.output
    require_type(operator, x, y)
    require_same_quantization(operator, x, y)
    if x.dtype not in (DType.INT8, DType.INT16, DType.INT32):
        raise refuse(operator, f"{x.dtype.value} is not supported", "pad after quantisation", x)
    before, after = _paddings(operator, x)
    if tuple(b + n + a for b, n, a in zip(before, x.shape, after, strict=True)) != y.shape:
        raise refuse(operator, f"padding {before}, {after} of {x.shape} does not give {y.shape}", "re-convert", y)
    value = y.zero_point if y.quantization is not None else 0
    if operator.kind == "PADV2":
        filler = operator.input(2)
        if filler.quantization is not None:
            require_same_quantization(operator, y, filler)
        value = int(constant(operator, 2, "padding value").reshape(-1)[0])
    inside = np.arange(y.elements, dtype=np.int64).reshape(y.shape)[
        tuple(slice(b, b + n) for b, n in zip(before, x.shape, strict=True))
    ]
    params = {
        "inside": place(operator, x, y, inside).params,
        "elements": y.elements,
        "element_bytes": y.dtype.size,
        "value": value,
    }
    return Step(operator, "kit_pad", "kit_copy_nd.h", params, (x,), (y,))


def _paddings(operator: Operator, x: Tensor) -> tuple[list[int], list[int]]:
    pads = constant(operator, 1, "padding")
    if pads.shape != (len(x.shape), 2) or pads.min(initial=0) < 0:
        raise refuse(operator, "the padding is not a pair of counts for each dimension", "re-convert the model")
    return pads[:, 0].tolist(), pads[:, 1].tolist()


@lowers("MIRROR_PAD")
def lower_mirror_pad(operator: Operator, context: Context) -> Step | View:
    x, y = operator.input(0), operator.output
    require_type(operator, x, y)
    before, after = _paddings(operator, x)
    mode = "reflect" if operator.options["mode"] == "REFLECT" else "symmetric"
    room = [n - (mode == "reflect") for n in x.shape]
    if any(p > r for side in (before, after) for p, r in zip(side, room, strict=True)):
        raise refuse(operator, f"padding {before}, {after} is wider than the input {x.shape}", "pad less", x)
    source = np.pad(numbers(x), list(zip(before, after, strict=True)), mode=mode)  # type: ignore[call-overload]
    require_shape(operator, source, y)
    return move(operator, source, x, y)


@lowers("GATHER")
def lower_gather(operator: Operator, context: Context) -> Step | View:
    x, y = operator.input(0), operator.output
    require_type(operator, x, y)
    axis = axis_of(operator, operator.options.get("axis", 0), len(x.shape))
    indices = constant(operator, 1, "index list")
    if indices.size and not 0 <= indices.min() <= indices.max() < x.shape[axis]:
        raise refuse(operator, f"an index lies outside 0 … {x.shape[axis] - 1}", "re-convert the model", x)
    batch = operator.options.get("batch_dims", 0)
    batch += indices.ndim if batch < 0 else 0
    if not 0 <= batch <= min(axis, indices.ndim) or indices.shape[:batch] != x.shape[:batch]:
        raise refuse(operator, f"{batch} batch dimensions do not fit {x.shape}", "re-convert the model", x)
    outer = math.prod(x.shape[:batch])
    values, picks = numbers(x).reshape(outer, *x.shape[batch:]), indices.reshape(outer, *indices.shape[batch:])
    source = np.stack([np.take(v, i, axis - batch) for v, i in zip(values, picks, strict=True)])
    source = source.reshape(*x.shape[:batch], *source.shape[1:])
    require_shape(operator, source, y)
    return move(operator, source, x, y)


@lowers("SPACE_TO_DEPTH")
def lower_space_to_depth(operator: Operator, context: Context) -> Step | View:
    x, y = operator.input(0), operator.output
    require_type(operator, x, y)
    block = operator.options["block_size"]
    if len(x.shape) != 4 or block < 1 or x.shape[1] % block or x.shape[2] % block:
        raise refuse(operator, f"blocks of {block} do not tile {x.shape}", "re-convert the model", x)
    n, h, w, c = x.shape
    source = numbers(x).reshape(n, h // block, block, w // block, block, c).transpose(0, 1, 3, 2, 4, 5)
    require_shape(operator, source, y)
    return move(operator, source, x, y)


@lowers("DEPTH_TO_SPACE")
def lower_depth_to_space(operator: Operator, context: Context) -> Step | View:
    x, y = operator.input(0), operator.output
    require_type(operator, x, y)
    block = operator.options["block_size"]
    if len(x.shape) != 4 or block < 1 or x.shape[3] % (block * block):
        raise refuse(operator, f"{x.shape} has no channels for blocks of {block}", "re-convert the model", x)
    n, h, w, c = x.shape
    source = numbers(x).reshape(n, h, w, block, block, c // (block * block)).transpose(0, 1, 3, 2, 4, 5)
    require_shape(operator, source, y)
    return move(operator, source, x, y)
