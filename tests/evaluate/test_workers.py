"""Samples over several devices: each once, and the first error ends all."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager

import pytest

from toolchain.errors import DeviceError
from toolchain.evaluate.workers import run_samples

pytestmark = pytest.mark.unit

INPUTS = [bytes([i]) for i in range(40)]


class Device:
    def __init__(self, fails_at: int | None = None) -> None:
        self.fails_at = fails_at

    def infer(self, data: bytes) -> tuple[bytes, int]:
        if data[0] == self.fails_at:
            raise DeviceError("gone")
        return data * 2, data[0]


def farm(fails_at: int | None = None):
    opened: list[Device] = []
    closed: list[Device] = []

    @contextmanager
    def opening():
        device = Device(fails_at)
        opened.append(device)
        try:
            yield device
        finally:
            closed.append(device)

    return opening, opened, closed


@pytest.mark.parametrize("workers", [1, 3, 60])
def test_each_sample_once(workers):
    opening, opened, closed = farm()
    taken, done = [], []
    run_samples(opening, workers, range(40), INPUTS, taken.append, done.append)
    assert Counter(a.sample for a in taken) == Counter(range(40))
    assert all(a.output == INPUTS[a.sample] * 2 and a.ticks == a.sample for a in taken)
    assert len(opened) == len(closed) == len(done) == min(workers, 40)


def test_an_error_ends_all_and_keeps_the_answers():
    opening, opened, closed = farm(fails_at=20)
    taken, others = [], set(threading.enumerate())
    with pytest.raises(DeviceError, match="gone"):
        run_samples(opening, 3, range(40), INPUTS, taken.append, lambda device: None)
    assert len(opened) == len(closed) == 3 and 17 <= len(taken) < 40
    assert set(threading.enumerate()) <= others
