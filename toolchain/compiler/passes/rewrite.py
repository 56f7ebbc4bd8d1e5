"""What the rewritings share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from toolchain.model.graph import Graph, Operator, Tensor


def substituted(op: Operator, tensors: Mapping[Tensor, Tensor]) -> Operator:
    """``op`` with some of its inputs exchanged."""
    if not any(t in tensors for t in op.inputs if t is not None):
        return op
    return replace(op, inputs=tuple(tensors.get(t, t) if t is not None else None for t in op.inputs))


def same_quantization(a: Tensor, b: Tensor) -> bool:
    """Whether the same bytes mean the same numbers."""
    if a.dtype is not b.dtype or (a.quantization is None) != (b.quantization is None):
        return False
    if a.quantization is None or b.quantization is None:
        return True
    return (a.quantization.scales, a.quantization.zero_points) == (b.quantization.scales, b.quantization.zero_points)


def remove_unused(graph: Graph) -> Graph:
    """Drop operators whose outputs nobody reads, from the last to the first."""
    used = {*graph.outputs}
    kept: list[Operator] = []
    for op in reversed(graph.operators):
        if op.outputs and not any(t in used or t.is_variable for t in op.outputs):
            continue
        used.update(t for t in op.inputs if t is not None)
        kept.append(op)
    return replace(graph, operators=tuple(reversed(kept)))
