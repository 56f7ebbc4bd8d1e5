"""The arithmetic does not change unnoticed: a model trained yesterday sees the same bytes tomorrow."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from toolchain.signal import AudioSettings, FrontEnd, ImageSettings, MotionSettings, SignalSettings

pytestmark = pytest.mark.unit

PICTURE = {"source": (31, 40), "size": (24, 20)}
PINNED = [
    (AudioSettings(), 0x04E57B1D),
    (AudioSettings(coefficients=13, pre_emphasis=0.97, curve="hamming"), 0x6A5CF921),
    (AudioSettings(energy="magnitude", fft=1024, window_ms=40.0), 0x449A4608),
    (MotionSettings(axes=3, window=100, hop=25), 0xBC338951),
    (ImageSettings(**PICTURE), 0x303B9932),
    (ImageSettings(**PICTURE, format="rgb565", channels=3), 0xF2DEC12D),
]


def noise(count: int) -> np.ndarray:
    """Int16 from a linear congruential generator (Numerical Recipes), louder and louder."""
    state, values = 1, []
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(((state >> 16) - 32768) >> (15 - 16 * i // count))
    return np.array(values, np.int16)


def samples(s: SignalSettings) -> np.ndarray:
    if isinstance(s, AudioSettings):
        return noise(4000)
    if isinstance(s, MotionSettings):
        return noise(900).reshape(-1, s.axes)
    shape = (*s.source, 2) if s.format == "rgb565" else s.source
    return noise(int(np.prod(shape))).view(np.uint8)[::2].reshape(shape)


@pytest.mark.parametrize(("settings", "expected"), PINNED)
def test_features_are_the_same_bits_as_ever(settings: SignalSettings, expected: int) -> None:
    values = FrontEnd(settings).features(samples(settings))
    assert zlib.crc32(values.tobytes()) == expected
