"""How the channels of an operator's output depend on those of its inputs.

A channel is an index of the last dimension. An operator is one of

- `Tied`: output channel j is computed from channel ``sources[i][j]`` of activation input i and nothing else (-1: not
  from that input), so input and output lose channels together (depthwise, pooling, elementwise, concatenation);
- `Mixed`: output channel j is a weighted sum over input channels (convolution, fully connected), so channels of input
  and output may go independently;
- None: unknown, nothing may be removed around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from toolchain.compiler.passes.padding import own_padding
from toolchain.model.graph import DType, Operator, Tensor

_UNARY = {
    "RELU",
    "RELU6",
    "RELU_N1_TO_1",
    "LEAKY_RELU",
    "HARD_SWISH",
    "LOGISTIC",
    "TANH",
    "QUANTIZE",
    "DEQUANTIZE",
    "AVERAGE_POOL_2D",
    "MAX_POOL_2D",
}
_BINARY = {"ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"}


@dataclass(frozen=True)
class Tied:
    """``sources`` maps the position of each activation input to an int array [output channels]."""

    sources: dict[int, np.ndarray]


@dataclass(frozen=True)
class Mixed:
    """``used`` [output channels, input channels of input 0]: whether any weight between them is not zero.

    ``padded``: taps outside the input count as its zero point, so that a constant channel makes a constant
    contribution only if it has that value.
    """

    used: np.ndarray
    padded: bool


Dependence = Tied | Mixed | None


def channels_of(tensor: Tensor) -> int:
    """Size of the last dimension (1 for a scalar)."""
    return tensor.shape[-1] if tensor.shape else 1


def _int8_weighted(op: Operator) -> bool:
    bias = op.inputs[2] if len(op.inputs) > 2 else None
    return (
        op.input(0).dtype is DType.INT8
        and op.input(1).dtype is DType.INT8
        and op.input(1).data is not None
        and op.input(0).data is None
        and (bias is None or (bias.data is not None and bias.dtype is DType.INT32))
    )


def _conv(op: Operator) -> Dependence:
    weights = op.input(1).data
    if not _int8_weighted(op) or weights is None or weights.shape[3] != channels_of(op.input(0)):
        return None
    return Mixed(np.any(weights != 0, axis=(1, 2)), any(own_padding(op)))


def _fully_connected(op: Operator) -> Dependence:
    weights, x = op.input(1).data, op.input(0)
    if not _int8_weighted(op) or weights is None or op.options.get("weights_format", "DEFAULT") != "DEFAULT":
        return None
    if weights.shape[1] % channels_of(x):
        return None
    return Mixed(np.any(weights.reshape(len(weights), -1, channels_of(x)) != 0, axis=1), padded=False)


def _depthwise(op: Operator) -> Dependence:
    outputs, inputs = channels_of(op.output), channels_of(op.input(0))
    if not _int8_weighted(op) or outputs % inputs:
        return None
    return Tied({0: np.arange(outputs) // (outputs // inputs)})


def _unary(op: Operator) -> Dependence:
    if channels_of(op.input(0)) != channels_of(op.output):
        return None
    return Tied({0: np.arange(channels_of(op.output))})


def _binary(op: Operator) -> Dependence:
    count = channels_of(op.output)
    sources = {}
    for i, tensor in enumerate(op.inputs[:2]):
        assert tensor is not None
        if tensor.data is None:
            if channels_of(tensor) != count or len(tensor.shape) != len(op.output.shape):
                return None
            sources[i] = np.arange(count)
        elif channels_of(tensor) not in (1, count):
            return None
    return Tied(sources)


def _reshape(op: Operator) -> Dependence:
    inputs, outputs = channels_of(op.input(0)), channels_of(op.output)
    if op.input(0).data is not None or outputs % inputs:
        return None
    return Tied({0: np.arange(outputs) % inputs})


def _mean(op: Operator) -> Dependence:
    x, axes = op.input(0), op.input(1).data
    if axes is None or x.data is not None or channels_of(x) != channels_of(op.output):
        return None
    rank = len(x.shape)
    return None if any(int(a) % rank == rank - 1 for a in axes.reshape(-1)) else _unary(op)


def _pad(op: Operator) -> Dependence:
    paddings = op.input(1).data
    return None if paddings is None or np.any(paddings[-1]) else _unary(op)


def _concatenation(op: Operator) -> Dependence:
    rank, axis = len(op.output.shape), op.options["axis"]
    if any(t is None or t.data is not None for t in op.inputs):
        return None
    if axis % rank != rank - 1:
        return Tied({i: np.arange(channels_of(op.output)) for i in range(len(op.inputs))})
    sources, start = {}, 0
    for i in range(len(op.inputs)):
        size = channels_of(op.input(i))
        sources[i] = np.full(channels_of(op.output), -1)
        sources[i][start : start + size] = np.arange(size)
        start += size
    return Tied(sources)


_RULES: dict[str, Callable[[Operator], Dependence]] = {
    "CONV_2D": _conv,
    "FULLY_CONNECTED": _fully_connected,
    "DEPTHWISE_CONV_2D": _depthwise,
    "RESHAPE": _reshape,
    "MEAN": _mean,
    "SUM": _mean,
    "REDUCE_MAX": _mean,
    "PAD": _pad,
    "CONCATENATION": _concatenation,
    **dict.fromkeys(_UNARY, _unary),
    **dict.fromkeys(_BINARY, _binary),
}


def dependence(op: Operator) -> Dependence:
    """The rule for ``op``; None for anything not known to work channel by channel."""
    rule = _RULES.get(op.kind)
    if rule is None or len(op.outputs) != 1 or not op.output.shape:
        return None
    return rule(op)
