"""TILE becomes CONCATENATION of one tensor with itself, one for each axis that is repeated.

Keras writes its ``UpSampling1D``, ``UpSampling2D`` (nearest) and ``RepeatVector`` so.
"""

from __future__ import annotations

from dataclasses import replace

from toolchain.compiler.passes.rewrite import same_quantization
from toolchain.model.graph import Graph, Operator


def join_tiles(graph: Graph) -> Graph:
    """Replace every TILE by a constant number of copies."""
    return replace(graph, operators=tuple(new for op in graph.operators for new in _concatenations(op)))


def _concatenations(op: Operator) -> list[Operator]:
    if op.kind != "TILE" or op.input(1).data is None or not same_quantization(op.input(0), op.output):
        return [op]
    x, shape = op.input(0), list(op.input(0).shape)
    # The last axes first: what is repeated later is longer then, and moves in fewer pieces.
    axes = [axis for axis in reversed(range(len(shape))) if shape[axis] != op.output.shape[axis]]
    if not axes:
        return [replace(op, kind="RESHAPE", inputs=(x,))]
    made = []
    for axis in axes:
        copies = op.output.shape[axis] // shape[axis]
        shape[axis] = op.output.shape[axis]
        y = op.output if axis == axes[-1] else replace(op.output, shape=tuple(shape), index=-1)
        options = {"axis": axis, "fused_activation_function": "NONE"}
        made.append(Operator("CONCATENATION", (x,) * copies, (y,), options, op.index))
        x = y
    return made
