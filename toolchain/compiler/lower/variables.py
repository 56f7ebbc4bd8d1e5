"""State that lives from one inference to the next: READ_VARIABLE and ASSIGN_VARIABLE (see `passes.variables`)."""

from __future__ import annotations

import numpy as np

from toolchain.compiler.step import Context, Step, View, copy_step, lowers
from toolchain.model.graph import DType, Graph, Operator

# Operators whose output may be a view of their input, so that a later reader of it reads the variable itself.
_MAY_BE_VIEWS = {
    "RESHAPE",
    "EXPAND_DIMS",
    "SQUEEZE",
    "SLICE",
    "STRIDED_SLICE",
    "SPLIT",
    "SPLIT_V",
    "UNPACK",
    "TRANSPOSE",
    "QUANTIZE",
}


def _read_after_assignment(operator: Operator, graph: Graph) -> bool:
    """Whether anything reads the value of this READ_VARIABLE after a later assignment of the same variable."""
    operators = graph.operators
    start = next(i for i, op in enumerate(operators) if op is operator)
    assigned = next(
        (
            i
            for i, op in enumerate(operators)
            if i > start and op.kind == "ASSIGN_VARIABLE" and op.output is operator.input(0)
        ),
        None,
    )
    if assigned is None:
        return False
    values = [operator.output]
    for value in values:
        if value in graph.outputs:
            return True
        for i, op in enumerate(operators):
            if not any(t is value for t in op.inputs):
                continue
            if i > assigned:
                return True
            if op.kind in _MAY_BE_VIEWS:
                values += op.outputs
    return False


@lowers("READ_VARIABLE")
def lower_read(operator: Operator, context: Context) -> Step | View:
    """The variable itself where that is safe, else a copy of it."""
    if any(op is operator for op in context.graph.operators) and not _read_after_assignment(operator, context.graph):
        return View(operator, operator.input(0), operator.output)
    return copy_step(operator, operator.input(0), operator.output)


@lowers("ASSIGN_VARIABLE")
def lower_assign(operator: Operator, context: Context) -> Step | list[Step]:
    """A copy into the variable; none where an initialiser assigns what a reset leaves there anyway."""
    value, variable = operator.input(0), operator.output
    if value.data is not None and any(op is operator for op in context.graph.initializers):
        start = variable.zero_point if variable.dtype is DType.INT8 and variable.quantization else 0
        if np.all(value.data == start):
            return []
    return copy_step(operator, value, variable)
