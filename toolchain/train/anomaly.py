"""Answers of a model as class numbers: the greatest output, or for an autoencoder how badly it rebuilds its input."""

from __future__ import annotations

import numpy as np

#: Class numbers of a kit whose task is "anomaly".
NORMAL, ANOMALY = 0, 1


def classes_of(outputs: np.ndarray, inputs: np.ndarray, threshold: float | None) -> np.ndarray:
    """Class numbers int64 [n] for real-valued ``outputs`` [n, …].

    Without ``threshold`` the index of the greatest output; with one, `ANOMALY` where the reconstruction of ``inputs``
    [n, …] is worse than it.
    """
    if threshold is None:
        answer: np.ndarray = outputs.reshape(len(outputs), -1).argmax(axis=1)
        return answer
    return np.where(reconstruction_error(outputs, inputs) > threshold, ANOMALY, NORMAL)


def reconstruction_error(outputs: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Mean squared difference of each sample, float64 [n], from real-valued outputs and inputs of equal size."""
    difference = outputs.reshape(len(outputs), -1).astype(np.float64) - inputs.reshape(len(inputs), -1)
    error: np.ndarray = np.mean(difference**2, axis=1)
    return error


def choose_threshold(normal_scores: np.ndarray, false_alarms: float) -> float:
    """The least of ``normal_scores`` above which lie at most the fraction ``false_alarms`` of them."""
    return float(np.quantile(normal_scores, 1 - false_alarms, method="higher"))


def area_under_curve(scores: np.ndarray, anomalous: np.ndarray) -> float:
    """Area under the ROC curve: how often an anomalous sample scores higher than a normal one; a tie is half.

    From ranks (Mann and Whitney's U). ``anomalous`` is bool [n]; both kinds must be there.
    """
    values, number, counts = np.unique(scores, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2  # of equal scores the mean, from 1
    positive = int(anomalous.sum())
    negative = len(scores) - positive
    if not positive or not negative:
        raise ValueError("both normal and anomalous samples are needed")
    del values
    u = rank[number][anomalous].sum() - positive * (positive + 1) / 2
    return float(u / (positive * negative))
