"""Properties of the split: nothing shared, nothing lost, every class in its share, the same for ever."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.data.split import assign_groups, shuffled, stratified_split
from toolchain.errors import BadInput

pytestmark = pytest.mark.unit

labels = st.lists(st.integers(20, 60), min_size=2, max_size=6).flatmap(
    lambda sizes: st.permutations([c for c, n in enumerate(sizes) for _ in range(n)])
)
fraction = st.floats(0.05, 0.4)


@settings(max_examples=60)
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


@settings(max_examples=60)
@given(st.integers(2, 5), st.integers(0, 2**32), st.data())
def test_groups_stay_whole_and_parts_get_their_share(parts: int, seed: int, data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(5, 15), min_size=8 * parts, max_size=12 * parts))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    y = np.arange(len(groups)) % 3
    part_of = assign_groups(y, groups, (1 / parts,) * parts, seed)
    for group in range(len(sizes)):
        assert len(np.unique(part_of[groups == group])) == 1
    for part in range(parts):
        assert abs(np.count_nonzero(part_of == part) - len(y) / parts) <= max(sizes)


def test_small_parts_are_filled_too() -> None:
    groups = np.repeat(np.array([f"person {i}" for i in range(20)]), 10)
    part_of = assign_groups(np.arange(200) % 2, groups, (0.1, 0.1, 0.8), 3)
    assert np.bincount(part_of).tolist() == [20, 20, 160]


def test_groups_of_one_class_each_are_dealt_class_by_class() -> None:
    groups = np.repeat(np.arange(20), 10)
    y = groups % 2
    part_of = assign_groups(y, groups, (0.2, 0.8), 1)
    assert np.bincount(y[part_of == 0]).tolist() == [20, 20]


def test_fewer_groups_than_parts() -> None:
    with pytest.raises(BadInput, match="2 groups cannot be divided into 3 parts"):
        assign_groups(np.arange(10) % 2, np.arange(10) % 2, (0.2, 0.2, 0.6), 1)
