"""Models with FULLY_CONNECTED: batches, inputs of any rank, kept dimensions."""

from __future__ import annotations

from hypothesis import strategies as st

from modelgen.ops.weighted import weighted_model
from modelgen.strategy import Draw, strategy


@strategy("FULLY_CONNECTED")
def fully_connected(draw: Draw) -> bytes:
    depth = draw(st.sampled_from((4, 8, 32, 128)) | st.integers(1, 70))
    outputs = draw(st.sampled_from((4, 8, 16)) | st.integers(1, 21))
    leading = draw(st.sampled_from(((1,), (1,), (3,), (2, 3), (1, 1, 1))))
    keep = draw(st.booleans())
    rows = 1
    for extent in leading:
        rows *= extent
    return weighted_model(
        draw,
        "FULLY_CONNECTED",
        (*leading, depth),
        (outputs, depth),
        (*leading, outputs) if keep else (rows, outputs),
        axis=0,
        keep_num_dims=keep,
    )
