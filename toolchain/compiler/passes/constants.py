"""Operators on constants only are evaluated now: their outputs become constants."""

from __future__ import annotations

from dataclasses import replace

from toolchain.compiler.passes.rewrite import substituted
from toolchain.errors import KitError
from toolchain.model.evaluator.run import Evaluator
from toolchain.model.graph import Graph, Operator, Tensor


def fold_constants(graph: Graph) -> Graph:
    """Replace operators whose inputs are all constant by their values, in the reference arithmetic. Operators that
    the reference evaluator does not know stay."""
    tensors: dict[Tensor, Tensor] = {}
    operators: list[Operator] = []
    for op in graph.operators:
        op = substituted(op, tensors)
        folded = _folded(op)
        if folded is None:
            operators.append(op)
        else:
            tensors |= folded
    if not tensors:
        return graph
    outputs = tuple(tensors.get(t, t) for t in graph.outputs)
    return replace(graph, operators=tuple(operators), outputs=outputs)


def _folded(op: Operator) -> dict[Tensor, Tensor] | None:
    if not op.inputs or any(t is not None and t.data is None for t in op.inputs):
        return None
    if any(t.is_variable for t in op.outputs):
        return None
    try:
        values = Evaluator(Graph("constants", (), op.outputs, (op,))).run([])
    except KitError:
        return None
    return {t: replace(t, data=value) for t, value in zip(op.outputs, values, strict=True)}
