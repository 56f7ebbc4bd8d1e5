"""Operators that leave every byte where it is become reshapes, which cost nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolchain.compiler.passes.rewrite import same_quantization
from toolchain.model.graph import Graph, Operator


def remove_identities(graph: Graph) -> Graph:
    """Turn transpositions of dimensions of size 1, requantisations to the same quantisation, slices of everything,
    empty paddings and concatenations of one tensor into RESHAPE."""
    operators = tuple(
        replace(op, kind="RESHAPE", inputs=(op.inputs[0],), options={}) if _is_identity(op) else op
        for op in graph.operators
    )
    return replace(graph, operators=operators)


def _is_identity(op: Operator) -> bool:
    if len(op.outputs) != 1 or not op.inputs or op.inputs[0] is None or op.inputs[0].is_variable:
        return False
    x, y = op.input(0), op.output
    if x.elements != y.elements or not same_quantization(x, y):
        return False
    if op.kind == "TRANSPOSE":
        order = op.input(1).data
        if order is None or sorted(order.reshape(-1)) != list(range(len(x.shape))):
            return False
        moved = [axis for axis in order.reshape(-1) if x.shape[axis] != 1]
        return moved == sorted(moved)
    if op.kind == "STRIDED_SLICE":  # a negative stride keeps the size and turns the order
        strides = op.input(3).data
        return strides is not None and bool(np.all(strides > 0))
    if op.kind == "CONCATENATION":
        return len(op.inputs) == 1 and op.options.get("fused_activation_function", "NONE") == "NONE"
    return op.kind in ("QUANTIZE", "SLICE", "PAD", "PADV2")
