"""Dilated convolutions as converters write them, put together again.

TensorFlow computes a convolution of dilation d by moving every d-th pixel into a batch of its own (SPACE_TO_BATCH_ND),
a plain convolution of these batches, and BATCH_TO_SPACE_ND; in one dimension with reshapes in between. TensorFlow
Lite's converter leaves that so for a Keras layer with ``dilation_rate``. It is one operator with the option dilation.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from toolchain.model.graph import DType, Graph, Operator, Tensor

_VIEWS = ("RESHAPE", "EXPAND_DIMS", "SQUEEZE")


def join_dilated(graph: Graph) -> Graph:
    """``graph`` with each SPACE_TO_BATCH_ND, convolution, BATCH_TO_SPACE_ND as one convolution, behind a PAD where the
    first one pads; `Graph.reworked` tells. Values stay what they are bit for bit. What the file says of the batch in
    between does not matter: with an open batch converters leave it at 1."""
    makers = {tensor: op for op in graph.operators for tensor in op.outputs}
    uses = Counter([t for op in graph.operators for t in op.inputs if t is not None])
    uses.update(graph.outputs)
    joined: dict[Operator, list[Operator]] = {}
    for op in graph.operators:
        chain = _chain(op, makers, uses)
        together = _joined(chain) if chain else None
        if chain and together:
            joined.update({part: [] for part in chain})
            joined[op] = together
    if not joined:
        return graph
    operators = tuple(new for op in graph.operators for new in joined.get(op, [op]))
    return replace(graph, operators=operators, reworked=True)


def _chain(last: Operator, makers: dict[Tensor, Operator], uses: Counter[Tensor]) -> list[Operator]:
    """The operators from SPACE_TO_BATCH_ND to ``last``, of which only the next one sees anything; else none."""
    if last.kind != "BATCH_TO_SPACE_ND":
        return []
    chain = [last]
    while chain[0].kind != "SPACE_TO_BATCH_ND":
        tensor = chain[0].inputs[0] if chain[0].inputs else None
        maker = makers.get(tensor) if tensor is not None else None
        if tensor is None or maker is None or uses[tensor] != 1 or len(maker.outputs) != 1:
            return []
        chain.insert(0, maker)
    kinds = [op.kind for op in chain[1:-1] if op.kind not in _VIEWS]
    return chain if kinds in (["CONV_2D"], ["DEPTHWISE_CONV_2D"]) else []


def _constant(op: Operator, i: int) -> np.ndarray:
    tensor = op.inputs[i] if i < len(op.inputs) else None
    data = tensor.data if tensor is not None else None
    return np.zeros(0, np.int64) if data is None else data.astype(np.int64)


def _joined(chain: list[Operator]) -> list[Operator] | None:
    """One convolution for ``chain``, with the reshapes and the PAD that it needs; None when it does not fit."""
    first, last = chain[0], chain[-1]
    conv = next(op for op in chain if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D"))
    x, y = first.input(0), last.output
    if x.quantization != conv.input(0).quantization or y.quantization != conv.output.quantization:
        return None
    if (x.dtype, y.dtype) != (conv.input(0).dtype, conv.output.dtype) or x.quantization is None:
        return None
    o = conv.options
    plain = (o["padding"], o["stride_h"], o["stride_w"], o["dilation_h_factor"], o["dilation_w_factor"])
    axes = _spatial_axes(x, conv)
    blocks, pads, crops = _constant(first, 1), _constant(first, 2), _constant(last, 2)
    if plain != ("VALID", 1, 1, 1, 1) or not axes or len(y.shape) != len(x.shape):
        return None
    if blocks.shape != (len(axes),) or not pads.shape == crops.shape == (len(axes), 2):
        return None
    if not np.array_equal(blocks, _constant(last, 1)) or np.any(blocks < 1) or np.any(pads < crops):
        return None
    dilation, margins = {1: 1, 2: 1}, np.zeros((4, 2), np.int32)
    for axis, block, margin in zip(axes, blocks, pads - crops, strict=True):
        dilation[axis], margins[axis] = int(block), margin
    inner = [x.shape[0], 1, 1, x.shape[-1]]
    for axis, size in zip(axes, x.shape[1:-1], strict=True):
        inner[axis] = size
    outer = [x.shape[0], 1, 1, y.shape[-1]]
    for axis in (1, 2):
        span = (conv.input(1).shape[axis] - 1) * dilation[axis] + 1
        outer[axis] = inner[axis] + int(margins[axis].sum()) - span + 1
    if y.shape != (outer[0], *(outer[axis] for axis in axes), outer[3]) or conv.output.shape[-1] != outer[3]:
        return None
    options = {**o, "dilation_h_factor": dilation[1], "dilation_w_factor": dilation[2]}
    return _written(x, tuple(inner), margins, replace(conv, options=options), tuple(outer), y)


def _spatial_axes(x: Tensor, conv: Operator) -> tuple[int, ...]:
    """Which axes of the convolution the axes of ``x`` between batch and channels are."""
    shape = conv.input(0).shape
    if len(x.shape) == 4:
        return (1, 2)
    if len(x.shape) != 3 or shape[-1] != x.shape[-1]:
        return ()
    return (2,) if shape[1] == 1 else (1,) if shape[2] == 1 else ()


def _written(
    x: Tensor, inner: tuple[int, ...], margins: np.ndarray, conv: Operator, outer: tuple[int, ...], y: Tensor
) -> list[Operator]:
    """``conv`` from ``x``, taken as of shape ``inner`` and padded by ``margins``, to ``y``, made as of ``outer``."""
    operators = []

    def add(kind: str, source: Tensor, shape: tuple[int, ...], *more: Tensor) -> Tensor:
        made = replace(source, shape=shape, index=-1, data=None)
        operators.append(Operator(kind, (source, *more), (made,), {}, conv.index))
        return made

    if x.shape != inner:
        x = add("RESHAPE", x, inner)
    if margins.any():
        amounts = Tensor(f"{y.name}/padding", margins.shape, DType.INT32, data=margins)
        x = add("PAD", x, tuple(int(n + m.sum()) for n, m in zip(inner, margins, strict=True)), amounts)
    made = y if y.shape == outer else replace(y, shape=outer, index=-1)
    operators.append(replace(conv, inputs=(x, *conv.inputs[1:]), outputs=(made,)))
    if made is not y:
        operators.append(Operator("RESHAPE", (made,), (y,), {}, conv.index))
    return operators
