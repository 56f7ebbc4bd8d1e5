"""Models with int16 activations and int8 weights."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.ops.common import ACTIVATIONS, shape_of
from modelgen.ops.weighted import windowed
from modelgen.strategy import Draw, strategy


def _weighted(
    draw: Draw,
    kind: str,
    shapes: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]],
    axis: int,
    **options: object,
) -> bytes:
    """A model of one operator; ``shapes`` are those of input, weights and output."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    outputs = shapes[1][axis]
    taps = int(np.prod(shapes[1])) // outputs
    s_in = draw(st.sampled_from((2.0**-15, 2.0**-12, 0.0001, 0.002)))
    s_w = 0.01 * rng.uniform(0.3, 1.5, outputs if draw(st.booleans()) else 1)
    s_out = s_in * float(s_w.mean()) * np.sqrt(taps) * draw(st.sampled_from((1.0, 40.0, 100.0, 1000.0)))
    model = ModelBuilder()
    x = model.input(shapes[0], s_in, 0, "int16")
    w = model.constant(rng.integers(-127, 128, shapes[1]).astype(np.int8), s_w, axis=axis)
    inputs = [x, w]
    if draw(st.integers(0, 3)):
        limit = draw(st.sampled_from((1000, 1 << 24, 1 << 36)))
        bias = rng.integers(-limit, limit, outputs).astype(np.int64)
        inputs.append(model.constant(bias, np.float32(s_in) * s_w.astype(np.float32)))
    y = model.tensor(shapes[2], s_out, 0, "int16")
    model.op(kind, inputs, [y], fused_activation_function=draw(st.sampled_from(ACTIVATIONS)), **options)
    model.output(y)
    return model.build()


@strategy("CONV_2D (int16)")
def conv_int16(draw: Draw) -> bytes:
    size, kernel, output, options = windowed(draw)
    batches, depth, outputs = (
        draw(st.sampled_from((1, 1, 2))),
        draw(st.integers(1, 9)),
        draw(st.sampled_from((4, 8, 5, 1, 3))),
    )
    shapes = (batches, *size, depth), (outputs, *kernel, depth), (batches, *output, outputs)
    return _weighted(draw, "CONV_2D", shapes, 0, **options)


@strategy("DEPTHWISE_CONV_2D (int16)")
def depthwise_conv_int16(draw: Draw) -> bytes:
    size, kernel, output, options = windowed(draw)
    channels, multiplier = draw(st.integers(1, 9)), draw(st.sampled_from((1, 1, 2, 3)))
    outputs = channels * multiplier
    shapes = (1, *size, channels), (1, *kernel, outputs), (1, *output, outputs)
    return _weighted(draw, "DEPTHWISE_CONV_2D", shapes, 3, depth_multiplier=multiplier, **options)


@strategy("FULLY_CONNECTED (int16)")
def fully_connected_int16(draw: Draw) -> bytes:
    rows, depth, outputs = shape_of(draw, 1, 1, 3)[0], draw(st.integers(1, 60)), draw(st.integers(1, 12))
    return _weighted(draw, "FULLY_CONNECTED", ((rows, depth), (outputs, depth), (rows, outputs)), 0)
