"""A kit's samples, checked, split and frozen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from toolchain.data.sources import Samples, load_samples
from toolchain.data.split import divide
from toolchain.errors import BadInput
from toolchain.progress import Progress

if TYPE_CHECKING:
    from toolchain.kit import Kit


@dataclass(frozen=True, eq=False)
class Split:
    """One part: ``x`` raw samples [n, *shape] of the kit's input dtype, ``y`` class numbers int64 [n], and ``groups``
    [n] (person, voice, recording) where the source tells them. Read-only."""

    x: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Provenance:
    """Where the samples are from. ``sha256`` is over all of them in the source's order (see `samples_sha256`)."""

    source: str
    licence: str
    sha256: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three parts without a common sample; ``labels[c]`` names class ``c``."""

    train: Split
    validation: Split
    test: Split
    labels: tuple[str, ...]
    provenance: Provenance


def load_dataset(kit: Kit, progress: Progress | None = None, fold: int = 0) -> Dataset:
    """Load, check and split the samples of ``kit``; equal kits and equal data give equal arrays.

    ``fold`` says which of ``kit.data.folds`` is the test part. Raises `BadInput` when the samples do not fit the kit,
    `Missing` when a package is not installed.
    """
    samples = load_samples(kit, progress)
    digest = samples_sha256(samples)
    _check(kit, samples, digest)
    test, validation, train = (_part(samples, indices) for indices in divide(kit, samples, fold))
    return Dataset(train, validation, test, kit.labels, Provenance(samples.source, samples.licence, digest))


def samples_sha256(samples: Samples) -> str:
    """SHA-256 (hex) of dtype, shape and little-endian bytes of ``x``, then of ``y`` as int64."""
    digest = hashlib.sha256()
    for array in (samples.x, samples.y.astype(np.int64)):
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        digest.update(f"{array.dtype.name}{list(array.shape)}".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()


def _part(samples: Samples, indices: np.ndarray) -> Split:
    groups = None if samples.groups is None else samples.groups[indices]
    part = Split(samples.x[indices], samples.y[indices].astype(np.int64), groups)
    for array in (part.x, part.y, part.groups):
        if array is not None:
            array.setflags(write=False)
    return part


def _check(kit: Kit, samples: Samples, digest: str) -> None:
    x, y = samples.x, samples.y
    if x.shape[1:] != kit.input.shape:
        raise kit.refuse(("input", "shape"), f"is {list(kit.input.shape)} but the samples are {list(x.shape[1:])}")
    if x.dtype.name != kit.input.dtype:
        raise kit.refuse(("input", "dtype"), f"is {kit.input.dtype} but the samples are {x.dtype.name}")
    if len(x) != len(y) or not len(y):
        raise BadInput(f"{samples.source}: {len(x)} samples with {len(y)} labels")
    for name, said in (("groups", samples.groups), ("test", samples.test), ("validation", samples.validation)):
        if said is not None and said.shape != y.shape:
            raise BadInput(f"{samples.source}: {len(x)} samples with {name} of shape {list(said.shape)}")
    if kit.data.group_split and samples.groups is None:
        raise kit.refuse(("data", "group_split"), "the source does not say which samples belong together")
    if kit.data.own_test and samples.test is None:
        raise kit.refuse(("data", "own_test"), "the source has no test part of its own", "write test = 0.2 instead")
    if not np.isfinite(x).all():
        raise BadInput(f"{samples.source}: sample {np.argwhere(~np.isfinite(x))[0][0]} holds NaN or infinity")
    beyond = y[(y < 0) | (y >= len(kit.labels))]
    if len(beyond):
        raise kit.refuse(("labels",), f"names {len(kit.labels)} classes but the data have class {beyond[0]}")
    absent = sorted(set(range(len(kit.labels))) - set(y.tolist()))
    if absent:
        raise kit.refuse(
            ("labels",), f'no sample is of class "{kit.labels[absent[0]]}"', "add samples, or drop the label"
        )
    if kit.data.sha256 and digest != kit.data.sha256:
        raise kit.refuse(
            ("data", "sha256"),
            f"the samples are not those that the pass marks were set on: theirs is {digest}",
            "install the version of the data that the kit was made with, or measure again and write the new hash",
        )
