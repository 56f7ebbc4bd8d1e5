"""Clusters and their distances, and movements that are no exercise."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.data import Dataset, Provenance, Split
from toolchain.kit import NoveltySpec, load_kit
from toolchain.train.novelty import fit_clusters, measure_novelty, novelty_features

pytestmark = pytest.mark.unit


def test_clusters_are_found_and_far_away_is_new() -> None:
    rng = np.random.default_rng(1)
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 500.0]])
    values = np.concatenate([centre + rng.normal(0, 0.1, (50, 2)) for centre in centres])
    found = fit_clusters(values, 3, 1)
    back = found.centres * found.deviation + found.mean
    assert np.allclose(back[np.lexsort(back.T)], centres[np.lexsort(centres.T)], atol=0.1)
    near, far = found.scores(np.array([[10.0, 0.1], [10.0, 500.0]]))
    assert near < 0.1 < 1 < far
    assert np.array_equal(fit_clusters(values, 3, 1).centres, found.centres)


def test_fewer_points_than_clusters() -> None:
    found = fit_clusters(np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]]), 8, 1)
    assert len(found.centres) == 2
    assert found.scores(np.array([[3.0, 4.0]])) == pytest.approx(0)


def test_rest_and_shaking_are_unlike_slow_turns() -> None:
    """Made-up exercises of seven speeds, against a watch that lies still and one that is shaken."""
    rng = np.random.default_rng(2)

    def exercise(number: int) -> np.ndarray:
        phase = 2 * np.pi * ((0.3 + 0.1 * number) * np.arange(100) / 50 + rng.random())
        return (2000 * np.sin(phase)[:, None] * np.arange(1, 7) / 6 + rng.normal(0, 60, (100, 6))).astype(np.int16)

    def part(each: int) -> Split:
        y = np.repeat(np.arange(7), each)
        return Split(np.stack([exercise(c) for c in y]), y)

    kit = load_kit("motion").model_copy(update={"novelty": NoveltySpec(clusters=16)})
    data = Dataset(part(20), part(6), part(6), kit.labels, Provenance("", "", ""))
    clusters, said = measure_novelty(kit, data)
    assert said["test_above"] <= 0.3 and set(said["auc"]) == set(kit.labels)
    rest = rng.normal([0, 0, 2048, 0, 0, 0], 5, (20, 100, 6)).astype(np.int16)
    shaken = rng.normal(0, 4000, (20, 100, 6)).astype(np.int16)
    for windows in (rest, shaken):
        assert (clusters.scores(novelty_features(kit, windows)) > said["threshold"]).all()
