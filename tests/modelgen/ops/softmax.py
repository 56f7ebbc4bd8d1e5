"""Models with softmax."""

from __future__ import annotations

from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.ops.common import shape_of, zero_points
from modelgen.strategy import Draw, strategy


@strategy("SOFTMAX")
def softmax(draw: Draw) -> bytes:
    shape = (*shape_of(draw, highest=3, extent=5), draw(st.integers(2, 40) | st.just(1)))
    model = ModelBuilder()
    scale = draw(st.sampled_from((0.0625, 0.004, 0.02, 0.1234, 0.0001, 0.5, 20.0)))
    x = model.input(shape, scale, draw(zero_points))
    y = model.tensor(shape, 1 / 256, -128)
    model.op("SOFTMAX", [x], [y], beta=draw(st.sampled_from((1.0, 1.0, 0.5, 3.3))))
    model.output(y)
    return model.build()


@strategy("SOFTMAX (int16)")
def softmax_int16(draw: Draw) -> bytes:
    shape = (*shape_of(draw, highest=3, extent=5), draw(st.integers(2, 40) | st.just(1)))
    model = ModelBuilder()
    x = model.input(shape, draw(st.sampled_from((0.0003, 0.0001, 0.00001, 0.001, 0.01))), 0, "int16")
    y = model.tensor(shape, 1 / 32768, 0, "int16")
    model.op("SOFTMAX", [x], [y], beta=draw(st.sampled_from((1.0, 1.0, 0.5, 3.3))))
    model.output(y)
    return model.build()


@strategy("LOG_SOFTMAX")
def log_softmax(draw: Draw) -> bytes:
    shape = (*shape_of(draw, highest=3, extent=5), draw(st.integers(2, 40) | st.just(1)))
    model = ModelBuilder()
    x = model.input(shape, draw(st.sampled_from((0.004, 0.0625, 0.1234, 0.5, 1.7))), draw(zero_points))
    y = model.tensor(shape, 1 / 16, 127)
    model.op("LOG_SOFTMAX", [x], [y])
    model.output(y)
    return model.build()
