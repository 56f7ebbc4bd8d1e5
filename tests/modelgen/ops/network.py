"""Models of several operators: edges of other types, several inputs and outputs, what the passes rewrite."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.networks import random_network
from modelgen.ops.common import scales, shape_of, zero_points
from modelgen.strategy import Draw, strategy
from modelgen.wiring import random_wiring


@strategy("network")
def network(draw: Draw) -> bytes:
    """Convolutions, pools and sums in a row; see `networks`."""
    return random_network(draw(st.integers(0, 2**31)))


@strategy("wiring")
def wiring(draw: Draw) -> bytes:
    """Operators of all kinds, each on any tensors before it; see `modelgen.wiring`."""
    return random_wiring(draw(st.integers(0, 2**31)))


@strategy("float edges")
def float_edges(draw: Draw) -> bytes:
    """float32 in, one or two int8 layers, float32 out; the int8 result may be an output too."""
    depth, outputs, rows = draw(st.integers(1, 20)), draw(st.integers(1, 9)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    model = ModelBuilder()
    x = model.input((rows, depth), dtype="float32")
    s_in = draw(scales)
    q = model.tensor((rows, depth), s_in, draw(zero_points))
    s_w = 0.01
    w = model.constant(rng.integers(-127, 128, (outputs, depth)).astype(np.int8), s_w)
    b = model.constant(rng.integers(-2000, 2000, outputs).astype(np.int32), float(np.float32(s_in) * np.float32(s_w)))
    s_out = s_in * s_w * float(np.sqrt(depth)) * draw(st.sampled_from((20.0, 60.0, 150.0)))
    y = model.tensor((rows, outputs), s_out, draw(zero_points))
    out = model.tensor((rows, outputs), dtype="float32")
    model.op("QUANTIZE", [x], [q])
    model.op("FULLY_CONNECTED", [q, w, b], [y])
    model.op("DEQUANTIZE", [y], [out])
    model.output(out, *([y] if draw(st.booleans()) else []))
    return model.build()


@strategy("several inputs and outputs")
def many(draw: Draw) -> bytes:
    """Two to four inputs, some used twice; every partial sum may be an output, and an input may be one."""
    shape = shape_of(draw, 1, 3)
    model = ModelBuilder()
    count = draw(st.integers(2, 4))
    values = [model.input(shape, draw(scales), draw(zero_points)) for _ in range(count)]
    for _ in range(draw(st.integers(1, 4))):
        a, b = draw(st.sampled_from(values)), draw(st.sampled_from(values))
        scale = max(model.tensors[t]["scales"][0] for t in (a, b)) * draw(st.sampled_from((0.7, 1.0, 1.9)))
        values.append(model.tensor(shape, scale, draw(zero_points)))
        kind = draw(st.sampled_from(("ADD", "SUB")))
        model.op(kind, [a, b], [values[-1]], fused_activation_function="NONE")
    made = values[count:]
    kept = [t for t in made[:-1] if draw(st.booleans())]
    model.output(*kept, made[-1])
    return model.build()
