"""FULLY_CONNECTED with int8 activations and weights: the 1x1 convolution of one pixel a row."""

from __future__ import annotations

import numpy as np

from toolchain.compiler.lower.common import Window, refuse
from toolchain.compiler.lower.conv import dsp_step, portable_step
from toolchain.compiler.lower.convolution import BLOCK, forward_lead, quantization_fields, require_int8, require_small
from toolchain.compiler.lower.dsp import channels_of, common_table, dot_stream
from toolchain.compiler.step import Constant, Context, Overlap, Step, lowers
from toolchain.model.graph import Operator


@lowers("FULLY_CONNECTED")
def lower_fully_connected(operator: Operator, context: Context) -> Step:
    """Weights are [outputs, inputs]; an input of any rank counts as rows of ``inputs`` elements."""
    require_int8(operator)
    if operator.options.get("weights_format", "DEFAULT") != "DEFAULT":
        raise refuse(operator, "the weights are shuffled", "re-convert the model", operator.input(1))
    weights, x = operator.input(1).data, operator.input(0)
    assert weights is not None
    outputs, depth = weights.shape
    if x.elements % depth or operator.output.elements != x.elements // depth * outputs:
        raise refuse(operator, f"{x.elements} inputs are not rows of {depth}", "re-convert the model", x)
    rows = x.elements // depth
    pixel = Window(in_h=1, in_w=1, out_h=1, out_w=1, kernel_h=1, kernel_w=1, stride_h=1, stride_w=1, pad_h=0, pad_w=0)
    filters = weights.reshape(outputs, 1, 1, depth)
    step = None
    if context.target.dsp:
        step = _dsp_step(operator, weights, rows) if depth % 4 == 0 else dsp_step(operator, pixel, filters, rows)
    return step or portable_step(operator, pixel, filters, rows)


def _dsp_step(operator: Operator, weights: np.ndarray, rows: int) -> Step | None:
    """The call of `kit_fully_connected_s8_dsp`; None when its arithmetic would not be exact for these weights."""
    outputs, depth = weights.shape
    channels = channels_of(operator, weights)
    if channels is None:
        return None
    table = common_table(channels)
    stream = dot_stream(channels, operator.input(0).zero_point, inline_table=table is None)
    if stream is None:
        return None
    rest = outputs % BLOCK
    # A row is read again for every block, and for those that are left over only before any of them is written.
    row = np.arange(rows)
    ends = (row + 1) * outputs - (BLOCK if rest == 0 else rest)
    reads, writes = row * depth, np.maximum(ends, row * outputs)
    require_small(operator, [rows, depth, outputs])
    return Step(
        operator,
        kernel="kit_fully_connected_s8_dsp",
        header="kit_fully_connected.h",
        struct="kit_fully_connected_params",
        params={
            "weights": Constant("weights", stream.view(np.int8)),
            "table": None if table is None else Constant("table", table),
            **quantization_fields(operator),
            "rows": rows,
            "inputs": depth,
            "outputs": outputs,
        },
        inputs=(operator.input(0),),
        outputs=(operator.output,),
        scratch_bytes=2 * depth if rest else 4,
        overlaps=(Overlap(0, 0, forward_lead(reads, writes)),),
        macs=rows * weights.size,
    )
