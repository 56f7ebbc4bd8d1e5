"""The device test against a device that answers right, wrong, and not at all."""

from __future__ import annotations

import json

import numpy as np
import pytest

from toolchain.errors import DeviceError
from toolchain.evaluate.device import Expected, run_device_test
from toolchain.evaluate.results import Latency

pytestmark = pytest.mark.unit

SAMPLES, CLASSES = 20, 4


@pytest.fixture
def expected() -> Expected:
    random = np.random.default_rng(0)
    outputs = random.integers(-128, 128, (SAMPLES, CLASSES)).astype(np.int8)
    labels = outputs.argmax(axis=1)
    labels[:2] = (labels[:2] + 1) % CLASSES  # the reference gets two wrong
    inputs = np.arange(SAMPLES, dtype=np.int8).reshape(SAMPLES, 1)
    return Expected(inputs, labels, outputs, "reference", 1 / 256, -128, float_classes=labels)


def device(expected: Expected, flaw=lambda sample, output: output):
    def infer(data: bytes) -> tuple[bytes, int]:
        sample = data[0]
        return flaw(sample, expected.outputs[sample].copy()).tobytes(), 100 + sample

    return infer


def test_a_right_device(expected):
    result = run_device_test(device(expected), expected, "instructions", 40)
    assert result.parity.mismatches == result.parity.max_abs_diff == 0
    assert result.accuracy_device == result.accuracy_host == 0.9
    assert result.accuracy_float == 1.0
    assert result.latency == Latency("instructions", 109 * 40, 118 * 40, 119 * 40)
    assert result.interval[0] < 0.9 < result.interval[1] and result.agreement == 1.0
    assert np.trace(result.confusion_device) == np.trace(result.confusion_host) == 18
    assert np.trace(result.confusion_float) == np.sum(result.confusion_device) == SAMPLES
    assert json.loads(json.dumps(result.as_json()))["parity"]["samples"] == SAMPLES


def test_one_wrong_byte_is_one_mismatch(expected):
    def flaw(sample: int, output: np.ndarray) -> np.ndarray:
        if sample == 7:
            output[2] ^= 1
        return output

    parity = run_device_test(device(expected, flaw), expected, "us", 1).parity
    assert (parity.mismatches, parity.max_abs_diff) == (1, 1)


def test_differences_are_not_taken_modulo_256(expected):
    outputs = expected.outputs.copy()
    outputs[0] = [127, -128, 0, 0]

    def flaw(sample: int, output: np.ndarray) -> np.ndarray:
        return np.array([-128, 127, 0, 0], np.int8) if sample == 0 else output

    expected = Expected(expected.inputs, expected.labels, outputs, "reference", 1, 0)
    result = run_device_test(device(expected, flaw), expected, "us", 1)
    assert result.parity.max_abs_diff == 255
    assert result.accuracy_float is None


def test_an_answer_of_the_wrong_length(expected):
    with pytest.raises(DeviceError, match="1 bytes to sample 0"):
        run_device_test(lambda data: (b"x", 1), expected, "us", 1)


def test_silence_ends_the_test(expected):
    def infer(data: bytes) -> tuple[bytes, int]:
        raise DeviceError("no answer")

    with pytest.raises(DeviceError):
        run_device_test(infer, expected, "us", 1)


def test_first_and_a_file(expected, tmp_path):
    for case in (expected.first(5), expected.first(None), expected.first(99)):
        case.save(tmp_path / "expected.npz")
        again = Expected.load(tmp_path / "expected.npz")
        assert len(again) == len(case) in (5, SAMPLES)
        np.testing.assert_array_equal(again.outputs, case.outputs)
        assert again.outputs.dtype == np.int8 and again.reference == "reference"


def test_percentiles_are_measured_values():
    latency = Latency.of([5, 1, 2, 3, 4], "us")
    assert (latency.p50, latency.p95, latency.max) == (3, 5, 5) and isinstance(latency.p50, int)
    assert Latency.of([1.2345678], "us").p50 == 1.235
