"""Profiles: bytes, roofs and what is reached, from figures that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluate.example import example_report
from toolchain.evaluate.charts import _together
from toolchain.evaluate.profile import summarise

pytestmark = pytest.mark.unit


def test_instructions_are_held_against_the_instruction_set():
    profile = summarise(example_report(), [18432.0, 100.0, 3200.0], "instructions", 22000.0)
    conv, pool, dense = profile.layers
    assert profile.roof.macs == 2 and profile.roof.bytes == 4
    assert conv.bytes == 2048 + 64 + 18432 // 32 and conv.reached == 0.5  # one MAC an instruction where two can be
    assert pool.reached is None
    assert dense.bytes == 74 + 160 and dense.reached == pytest.approx(5120 / 3200 / 2)


def test_time_is_held_against_the_best_layers():
    profile = summarise(example_report(), [10.0, 5.0, 2.0], "us", 18.0)
    assert profile.roof.macs == 2560 and profile.roof.bytes == pytest.approx((2048 + 64 + 576) / 10)
    reached = [layer.reached for layer in profile.layers if layer.reached is not None]
    assert max(reached) <= 1 and len(reached) == 2


def test_a_layer_too_quick_to_be_timed():
    profile = summarise(example_report(), [0.0, 0.0, 0.0], "us", 0.0)
    assert [layer.reached for layer in profile.layers] == [None, None, None]


def test_labels_that_would_lie_on_each_other_are_one():
    places = np.array([(0.5, 0.5), (0.1, 0.9), (0.52, 0.57), (0.52, 0.6)])
    assert _together([3, 0, 1, 2], places) == [[3, 2], [0], [1]]
