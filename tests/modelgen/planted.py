"""Graphs with one constant changed, as a defect of the compiler or a damaged flash would."""

from __future__ import annotations

from dataclasses import replace

from toolchain.model.graph import Graph


def with_changed(graph: Graph, number: int, operand: int, where: tuple[int, ...], value: int) -> Graph:
    """``graph`` with one element of the constant that is input ``operand`` of operator ``number`` made ``value``."""
    op = graph.operators[number]
    constant = op.input(operand)
    assert constant.data is not None
    data = constant.data.copy()
    assert data[where] != value
    data[where] = value
    inputs = list(op.inputs)
    inputs[operand] = replace(constant, data=data)
    changed = replace(op, inputs=tuple(inputs))
    return replace(graph, operators=(*graph.operators[:number], changed, *graph.operators[number + 1 :]))
