"""The code of the motion kit, for sensors of fewer axes than its own."""

from __future__ import annotations

import runpy
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from toolchain.resources import resource

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("axes", [3, 6, 9])
def test_windows_are_worn_another_way_by_each_sensor_of_three_axes(monkeypatch: pytest.MonkeyPatch, axes: int) -> None:
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(layers=None))  # seconds to import, not used here
    code = runpy.run_path(str(resource("kits") / "motion" / "model.py"))
    windows = np.random.default_rng(1).normal(0, 1, (4, 100, axes)).astype(np.float32)
    worn = code["wear"](windows, np.random.default_rng(2))
    assert worn.shape == windows.shape and worn.dtype == np.float32
    assert not np.allclose(worn, windows, atol=0.1)
