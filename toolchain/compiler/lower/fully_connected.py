"""FULLY_CONNECTED with int8 activations and weights: the 1x1 convolution of one pixel a row."""

from __future__ import annotations

from toolchain.compiler.lower.common import Window, refuse
from toolchain.compiler.lower.conv import portable_step
from toolchain.compiler.lower.convolution import require_int8
from toolchain.compiler.step import Context, Step, lowers
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
    pixel = Window(in_h=1, in_w=1, out_h=1, out_w=1, kernel_h=1, kernel_w=1, stride_h=1, stride_w=1, pad_h=0, pad_w=0)
    quantization = operator.input(1).quantization
    return portable_step(
        operator,
        pixel,
        weights.reshape(outputs, 1, 1, depth),
        x.elements // depth,
        float_product=quantization is not None and not quantization.per_channel,
    )
