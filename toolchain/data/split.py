"""Dividing samples into parts by a seed, the same on every machine and with every numpy."""

from __future__ import annotations

import math

import numpy as np

from toolchain.errors import BadInput


def shuffled(count: int, seed: int) -> np.ndarray:
    """A permutation of 0 … count - 1, int64.

    It sorts raw 64-bit outputs of PCG64, whose stream numpy promises to keep; the streams of
    ``Generator.permutation`` and ``integers`` may change between versions (NEP 19).
    """
    keys = np.random.PCG64(seed).random_raw(count) if count else np.zeros(0, np.uint64)
    return np.argsort(keys, kind="stable")


def stratified_split(y: np.ndarray, fractions: tuple[float, ...], seed: int) -> list[np.ndarray]:
    """Indices of each part, then of the rest: ``len(fractions) + 1`` ascending arrays that share no index.

    Part ``i`` has ``ceil(fractions[i] * len(y))`` samples, and of each class its share to within one sample.
    Raises `BadInput` when a class has too few samples to be in every part.
    """
    order = shuffled(len(y), seed)
    members = {label: order[y[order] == label] for label in np.unique(y).tolist()}
    taken = dict.fromkeys(members, 0)
    parts: list[list[np.ndarray]] = []
    for fraction in fractions:
        counts = _shares({label: len(m) * fraction for label, m in members.items()}, math.ceil(len(y) * fraction))
        parts.append([m[taken[label] : taken[label] + counts[label]] for label, m in members.items()])
        taken = {label: taken[label] + counts[label] for label in members}
    parts.append([m[taken[label] :] for label, m in members.items()])
    for label, *pieces in zip(members, *parts, strict=True):
        if any(len(piece) == 0 for piece in pieces):
            raise BadInput(
                f"class {label} has {len(members[label])} samples, too few for each of the {len(parts)} parts",
                "give it more samples, or leave the class out",
            )
    return [np.sort(np.concatenate(part)) for part in parts]


def _shares(exact: dict[int, float], total: int) -> dict[int, int]:
    """Whole numbers next to ``exact`` that add up to ``total``: the largest remainders are rounded up."""
    counts = {label: math.floor(share) for label, share in exact.items()}
    by_remainder = sorted(exact, key=lambda label: (counts[label] - exact[label], label))
    for label in by_remainder[: total - sum(counts.values())]:
        counts[label] += 1
    return counts
