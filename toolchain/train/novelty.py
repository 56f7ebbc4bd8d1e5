"""How unlike anything in the training a sample is: its distance to the nearest of some clusters of features.

What a classifier names it names with certainty, also when it is of no class. Clusters of what training saw (K-means)
tell: far from all of them is something new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from toolchain.data import Dataset, features
from toolchain.kit import Kit
from toolchain.signal import FrontEnd, MotionSettings
from toolchain.train.anomaly import area_under_curve, choose_threshold

_ROUNDS = 20


@dataclass(frozen=True, eq=False)
class Clusters:
    """``centres`` [clusters, features] of features less their ``mean`` over their ``deviation`` [features]."""

    centres: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Root mean square distance of each row of ``values`` [n, features] to the nearest centre, float64 [n]."""
        distances = _distances((values - self.mean) / self.deviation, self.centres)
        nearest: np.ndarray = np.sqrt(distances.min(axis=1) / len(self.mean))
        return nearest


def fit_clusters(values: np.ndarray, count: int, seed: int) -> Clusters:
    """``count`` clusters of ``values`` [n, features] by Lloyd's algorithm, begun as k-means++ does.

    Sources: S. Lloyd, "Least squares quantization in PCM", 1982; D. Arthur, S. Vassilvitskii, "k-means++: the
    advantages of careful seeding", 2007.
    """
    mean, deviation = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-6)
    points = (values - mean) / deviation
    rng = np.random.default_rng(seed)
    count = min(count, len(points))
    centres = points[[rng.integers(len(points))]]
    while len(centres) < count:
        weight = _distances(points, centres).min(axis=1)
        if not weight.any():  # fewer different points than clusters
            break
        centres = np.vstack([centres, points[rng.choice(len(points), p=weight / weight.sum())]])
    for _ in range(_ROUNDS):
        nearest = _distances(points, centres).argmin(axis=1)
        moved = np.stack(
            [points[nearest == c].mean(axis=0) if (nearest == c).any() else old for c, old in enumerate(centres)]
        )
        if np.allclose(moved, centres):
            break
        centres = moved
    return Clusters(centres, mean, deviation)


def novelty_features(kit: Kit, raw: np.ndarray) -> np.ndarray:
    """What is clustered, float64 [n, features]: the model's input; of motion the spectral features and mean of each
    axis."""
    if not isinstance(kit.signal, MotionSettings):
        return features(kit, raw).reshape(len(raw), -1).astype(np.float64)
    said = kit.signal.model_dump(exclude={"offset", "scale", "features", "fft"})
    front_end = FrontEnd(MotionSettings(**said, fft=32, features="spectral"))
    spectral = np.stack([front_end.features(window)[0] for window in raw])
    return np.hstack([spectral, raw.mean(axis=1)]).astype(np.float64)


def measure_novelty(kit: Kit, data: Dataset) -> tuple[Clusters, dict[str, Any]]:
    """Clusters of the training samples, and how well their distance tells what is new.

    The threshold is exceeded by ``kit.novelty.false_alarms`` of the validation samples. ``auc`` has an area under the
    ROC curve for each class: clusters are made of all other classes, and tell test samples of this one from those of
    the others.
    """
    assert kit.novelty is not None
    count, seed = kit.novelty.clusters, kit.training.seed
    train, validation, test = (novelty_features(kit, part.x) for part in (data.train, data.validation, data.test))
    clusters = fit_clusters(train, count, seed)
    threshold = choose_threshold(clusters.scores(validation), kit.novelty.false_alarms)
    areas = {}
    for number, label in enumerate(kit.labels):
        others = fit_clusters(train[data.train.y != number], count, seed)
        areas[label] = round(area_under_curve(others.scores(test), data.test.y == number), 4)
    return clusters, {
        "clusters": len(clusters.centres),
        "threshold": threshold,
        "test_above": float(np.mean(clusters.scores(test) > threshold)),
        "auc": areas,
        "auc_mean": float(np.mean(list(areas.values()))),
    }


def _distances(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances [points, centres]."""
    squares = (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)
    least: np.ndarray = np.maximum(squares, 0)
    return least
