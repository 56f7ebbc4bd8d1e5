"""What generated models exercise, by looking at them and at their arithmetic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from conformance.cases import Case

from toolchain.model import arithmetic
from toolchain.model.graph import DType, Graph, Operator
from toolchain.model.runners import EvaluatorRunner


def _of_options(op: Operator) -> Iterator[str]:
    options: dict[str, Any] = dict(op.options)
    for side in "hw":
        if options.get(f"stride_{side}", 1) > 1:
            yield f"stride {side}"
        if options.get(f"dilation_{side}_factor", 1) > 1:
            yield f"dilation {side}"
    for key in ("padding", "fused_activation_function", "mode"):
        if key in options:
            yield f"{options[key]}"
    if options.get("depth_multiplier", 1) > 1:
        yield "depth multiplier"
    for key in ("align_corners", "half_pixel_centers", "keep_dims", "adj_x", "adj_y", "time_major"):
        if options.get(key):
            yield key.replace("_", " ")


def _of_tensors(op: Operator) -> Iterator[str]:
    for role, tensors in (("input", op.inputs), ("output", op.outputs)):
        for t in tensors:
            if t is not None and t.data is None and t.dtype is DType.INT8 and t.quantization is not None:
                yield f"{role} zero point {t.zero_point}"
    if len(op.inputs) > 1 and op.inputs[1] is not None and op.inputs[1].data is not None:
        weights = op.inputs[1]
        if weights.quantization is not None:
            yield "scales by channel" if weights.quantization.per_channel else "one scale"
        if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D") and max(weights.shape[1:3]) > 1:
            yield "window"
        if op.kind == "CONV_2D" and op.input(0).shape[-1] != weights.shape[-1]:
            yield "groups"
        if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            yield "bias" if len(op.inputs) > 2 and op.inputs[2] is not None else "no bias"
    shapes = {t.shape for t in op.inputs if t is not None}
    if op.kind in ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"):
        yield "constant" if any(t is not None and t.data is not None for t in op.inputs) else "two inputs"
        if len(shapes) > 1:
            yield "broadcast"
    if op.outputs and op.output.shape:
        channels = op.output.shape[-1]
        yield "channels in fours" if channels % 4 == 0 else "channels not in fours"
        if channels > 8:
            yield "more than 8 channels"
        if len(op.output.shape) == 4 and op.output.shape[0] > 1:
            yield "batch"


@contextmanager
def watched(found: Counter[str]) -> Iterator[None]:
    """Count, while our evaluator computes, shifts of both signs and ties of the last rounding of both signs."""
    multiply, divide = arithmetic.multiply_by_quantized_multiplier, arithmetic.rounding_divide_by_pot

    def multiplied(x: Any, m: Any, shift: Any) -> np.ndarray:
        found["left shift"] += int(np.any((np.asarray(shift) > 0) & (np.asarray(x) != 0)))
        return multiply(x, m, shift)

    def divided(x: Any, exponent: Any) -> np.ndarray:
        value, bits = np.broadcast_arrays(np.asarray(x, np.int64), exponent)
        tied = (bits > 0) & ((value & ((1 << bits) - 1)) == (1 << bits) >> 1)
        found["right shift"] += int(np.any((bits > 0) & (value != 0)))
        found["negative tie"] += int(np.any(tied & (value < 0)))
        found["positive tie"] += int(np.any(tied & (value > 0)))
        return divide(x, exponent)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arithmetic, "multiply_by_quantized_multiplier", multiplied)
        patch.setattr(arithmetic, "rounding_divide_by_pot", divided)
        yield


def operators(graph: Graph) -> Iterator[str]:
    """``operator K`` for each operator, ``operator K int16`` by the type of its output."""
    for op in (*graph.operators, *graph.initializers):
        yield f"operator {op.kind}"
        if op.outputs:
            yield f"operator {op.kind} {op.output.dtype.value}"


def features(cases: Iterable[Case]) -> Counter[str]:
    """In how many models each feature occurs."""
    total: Counter[str] = Counter()
    for case in cases:
        found: Counter[str] = Counter()
        for op in (*case.graph.operators, *case.graph.initializers):
            found.update(_of_options(op))
            found.update(_of_tensors(op))
        runner = EvaluatorRunner(case.graph)
        with watched(found):
            for inputs, _ in case.runs:
                runner.run(inputs)
        found["unsaturated"] += case.unsaturated
        found[f"reference {case.reference}"] += 1
        total.update(name for name, count in found.items() if count)
    return total
