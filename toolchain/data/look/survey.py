"""What a kit's data are, and what is odd about them: to be looked at before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toolchain.data.look.oddities import (
    ClassFigures,
    Odd,
    converted,
    of_classes,
    of_split,
    of_units,
    short,
    strangers,
)
from toolchain.data.own.store import FOLDER, Store
from toolchain.data.sources import Samples, load_samples
from toolchain.data.sources.folder import cut_windows
from toolchain.errors import BadInput
from toolchain.progress import Progress, Quiet
from toolchain.signal import AudioSettings, MotionSettings

if TYPE_CHECKING:
    from toolchain.kit import Kit


@dataclass(frozen=True, eq=False)
class Survey:
    """``units`` are the recordings [samples, …], or the samples of a source, each with its ``names`` and class number
    ``y``."""

    kit: Kit
    source: str
    licence: str
    classes: tuple[ClassFigures, ...]
    odd: tuple[Odd, ...]
    units: Sequence[np.ndarray] | np.ndarray
    names: Sequence[str]
    y: np.ndarray
    groups: np.ndarray | None

    def as_json(self) -> dict[str, Any]:
        """The object that ``kit data show --json`` prints."""
        return {
            "kit": self.kit.name,
            "source": self.source,
            "licence": self.licence,
            "sample_seconds": seconds(self.kit, self.kit.input.shape[0]),
            "samples": sum(c.samples for c in self.classes),
            "classes": [asdict(c) for c in self.classes],
            "odd": [asdict(odd) for odd in self.odd],
        }


def survey(kit: Kit, progress: Progress | None = None) -> Survey:
    """Read all data of ``kit``. What cannot be read of the user's own recordings is one of the odd things.

    Raises `BadInput` when there are none at all, and what `load_samples` raises.
    """
    progress = progress or Quiet()
    progress.stage("read", f"data of {kit.name}")
    if kit.data.source == "folder":
        return _own(kit, progress)
    samples = load_samples(kit, progress)
    names = [f"sample {i}" for i in range(len(samples.y))]
    counts = np.bincount(samples.y, minlength=len(kit.labels))
    figures = tuple(
        ClassFigures(
            label,
            int(counts[c]),
            None,
            None if samples.groups is None else len(np.unique(samples.groups[samples.y == c])),
            None,
        )
        for c, label in enumerate(kit.labels)
    )
    odd = (*of_units(kit, samples.x, names, samples.y), *of_classes(kit, figures, samples.y, samples.groups))
    return Survey(
        kit, samples.source, samples.licence, figures, (*odd, *of_split(kit, samples)),
        samples.x, names, samples.y, samples.groups,
    )  # fmt: skip


def _own(kit: Kit, progress: Progress) -> Survey:
    store = Store(kit)
    entries, units, unread = [], [], []
    listed = store.entries()
    for number, entry in enumerate(listed, 1):
        progress.update(number, len(listed), entry.file)
        try:
            units.append(store.read(entry))
            entries.append(entry)
        except BadInput as error:
            unread.append((entry.file, error.message))
    if not listed:
        raise BadInput(
            f"{store.folder} holds no recording of {', '.join(kit.labels)}",
            f"kit data import FILE … --kit {kit.folder} puts them there",
        )
    names = [entry.file for entry in entries]
    y = np.array([kit.labels.index(entry.label) for entry in entries], np.int64)
    overlap = kit.data.settings.get("overlap", 0.0)
    windows = [len(cut_windows(unit, kit.input.shape, overlap)) for unit in units]
    of_each = np.repeat(y, windows)
    groups = np.repeat(np.array([entry.group for entry in entries]), windows)
    counts = np.bincount(of_each, minlength=len(kit.labels))
    lengths = [seconds(kit, len(unit)) for unit in units]
    figures = tuple(
        ClassFigures(
            label,
            int(counts[c]),
            int(np.sum(y == c)),
            len(np.unique(groups[of_each == c])),
            None if None in lengths else round(sum(s or 0.0 for s, of in zip(lengths, y, strict=True) if of == c), 3),
        )
        for c, label in enumerate(kit.labels)
    )
    odd = [
        *(Odd("unreadable", f"not used: {message}", (file,)) for file, message in unread),
        *strangers(store),
        *converted([entry.changes for entry in entries], names),
        *short(kit, units, names),
        *of_units(kit, units, names, y),
        *of_classes(kit, figures, of_each, groups),
    ]
    if units:
        x = np.concatenate([cut_windows(unit, kit.input.shape, overlap) for unit in units])
        odd += of_split(kit, Samples(x, of_each, "", "", groups))
    source = f"{len(entries)} recordings in {kit.name}/{FOLDER}"
    own = np.array([entry.group for entry in entries])
    return Survey(kit, source, "the user's own", figures, tuple(odd), units, names, y, own)


def seconds(kit: Kit, count: int) -> float | None:
    """Duration of ``count`` samples, None for what has none, or a rate that the kit does not name."""
    rate = kit.signal.rate if isinstance(kit.signal, AudioSettings | MotionSettings) else None
    return count / rate if rate else None
