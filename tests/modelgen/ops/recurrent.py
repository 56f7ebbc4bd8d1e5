"""Models with recurrent layers."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.ops.common import zero_points
from modelgen.strategy import Draw, strategy


@strategy("SVDF")
def svdf(draw: Draw) -> bytes:
    batches, inputs, rank, units, memory = (draw(st.integers(1, n)) for n in (2, 9, 3, 5, 6))
    dtype = draw(st.sampled_from(("int8", "int16")))
    filters = rank * units
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    model = ModelBuilder()
    s_in, s_state = draw(st.sampled_from((0.02, 0.1, 0.5))), 0.03 if dtype == "int8" else 0.0003
    s_time = draw(st.sampled_from((0.01, 0.004)))
    x = model.input((batches, inputs), s_in, draw(zero_points))
    feature = model.constant(rng.integers(-127, 128, (filters, inputs)).astype(np.int8), 0.01)
    limit = 128 if dtype == "int8" else 2000
    time = model.constant(rng.integers(-limit, limit, (filters, memory)).astype(dtype), s_time)
    s_bias = float(np.float32(s_state) * np.float32(s_time))
    bias = model.constant(rng.integers(-3000, 3001, units).astype(np.int32), s_bias)
    zero = draw(zero_points) if dtype == "int8" else 0
    state = model.tensor((batches, filters * memory), s_state, zero, dtype, is_variable=True)
    s_out = s_bias * float(np.sqrt(rank * memory)) * limit * limit / 3 * draw(st.sampled_from((0.03, 0.01, 0.1)))
    y = model.tensor((batches, units), s_out, draw(zero_points))
    model.op("SVDF", [x, feature, time, bias, state], [y], rank=rank, fused_activation_function="NONE")
    model.output(y)
    return model.build()


@strategy("UNIDIRECTIONAL_SEQUENCE_LSTM")
def lstm(draw: Draw) -> bytes:
    return _lstm(draw)


@strategy("UNIDIRECTIONAL_SEQUENCE_LSTM (int16)", lowered=False)
def lstm_int16(draw: Draw) -> bytes:
    return _lstm(draw, "int16")


def _lstm(draw: Draw, dtype: str = "int8") -> bytes:
    wide = dtype == "int16"
    zero, finer = (st.just(0), 256) if wide else (zero_points, 1)
    batches, steps, inputs, size = (draw(st.integers(1, n)) for n in (2, 4, 6, 5))
    time_major = draw(st.booleans())
    leading = (steps, batches) if time_major else (batches, steps)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    model = ModelBuilder()
    x = model.input((*leading, inputs), draw(st.sampled_from((0.01, 0.05, 0.3))) / finer, draw(zero), dtype)
    s_hidden, z_hidden = draw(st.sampled_from((1 / 128, 0.005))) / finer, draw(zero)

    def weights(width: int) -> list[int]:
        return [
            model.constant(rng.integers(-127, 128, (size, width)).astype(np.int8), float(rng.uniform(0.003, 0.03)))
            for _ in range(4)
        ]

    on_input, recurrent = weights(inputs), weights(size)
    of_bias = np.int64 if wide else np.int32
    biases = [model.constant(rng.integers(-9000, 9001, size).astype(of_bias), 0.0001) for _ in range(4)]
    hidden = model.tensor((batches, size), s_hidden, z_hidden, dtype, is_variable=True)
    power = draw(st.sampled_from((-9, -11, -12, -13)))
    cell = model.tensor((batches, size), 2.0**power, 0, "int16", is_variable=True)
    y = model.tensor((*leading, size), s_hidden, z_hidden, dtype)
    nothing: list[int | None] = [None, None, None]
    operands = [x, *on_input, *recurrent, *nothing, *biases, None, None, hidden, cell, *nothing, None]
    model.op(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        operands,
        [y],
        fused_activation_function="TANH",
        cell_clip=draw(st.sampled_from((0.0, 1.0, 10.0))),
        time_major=time_major,
    )
    model.output(y)
    return model.build()
