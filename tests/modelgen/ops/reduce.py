"""Models with reductions."""

from __future__ import annotations

from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.ops.common import int32, scales, shape_of, zero_points
from modelgen.strategy import Draw, strategy


def _reduce(draw: Draw, kind: str, same: bool = False, dtype: str = "int8") -> bytes:
    shape = shape_of(draw, 1, 4)
    axes = sorted(draw(st.sets(st.integers(0, len(shape) - 1), min_size=1, max_size=2)))
    if len(shape) == 4 and draw(st.integers(0, 2)) == 0:
        axes = [1, 2]
    keep = draw(st.booleans())
    target = [1 if d in axes else n for d, n in enumerate(shape) if keep or d not in axes]
    model = ModelBuilder()
    zero = zero_points if dtype == "int8" else st.just(0)
    quantization = draw(scales), draw(zero)
    x = model.input(shape, *quantization, dtype)
    if not same and draw(st.integers(0, 3)):
        quantization = quantization[0] * draw(st.sampled_from((0.3, 1.0, 2.0, 11.0))), draw(zero)
    y = model.tensor(target, *quantization, dtype)
    named = [draw(st.sampled_from((a, a - len(shape)))) for a in axes]
    model.op(kind, [x, model.constant(int32(*named))], [y], keep_dims=keep)
    model.output(y)
    return model.build()


@strategy("MEAN")
def mean(draw: Draw) -> bytes:
    return _reduce(draw, "MEAN")


@strategy("SUM")
def sum_(draw: Draw) -> bytes:
    return _reduce(draw, "SUM")


@strategy("MEAN (int16)")
def mean_int16(draw: Draw) -> bytes:
    return _reduce(draw, "MEAN", dtype="int16")


@strategy("SUM (int16)", lowered=False)
def sum_int16(draw: Draw) -> bytes:
    return _reduce(draw, "SUM", dtype="int16")


@strategy("REDUCE_MAX")
def reduce_max(draw: Draw) -> bytes:
    return _reduce(draw, "REDUCE_MAX", same=True)


@strategy("ARG_MAX")
def arg_max(draw: Draw) -> bytes:
    shape = shape_of(draw, 1, 4)
    axis = draw(st.integers(0, len(shape) - 1))
    model = ModelBuilder()
    x = model.input(shape, draw(scales), draw(zero_points))
    y = model.tensor(shape[:axis] + shape[axis + 1 :], dtype="int32")
    model.op("ARG_MAX", [x, model.constant(int32(axis))], [y], output_type="INT32")
    model.output(y)
    return model.build()
