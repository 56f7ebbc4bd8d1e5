"""Models with DEPTHWISE_CONV_2D: any window and multiplier."""

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
