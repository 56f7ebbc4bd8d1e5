"""Dividing samples into parts by a seed, the same on every machine and with every numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from toolchain.errors import BadInput

if TYPE_CHECKING:
    from toolchain.data.sources import Samples
    from toolchain.kit import Data, Kit


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


def assign_groups(y: np.ndarray, groups: np.ndarray, fractions: Sequence[float], seed: int) -> np.ndarray:
    """The part of each sample, int64 [n]: no group is in two parts, and each part has about its share of each class.

    ``fractions`` add up to 1. The greatest groups are dealt first, each to the part that it brings nearest to its
    share; ``seed`` orders groups of equal size. Raises `BadInput` when there are fewer groups than parts.
    """
    names, number = np.unique(groups, return_inverse=True)
    if len(names) < len(fractions):
        raise BadInput(f"{len(names)} groups cannot be divided into {len(fractions)} parts", "add groups")
    classes = int(y.max()) + 1
    counts = np.bincount(number * classes + y, minlength=len(names) * classes).reshape(len(names), classes)
    totals = np.maximum(counts.sum(axis=0), 1)
    wanted = np.outer(fractions, totals)
    have = np.zeros_like(wanted)
    part_of = np.zeros(len(names), np.int64)
    order = shuffled(len(names), seed)
    for group in order[np.argsort(-counts[order].sum(axis=1), kind="stable")]:
        # How much nearer to its share each part comes, relative to that share: small parts are filled as surely.
        before, after = have - wanted, have + counts[group] - wanted
        gain = ((before**2 - after**2) / (totals * wanted)).sum(axis=1)
        part_of[group] = int(np.argmax(gain))
        have[part_of[group]] += counts[group]
    return part_of[number]


def divide(kit: Kit, samples: Samples, fold: int = 0) -> list[np.ndarray]:
    """Indices of the test, validation and training samples as ``[data]`` of ``kit`` says.

    They ascend, but for test samples of groups, which are mixed: they lie together in the source, and the first few of
    them are to be of all kinds.

    Raises `BadInput` when a class or a group is too small for that.
    """
    said = kit.data
    chosen = np.arange(len(samples.y))
    if said.samples is not None and said.samples < len(chosen):
        try:
            chosen = stratified_split(samples.y, (said.samples / len(chosen),), said.split_seed)[0]
        except BadInput:
            raise kit.refuse(
                ("data", "samples"), f"{said.samples} of {len(chosen)} leaves a class without any", "give more"
            ) from None
    if said.own_test or said.folds:
        parts = _divide_rest(kit, samples, chosen, _is_test(said, samples, chosen, fold))
    else:
        shares = said.test_share, said.validation, 1 - said.test_share - said.validation
        part_of = _parts(said, samples, chosen, shares)
        parts = [chosen[part_of == part] for part in range(3)]
    if said.group_split:
        parts[0] = parts[0][shuffled(len(parts[0]), said.split_seed)]
    for name, part in zip(("test", "validation", "training"), parts, strict=True):
        absent = np.setdiff1d(samples.y, samples.y[part])
        if len(absent):
            text, hint = f'no {name} sample is of class "{kit.labels[absent[0]]}"', "take another split_seed"
            if said.group_split and samples.groups is not None:
                count = len(np.unique(samples.groups[samples.y == absent[0]]))
                text += f": it has {count} {'recordings or people' if count > 1 else 'recording or person'}"
                hint = "add recordings of it: three at least" if count < len(parts) else f"add some, or {hint}"
            raise kit.refuse(("data", "group_split" if said.group_split else "split_seed"), text, hint)
    return parts


def _is_test(said: Data, samples: Samples, chosen: np.ndarray, fold: int) -> np.ndarray:
    """Which of ``chosen`` are the test part that the source names, or that is ``fold``."""
    if said.folds is None:
        assert samples.test is not None
        return samples.test[chosen].astype(bool)
    if not 0 <= fold < said.folds:
        raise ValueError(f"fold {fold} of {said.folds}")
    is_test: np.ndarray = _parts(said, samples, chosen, (1 / said.folds,) * said.folds) == fold
    return is_test


def _divide_rest(kit: Kit, samples: Samples, chosen: np.ndarray, is_test: np.ndarray) -> list[np.ndarray]:
    """``chosen`` in three, when it is known which are for the test."""
    test, rest = chosen[is_test], chosen[~is_test]
    if kit.data.own_test and samples.validation is not None:
        of_validation = samples.validation[rest].astype(bool)
        return [test, rest[of_validation], rest[~of_validation]]
    share = kit.data.validation * len(chosen) / max(len(rest), 1)
    if share >= 1:
        raise kit.refuse(("data", "validation"), "validation and test together leave nothing to train on")
    is_validation = _parts(kit.data, samples, rest, (share, 1 - share)) == 0
    return [test, rest[is_validation], rest[~is_validation]]


def _parts(said: Data, samples: Samples, chosen: np.ndarray, fractions: Sequence[float]) -> np.ndarray:
    """The part, 0 to ``len(fractions) - 1``, of each of the ``chosen`` samples."""
    y = samples.y[chosen]
    if said.group_split:
        assert samples.groups is not None
        return assign_groups(y, samples.groups[chosen], fractions, said.split_seed)
    part = np.empty(len(chosen), np.int64)
    for number, indices in enumerate(stratified_split(y, tuple(fractions[:-1]), said.split_seed)):
        part[indices] = number
    return part
