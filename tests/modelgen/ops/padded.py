"""Models with a PAD before a convolution, which becomes padding of the convolution: on any side, of any size."""

from __future__ import annotations

from hypothesis import strategies as st

from modelgen.ops.weighted import weighted_model
from modelgen.strategy import Draw, strategy


def _padded(draw: Draw, kind: str) -> bytes:
    sizes, kernels, outputs, margins, options = [], [], [], [], {}
    # Kernels are tempted to take these for convolutions without padding.
    pointwise, behind_only = draw(st.booleans()), draw(st.booleans())
    for axis in ("h", "w"):
        kernel, stride = 1 if pointwise else draw(st.integers(1, 3)), draw(st.sampled_from((1, 1, 2, 3)))
        margin = 0 if behind_only else draw(st.integers(0, 3)), draw(st.integers(0, 3))
        size = draw(st.integers(max(1, kernel - sum(margin)), 5)) + sum(margin)
        sizes.append(size)
        kernels.append(kernel)
        margins.append(margin)
        outputs.append(-(-(size - kernel + 1) // stride))
        options[f"stride_{axis}"] = stride
    batches, depth = draw(st.sampled_from((1, 1, 2))), draw(st.sampled_from((4, 8, 16)) | st.integers(1, 9))
    channels = draw(st.sampled_from((4, 8)) | st.integers(1, 9)) if kind == "CONV_2D" else depth
    return weighted_model(
        draw,
        kind,
        (batches, *sizes, depth),
        (channels, *kernels, depth) if kind == "CONV_2D" else (1, *kernels, depth),
        (batches, *outputs, channels),
        axis=0 if kind == "CONV_2D" else 3,
        margins=(margins[0], margins[1]),
        padding="VALID",
        **({} if kind == "CONV_2D" else {"depth_multiplier": 1}),
        **options,
    )


@strategy("PAD + CONV_2D")
def padded_conv(draw: Draw) -> bytes:
    return _padded(draw, "CONV_2D")


@strategy("PAD + DEPTHWISE_CONV_2D")
def padded_depthwise(draw: Draw) -> bytes:
    return _padded(draw, "DEPTHWISE_CONV_2D")
