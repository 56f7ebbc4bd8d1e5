"""PAD before a convolution becomes padding of the convolution.

A convolution counts taps outside its input as the input's zero point; a PAD that writes just this value changes nothing
but the size. Convolutions so rewritten carry the option ``explicit_padding`` (top, left, bottom, right, in pixels),
which replaces ``padding``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolchain.compiler.passes.rewrite import remove_unused, same_quantization
from toolchain.model.graph import Graph, Operator, Tensor


def fuse_padding(graph: Graph) -> Graph:
    """Merge PAD and PADV2 of height and width into the CONV_2D and DEPTHWISE_CONV_2D that read them."""
    pads = {op.output: op for op in graph.operators if op.kind in ("PAD", "PADV2") and _is_zero_padding(op)}
    if not pads:
        return graph
    operators = tuple(_fused(op, pads) for op in graph.operators)
    return remove_unused(replace(graph, operators=operators))


def _is_zero_padding(op: Operator) -> bool:
    x, amounts = op.input(0), op.input(1).data
    if len(x.shape) != 4 or amounts is None or x.quantization is None or not same_quantization(x, op.output):
        return False
    if np.any(amounts < 0) or np.any(amounts[[0, 3]]):
        return False
    if op.kind == "PADV2":
        value = op.input(2).data
        return value is not None and int(value.reshape(-1)[0]) == x.zero_point
    return True


def _fused(op: Operator, pads: dict[Tensor, Operator]) -> Operator:
    if op.kind not in ("CONV_2D", "DEPTHWISE_CONV_2D") or op.inputs[0] not in pads:
        return op
    pad = pads[op.input(0)]
    amounts = pad.input(1).data
    assert amounts is not None
    (top, bottom), (left, right) = ([int(n) for n in amounts[axis]] for axis in (1, 2))
    own_top, own_left, own_bottom, own_right = own_padding(op)
    padding = (top + own_top, left + own_left, bottom + own_bottom, right + own_right)
    options = {**op.options, "padding": "VALID", "explicit_padding": padding}
    return replace(op, inputs=(pad.inputs[0], *op.inputs[1:]), options=options)


def own_padding(op: Operator) -> tuple[int, int, int, int]:
    """Top, left, bottom and right padding in pixels that a convolution adds to its input."""
    if "explicit_padding" in op.options:
        top, left, bottom, right = op.options["explicit_padding"]
        return top, left, bottom, right
    if op.options["padding"] == "VALID":
        return 0, 0, 0, 0
    sides = []
    for axis, letter in ((1, "h"), (2, "w")):
        span = (op.input(1).shape[axis] - 1) * op.options.get(f"dilation_{letter}_factor", 1) + 1
        total = (op.output.shape[axis] - 1) * op.options[f"stride_{letter}"] + span - op.input(0).shape[axis]
        total = max(0, total)
        sides.append((total // 2, total - total // 2))
    return sides[0][0], sides[1][0], sides[0][1], sides[1][1]
