"""What many generators share: shapes, quantisations, models of one operator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from modelgen.builder import ModelBuilder
from modelgen.strategy import Draw

ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
zero_points = st.sampled_from((-128, 127, 0, -128, 127, -7)) | st.integers(-128, 127)
# round numbers give products that fall on ties
scales = st.sampled_from((0.5, 0.25, 0.0625, 1.0, 0.1, 0.2, 0.3, 0.02, 0.005)) | st.floats(0.001, 0.5)


def shape_of(draw: Draw, lowest: int = 1, highest: int = 4, extent: int = 8) -> tuple[int, ...]:
    """A shape of ``lowest`` to ``highest`` dimensions."""
    return tuple(draw(st.lists(st.integers(1, extent), min_size=lowest, max_size=highest)))


def one_operator(
    draw: Draw,
    kind: str,
    input_shape: Sequence[int],
    output_shape: Sequence[int],
    constants: Sequence[np.ndarray] = (),
    same_quantization: bool = True,
    **options: object,
) -> bytes:
    """A model of one operator with one int8 activation, then ``constants``, and one int8 output."""
    model = ModelBuilder()
    scale, zero = draw(scales), draw(zero_points)
    x = model.input(input_shape, scale, zero)
    if not same_quantization:
        scale, zero = draw(scales), draw(zero_points)
    y = model.tensor(output_shape, scale, zero)
    model.op(kind, [x, *(model.constant(c) for c in constants)], [y], **options)
    model.output(y)
    return model.build()


def int32(*values: int) -> np.ndarray:
    return np.array(values, np.int32)
