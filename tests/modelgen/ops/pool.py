"""Models with pooling."""

from __future__ import annotations

from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.ops.common import ACTIVATIONS, scales, zero_points
from modelgen.strategy import Draw, strategy


def _pool(draw: Draw, kind: str, dtype: str = "int8") -> bytes:
    padding = draw(st.sampled_from(("SAME", "VALID")))
    sizes, outputs, options = [], [], {"padding": padding}
    for stride_name, filter_name in (("stride_h", "filter_height"), ("stride_w", "filter_width")):
        window, stride = draw(st.integers(1, 5)), draw(st.integers(1, 3))
        size = draw(st.integers(window if padding == "VALID" else 1, window + 5))
        options |= {stride_name: stride, filter_name: window}
        sizes.append(size)
        outputs.append(-(-size // stride) if padding == "SAME" else -(-(size - window + 1) // stride))
    batches, channels = draw(st.sampled_from((1, 1, 2))), draw(st.sampled_from((4, 8)) | st.integers(1, 11))
    model = ModelBuilder()
    scale, zero = draw(scales), draw(zero_points) if dtype == "int8" else 0
    x = model.input((batches, *sizes, channels), scale, zero, dtype)
    y = model.tensor((batches, *outputs, channels), scale, zero, dtype)
    model.op(kind, [x], [y], fused_activation_function=draw(st.sampled_from(ACTIVATIONS)), **options)
    model.output(y)
    return model.build()


@strategy("AVERAGE_POOL_2D")
def average_pool(draw: Draw) -> bytes:
    return _pool(draw, "AVERAGE_POOL_2D")


@strategy("MAX_POOL_2D")
def max_pool(draw: Draw) -> bytes:
    return _pool(draw, "MAX_POOL_2D")


@strategy("AVERAGE_POOL_2D (int16)")
def average_pool_int16(draw: Draw) -> bytes:
    return _pool(draw, "AVERAGE_POOL_2D", "int16")


@strategy("MAX_POOL_2D (int16)")
def max_pool_int16(draw: Draw) -> bytes:
    return _pool(draw, "MAX_POOL_2D", "int16")
