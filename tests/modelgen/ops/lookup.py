"""Models with functions of one value."""

from __future__ import annotations

from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.ops.common import scales, shape_of, zero_points
from modelgen.strategy import Draw, strategy


def _unary(
    draw: Draw,
    kind: str,
    output: tuple[float, int] | None = None,
    same: bool = False,
    dtype: str = "int8",
    **options: object,
) -> bytes:
    """A model of one operator, with the output's scale and zero point given, the input's, or drawn."""
    model = ModelBuilder()
    shape = shape_of(draw)
    zeros = zero_points if dtype == "int8" else st.just(0)
    scale, zero = draw(scales if dtype == "int8" else fine_scales), draw(zeros)
    x = model.input(shape, scale, zero, dtype)
    out_scale, out_zero = (scale, zero) if same else output or (scale * draw(ratios), draw(zeros))
    y = model.tensor(shape, out_scale, out_zero, dtype)
    model.op(kind, [x], [y], **options)
    model.output(y)
    return model.build()


ratios = st.sampled_from((0.01, 0.25, 0.5, 1.0, 2.0, 8.0, 300.0)) | st.floats(0.05, 20.0)


fine_scales = st.sampled_from((2.0**-12, 2.0**-11, 2.0**-15, 0.0001, 0.0003)) | st.floats(0.00001, 0.001)


@strategy("RELU")
def relu(draw: Draw) -> bytes:
    return _unary(draw, "RELU")


@strategy("RELU6")
def relu6(draw: Draw) -> bytes:
    return _unary(draw, "RELU6", same=True)


@strategy("RELU_N1_TO_1")
def relu_n1_to_1(draw: Draw) -> bytes:
    return _unary(draw, "RELU_N1_TO_1")


@strategy("LEAKY_RELU")
def leaky_relu(draw: Draw) -> bytes:
    return _unary(draw, "LEAKY_RELU", alpha=draw(st.sampled_from((0.0, 0.01, 0.125, 0.3, 1.0, 2.5, -0.2))))


@strategy("LOGISTIC")
def logistic(draw: Draw) -> bytes:
    return _unary(draw, "LOGISTIC", (1 / 256, -128))


@strategy("TANH")
def tanh(draw: Draw) -> bytes:
    return _unary(draw, "TANH", (1 / 128, 0))


@strategy("RELU (int16)")
def relu_int16(draw: Draw) -> bytes:
    return _unary(draw, "RELU", dtype="int16")


@strategy("RELU_N1_TO_1 (int16)")
def relu_n1_to_1_int16(draw: Draw) -> bytes:
    return _unary(draw, "RELU_N1_TO_1", dtype="int16")


@strategy("LEAKY_RELU (int16)")
def leaky_relu_int16(draw: Draw) -> bytes:
    return _unary(draw, "LEAKY_RELU", dtype="int16", alpha=draw(st.sampled_from((0.01, 0.125, 1.0, -0.3))))


@strategy("LOGISTIC (int16)")
def logistic_int16(draw: Draw) -> bytes:
    return _unary(draw, "LOGISTIC", (1 / 32768, 0), dtype="int16")


@strategy("TANH (int16)")
def tanh_int16(draw: Draw) -> bytes:
    return _unary(draw, "TANH", (1 / 32768, 0), dtype="int16")


@strategy("HARD_SWISH")
def hard_swish(draw: Draw) -> bytes:
    model = ModelBuilder()
    shape = shape_of(draw)
    scale = draw(scales)
    x = model.input(shape, scale, draw(zero_points))
    y = model.tensor(shape, scale * draw(st.sampled_from((0.02, 0.3, 0.5, 1.0, 3.7))), draw(zero_points))
    model.op("HARD_SWISH", [x], [y])
    model.output(y)
    return model.build()


_PAIRS = (
    ("int8", "int8"),
    ("int8", "int8"),
    ("float32", "int8"),
    ("float32", "int16"),
    ("int8", "int16"),
    ("int8", "int32"),
    ("int8", "uint8"),
    ("uint8", "int8"),
    ("int16", "int8"),
    ("int16", "int16"),
    ("int16", "int32"),
    ("int32", "int8"),
    ("int32", "int16"),
)


def _quantization(draw: Draw, dtype: str) -> dict[str, object]:
    if dtype == "float32":
        return {}
    zero = {"int8": zero_points, "uint8": st.integers(0, 255)}.get(dtype, st.just(0))
    return {"scale": draw(scales), "zero_point": draw(zero)}


@strategy("QUANTIZE")
def quantize(draw: Draw) -> bytes:
    source, target = draw(st.sampled_from(_PAIRS))
    model, shape = ModelBuilder(), shape_of(draw)
    x = model.input(shape, dtype=source, **_quantization(draw, source))
    y = model.tensor(shape, dtype=target, **_quantization(draw, target))
    model.op("QUANTIZE", [x], [y])
    model.output(y)
    return model.build()


@strategy("DEQUANTIZE")
def dequantize(draw: Draw) -> bytes:
    source = draw(st.sampled_from(("int8", "uint8", "int16")))
    model, shape = ModelBuilder(), shape_of(draw)
    x = model.input(shape, dtype=source, **_quantization(draw, source))
    y = model.tensor(shape, dtype="float32")
    model.op("DEQUANTIZE", [x], [y])
    model.output(y)
    return model.build()
