"""Sound features against float64, at the ends of the range, in pieces, and as they are frozen into firmware."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest
import reference
import sounds
from hypothesis import given, settings
from hypothesis import strategies as st
from sanitized import Sanitized

from toolchain.data.quantize import quantize
from toolchain.errors import BadInput
from toolchain.model.graph import Quantization
from toolchain.signal import AudioSettings, FrontEnd, library

pytestmark = pytest.mark.unit

#: Measured: 69 dB for the worst of them, a loud chirp without a floor, whose quiet filters hold only its own rounding.
LEAST_SNR = 65.0
INT8 = Quantization((0.4,), (100,))

VARIANTS = {
    "keyword": AudioSettings(),
    "speech": AudioSettings(pre_emphasis=0.97, curve="hamming"),
    "magnitude": AudioSettings(energy="magnitude"),
    "1024 points": AudioSettings(fft=1024, window_ms=40.0),
    "64 points": AudioSettings(fft=64, window_ms=4.0, hop_ms=3.0, filters=8, f_min=100.0),
    "no floor": AudioSettings(floor_db=-150.0),
    "odd window": AudioSettings(window_ms=25.0625, hop_ms=10.0, filters=32),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_log_mel_is_that_of_float64(name: str) -> None:
    s = VARIANTS[name]
    front = FrontEnd(s)
    assert front.shape == (s.frames, s.filters)
    for sound, pcm in sounds.synthetic().items():
        got = front.features(pcm)
        assert reference.snr(reference.log_mel(s, pcm), got) > LEAST_SNR, sound


def test_log_mel_of_a_recording() -> None:
    pcm = sounds.recording()
    if pcm is None:
        pytest.skip("this Python comes without its test data (test/audiodata/pluck-pcm16.wav)")
    s = VARIANTS["keyword"]
    for quieter in (1, 30, 1000):
        part = pcm // quieter
        assert reference.snr(reference.log_mel(s, part), FrontEnd(s).features(part)) > LEAST_SNR


def test_mfcc_is_the_orthonormal_dct() -> None:
    s = AudioSettings(coefficients=13, filters=32, f_min=80.0, pre_emphasis=0.97)
    front = FrontEnd(s)
    assert front.shape == (49, 13)
    for sound, pcm in sounds.synthetic().items():
        assert reference.snr(reference.mfcc(s, pcm), front.features(pcm)) > LEAST_SNR, sound


@st.composite
def any_settings(draw: st.DrawFn) -> AudioSettings:
    rate, fft = draw(st.sampled_from([8000, 16000, 44100])), draw(st.sampled_from([64, 128, 256, 512, 1024]))
    window = draw(st.integers(fft // 3, fft))
    f_min = draw(st.floats(0, rate / 8))
    return AudioSettings(
        rate=rate,
        fft=fft,
        window_ms=window * 1000 / rate,
        hop_ms=draw(st.integers(window // 3, window)) * 1000 / rate,
        curve=draw(st.sampled_from(["hann", "hamming"])),
        pre_emphasis=draw(st.floats(0, 1)),
        filters=draw(st.integers(1, fft // 16)),
        f_min=f_min,
        f_max=draw(st.floats(rate / 4, rate / 2)),
        energy=draw(st.sampled_from(["power", "magnitude"])),
    )


@settings(max_examples=40)
@given(any_settings(), st.floats(0, 15), st.integers(0, 2**31))
def test_any_settings_give_float64s_energies(s: AudioSettings, loudness: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pcm = np.round(2**loudness * rng.uniform(-1, 1, 3 * s.window)).astype(np.int16)
    try:
        got = FrontEnd(s).features(pcm)
    except BadInput as refused:
        assert "no bin" in str(refused)
        return
    expected = reference.log_mel(s, pcm)
    # Weights are in steps of 2^-15, which counts where a filter has one bin at its very edge.
    assert np.abs(got - expected).max() < 0.1
    assert np.median(np.abs(got - expected)) < 0.005


def extremes() -> dict[str, np.ndarray]:
    n = 4000
    square = np.where(np.arange(n) // 16 % 2, 32767, -32768)
    impulse = np.zeros(n)
    impulse[[700, 701, 2500]] = [-32768, 32767, -32768]
    one = np.zeros(n)
    one[1000] = 1
    every = {
        "square": square,
        "square of one sample": np.where(np.arange(n) % 2, 32767, -32768),
        "square of the window": np.where(np.arange(n) // 250 % 2, 32767, -32768),
        "silence": np.zeros(n),
        "highest": np.full(n, 32767),
        "lowest": np.full(n, -32768),
        "impulses": impulse,
        "one bit": one,
        "sine": 32767 * np.sin(np.arange(n) * 0.7),
    }
    return {name: np.round(x).astype(np.int16) for name, x in every.items()}


@pytest.mark.parametrize("pre_emphasis", [0.0, 0.97, 1.0])
@pytest.mark.parametrize("energy", ["power", "magnitude"])
def test_extremes_do_not_overflow(pre_emphasis: float, energy: str) -> None:
    s = AudioSettings(pre_emphasis=pre_emphasis, energy=energy, length_ms=250.0, floor_db=-80.0)
    front = FrontEnd(s)
    for name, pcm in extremes().items():
        expected = reference.log_mel(s, pcm)
        assert np.abs(front.features(pcm) - expected).max() < 0.05, name


def test_silence_is_the_floor() -> None:
    s = AudioSettings(floor_db=-90.0)
    np.testing.assert_allclose(FrontEnd(s).features(np.zeros(16000, np.int16)), -90.0, atol=1e-4)


def test_int8_is_the_quantized_feature() -> None:
    s = AudioSettings(offset=(-60.0,), scale=(0.05,))
    front = FrontEnd(s, Quantization((0.023,), (-7,)))
    pcm = np.concatenate(list(sounds.synthetic().values()))
    expected = quantize(front.features(pcm), 0.023, -7).astype(int)
    difference = np.abs(front.quantized(pcm) - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3  # where float32 rounds the other way


def test_offset_and_scale_may_be_of_each_feature() -> None:
    rng = np.random.default_rng(3)
    offset, scale = rng.uniform(-80, -20, 40), rng.uniform(0.01, 0.1, 40)
    plain, each = AudioSettings(), AudioSettings(offset=tuple(offset), scale=tuple(scale))
    pcm = sounds.speech_like(1.0, 9000)
    expected = (FrontEnd(plain).features(pcm) - offset) * scale
    front = FrontEnd(each, Quantization((0.03,), (3,)))
    np.testing.assert_allclose(front.features(pcm), expected, atol=1e-5)
    assert np.abs(front.quantized(pcm) - quantize(expected, 0.03, 3).astype(int)).max() <= 1


STREAMED = FrontEnd(AudioSettings(window_ms=8.0, hop_ms=5.0, fft=128, filters=10, f_min=100.0), INT8)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=12), st.integers(0, 2**31))
def test_a_stream_in_any_pieces_gives_the_bytes_of_the_whole(pieces: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    pcm = rng.integers(-(2 ** rng.integers(1, 16)), 2 ** rng.integers(1, 15), sum(pieces) + 128).astype(np.int16)
    stream, got = STREAMED.stream(), []
    for piece in np.split(pcm, np.cumsum(pieces)):
        got += list(stream.feed(piece))
    assert np.array_equal(np.array(got), STREAMED.quantized(pcm))


def test_the_history_of_a_stream_is_the_input_of_the_whole() -> None:
    """What slides over the frames on the device equals the features of the part of the recording that it covers."""
    built, s = library.library(), STREAMED.settings
    assert isinstance(s, AudioSettings)
    count, columns = 7, s.columns
    frames, got = np.zeros((count, columns), np.int8), np.zeros((count, columns), np.int8)
    history = library.ROOM.structure("kit_history")()
    built.kit_history_next.restype = ctypes.c_void_p
    built.kit_history_init(ctypes.byref(history), ctypes.c_void_p(frames.ctypes.data), count, columns)
    pcm = sounds.speech_like(0.3, 20000)
    for number, frame in enumerate(STREAMED.stream().feed(pcm), 1):
        ctypes.memmove(built.kit_history_next(ctypes.byref(history)), frame.ctypes.data, columns)
        built.kit_history_push(ctypes.byref(history))
        whole = built.kit_history_read(ctypes.byref(history), ctypes.c_void_p(got.ctypes.data))
        assert whole == (number >= count)
        if whole:
            start = (number - count) * s.hop
            assert np.array_equal(got, STREAMED.quantized(pcm[start : start + (count - 1) * s.hop + s.window]))
    assert number > 2 * count


def test_a_stream_starts_anew_after_reset() -> None:
    pcm = sounds.speech_like(0.1, 9000)
    stream = STREAMED.stream()
    first = list(stream.feed(pcm))
    stream.reset()
    assert np.array_equal(first, list(stream.feed(pcm)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["speech", "magnitude", "odd window", "mfcc"])
def test_sanitizers_find_nothing(name: str, tmp_path: Path) -> None:
    s = AudioSettings(coefficients=13) if name == "mfcc" else VARIANTS[name]
    front = FrontEnd(s, INT8)
    program = Sanitized(front, tmp_path, s.columns * 60)
    for sound, pcm in extremes().items():
        expected = front.quantized(pcm).reshape(-1)
        assert np.array_equal(program.run(pcm), np.concatenate([expected, expected])), sound


def test_wrong_samples_are_refused() -> None:
    front = FrontEnd(AudioSettings(), INT8)
    for wrong in (np.zeros(16000), np.zeros((16000, 1), np.int16), np.zeros(479, np.int16)):
        with pytest.raises(BadInput):
            front.features(wrong)
    with pytest.raises(BadInput, match="quantisation"):
        FrontEnd(AudioSettings()).quantized(np.zeros(16000, np.int16))
