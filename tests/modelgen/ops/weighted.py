"""What the generators of convolution-like models share: quantisations, weights and biases that provoke rounding."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.ops.common import ACTIVATIONS, zero_points
from modelgen.strategy import Draw


def weighted_model(
    draw: Draw,
    kind: str,
    input_shape: tuple[int, ...],
    weights_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
    axis: int,
    margins: tuple[tuple[int, int], tuple[int, int]] | None = None,
    **options: object,
) -> bytes:
    """A model of one operator with weights and, mostly, a bias. ``margins``: a PAD before it adds so many rows above
    and below and columns left and right, which are part of ``input_shape``.

    The output scale is chosen so that accumulators fill part of the output range, from a fraction of a step (large
    right shift) to far beyond it (left shift); powers of two make ties in the rounding.
    """
    activation = draw(st.sampled_from(ACTIVATIONS))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    outputs = weights_shape[axis]
    taps = int(np.prod(weights_shape)) // outputs
    magnitude = draw(st.sampled_from((127, 127, 20, 2)))
    weights = rng.integers(-magnitude, magnitude + 1, weights_shape).astype(np.int8)
    per_channel = draw(st.booleans())
    powers_of_two = draw(st.booleans())
    input_scale = 0.5 if powers_of_two else draw(st.floats(0.001, 0.5))
    spread = rng.uniform(0.3, 1.5, outputs if per_channel else 1)
    weight_scales = 2.0 ** np.round(np.log2(spread) - 6) if powers_of_two else 0.01 * spread
    wide = np.sqrt(taps) * magnitude * 50 * input_scale * float(weight_scales.mean())
    output_scale = wide / 2.0 ** draw(st.integers(3, 9))
    if powers_of_two:
        output_scale = 2.0 ** np.round(np.log2(output_scale))
    if draw(st.integers(0, 9)) == 0:  # the multiplier is 1 or more: a left shift
        output_scale = input_scale * float(weight_scales.mean()) / draw(st.sampled_from((0.9, 1.0, 2.0, 5.3)))
    model = ModelBuilder()
    x = _input(draw, model, input_shape, input_scale, margins)
    w = model.constant(weights, weight_scales, axis=axis)
    bias = None
    if draw(st.sampled_from((True, True, True, False))):
        limit = draw(st.sampled_from((1, 1000, 1 << 20)))
        values = rng.integers(-limit, limit + 1, outputs).astype(np.int32)
        bias = model.constant(values, np.float32(input_scale) * weight_scales.astype(np.float32))
    y = model.tensor(output_shape, output_scale, draw(zero_points))
    model.op(kind, [x, w] if bias is None else [x, w, bias], [y], fused_activation_function=activation, **options)
    model.output(y)
    return model.build()


def _input(
    draw: Draw,
    model: ModelBuilder,
    shape: tuple[int, ...],
    scale: float,
    margins: tuple[tuple[int, int], tuple[int, int]] | None,
) -> int:
    """What the operator reads: an input of the model, or one that was padded."""
    zero = draw(zero_points)
    if margins is None:
        return model.input(shape, scale, zero)
    amounts = np.array([(0, 0), *margins, (0, 0)], np.int32)
    x = model.input([n - int(a.sum()) for n, a in zip(shape, amounts, strict=True)], scale, zero)
    padded = model.tensor(shape, scale, zero)
    model.op("PAD", [x, model.constant(amounts)], [padded])
    return padded


def windowed(draw: Draw) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int], dict[str, object]]:
    """Input size, kernel size and output size (height, width) of a valid window, and the operator's options."""
    padding = draw(st.sampled_from(("SAME", "VALID")))
    sizes, kernels, outputs, options = [], [], [], {"padding": padding}
    square = draw(st.booleans())  # 3x3 has kernels of its own
    for axis in ("h", "w"):
        kernel = 3 if square else draw(st.integers(1, 5))
        dilation = draw(st.sampled_from((1, 1, 1, 2, 3)))
        stride = 1 if dilation > 1 else draw(st.sampled_from((1, 1, 2, 3)))
        span = (kernel - 1) * dilation + 1
        size = draw(st.integers(span if padding == "VALID" else 1, span + 6))
        sizes.append(size)
        kernels.append(kernel)
        outputs.append(-(-size // stride) if padding == "SAME" else -(-(size - span + 1) // stride))
        options |= {f"stride_{axis}": stride, f"dilation_{axis}_factor": dilation}
    return tuple(sizes), tuple(kernels), tuple(outputs), options  # type: ignore[return-value]
