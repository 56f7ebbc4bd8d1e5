"""Models with elementwise operators of two tensors: broadcasting, constants, every fused activation."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.ops.common import ACTIVATIONS, scales, shape_of, zero_points
from modelgen.strategy import Draw, strategy


def _operand(draw: Draw, shape: tuple[int, ...]) -> tuple[int, ...]:
    """``shape`` with some dimensions made 1 and maybe leading ones left out."""
    kept = tuple(1 if draw(st.integers(0, 3)) == 0 else n for n in shape)
    return kept[draw(st.integers(0, len(kept) - 1)) :] if draw(st.integers(0, 3)) == 0 else kept


def _binary(draw: Draw, kind: str, output_scale: float | None = None, dtype: str = "int8", **options: object) -> bytes:
    shape = shape_of(draw)
    sides = [shape, _operand(draw, shape) if draw(st.booleans()) else shape]
    if draw(st.booleans()):
        sides.reverse()
    model = ModelBuilder()
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    s1 = draw(scales)
    s2 = s1 if draw(st.integers(0, 3)) == 0 else draw(scales)
    zero = zero_points if dtype == "int8" else st.just(0)
    inputs = [model.input(sides[0], s1, draw(zero), dtype)]
    if draw(st.integers(0, 3)) == 0:
        limit = np.iinfo(dtype)
        inputs.append(model.constant(rng.integers(limit.min, limit.max + 1, sides[1]).astype(dtype), s2, draw(zero)))
    else:
        inputs.append(model.input(sides[1], s2, draw(zero), dtype))
    if draw(st.booleans()):
        inputs.reverse()
    target = np.broadcast_shapes(*sides)
    scale = {"MUL": s1 * s2 * 20, "SAME": s1}.get(kind, max(s1, s2)) * draw(
        st.sampled_from((0.02, 0.5, 1.0, 1.3, 2.0, 40.0))
    )
    y = model.tensor(target, output_scale or scale, draw(zero), dtype)
    model.op(kind, inputs, [y], **options)
    model.output(y)
    return model.build()


@strategy("ADD")
def add(draw: Draw) -> bytes:
    return _binary(draw, "ADD", fused_activation_function=draw(st.sampled_from(ACTIVATIONS)))


@strategy("SUB")
def sub(draw: Draw) -> bytes:
    return _binary(draw, "SUB", fused_activation_function=draw(st.sampled_from(ACTIVATIONS)))


@strategy("MUL")
def mul(draw: Draw) -> bytes:
    return _binary(draw, "MUL", fused_activation_function=draw(st.sampled_from(ACTIVATIONS)))


@strategy("ADD (int16)")
def add_int16(draw: Draw) -> bytes:
    return _binary(draw, "ADD", dtype="int16", fused_activation_function="NONE", pot_scale_int16=False)


@strategy("SUB (int16)")
def sub_int16(draw: Draw) -> bytes:
    return _binary(draw, "SUB", dtype="int16", fused_activation_function="NONE", pot_scale_int16=False)


@strategy("MUL (int16)")
def mul_int16(draw: Draw) -> bytes:
    return _binary(draw, "MUL", dtype="int16", fused_activation_function=draw(st.sampled_from(ACTIVATIONS)))


@strategy("MAXIMUM")
def maximum(draw: Draw) -> bytes:
    return _binary(draw, "MAXIMUM")


@strategy("MINIMUM")
def minimum(draw: Draw) -> bytes:
    return _binary(draw, "MINIMUM")


@strategy("PRELU")
def prelu(draw: Draw) -> bytes:
    return _prelu(draw)


@strategy("PRELU (int16)", lowered=False)
def prelu_int16(draw: Draw) -> bytes:
    return _prelu(draw, "int16")


def _prelu(draw: Draw, dtype: str = "int8") -> bytes:
    zero = zero_points if dtype == "int8" else st.just(0)
    shape = shape_of(draw, 2, 4)
    slope = draw(st.sampled_from((shape[-1:], (1,) * (len(shape) - 1) + shape[-1:], (1, *shape[1:]))))
    model = ModelBuilder()
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    scale = draw(scales)
    x = model.input(shape, scale, draw(zero), dtype)
    alpha = model.constant(rng.integers(-128, 128, slope).astype(np.int8), draw(scales), draw(zero_points))
    y = model.tensor(shape, scale * draw(st.sampled_from((0.1, 1.0, 1.7, 9.0))), draw(zero), dtype)
    model.op("PRELU", [x, alpha], [y])
    model.output(y)
    return model.build()
