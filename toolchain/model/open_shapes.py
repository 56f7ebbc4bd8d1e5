"""Shapes that a converter left open. A Keras model with an open batch has tensors inside whose shape the file does not
know: it marks them with -1 in the shape signature and states 1 for what is unknown, whatever it will be. With inputs
of fixed shape they follow from the operators."""

from __future__ import annotations

import math
from dataclasses import replace

from toolchain.model.graph import Operator, Tensor
from toolchain.model.shapes import Mismatch, Shape, constant_ints, shapes_of


def settled(op: Operator, open_outputs: list[bool]) -> tuple[Tensor, ...]:
    """The outputs of ``op`` with the shapes that its inputs give to those that are open.

    Raises Mismatch when its inputs and options do not fit together.
    """
    if not any(open_outputs):
        return op.outputs
    shapes = _given(op)
    if shapes is None or len(shapes) != len(op.outputs):
        return op.outputs
    if any(0 in shape for shape in shapes):
        raise Mismatch("its output would have no elements")
    return tuple(
        replace(t, shape=shape) if is_open and t.shape != shape and t.data is None else t
        for t, shape, is_open in zip(op.outputs, shapes, open_outputs, strict=True)
    )


def _given(op: Operator) -> list[Shape] | None:
    """The shapes of the outputs by inputs and options only, None for an operator without a rule."""
    if op.kind == "RESHAPE":
        target = _target(op)
        return None if target is None else [target]
    if op.kind == "FULLY_CONNECTED":
        x, w = op.input(0), op.input(1).shape
        if len(w) != 2 or x.elements % w[1]:
            return None  # the rule says why
        keeps = bool(op.options["keep_num_dims"])
        return [(*x.shape[:-1], w[0]) if keeps else (x.elements // w[1], w[0])]
    return None if op.kind in ("EXPAND_DIMS", "SQUEEZE") else shapes_of(op)


def _target(op: Operator) -> Shape | None:
    """What RESHAPE makes of its input: its second input, or else its option, with -1 filled in."""
    if len(op.inputs) > 1 and op.inputs[1] is not None:
        numbers = None if op.inputs[1].data is None else constant_ints(op, 1)
    else:
        numbers = [int(n) for n in op.options["new_shape"]]
    if numbers is None or min(numbers, default=1) < -1 or numbers.count(-1) > 1:
        return None
    rest = math.prod(n for n in numbers if n != -1)
    if rest < 1 or op.input(0).elements % rest:
        return None
    return tuple(op.input(0).elements // rest if n == -1 else n for n in numbers)
