"""Least times of several runs."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from toolchain.evaluate import ticks
from toolchain.evaluate.ticks import least_ticks

pytestmark = pytest.mark.unit


class Device:
    """Gives the ticks of one run after another."""

    def __init__(self, whole: Sequence[int], layers: Sequence[Sequence[int]]) -> None:
        self._whole, self._layers = iter(whole), iter(layers)

    def infer(self, inputs: Sequence[bytes]) -> SimpleNamespace:
        return SimpleNamespace(ticks=next(self._whole))

    def profile(self, inputs: Sequence[bytes]) -> SimpleNamespace:
        return SimpleNamespace(layers=[SimpleNamespace(ticks=each) for each in next(self._layers)])


def test_the_least_of_each_is_taken() -> None:
    device = Device([9, 7, 8], [(1, 6), (2, 5), (3, 4)])
    assert least_ticks(device, [b""], 3) == (7, [1, 4])  # type: ignore[arg-type]


def test_a_slow_device_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "RUN_SECONDS", 0.0)
    assert least_ticks(Device([9], [(1, 6)]), [b""], 3) == (9, [1, 6])  # type: ignore[arg-type]
