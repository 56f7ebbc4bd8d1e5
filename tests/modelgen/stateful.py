"""Random models with state: SVDF, LSTM, resource variables; importing this module adds them to `cases.CASES`."""

from __future__ import annotations

import math

import numpy as np

from modelgen.builder import ModelBuilder
from modelgen.cases import Rng, case, dtype, int8_array, pick, scale, size, zero


@case("SVDF")
def svdf(rng: Rng, kind: str, wide: bool) -> bytes:
    """The state is int16 or int8."""
    batch, inputs, rank, units, memory = (size(rng, 1, n) for n in (2, 12, 2, 5, 8))
    filters = rank * units
    state_type = str(pick(rng, "int16", "int8"))
    steps = 8000 if state_type == "int16" else 40
    s_in, s_feature, s_time = scale(rng, -8, 0), scale(rng, -9, -5), scale(rng, -9, -5)
    s_state = s_in * s_feature * math.sqrt(inputs) * 3000 / steps * scale(rng, -1, 1)
    s_bias = float(np.float32(s_state) * np.float32(s_time))
    time_steps = 127
    spread = math.sqrt(memory * rank) * steps * 70
    m = ModelBuilder()
    x = m.input((batch, inputs), s_in, zero(rng))
    feature = m.constant(int8_array(rng, (filters, inputs)), s_feature)
    time = rng.integers(-time_steps, time_steps + 1, (filters, memory)).astype(state_type)
    state = m.tensor(
        (batch, filters * memory), s_state, zero(rng) if state_type == "int8" else 0, state_type, is_variable=True
    )
    bias = m.constant(np.round(rng.normal(0, spread / 4, units)).astype(np.int32), s_bias)
    y = m.tensor((batch, units), s_bias * spread / 40 * scale(rng, -1, 1), zero(rng))
    m.op(kind, [x, feature, m.constant(time, s_time), bias, state], [y], rank=rank, fused_activation_function="NONE")
    m.output(y)
    return m.build()


@case("UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM/int16")
def lstm(rng: Rng, kind: str, wide: bool) -> bytes:
    batch, steps, inputs, units = (size(rng, 1, n) for n in (2, 5, 8, 6))
    major = bool(rng.random() < 0.5)
    s_in = scale(rng, -7, -4) / (256 if wide else 1)
    s_hidden = 2.0**-7 * scale(rng, -1, 0.5) / (256 if wide else 1)
    z_hidden = 0 if wide else size(rng, -20, 20)
    m = ModelBuilder()
    lead = (steps, batch) if major else (batch, steps)
    x = m.input((*lead, inputs), s_in, zero(rng, wide), dtype(wide))
    w_in = [m.constant(int8_array(rng, (units, inputs)), scale(rng, -8, -6)) for _ in range(4)]
    w_hidden = [m.constant(int8_array(rng, (units, units)), scale(rng, -9, -7)) for _ in range(4)]
    biases = [
        m.constant(
            np.round(rng.normal(0, 0.5, units) / (s_in * m.tensors[w]["scales"][0])).astype(
                np.int64 if wide else np.int32
            ),
            s_in * m.tensors[w]["scales"][0],
        )
        for w in w_in
    ]
    hidden = m.tensor((batch, units), s_hidden, z_hidden, dtype(wide), is_variable=True)
    s_cell = float(pick(rng, 2.0**-11, 2.0**-12, 2.0**-13, 2.0**-10))  # type: ignore[arg-type]
    cell = m.tensor((batch, units), s_cell, 0, "int16", is_variable=True)
    y = m.tensor((*lead, units), s_hidden, z_hidden, dtype(wide))
    operands = [x, *w_in, *w_hidden, None, None, None, *biases, None, None, hidden, cell, None, None, None, None]
    clip = float(pick(rng, 0.0, 1.0, 10.0))  # type: ignore[arg-type]
    m.op(kind, operands, [y], fused_activation_function="TANH", cell_clip=clip, time_major=major)
    m.output(y)
    return m.build()


@case("CALL_ONCE")
def streaming(rng: Rng, kind: str, wide: bool) -> bytes:
    """A window that moves over its input: the last rows of the variable and the new ones are joined, as streaming
    keyword models do. The initial content is a constant that CALL_ONCE's subgraph assigns."""
    rows, columns, new = size(rng, 2, 5), size(rng, 1, 4), size(rng, 1, 2)
    q = (scale(rng), zero(rng))
    m = ModelBuilder()
    init = m.subgraph("init")
    first = init.constant(int8_array(rng, (1, rows, columns), -128), *q)
    init.op("ASSIGN_VARIABLE", [init.variable("window"), first], [])
    x = m.input((1, new, columns), *q)
    m.op("CALL_ONCE", [], [], init_subgraph_index=init.number)
    handle = m.variable("window")
    old, joined, kept = (m.tensor((1, n, columns), *q) for n in (rows, rows + new, rows))
    m.op("READ_VARIABLE", [handle], [old])
    m.op("CONCATENATION", [old, x], [joined], axis=1)
    ends = [m.constant(np.array(v, np.int32)) for v in ([0, new, 0], [0, rows + new, 0], [1, 1, 1])]
    m.op("STRIDED_SLICE", [joined, *ends], [kept], begin_mask=5, end_mask=5)
    m.op("ASSIGN_VARIABLE", [handle, kept], [])
    m.output(joined)
    return m.build()
