"""The sources: what they give, and what they say when the data are not here."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from toolchain.data.sources import ecg_faults, fashion_mnist, watch_exercises
from toolchain.data.sources.fashion_mnist import read_idx
from toolchain.data.wheel_file import WheelFile
from toolchain.errors import BadInput, Missing
from toolchain.progress import Quiet

pytestmark = pytest.mark.unit


def packed(data: bytes) -> bytes:
    """Without the time of day: it would be in the names of tests, which must be the same to all who collect them."""
    return gzip.compress(data, mtime=0)


def idx(values: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return packed(head + values.tobytes())


def test_idx() -> None:
    values = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    assert np.array_equal(read_idx(idx(values)), values)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"no gzip", "damaged"),
        (idx(np.zeros(9, np.uint8))[:-9], "damaged"),
        (packed(b""), "not an IDX file"),
        (packed(b"\0\0\x0d\x01\0\0\0\x01abcd"), "not an IDX file"),
        (packed(b"\0\0\x08\x01\0\0\0\x09abcd"), "not an IDX file"),
        (packed(b"\0\0\x08\xff"), "not an IDX file"),
    ],
)
def test_what_is_no_idx_file(data: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_idx(data)


def test_without_package_and_network_both_ways_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path)
    monkeypatch.setattr(fashion_mnist, "URL", "http://127.0.0.1:1")
    monkeypatch.setenv("KIT_CACHE", str(tmp_path))
    with pytest.raises(Missing, match="cannot be fetched") as caught:
        fashion_mnist.load(Quiet())
    assert "apt-get install dataset-fashion-mnist" in caught.value.hint and str(tmp_path) in caught.value.hint


def npy(value: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array(value), allow_pickle=True)
    return stream.getvalue()


def test_watch_windows_stay_in_a_recording_and_count_as_the_sensor_does(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = np.full((250, 6), 1.0), np.full((99, 6), 2.0)  # the second is too short for a window
    told = {"X": [first, second], "y": [3, 4], "subject": [7, 8]}
    monkeypatch.setattr(WheelFile, "read", lambda self, progress: npy(told))
    samples = watch_exercises.load(Quiet(), window=100, hop=50)
    assert samples.x.shape == (4, 100, 6) and samples.x.dtype == np.int16
    assert samples.x[0, 0].tolist() == [2048] * 3 + [939] * 3
    assert samples.y.tolist() == [3] * 4 and samples.groups is not None and samples.groups.tolist() == [7] * 4
    with pytest.raises(BadInput, match="windows of 1 samples"):
        watch_exercises.load(Quiet(), window=1)


def test_each_ecg_window_is_there_as_recorded_and_with_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    beat = 1024 + 200 * np.sin(np.arange(108_000) / 50)
    np.savez(stream, ecg=beat.astype(np.uint16))
    monkeypatch.setattr(WheelFile, "read", lambda self, progress: stream.getvalue())
    samples, again = ecg_faults.load(Quiet()), ecg_faults.load(Quiet())
    assert np.array_equal(samples.x, again.x) and samples.x.dtype == np.int16
    half = len(samples.x) // 2
    assert samples.y.tolist() == [0] * half + [1] * half
    assert samples.groups is not None and np.array_equal(samples.groups[:half], samples.groups[half:])
    assert set(samples.groups.tolist()) == set(range(10))
    assert (samples.x[:half] != samples.x[half:]).any(axis=1).all()
