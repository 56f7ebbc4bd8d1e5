"""Settings: what is refused, and in which words."""

from __future__ import annotations

import pytest

from toolchain.errors import BadInput
from toolchain.model.graph import Quantization
from toolchain.signal import AudioSettings, FrontEnd, make_settings

pytestmark = pytest.mark.unit

MOTION = {"type": "motion", "axes": 3, "window": 100, "hop": 25}
IMAGE = {"type": "image", "source": (48, 64), "size": (24, 24)}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "type"),
        ({"type": "sonar"}, "sonar"),
        ({"type": "audio", "fft": 500}, "fft"),
        ({"type": "audio", "window_ms": 40.0}, "window_ms is 640"),
        ({"type": "audio", "hop_ms": 31.0}, "hop_ms is 496"),
        ({"type": "audio", "hop_ms": float("nan")}, "hop_ms"),
        ({"type": "audio", "length_ms": 20.0}, "length_ms"),
        ({"type": "audio", "f_max": 9000.0}, "8000 Hz"),
        ({"type": "audio", "f_min": 7600.0}, "f_min"),
        ({"type": "audio", "coefficients": 41}, "at most 40"),
        ({"type": "audio", "scale": (0.0,)}, "scale"),
        ({"type": "audio", "offset": (1.0, 2.0)}, "1 or 40"),
        ({"type": "audio", "windows": 3}, "windows"),
        ({**MOTION, "axes": 0}, "axes"),
        ({**MOTION, "hop": 101}, "hop"),
        ({**MOTION, "fft": 128}, "fft"),
        ({**IMAGE, "crop": (0, 0, 49, 10)}, "crop"),
        ({**IMAGE, "crop": (-1, 0, 10, 10)}, "crop"),
        ({**IMAGE, "channels": 3}, "channels"),
        ({**IMAGE, "size": (0, 4)}, "size"),
        ({**IMAGE, "size": (5000, 4)}, "4096"),
    ],
)
def test_refused(table: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said) as raised:
        make_settings(table)
    assert "\n" not in str(raised.value)


def test_a_filter_without_a_bin_is_refused() -> None:
    with pytest.raises(BadInput, match="mel filter 1 of 128"):
        FrontEnd(AudioSettings(filters=128))


@pytest.mark.parametrize("quantization", [Quantization((1e-9,), (0,)), Quantization((0.001,), (0,))])
def test_a_quantization_that_does_not_suit_is_refused(quantization: Quantization) -> None:
    with pytest.raises(BadInput, match="quantisation"):
        FrontEnd(AudioSettings(offset=(50.0,)), quantization)


def test_the_largest_part_in_the_middle_is_taken() -> None:
    assert make_settings(IMAGE).part == (0, 8, 48, 48)
    assert make_settings({**IMAGE, "size": (10, 40)}).part == (16, 0, 16, 64)
    assert make_settings({**IMAGE, "crop": (1, 2, 3, 4)}).part == (1, 2, 3, 4)
