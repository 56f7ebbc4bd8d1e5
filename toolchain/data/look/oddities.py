"""What is odd about data: clipped, silent, doubled, one-sided, unequal, of another rate."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from toolchain.data.own.store import FOLDER, Store
from toolchain.data.split import divide
from toolchain.errors import BadInput
from toolchain.signal import AudioSettings, MotionSettings

if TYPE_CHECKING:
    from toolchain.data.sources import Samples
    from toolchain.kit import Kit

#: Part of a recording's values at the ends of its range from which it counts as clipped.
_CLIPPED = 0.001
#: Root mean square of a sound, of a full scale of 32768, below which it counts as silent: -60 dB.
_SILENT = 33
#: Part of a class's samples that are of one recording or person from which that is told.
_ONE_SIDED = 0.8
#: How many times as many samples the greatest class has as the least one, from which that is told.
_UNEQUAL = 5
_NAMED = 3  # files that a line names


@dataclass(frozen=True)
class ClassFigures:
    """``recordings`` are files where the data are the user's own; ``groups`` people, voices or recordings where they
    are known; ``seconds`` the length of all recordings."""

    label: str
    samples: int
    recordings: int | None
    groups: int | None
    seconds: float | None


@dataclass(frozen=True)
class Odd:
    """One thing that is odd: ``kind`` for programs, ``text`` for people, and the recordings or samples it is about."""

    kind: str
    text: str
    names: tuple[str, ...] = ()


def _told(kind: str, text: str, names: Sequence[str]) -> Iterator[Odd]:
    """``text`` with how many and which in place of {}."""
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        what = "sample" if names[0].startswith("sample ") else "recording"
        count = f"{len(names)} {what}{'s' if len(names) > 1 else ''}"
        yield Odd(kind, f"{count} {text}: {', '.join(names[:_NAMED])}{more}", tuple(names))


def of_units(kit: Kit, units: Sequence[np.ndarray] | np.ndarray, names: Sequence[str], y: np.ndarray) -> Iterator[Odd]:
    """Clipped, silent and equal ones."""
    clipped, constant, silent = [], [], []
    same: dict[bytes, list[int]] = defaultdict(list)
    over_time = isinstance(kit.signal, AudioSettings | MotionSettings)
    hears = isinstance(kit.signal, AudioSettings)
    quiet = {kit.labels.index(label) for label in kit.postprocessing.ignored}
    limits = np.iinfo(kit.input.dtype) if np.dtype(kit.input.dtype).kind in "iu" else None
    for i, unit in enumerate(units):
        same[hashlib.sha1(np.ascontiguousarray(unit).tobytes(), usedforsecurity=False).digest()].append(i)
        low, high = unit.min(), unit.max()
        if low == high:
            if y[i] not in quiet:
                constant.append(names[i])
        elif over_time and limits and (low == limits.min or high == limits.max):
            if np.mean((unit == limits.min) | (unit == limits.max)) >= _CLIPPED:
                clipped.append(names[i])
        elif hears and y[i] not in quiet and np.sqrt(np.mean(unit.astype(np.float32) ** 2)) < _SILENT:
            silent.append(names[i])
    yield from _told("clipped", "clipped", clipped)
    yield from _told("constant", "of one value throughout", constant)
    yield from _told("silent", "silent (below -60 dB of full scale)", silent)
    twice = [which for which in same.values() if len(which) > 1]
    across = [which for which in twice if len(set(y[which].tolist())) > 1]
    for which in across[:_NAMED]:
        labels = " and ".join(dict.fromkeys(kit.labels[y[i]] for i in which))
        named = tuple(names[i] for i in which)
        yield Odd("duplicate", f"the same data as {labels}: {', '.join(named[:_NAMED])}", named)
    if len(across) > _NAMED:
        yield Odd("duplicate", f"{len(across) - _NAMED} more that are the same under two labels")
    yield from _told("duplicate", "the same as one before", [names[i] for which in twice for i in which[1:]])


def of_classes(kit: Kit, figures: Sequence[ClassFigures], y: np.ndarray, groups: np.ndarray | None) -> Iterator[Odd]:
    """``y`` and ``groups`` are of each sample."""
    for c, found in enumerate(figures):
        if not found.samples:
            yield Odd("empty", f'no sample is of class "{found.label}"')
        elif found.samples == 1:
            yield Odd("single", f'class "{found.label}" has one sample')
        elif groups is not None:
            name, count = Counter(groups[y == c].tolist()).most_common(1)[0]
            if count >= _ONE_SIDED * found.samples:
                share = round(100 * count / found.samples)
                yield Odd("one-sided", f'{share} % of class "{found.label}" are of one recording or person: {name}')
    there = sorted((f for f in figures if f.samples), key=lambda f: f.samples)
    if there and there[-1].samples >= _UNEQUAL * there[0].samples:
        least, most = there[0], there[-1]
        text = f'very unequal classes: "{most.label}" has {most.samples:,} samples, "{least.label}" {least.samples:,}'
        yield Odd("unequal", text)


def of_split(kit: Kit, samples: Samples) -> Iterator[Odd]:
    """Whether they can be divided into training, validation and test samples."""
    try:
        divide(kit, samples)
    except BadInput as error:
        yield Odd("split", f"kit train will refuse them: {error.message}")


def short(kit: Kit, units: Sequence[np.ndarray], names: Sequence[str]) -> Iterator[Odd]:
    if isinstance(kit.signal, AudioSettings | MotionSettings):
        length = kit.input.shape[0]
        short = [name for unit, name in zip(units, names, strict=True) if len(unit) < length]
        yield from _told("short", f"shorter than a window of {length:,} samples (silence is put around)", short)


def converted(changes: Sequence[str], names: Sequence[str]) -> Iterator[Odd]:
    """What was of another rate before it was imported: one finding, of however many rates."""
    rates: dict[str, float] = {}
    which = []
    for said, name in zip(changes, names, strict=True):
        if found := re.search(r"(([\d,.]+) (?:Hz|samples a second)),? resampled", said):
            rates[found[1]] = float(found[2].replace(",", ""))
            which.append(name)
    order = sorted(rates, key=rates.__getitem__)
    said = f"{order[0]} to {order[-1]}, {len(order)} rates" if len(order) > 1 else "".join(order)
    yield from _told("rate", f"of another rate than the kit's, resampled from {said}", which)


def strangers(store: Store) -> Iterator[Odd]:
    """Folders that are no label, and files of another kind than the kit keeps."""
    for folder in sorted(path for path in store.folder.iterdir() if path.is_dir()):
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        names = tuple(path.relative_to(store.folder).as_posix() for path in files)
        if folder.name not in store.kit.labels:
            text = f"{FOLDER}/{folder.name} is no label of the kit: {len(files)} files in it are not used"
            yield Odd("stranger", text, names)
        else:
            others = [name for name, path in zip(names, files, strict=True) if path.suffix != store.suffix]
            yield from _told("stranger", f"not {store.suffix} and not used; kit data import converts them", others)
