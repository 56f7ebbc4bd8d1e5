"""Models that resize images."""

from __future__ import annotations

from hypothesis import strategies as st

from modelgen.ops.common import int32, one_operator, shape_of
from modelgen.strategy import Draw, strategy


def _resize(draw: Draw, kind: str) -> bytes:
    n, h, w, c = shape_of(draw, 4, 4, 7)
    target = [draw(st.integers(1, 14)), draw(st.integers(1, 14))]
    if draw(st.booleans()):
        target = [draw(st.integers(1, 3)) * h, draw(st.integers(1, 3)) * w]
    align, half = draw(st.sampled_from(((False, False), (True, False), (False, True))))
    shape = (n, *target, c)
    return one_operator(draw, kind, (n, h, w, c), shape, [int32(*target)], align_corners=align, half_pixel_centers=half)


@strategy("RESIZE_NEAREST_NEIGHBOR")
def resize_nearest(draw: Draw) -> bytes:
    return _resize(draw, "RESIZE_NEAREST_NEIGHBOR")


@strategy("RESIZE_BILINEAR")
def resize_bilinear(draw: Draw) -> bytes:
    return _resize(draw, "RESIZE_BILINEAR")
