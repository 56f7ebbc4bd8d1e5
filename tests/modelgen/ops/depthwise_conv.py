"""Models with DEPTHWISE_CONV_2D: any window and multiplier; 3x3 on whole words; and windows
along one axis, as on sequences."""

from __future__ import annotations

from hypothesis import strategies as st

from modelgen.ops.weighted import weighted_model, windowed
from modelgen.strategy import Draw, strategy


@strategy("DEPTHWISE_CONV_2D")
def depthwise_conv(draw: Draw) -> bytes:
    size, kernel, output, options = windowed(draw)
    batches, multiplier = draw(st.sampled_from((1, 1, 2))), draw(st.sampled_from((1, 1, 1, 2, 3)))
    channels = draw(st.sampled_from((8, 16, 4, 12)) | st.integers(1, 21))
    return weighted_model(
        draw,
        "DEPTHWISE_CONV_2D",
        (batches, *size, channels),
        (1, *kernel, channels * multiplier),
        (batches, *output, channels * multiplier),
        axis=3,
        depth_multiplier=multiplier,
        **options,
    )


@strategy("DEPTHWISE_CONV_2D 3x3")
def square_depthwise_conv(draw: Draw) -> bytes:
    size, stride = (draw(st.integers(1, 7)), draw(st.integers(1, 7))), draw(st.sampled_from((1, 2)))
    channels = 4 * draw(st.integers(1, 5))
    return weighted_model(
        draw,
        "DEPTHWISE_CONV_2D",
        (1, *size, channels),
        (1, 3, 3, channels),
        (1, -(-size[0] // stride), -(-size[1] // stride), channels),
        axis=3,
        depth_multiplier=1,
        padding="SAME",
        stride_h=stride,
        stride_w=stride,
        dilation_h_factor=1,
        dilation_w_factor=1,
    )


@strategy("DEPTHWISE_CONV_2D 1xN")
def row_depthwise_conv(draw: Draw) -> bytes:
    kernel, stride = draw(st.integers(1, 9)), draw(st.sampled_from((1, 1, 2, 3)))
    size, channels = kernel + draw(st.integers(0, 9)), draw(st.sampled_from((4, 8, 12, 16)) | st.integers(1, 21))
    output = (size - kernel) // stride + 1
    upright = draw(st.booleans())

    def placed(length: int) -> tuple[int, int]:
        return (length, 1) if upright else (1, length)

    strides = placed(stride)
    return weighted_model(
        draw,
        "DEPTHWISE_CONV_2D",
        (1, *placed(size), channels),
        (1, *placed(kernel), channels),
        (1, *placed(output), channels),
        axis=3,
        depth_multiplier=1,
        padding="VALID",
        stride_h=strides[0],
        stride_w=strides[1],
        dilation_h_factor=1,
        dilation_w_factor=1,
    )
