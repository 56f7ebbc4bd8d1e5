"""Figures of a classification over test samples: intervals, scores of each class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Quantile of the normal distribution that leaves 2.5 % on either side.
Z95 = 1.959963984540054


def wilson(right: int, samples: int, z: float = Z95) -> tuple[float, float]:
    """Interval for the true share when ``right`` of ``samples`` were right (0 to 1 for no samples).

    Wilson's score interval: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22,
    1927. Unlike the normal approximation it holds for shares near 1 and for few samples.
    """
    if not 0 <= right <= samples:
        raise ValueError(f"{right} of {samples} is no share")
    if not samples:
        return 0.0, 1.0
    share = right / samples
    spread = z * math.sqrt(share * (1 - share) / samples + z * z / (4 * samples * samples))
    middle, whole = share + z * z / (2 * samples), 1 + z * z / samples
    low = 0.0 if right == 0 else (middle - spread) / whole  # exact at the ends, where rounding would show
    high = 1.0 if right == samples else (middle + spread) / whole
    return round(low, 6), round(high, 6)


@dataclass(frozen=True)
class ClassScore:
    """How one class fared. ``precision``: share of the answers of this class that were right, None when there were
    none; ``recall``: share of its ``samples`` that were found, None when there were none; ``f1`` their harmonic mean,
    None when neither is there."""

    label: str
    samples: int
    answers: int
    precision: float | None
    recall: float | None
    f1: float | None


def class_scores(matrix: np.ndarray, labels: Sequence[str]) -> tuple[ClassScore, ...]:
    """Scores of each class from a confusion matrix (rows true classes)."""
    scores = []
    for index, label in enumerate(labels):
        right, truth, said = int(matrix[index, index]), int(matrix[index].sum()), int(matrix[:, index].sum())
        scores.append(
            ClassScore(label, truth, said, _share(right, said), _share(right, truth), _share(2 * right, truth + said))
        )
    return tuple(scores)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
