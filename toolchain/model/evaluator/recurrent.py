"""SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM. Their state is a variable tensor, which they change in place.

Sources: tensorflow/lite/micro/kernels/{svdf_common,lstm_eval_common,lstm_eval}.cc.
"""

from __future__ import annotations

import numpy as np

from toolchain.model import arithmetic
from toolchain.model.evaluator.activations import log2_of_scale, logistic_int16, tanh_int16
from toolchain.model.evaluator.registry import Values, evaluates, limits, present, unsupported
from toolchain.model.graph import DType, Operator, Tensor


@evaluates("SVDF")
def svdf(op: Operator, values: Values) -> np.ndarray:
    """Input, feature weights [filters, inputs], time weights [filters, memory], bias, state [batch, filters·memory]."""
    source, feature, time, state = op.input(0), op.input(1), op.input(2), op.input(4)
    rank = int(op.options["rank"])
    x = present(values, 0).astype(np.int64) - source.zero_point
    if source.dtype is not DType.INT8 or feature.dtype is not DType.INT8 or op.output.dtype is not DType.INT8:
        raise unsupported(op, "only int8 input, weights and output are evaluated")
    if time.dtype is not state.dtype or state.dtype not in (DType.INT8, DType.INT16) or not state.is_variable:
        raise unsupported(op, "the state is not an int8 or int16 variable of the type of the time weights")
    filters, memory = time.shape
    scale_1 = float(source.scale) * float(feature.scale) / float(state.scale)
    scale_2 = float(state.scale) * float(time.scale) / float(op.output.scale)
    dots = x @ present(values, 1).astype(np.int64).T
    newest = arithmetic.multiply_by_quantized_multiplier(dots, *arithmetic.quantize_multiplier(scale_1))
    # The reference adds the zero point after saturating, and then wraps.
    newest = (np.clip(newest, *limits(state)) + state.zero_point).astype(state.dtype.numpy)
    history = present(values, 4).reshape(x.shape[0], filters, memory)
    history[..., :-1] = history[..., 1:].copy()
    history[..., -1] = newest
    summed = ((history.astype(np.int64) - state.zero_point) * present(values, 2).astype(np.int64)).sum(axis=-1)
    acc = summed.reshape(x.shape[0], filters // rank, rank).sum(axis=-1)
    if values[3] is not None:
        acc = acc + values[3]
    acc = arithmetic.multiply_by_quantized_multiplier(acc, *arithmetic.quantize_multiplier(scale_2))
    return np.clip(acc + op.output.zero_point, -128, 127)


_GATE_SCALE = 2.0**-12
_UNIT_SCALE = 2.0**-15


def _dense(
    x: np.ndarray, source: Tensor, weights: Tensor, bias: np.ndarray | None, wide: bool, data: np.ndarray
) -> np.ndarray:
    """A fully connected part of a gate: int16 output at scale 2^-12."""
    acc = (x.astype(np.int64) - source.zero_point) @ data.astype(np.int64).T
    if bias is not None:
        acc = acc + bias.astype(np.int64)
    m, shift = arithmetic.quantize_multiplier(float(source.scale) * float(weights.scale) / _GATE_SCALE)
    if wide:
        scaled = arithmetic.multiply_wide_by_quantized_multiplier(acc, m, shift)
    else:
        scaled = arithmetic.multiply_by_quantized_multiplier(acc, m, shift)
    return np.clip(scaled, -32768, 32767)


def _int16_product(a: np.ndarray, b: np.ndarray, real: float) -> np.ndarray:
    return arithmetic.multiply_by_quantized_multiplier(a * b, *arithmetic.quantize_multiplier(real))


def _tanh(x: np.ndarray, log2_scale: int) -> np.ndarray:
    shift = 12 + log2_scale
    return tanh_int16(x, 3, -shift) if shift < 0 else tanh_int16(x, 3 << shift, 0)


# Positions of the inputs of each gate: weights of the input, weights of the hidden state, bias.
_GATES = {"input": (1, 5, 12), "forget": (2, 6, 13), "cell": (3, 7, 14), "output": (4, 8, 15)}
_HIDDEN, _CELL = 18, 19


@evaluates("UNIDIRECTIONAL_SEQUENCE_LSTM")
def lstm(op: Operator, values: Values) -> np.ndarray:
    """Without peepholes, projection, layer normalisation or coupled gates; cell state int16."""
    source, hidden, cell = op.input(0), op.input(_HIDDEN), op.input(_CELL)
    _check_lstm(op)
    wide = source.dtype is DType.INT16
    x = present(values, 0)
    steps = x if op.options["time_major"] else x.swapaxes(0, 1)
    h = present(values, _HIDDEN).reshape(steps.shape[1], -1)
    c = present(values, _CELL).reshape(steps.shape[1], -1)
    log2_cell, _ = log2_of_scale(cell.scale)
    clip = float(op.options["cell_clip"])
    most = int(min(max(clip / float(cell.scale), -32768.0), 32767.0))
    outputs = []
    for step in steps:
        gates = {}
        for name, (w_in, w_hidden, w_bias) in _GATES.items():
            total = _dense(step, source, op.input(w_in), values[w_bias], wide, present(values, w_in))
            total = total + _dense(h, hidden, op.input(w_hidden), None, wide, present(values, w_hidden))
            total = np.clip(total, -32768, 32767)
            gates[name] = _tanh(total, -12) if name == "cell" else logistic_int16(total, 3, 0)
        kept = np.clip(_int16_product(gates["forget"], c.astype(np.int64), _UNIT_SCALE), -32768, 32767)
        added = _int16_product(gates["input"], gates["cell"], _UNIT_SCALE * _UNIT_SCALE / float(cell.scale))
        state = np.clip(kept + np.clip(added, -32768, 32767), -32768, 32767)
        if clip > 0:
            state = np.clip(state, -most, most)
        c[...] = state
        shown = _int16_product(
            _tanh(state, log2_cell), gates["output"], _UNIT_SCALE * _UNIT_SCALE / float(hidden.scale)
        )
        h[...] = np.clip(shown + hidden.zero_point, *limits(hidden))
        outputs.append(h.copy())
    result = np.stack(outputs)
    return result if op.options["time_major"] else result.swapaxes(0, 1)


def _check_lstm(op: Operator) -> None:
    """Raises BadInput for the forms of LSTM that are not evaluated."""
    unused = (9, 10, 11, 16, 17, 20, 21, 22, 23)
    if any(i < len(op.inputs) and op.inputs[i] is not None for i in unused):
        raise unsupported(op, "peepholes, projection and layer normalisation are not evaluated")
    needed = [i for gate in _GATES.values() for i in gate[:2]]
    if any(op.inputs[i] is None for i in needed):
        raise unsupported(op, "coupled input and forget gates are not evaluated")
    if any(op.input(i).dtype is not DType.INT8 for i in needed):
        raise unsupported(op, "only int8 weights are evaluated")
    hidden, cell = op.input(_HIDDEN), op.input(_CELL)
    if not (hidden.is_variable and cell.is_variable) or cell.dtype is not DType.INT16:
        raise unsupported(op, "hidden and cell state are not variables, or the cell state is not int16")
    if not op.input(0).dtype is hidden.dtype is op.output.dtype or hidden.dtype not in (DType.INT8, DType.INT16):
        raise unsupported(op, "input, hidden state and output are not all int8 or all int16")
    if op.options["fused_activation_function"] != "TANH":
        raise unsupported(op, "the activation is not TANH")
