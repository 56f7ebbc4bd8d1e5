"""Models with CONV_2D: any window, grouped and not, 1x1 more often than chance has it; and 1x1 on whole words."""

from __future__ import annotations

from hypothesis import strategies as st

from modelgen.ops.weighted import weighted_model, windowed
from modelgen.strategy import Draw, strategy


@strategy("CONV_2D")
def conv(draw: Draw) -> bytes:
    size, kernel, output, options = windowed(draw)
    if draw(st.integers(0, 2)) == 0:
        kernel, output = (1, 1), size
        options = {"padding": "VALID", "stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
    batches, groups = draw(st.sampled_from((1, 1, 2))), draw(st.sampled_from((1, 1, 1, 2, 3)))
    depth = draw(st.sampled_from((1, 3, 4, 8, 16)) | st.integers(1, 20))
    outputs = groups * draw(st.sampled_from((4, 8)) | st.integers(1, 11))
    return weighted_model(
        draw,
        "CONV_2D",
        (batches, *size, depth * groups),
        (outputs, *kernel, depth),
        (batches, *output, outputs),
        axis=0,
        **options,
    )


@strategy("CONV_2D 1x1")
def pointwise_conv(draw: Draw) -> bytes:
    size = (draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    depth, outputs = 4 * draw(st.integers(1, 9)), draw(st.sampled_from((4, 8)) | st.integers(1, 13))
    options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
    return weighted_model(
        draw, "CONV_2D", (1, *size, depth), (outputs, 1, 1, depth), (1, *size, outputs), axis=0, **options
    )
