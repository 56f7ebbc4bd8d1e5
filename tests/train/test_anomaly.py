"""Thresholds and areas under curves, against what they mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.train.anomaly import area_under_curve, choose_threshold, classes_of, reconstruction_error

pytestmark = pytest.mark.unit


@settings(max_examples=50)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), st.lists(st.integers(0, 6), min_size=1, max_size=12))
def test_the_area_is_how_often_an_anomaly_scores_higher(normal: list[int], anomalous: list[int]) -> None:
    wins = [(a > n) + (a == n) / 2 for a in anomalous for n in normal]
    kind = np.arange(len(normal) + len(anomalous)) >= len(normal)
    assert area_under_curve(np.array(normal + anomalous), kind) == pytest.approx(np.mean(wins))


def test_one_kind_has_no_area() -> None:
    with pytest.raises(ValueError, match="both"):
        area_under_curve(np.arange(3), np.ones(3, bool))


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.floats(0.01, 0.5))
def test_no_more_false_alarms_than_asked_for(scores: list[float], false_alarms: float) -> None:
    threshold = choose_threshold(np.array(scores), false_alarms)
    assert threshold in scores
    assert np.count_nonzero(np.array(scores) > threshold) <= false_alarms * len(scores) + 1e-9


def test_classes() -> None:
    outputs = np.array([[[0.1, 0.9]], [[0.7, 0.3]]])
    assert classes_of(outputs, outputs, None).tolist() == [1, 0]
    inputs = outputs + np.array([0.1, 0.3])[:, None, None]
    assert reconstruction_error(outputs, inputs) == pytest.approx([0.01, 0.09])
    assert classes_of(outputs, inputs, 0.05).tolist() == [0, 1]
