"""FULLY_CONNECTED with int8 activations and weights: the 1x1 convolution of one pixel a row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from toolchain.compiler.lower.common import Window, refuse
from toolchain.compiler.lower.conv import dsp_step, portable_step
from toolchain.compiler.lower.convolution import (
    BLOCK,
    channel_table,
    channels_of,
    doubled,
    folded_bias,
    forward_lead,
    one_scale,
    quantization_fields,
    require_int8,
    require_small,
    vector_table,
    weights_of,
    whole_blocks,
)
from toolchain.compiler.lower.dsp import dot_stream
from toolchain.compiler.step import Constant, Context, Overlap, Step, lowers
from toolchain.model.graph import Operator

SMALL = 4096  # weights up to which a layer does with the kernel of the convolutions beside it
MOST_PADDING = 1024  # bytes of zeros that fill up the last block of channels


@lowers("FULLY_CONNECTED")
def lower_fully_connected(operator: Operator, context: Context) -> Step:
    """Weights are [outputs, inputs]; an input of any rank counts as rows of ``inputs`` elements."""
    require_int8(operator)
    if operator.options.get("weights_format", "DEFAULT") != "DEFAULT":
        raise refuse(operator, "the weights are shuffled", "re-convert the model", operator.input(1))
    weights, x = weights_of(operator, rank=2), operator.input(0)
    outputs, depth = weights.shape
    if x.elements % depth or operator.output.elements != x.elements // depth * outputs:
        raise refuse(operator, f"{x.elements} inputs are not rows of {depth}", "re-convert the model", x)
    rows = x.elements // depth
    pixel = Window(in_h=1, in_w=1, out_h=1, out_w=1, kernel_h=1, kernel_w=1, stride_h=1, stride_w=1, pad_h=0, pad_w=0)
    filters = weights.reshape(outputs, 1, 1, depth)
    if context.target.narrow:
        return _narrow_step(operator, weights, rows)
    step = _mve_step(operator, weights, rows) if context.target.mve else None
    if step is None and context.target.dsp:
        # A small layer beside convolutions is not worth the flash of a kernel of its own.
        shared = weights.size <= SMALL and any(o.kind == "CONV_2D" for o in context.graph.operators)
        padding = (-outputs % BLOCK) // 2 * 2 * depth
        own = depth % 4 == 0 and not shared and padding <= MOST_PADDING
        step = _dsp_step(operator, weights, rows) if own else dsp_step(operator, pixel, filters, rows, context)
    return step or portable_step(operator, pixel, filters, rows, context)


def _dsp_step(operator: Operator, weights: np.ndarray, rows: int) -> Step | None:
    """The call of `kit_fully_connected_s8_dsp`; None when its arithmetic would not be exact for these weights."""
    outputs, depth = weights.shape
    channels = channels_of(operator, weights)
    common = one_scale(channels)
    stream = dot_stream(channels, operator.input(0).zero_point, inline_table=not common, whole_blocks=True)
    if stream is None:
        return None
    rest = outputs % BLOCK
    # A row is read again for every block, and for those that are left over only before any of them is written.
    row = np.arange(rows)
    ends = (row + 1) * outputs - (BLOCK if rest == 0 else rest)
    reads, writes = row * depth, np.maximum(ends, row * outputs)
    fields: dict[str, Constant | int] = {
        "weights": Constant("weights", stream.view(np.int8)),
        "doubled": int(doubled(channels.multiplier)[0]) if common else 0,
        "shift": int(-channels.shift[0] - 1) if common else 0,
    }
    lead = forward_lead(reads, writes)
    return _step(operator, "kit_fully_connected_s8_dsp", weights, fields, lead, struct="kit_fully_connected_dsp_params")


def _mve_step(operator: Operator, weights: np.ndarray, rows: int) -> Step | None:
    """The call of `kit_fully_connected_s8_mve`; None when a channel has a left shift."""
    outputs, depth = weights.shape
    channels = channels_of(operator, weights)
    table = vector_table(operator, channels)
    if table is None:
        return None
    fields: dict[str, Constant | int] = {
        "weights": Constant("weights", whole_blocks(weights)),
        "table": Constant("table", table),
        "one_scale": int(one_scale(channels)),
    }
    row = np.arange(rows)
    lead = forward_lead(row * depth, (row + 1) * outputs)
    return _step(operator, "kit_fully_connected_s8_mve", weights, fields, lead)


def _narrow_step(operator: Operator, weights: np.ndarray, rows: int) -> Step:
    """The call of `kit_fully_connected_s8_narrow`."""
    outputs, depth = weights.shape
    even = weights[:, : depth // 2 * 2].reshape(outputs, -1, 2)
    if (even == -128).all(axis=2).any():
        raise refuse(operator, "two weights side by side are -128", "re-convert the model", operator.input(1))
    channels = channels_of(operator, weights)
    table = channel_table(channels, folded_bias(channels, operator.input(0).zero_point))
    fields: dict[str, Constant | int] = {
        "weights": Constant("weights", weights),
        "table": Constant("table", table),
        "one_scale": 0,
    }
    row = np.arange(rows)
    lead = forward_lead(row * depth, (row + 1) * outputs)
    return _step(operator, "kit_fully_connected_s8_narrow", weights, fields, lead)


def _step(
    operator: Operator,
    kernel: str,
    weights: np.ndarray,
    fields: Mapping[str, Constant | int],
    lead: int,
    struct: str = "kit_fully_connected_params",
) -> Step:
    outputs, depth = weights.shape
    rows = operator.input(0).elements // depth
    dimensions = {"rows": rows, "inputs": depth, "outputs": outputs}
    require_small(operator, list(dimensions.values()))
    return Step(
        operator,
        kernel=kernel,
        header="kit_fully_connected.h",
        struct=struct,
        params={**fields, **quantization_fields(operator), **dimensions},
        inputs=(operator.input(0),),
        outputs=(operator.output,),
        overlaps=(Overlap(0, 0, lead),),
        macs=rows * weights.size,
    )
