"""Channels without information are removed: constant ones, folded into the bias of their readers, and unread ones.

A convolution's output channel whose weights are all zero has the value clamp(requantised bias) everywhere. A reader
that sums over channels gains weight * (value - zero point) from it, which goes into its bias; exact wherever every tap
sees that value, so not at padded borders unless the value is the zero point that padding counts as.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from toolchain.compiler.passes.channels import Dependence, Mixed, channels_of, dependence
from toolchain.errors import KitError
from toolchain.model.evaluator.run import Evaluator
from toolchain.model.graph import DType, Graph, Operator, Quantization, Tensor

# Kernels read int8 channels in words: a channel count that is no multiple of this costs more than a dead channel.
GRANULE = 4

Known = dict[Tensor, tuple[np.ndarray, np.ndarray]]
Keep = dict[Tensor, np.ndarray]


def remove_dead_channels(graph: Graph) -> Graph:
    """``graph`` without constant and unread channels; inputs, outputs and variables keep all of theirs."""
    rules = {op: dependence(op) for op in graph.operators}
    known: Known = {}
    for op, rule in rules.items():
        _find_constants(op, rule, known)
    keep = _channels_to_keep(graph, rules, known)
    if all(mask.all() for mask in keep.values()):
        return graph
    tensors = {t: _pruned(t, mask) for t, mask in keep.items()}
    operators = tuple(_rewritten(op, rules[op], keep, known, tensors) for op in graph.operators)
    return replace(graph, operators=operators)


# Which channels are constant ------------------------------------------------------------------------------------


def _find_constants(op: Operator, rule: Dependence, known: Known) -> None:
    """Enter into ``known`` the channels of the output of ``op`` that have one value everywhere: [mask, value]."""
    if rule is None or op.kind in ("MEAN", "SUM", "DEQUANTIZE"):
        return

    def constant(i: int) -> np.ndarray:
        tensor = op.input(i)
        return known[tensor][0] if tensor in known else np.zeros(channels_of(tensor), bool)

    if isinstance(rule, Mixed):
        possible = ~np.any(rule.used & ~constant(0), axis=1)
    else:
        possible = np.ones(channels_of(op.output), bool)
        for i, sources in rule.sources.items():
            possible &= (sources < 0) | constant(i)[sources]
        if op.kind == "DEPTHWISE_CONV_2D":
            weights = op.input(1).data
            assert weights is not None
            possible |= ~np.any(weights != 0, axis=(0, 1, 2))
    if not possible.any():
        return
    chosen = np.flatnonzero(possible)
    values = _evaluate(op, rule, chosen, known)
    if values is None:
        return
    flat = values.reshape(-1, len(chosen)).astype(np.int64)
    uniform = np.all(flat == flat[0], axis=0)
    mask, value = np.zeros(channels_of(op.output), bool), np.zeros(channels_of(op.output), np.int64)
    mask[chosen[uniform]] = True
    value[chosen] = flat[0]
    known[op.output] = mask, value


def _evaluate(op: Operator, rule: Dependence, chosen: np.ndarray, known: Known) -> np.ndarray | None:
    """Channels ``chosen`` of the output of ``op`` by the reference arithmetic. Channels of the inputs that are not
    constant count as their zero point: the chosen ones do not depend on them."""
    inputs: dict[Tensor, np.ndarray] = {}
    for tensor in op.inputs:
        if tensor is None or tensor.data is not None:
            continue
        array = np.full(tensor.shape, tensor.zero_point if tensor.quantization else 0, tensor.dtype.numpy)
        if tensor in known:
            mask, value = known[tensor]
            array[..., mask] = value[mask]
        inputs[tensor] = array
    if isinstance(rule, Mixed):
        output = replace(op.output, shape=(*op.output.shape[:-1], len(chosen)))
        op = replace(op, inputs=(op.inputs[0], *_weighted(op, chosen, 0)), outputs=(output,))
        chosen = np.arange(len(chosen))
    try:
        evaluator = Evaluator(Graph("constant channels", tuple(inputs), op.outputs, (op,)))
        (result,) = evaluator.run(list(inputs.values()))
    except KitError:  # the evaluator does not know this operator: nothing is known then
        return None
    return result[..., chosen]


# Which channels must stay ---------------------------------------------------------------------------------------


def _channels_to_keep(graph: Graph, rules: Mapping[Operator, Dependence], known: Known) -> Keep:
    """Mask of the channels of each activation that stay: the least set that every operator can work with."""
    keep: Keep = {}
    for op in graph.operators:
        for tensor in (*op.inputs, *op.outputs):
            if tensor is not None and tensor.data is None:
                keep.setdefault(tensor, np.full(channels_of(tensor), tensor.is_variable))
        if rules[op] is None:
            for tensor in (*op.inputs, *op.outputs):
                if tensor in keep:
                    keep[tensor][:] = True
    for tensor in (*graph.inputs, *graph.outputs):
        if tensor in keep:
            keep[tensor][:] = True
    while True:
        before = _count(keep)
        for op in reversed(graph.operators):
            _demand(op, rules[op], keep, known)
        if _count(keep) == before:
            for mask in keep.values():
                _round_up(mask)
            if _count(keep) == before:
                return keep


def _count(keep: Keep) -> int:
    return sum(int(mask.sum()) for mask in keep.values())


def _round_up(mask: np.ndarray) -> None:
    """Keep some more channels, so that their number is a multiple of the granule and not 0."""
    mask[0] |= not mask.any()
    missing = min(-int(mask.sum()) % GRANULE, int((~mask).sum()))
    mask[np.flatnonzero(~mask)[:missing]] = True


def _demand(op: Operator, rule: Dependence, keep: Keep, known: Known) -> None:
    """Add the channels that ``op`` needs, given those kept around it."""
    if rule is None:
        return
    wanted = keep[op.output]
    if isinstance(rule, Mixed):
        x = op.input(0)
        keep[x] |= np.any(rule.used[wanted], axis=0) & ~_foldable(x, rule, known)
        return
    for i, sources in rule.sources.items():
        present = sources >= 0
        mask = keep[op.input(i)]
        mask[sources[present & wanted]] = True
        wanted |= present & mask[sources]


def _foldable(x: Tensor, rule: Mixed, known: Known) -> np.ndarray:
    """Channels of ``x`` whose contribution is one constant a reader."""
    if x not in known:
        return np.zeros(channels_of(x), bool)
    mask, value = known[x]
    return mask & (value == x.zero_point) if rule.padded else mask


# The new graph --------------------------------------------------------------------------------------------------


def _pruned(tensor: Tensor, mask: np.ndarray) -> Tensor:
    if mask.all():
        return tensor
    kept = np.flatnonzero(mask)
    original = np.arange(len(mask)) if tensor.channels is None else np.array(tensor.channels)
    channels = tuple(int(c) for c in original[kept])
    return replace(tensor, shape=(*tensor.shape[:-1], len(kept)), channels=channels)


def _rewritten(op: Operator, rule: Dependence, keep: Keep, known: Known, tensors: Mapping[Tensor, Tensor]) -> Operator:
    """``op`` on the pruned tensors, its constants cut to match."""
    inputs = [tensors.get(t, t) if t is not None else None for t in op.inputs]
    outputs = tuple(tensors.get(t, t) for t in op.outputs)
    if rule is None or (inputs == list(op.inputs) and outputs == op.outputs):
        return replace(op, inputs=tuple(inputs), outputs=outputs)
    rows = np.flatnonzero(keep[op.output])
    if isinstance(rule, Mixed):
        return _rewritten_sum(op, rule, rows, keep[op.input(0)], known, inputs[0], outputs)
    if op.kind == "DEPTHWISE_CONV_2D":
        return replace(op, inputs=(inputs[0], *_weighted(op, rows, 3)), outputs=outputs)
    if op.kind == "RESHAPE":  # the wanted shape is that of the output
        return replace(op, inputs=(inputs[0],), outputs=outputs, options={})
    for i, tensor in enumerate(inputs):
        if op.kind in ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM") and tensor is not None and tensor.data is not None:
            inputs[i] = tensor if channels_of(tensor) == 1 else _cut(tensor, rows, -1)
    return replace(op, inputs=tuple(inputs), outputs=outputs)


def _rewritten_sum(
    op: Operator,
    rule: Mixed,
    rows: np.ndarray,
    kept: np.ndarray,
    known: Known,
    x: Tensor | None,
    outputs: tuple[Tensor, ...],
) -> Operator:
    """A convolution or fully connected layer without the dropped inputs, their contribution in its bias."""
    source = op.input(0)
    weights, bias = _weighted(op, rows, 0)
    assert weights.data is not None
    by_channel = weights.data.reshape(len(rows), -1, len(kept))
    columns = np.tile(kept, weights.data.shape[-1] // len(kept))
    gone = ~kept & np.any(rule.used[rows], axis=0)
    if gone.any():
        _, value = known[source]
        offset = by_channel[..., gone].astype(np.int64).sum(axis=1) @ (value[gone] - source.zero_point)
        bias = _with_offset(op, bias, offset, weights)
    return replace(op, inputs=(x, _cut(weights, np.flatnonzero(columns), -1), bias), outputs=outputs)


def _with_offset(op: Operator, bias: Tensor | None, offset: np.ndarray, weights: Tensor) -> Tensor:
    """``bias`` plus ``offset``, modulo 2^32 as the accumulator is."""
    if bias is None:
        assert weights.quantization is not None
        scales = tuple(float(np.float32(op.input(0).scale) * np.float32(s)) for s in weights.quantization.scales)
        quantization = Quantization(scales, (0,) * len(scales))
        name = f"{op.output.name}/bias"
        bias = replace(weights, name=name, shape=offset.shape, dtype=DType.INT32, quantization=quantization, index=-1)
        return replace(bias, data=offset.astype(np.int32))
    assert bias.data is not None
    return replace(bias, data=(bias.data.astype(np.int64) + offset).astype(np.int32), index=-1)


def _weighted(op: Operator, rows: np.ndarray, axis: int) -> tuple[Tensor, Tensor | None]:
    """Weights and bias of ``op`` cut to output channels ``rows``."""
    bias = op.inputs[2] if len(op.inputs) > 2 else None
    return _cut(op.input(1), rows, axis), None if bias is None else _cut(bias, rows, 0)


def _cut(tensor: Tensor, indices: np.ndarray, axis: int) -> Tensor:
    """A constant with only ``indices`` along ``axis``, and the scales that go with them."""
    assert tensor.data is not None
    axis %= tensor.data.ndim
    if len(indices) == tensor.data.shape[axis]:
        return tensor
    quantization = tensor.quantization
    if quantization is not None and quantization.per_channel and quantization.axis == axis:
        quantization = replace(
            quantization,
            scales=tuple(quantization.scales[i] for i in indices),
            zero_points=tuple(quantization.zero_points[i] for i in indices),
        )
    data = np.ascontiguousarray(tensor.data.take(indices, axis))
    return replace(tensor, shape=data.shape, data=data, quantization=quantization, index=-1)
