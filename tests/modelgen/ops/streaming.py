"""Models with resource variables, set by CALL_ONCE or by nothing, and kept between inferences."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.ops.common import int32, scales, zero_points
from modelgen.strategy import Draw, strategy


def _window(draw: Draw, model: ModelBuilder, name: str) -> int:
    """A window that moves over an input: the last rows of the variable and the new ones are joined, as streaming
    keyword models do. Returns the joined tensor."""
    rows, columns, new = draw(st.integers(1, 5)), draw(st.integers(1, 6)), draw(st.integers(1, 3))
    quantization = draw(scales), draw(zero_points)
    x = model.input((1, new, columns), *quantization)
    handle = model.variable(name)
    old, joined, kept = (model.tensor((1, n, columns), *quantization) for n in (rows, rows + new, rows))
    model.op("READ_VARIABLE", [handle], [old])
    model.op("CONCATENATION", [old, x], [joined], axis=1)
    ends = [model.constant(int32(*v)) for v in ((0, new, 0), (0, rows + new, 0), (1, 1, 1))]
    model.op("STRIDED_SLICE", [joined, *ends], [kept], begin_mask=5, end_mask=5)
    model.op("ASSIGN_VARIABLE", [handle, kept], [])
    if len(model.subgraphs) > 1:
        init = model.subgraphs[1]
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        first = rng.integers(-128, 128, (1, rows, columns)).astype(np.int8)
        init.op("ASSIGN_VARIABLE", [init.variable(name), init.constant(first, *quantization)], [])
    return joined


@strategy("variables without a start")
def unset(draw: Draw) -> bytes:
    """The variable starts at its zero point."""
    model = ModelBuilder()
    model.output(_window(draw, model, "window"))
    return model.build()


@strategy("CALL_ONCE")
def streaming(draw: Draw) -> bytes:
    model = ModelBuilder()
    init = model.subgraph("init")
    model.op("CALL_ONCE", [], [], init_subgraph_index=init.number)
    model.output(*(_window(draw, model, f"window{i}") for i in range(draw(st.integers(1, 2)))))
    return model.build()
