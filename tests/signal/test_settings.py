"""Settings: what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from toolchain.errors import BadInput
from toolchain.model.graph import Quantization
from toolchain.signal import AudioSettings, FrontEnd, SignalSettings, make_settings
from toolchain.tomlfile import load_toml

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
        ({"type": "audio", "scale": (1e300,)}, "scale.0: .*less than or equal to 1000000000"),
        ({"type": "audio", "scale": (1e-300,)}, "scale should not be 0"),
        ({"type": "audio", "offset": (-1e300,)}, "offset.0: .*greater than or equal to -1000000000"),
        ({"type": "audio", "hop_ms": 1e-300}, "hop_ms: .*0.01"),
        ({"type": "audio", "f_max": float("inf")}, "8000 Hz"),
        ({"type": "audio", "f_min": float("nan")}, "f_min"),
        ({**MOTION, "rate": 1e-300}, "rate: .*0.001"),
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


class Kit(BaseModel):
    """A file with the settings in a table of their own, as a kit.toml has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    signal: SignalSettings


def test_settings_are_read_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "kit.toml"
    path.write_text('[signal]\ntype = "audio"\nwindow_ms = 25\noffset = [-60.0]\ncoefficients = 13\n')
    kit, _ = load_toml(path, Kit)
    assert kit.signal == AudioSettings(window_ms=25.0, offset=(-60.0,), coefficients=13)
    path.write_text('[signal]\ntype = "image"\nsource = [48, 64]\nsize = [24, 24]\n')
    assert load_toml(path, Kit)[0].signal == make_settings(IMAGE)
    path.write_text('[signal]\ntype = "audio"\nfft = 500\n')
    with pytest.raises(BadInput, match=r"kit.toml:\d.*fft = 500.*1024"):
        load_toml(path, Kit)


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


@pytest.mark.parametrize(
    ("settings", "stride", "sample_bytes", "raw_shape", "shape"),
    [
        (AudioSettings(), 12 * 320, 2, (16000,), (49, 40)),  # 250 ms are 12.5 hops
        (AudioSettings(hop_ms=25.0), 10 * 400, 2, (16000,), (39, 40)),
        (AudioSettings(stride_ms=1.0, coefficients=13), 320, 2, (16000,), (49, 13)),
        (make_settings({**MOTION, "features": "raw"}), 25, 6, (100, 3), (100, 3)),
        (make_settings({**IMAGE, "format": "rgb888", "channels": 3}), 48 * 64 * 3, 1, (48, 64, 3), (24, 24, 3)),
    ],
)
def test_what_a_stream_counts(
    settings: SignalSettings, stride: int, sample_bytes: int, raw_shape: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    assert (settings.stride, settings.sample_bytes) == (stride, sample_bytes)
    assert settings.raw_shape == raw_shape
    assert settings.shape == shape == FrontEnd(settings).shape
