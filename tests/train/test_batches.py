"""Batches: each sample once an epoch, in another order each time, the same whoever asks for them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from toolchain.kit import Kit
from toolchain.train.batches import Batches

pytestmark = pytest.mark.unit


def noisy(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return x + rng.normal(0, 0.1, x.shape)


def epoch(batches: Batches) -> list[tuple[np.ndarray, np.ndarray]]:
    return [batches.batch(number) for number in range(len(batches))]


@pytest.fixture
def kit(make_kit: Callable[..., Kit]) -> Kit:
    return make_kit(training={"batch_size": 8})


def test_each_sample_comes_once_an_epoch_with_its_answer_and_in_another_order_the_next(kit: Kit) -> None:
    x = np.arange(20, dtype=np.float32)[:, np.newaxis]
    batches = Batches(kit, x, np.arange(20, dtype=np.uint8), None)
    orders = []
    for _ in range(2):
        made = epoch(batches)
        assert [len(inputs) for inputs, _ in made] == [8, 8, 4]
        inputs, answers = (np.concatenate(parts) for parts in zip(*made, strict=True))
        assert inputs[:, 0].tolist() == answers.tolist()
        assert sorted(answers) == list(range(20))
        orders.append(answers.tolist())
    assert orders[0] != orders[1]


def test_a_batch_is_the_same_whatever_was_asked_for_between(kit: Kit) -> None:
    x = np.zeros((20, 3), np.float32)
    first, second = (Batches(kit, x, x, noisy) for _ in range(2))
    expected = [epoch(first), epoch(first)]
    for wanted in expected:
        second.batch(0)[0][:] = 9
        for number in (2, 1):
            np.testing.assert_array_equal(second.batch(number)[0], wanted[number][0])
    assert not np.array_equal(expected[0][0][0], expected[1][0][0])


def test_what_an_anomaly_detector_rebuilds_is_the_varied_input(kit: Kit) -> None:
    x = np.zeros((20, 3), np.float32)
    inputs, answers = Batches(kit, x, x, noisy).batch(0)
    assert inputs.dtype == np.float32 and inputs.std() > 0.05
    np.testing.assert_array_equal(inputs, answers)
