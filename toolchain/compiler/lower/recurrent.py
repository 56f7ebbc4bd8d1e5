"""SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM: their state is a variable tensor, which is an output of the step too."""

from __future__ import annotations

import math

import numpy as np

from toolchain.compiler.lower.common import bias_at, refuse, require_per_tensor, require_types
from toolchain.compiler.lower.int16 import sigmoid_table
from toolchain.compiler.lower.lookup import multiplier
from toolchain.compiler.step import Constant, Context, Step, lowers
from toolchain.model.graph import DType, Operator, Tensor


def _float_ratio(*factors: float, by: float) -> float:
    """Product over ``by`` in float32, from left to right, as the reference computes it."""
    product = np.float32(factors[0])
    for factor in factors[1:]:
        product = np.float32(product * np.float32(factor))
    return float(np.float32(product / np.float32(by)))


def _state(operator: Operator, i: int, elements: int, *types: DType) -> Tensor:
    tensor = operator.input(i)
    require_types(operator, tensor, *types)
    require_per_tensor(operator, tensor)
    if not tensor.is_variable or tensor.elements != elements:
        raise refuse(operator, f"the state is no variable of {elements} values", "re-convert the model", tensor)
    return tensor


def _weights(operator: Operator, i: int, shape: tuple[int, ...], *types: DType) -> tuple[Tensor, np.ndarray]:
    tensor = operator.input(i)
    require_types(operator, tensor, *types)
    require_per_tensor(operator, tensor)
    if tensor.data is None or tensor.zero_point != 0 or tensor.shape != shape:
        raise refuse(operator, f"weights are not constant, symmetric and {shape}", "re-convert the model", tensor)
    return tensor, tensor.data


@lowers("SVDF")
def lower_svdf(operator: Operator, context: Context) -> Step:
    x, y, rank = operator.input(0), operator.output, operator.options["rank"]
    require_types(operator, x, DType.INT8)
    require_types(operator, y, DType.INT8)
    require_per_tensor(operator, x, y)
    time = operator.input(2)
    require_types(operator, time, DType.INT8, DType.INT16)
    if len(x.shape) != 2 or len(y.shape) != 2 or len(time.shape) != 2 or rank < 1:
        raise refuse(operator, "input, output and weights must have two dimensions", "re-convert the model", x)
    batches, inputs = x.shape
    units, (filters, memory) = y.shape[1], time.shape
    if filters != units * rank or y.shape[0] != batches:
        raise refuse(operator, f"{filters} filters of rank {rank} do not make {units} units", "re-convert", y)
    feature, feature_data = _weights(operator, 1, (filters, inputs), DType.INT8)
    _, time_data = _weights(operator, 2, (filters, memory), time.dtype)
    state = _state(operator, 4, batches * filters * memory, time.dtype)
    feature_m, feature_shift = multiplier(operator, _float_ratio(x.scale, feature.scale, by=state.scale))
    m, shift = multiplier(operator, _float_ratio(state.scale, time.scale, by=y.scale))
    common = {
        "batches": batches,
        "inputs": inputs,
        "units": units,
        "rank": rank,
        "memory": memory,
        "zero_in": x.zero_point,
        "zero_state": state.zero_point,
        "zero": y.zero_point,
        "feature_weights": Constant("feature_weights", feature_data),
        "bias": Constant("bias", bias_at(operator, 3, units).astype(np.int32)),
        "feature_multiplier": feature_m,
        "feature_shift": feature_shift,
        "multiplier": m,
        "shift": shift,
    }
    params = {"common": common, "time_weights": Constant("time_weights", time_data)}
    kernel = "kit_svdf_s8" if time.dtype is DType.INT8 else "kit_svdf_s16"
    macs = batches * filters * (inputs + memory)
    return Step(operator, kernel, "kit_recurrent.h", params, (x,), (y, state), macs=macs)


GATE_SCALE = 2.0**-12
ACTIVATED_SCALE = 2.0**-15
GATES = ("input", "forget", "cell", "output")  # order of the weights among the inputs


@lowers("UNIDIRECTIONAL_SEQUENCE_LSTM")
def lower_lstm(operator: Operator, context: Context) -> Step:
    x, y, options = operator.input(0), operator.output, operator.options
    require_types(operator, x, DType.INT8)
    require_types(operator, y, DType.INT8)
    require_per_tensor(operator, x, y)
    if len(x.shape) != 3 or len(y.shape) != 3:
        raise refuse(operator, "input and output must be batch, time, values", "re-convert the model", x)
    if options.get("fused_activation_function", "TANH") != "TANH":
        raise refuse(operator, "only tanh is supported as activation", "use the default activation")
    extras = [t for t in (*operator.inputs[9:12], *operator.inputs[16:18], *operator.inputs[20:24]) if t is not None]
    if extras or any(operator.inputs[i] is None for i in (1, 5, 12)):
        raise refuse(
            operator, "peepholes, projections, layer norms and coupled gates are not supported", "use a plain LSTM"
        )
    time_major = bool(options.get("time_major"))
    steps, batches = (x.shape[0], x.shape[1]) if time_major else (x.shape[1], x.shape[0])
    inputs, size = x.shape[2], y.shape[2]
    hidden = _state(operator, 18, batches * size, DType.INT8)
    cell = _state(operator, 19, batches * size, DType.INT16)
    power = round(math.log2(cell.scale))
    if cell.scale != 2.0**power or cell.zero_point != 0:
        raise refuse(operator, "the scale of the cell state is no power of two", "re-convert the model", cell)
    if (hidden.scale, hidden.zero_point) != (y.scale, y.zero_point):
        raise refuse(operator, "output and hidden state differ in quantisation", "re-convert the model", hidden)
    gates = {name: _gate(operator, g, inputs, size, x, hidden) for g, name in enumerate(GATES)}
    forget_m, forget_shift = multiplier(operator, ACTIVATED_SCALE * cell.scale / cell.scale)
    input_m, input_shift = multiplier(operator, ACTIVATED_SCALE * ACTIVATED_SCALE / cell.scale)
    output_m, output_shift = multiplier(operator, ACTIVATED_SCALE * ACTIVATED_SCALE / hidden.scale)
    clip = max(0.0, float(options.get("cell_clip", 0.0)))
    tanh_left = 12 + power  # cell state to the table's 2^-12
    params: dict[str, object] = {
        "batches": batches,
        "steps": steps,
        "inputs": inputs,
        "state": size,
        "in_batch": inputs if time_major else steps * inputs,
        "in_step": batches * inputs if time_major else inputs,
        "out_batch": size if time_major else steps * size,
        "out_step": batches * size if time_major else size,
        **gates,
        "forget_multiplier": forget_m,
        "forget_shift": forget_shift,
        "input_multiplier": input_m,
        "input_shift": input_shift,
        "output_multiplier": output_m,
        "output_shift": output_shift,
        "zero": hidden.zero_point,
        "cell_clip": int(min(clip / cell.scale, 32767.0)),
        "tanh_multiplier": 3 << max(0, tanh_left),
        "tanh_shift": max(0, -tanh_left),
        "sigmoid": Constant("sigmoid", sigmoid_table()),
    }
    macs = batches * steps * 4 * size * (inputs + size)
    return Step(operator, "kit_lstm_s8", "kit_recurrent.h", params, (x,), (y, hidden, cell), macs=macs)


def _gate(operator: Operator, g: int, inputs: int, size: int, x: Tensor, hidden: Tensor) -> dict[str, object]:
    """``struct kit_lstm_gate`` of gate number ``g``; both zero points are folded into biases."""
    on_input, input_data = _weights(operator, 1 + g, (size, inputs), DType.INT8)
    recurrent, recurrent_data = _weights(operator, 5 + g, (size, size), DType.INT8)
    bias = bias_at(operator, 12 + g, size) - x.zero_point * input_data.astype(np.int64).sum(axis=1)
    recurrent_bias = -hidden.zero_point * recurrent_data.astype(np.int64).sum(axis=1)
    input_m, input_shift = multiplier(operator, x.scale * on_input.scale / GATE_SCALE)
    recurrent_m, recurrent_shift = multiplier(operator, hidden.scale * recurrent.scale / GATE_SCALE)
    return {
        "input_weights": Constant("input_weights", input_data),
        "recurrent_weights": Constant("recurrent_weights", recurrent_data),
        "bias": Constant("bias", bias.astype(np.int32)),
        "recurrent_bias": Constant("recurrent_bias", recurrent_bias.astype(np.int32)),
        "input_multiplier": input_m,
        "input_shift": input_shift,
        "recurrent_multiplier": recurrent_m,
        "recurrent_shift": recurrent_shift,
    }
