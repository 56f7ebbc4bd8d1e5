"""Resource variables become tensors: handles, VAR_HANDLE and CALL_ONCE disappear.

Afterwards READ_VARIABLE has the variable as its only input, and ASSIGN_VARIABLE has the value as its only input and
the variable as its only output. A variable is a tensor with ``is_variable`` that both graph and initialisers share.
"""

from __future__ import annotations

from dataclasses import replace

from toolchain.errors import BadInput
from toolchain.model.graph import Graph, Operator, Tensor

#: Operators that say which variables there are and what they begin as: nothing is left of them to be lowered.
RESOLVED = ("CALL_ONCE", "VAR_HANDLE")


def resolve_variables(graph: Graph) -> Graph:
    """Replace resource handles by the variables that they name (container and shared name).

    Raises BadInput when a variable is used with two different shapes or types.
    """
    operators = (*graph.initializers, *graph.operators)
    handles = {
        op.output: (op.options.get("container", ""), op.options.get("shared_name", ""))
        for op in operators
        if op.kind == "VAR_HANDLE"
    }
    if not handles and not any(op.kind == "CALL_ONCE" for op in operators):
        return graph
    variables: dict[tuple[str, str], Tensor] = {}

    def variable(op: Operator, like: Tensor) -> Tensor:
        key = handles.get(op.input(0))
        if key is None:
            raise BadInput(
                f"layer {op.index} ({op.kind}): its variable is not named by a VAR_HANDLE",
                "re-convert the model with a current converter",
            )
        known = variables.setdefault(
            key, Tensor(key[1] or op.input(0).name, like.shape, like.dtype, like.quantization, is_variable=True)
        )
        if (known.shape, known.dtype) != (like.shape, like.dtype):
            raise BadInput(
                f"layer {op.index} ({op.kind}): variable '{known.name}' is {known.dtype.value} {list(known.shape)} "
                f"and here {like.dtype.value} {list(like.shape)}",
                "re-convert the model with a current converter",
            )
        return known

    def rewritten(ops: tuple[Operator, ...]) -> tuple[Operator, ...]:
        result = []
        for op in ops:
            if op.kind == "READ_VARIABLE":
                op = replace(op, inputs=(variable(op, op.output),))
            elif op.kind == "ASSIGN_VARIABLE":
                op = replace(op, inputs=(op.input(1),), outputs=(variable(op, op.input(1)),))
            if op.kind not in RESOLVED:
                result.append(op)
        return tuple(result)

    return replace(graph, operators=rewritten(graph.operators), initializers=rewritten(graph.initializers))
