"""Properties of the split: nothing shared, nothing lost, every class in its share, the same for ever."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.data.split import shuffled, stratified_split
from toolchain.errors import BadInput

pytestmark = pytest.mark.unit

labels = st.lists(st.integers(20, 60), min_size=2, max_size=6).flatmap(
    lambda sizes: st.permutations([c for c, n in enumerate(sizes) for _ in range(n)])
)
fraction = st.floats(0.05, 0.4)


@settings(deadline=None, max_examples=60)
@given(labels, fraction, fraction, st.integers(0, 2**32))
def test_parts_are_disjoint_complete_and_stratified(y_list: list[int], a: float, b: float, seed: int) -> None:
    y = np.array(y_list)
    parts = stratified_split(y, (a, b), seed)
    together = np.concatenate(parts)
    assert sorted(together.tolist()) == list(range(len(y)))
    for part, share in zip(parts, (a, b), strict=False):
        assert len(part) == math.ceil(len(y) * share)
        for c in range(int(y.max()) + 1):
            exact = np.count_nonzero(y == c) * share
            assert math.floor(exact) <= np.count_nonzero(y[part] == c) <= math.floor(exact) + 1


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    y = np.repeat(np.arange(3), 30)
    first, again, other = (stratified_split(y, (0.2,), seed) for seed in (5, 5, 6))
    assert all(np.array_equal(p, q) for p, q in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_the_shuffle_is_what_it_always_was() -> None:
    """Fixed numbers: a numpy that changes them would change every kit's test set."""
    assert shuffled(10, 7).tolist() == [6, 3, 4, 9, 0, 2, 8, 7, 5, 1]
    assert shuffled(0, 7).tolist() == []


def test_a_class_too_small_for_every_part_is_refused() -> None:
    with pytest.raises(BadInput, match="class 1 has 2 samples, too few for each of the 3 parts"):
        stratified_split(np.array([0] * 50 + [1] * 2), (0.2, 0.1), 1)
