"""Motion features against SciPy in float64, at the ends of the range, in pieces, and under sanitizers."""

from __future__ import annotations

from pathlib import Path

import motions
import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from sanitized import Sanitized

from toolchain.data.quantize import quantize
from toolchain.errors import BadInput
from toolchain.model.graph import Quantization
from toolchain.signal import FrontEnd, MotionSettings

pytestmark = pytest.mark.unit

INT8 = Quantization((0.5,), (80,))
WATCH = MotionSettings(axes=6, window=100, hop=25)
RAW = MotionSettings(axes=3, window=20, hop=10, features="raw")

VARIANTS = [
    WATCH,
    MotionSettings(axes=1, window=1024, hop=512, fft=1024),
    MotionSettings(axes=3, window=128, hop=128, fft=16, floor_db=-150.0),
    MotionSettings(axes=2, window=77, hop=1, fft=64),
]


@pytest.mark.parametrize("s", VARIANTS)
def test_spectral_features_are_those_of_scipy(s: MotionSettings) -> None:
    front = FrontEnd(s)
    assert front.shape == (s.axes * (3 + s.fft // 2),)
    for name, samples in motions.every(s.window + s.hop, s.axes).items():
        got = front.features(samples).reshape(2, s.axes, -1)
        expected = np.array([reference.spectral(s, samples[i : i + s.window]) for i in (0, s.hop)])
        # In dB, down to 110 dB below the loudest bin: there the transform's own rounding begins.
        least = expected[..., 3:].max(axis=-1, keepdims=True) - 110
        bins = np.maximum(got[..., 3:], least) - np.maximum(expected[..., 3:], least)
        assert np.abs(bins).max() < 0.05, name
        np.testing.assert_allclose(got[..., 0], expected[..., 0], atol=1e-3, err_msg=name)
        np.testing.assert_allclose(got[..., 1], expected[..., 1], atol=2e-3, rtol=2e-4, err_msg=name)
        np.testing.assert_allclose(got[..., 2], expected[..., 2], atol=2e-3, rtol=2e-4, err_msg=name)


@pytest.mark.slow
def test_signal_to_noise() -> None:
    for name, samples in motions.every(400, 6).items():
        if name in ("nothing", "constant", "one bit"):
            continue
        expected = np.array([reference.spectral(WATCH, samples[i : i + 100]).reshape(-1) for i in range(0, 301, 25)])
        assert reference.snr(expected, FrontEnd(WATCH).features(samples)) > 70, name


def test_raw_windows_are_the_samples() -> None:
    samples = motions.swing(50, 3, 30000)
    got = FrontEnd(RAW).features(samples)
    assert np.array_equal(got, np.array([samples[i : i + 20] for i in (0, 10, 20, 30)], np.float32))


@pytest.mark.parametrize("s", [WATCH, RAW])
def test_int8_is_the_quantized_feature(s: MotionSettings) -> None:
    rng = np.random.default_rng(3)
    n = s.columns
    s = s.model_copy(update={"offset": tuple(rng.uniform(-60, 0, n)), "scale": tuple(rng.uniform(0.001, 0.05, n))})
    quantization = Quantization((0.05,), (3,))
    front = FrontEnd(s, quantization)
    samples = motions.swing(400, s.axes, 4000)
    expected = quantize(front.features(samples), 0.05, 3).astype(int)
    difference = np.abs(front.quantized(samples) - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-2


@settings(max_examples=30)
@given(st.lists(st.integers(0, 150), min_size=1, max_size=8), st.integers(0, 2**31), st.sampled_from([WATCH, RAW]))
def test_a_stream_in_any_pieces_gives_the_bytes_of_the_whole(pieces: list[int], seed: int, s: MotionSettings) -> None:
    rng = np.random.default_rng(seed)
    samples = rng.integers(-3000, 3000, (sum(pieces) + s.window, s.axes)).astype(np.int16)
    front = FrontEnd(s, INT8)
    stream, got = front.stream(), []
    for piece in np.split(samples, np.cumsum(pieces)):
        got += list(stream.feed(piece))
    assert np.array_equal(np.array(got), front.quantized(samples))


@pytest.mark.slow
@pytest.mark.parametrize("s", [WATCH, RAW, VARIANTS[1]])
def test_sanitizers_find_nothing(s: MotionSettings, tmp_path: Path) -> None:
    front = FrontEnd(s, INT8)
    program = Sanitized(front, tmp_path, 40 * int(np.prod(front.shape)))
    for name, samples in motions.every(s.window * 2 + 3, s.axes).items():
        expected = front.quantized(samples).reshape(-1)
        assert np.array_equal(program.run(samples), np.concatenate([expected, expected])), name


def test_wrong_samples_are_refused() -> None:
    for wrong in (np.zeros((100, 5), np.int16), np.zeros((100, 6), np.int32), np.zeros((99, 6), np.int16)):
        with pytest.raises(BadInput):
            FrontEnd(WATCH).features(wrong)
