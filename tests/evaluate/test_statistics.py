"""Intervals and scores of classes against published and hand-made figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.evaluate.statistics import class_scores, wilson

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("right", "samples", "low", "high"),
    # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, table I
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_published_intervals(right, samples, low, high):
    assert wilson(right, samples) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_mirrors(case):
    right, samples = case
    low, high = wilson(right, samples)
    assert 0 <= low <= right / samples + 1e-6 and right / samples - 1e-6 <= high <= 1
    mirrored = wilson(samples - right, samples)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=2e-6)


def test_no_samples_say_nothing():
    assert wilson(0, 0) == (0, 1)
    with pytest.raises(ValueError):
        wilson(3, 2)


def test_scores_of_each_class():
    matrix = np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]])
    a, b, c = class_scores(matrix, ("a", "b", "c"))
    assert (a.samples, a.answers, a.recall) == (10, 9, 0.8)
    assert a.precision == pytest.approx(8 / 9, abs=1e-6) and a.f1 == pytest.approx(16 / 19, abs=1e-6)
    assert b.recall == 0.9 and b.precision == pytest.approx(9 / 11, abs=1e-6)
    assert c.precision is c.recall is c.f1 is None
