"""Files of a user into the kit's folder ``data``: found, labelled, converted, kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from toolchain.data.files.arrays import as_samples, read_npy, scaled
from toolchain.data.files.pictures import PICTURES, read_picture
from toolchain.data.own.edge_impulse import INFO, read_acquisition, read_info
from toolchain.data.own.store import LIST, Entry, Store, scaling, sha256_bytes
from toolchain.data.own.timed import at_rate, read_table, split_times
from toolchain.errors import BadInput, KitError
from toolchain.progress import Progress, Quiet
from toolchain.signal import AudioSettings, MotionSettings

if TYPE_CHECKING:
    from toolchain.kit import Kit

SOUNDS = (".wav", ".flac", ".ogg", ".aiff", ".aif")
TABLES = (".csv", ".parquet")
ACQUISITIONS = (".json", ".cbor")
_KNOWN = (*SOUNDS, *TABLES, *ACQUISITIONS, ".npy", *PICTURES)


@dataclass
class Imported:
    """What became of the files: kept, there already, equal to another of them, refused with the reason of each, and
    those in folders that are of no known type."""

    kept: list[Entry] = field(default_factory=list)
    known: list[Path] = field(default_factory=list)
    equal: list[Path] = field(default_factory=list)
    passed_over: list[Path] = field(default_factory=list)
    refused: dict[Path, str] = field(default_factory=dict)


def import_files(
    kit: Kit,
    paths: Sequence[Path],
    label: str | None = None,
    group: str | None = None,
    scale: Sequence[float] | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Every sound, table, picture and acquisition in ``paths`` (files, or folders with all in them).

    The label of a file is ``label``, else what ``info.labels`` says, else its folder's name, else the start of its name
    up to a dot, underscore, hyphen or digit, where that is a label of the kit. Its group is ``group``, else its name.
    Real values are multiplied by ``scale``, one number or one a column, and rounded. A file whose bytes are there
    already is left alone; one that cannot be read, or lacks half of its sound, is refused, and the rest goes on. Raises
    BadInput when nothing was found, or a label is unknown.
    """
    progress = progress or Quiet()
    progress.stage("import", f"into {kit.name}")
    if label is not None and label not in kit.labels:
        raise BadInput(f'"{label}" is no label of {kit.name}', f"labels: {', '.join(kit.labels)}")
    files, unknown = _found(paths)
    said = _said_labels(paths)
    store, done = Store(kit), Imported(passed_over=unknown)
    there = {entry.sha256: entry for entry in store.entries()}
    for number, path in enumerate(files, 1):
        progress.update(number, len(files), path.name)
        try:
            digest = sha256_bytes(path.read_bytes())
            of = label or said.get(path.resolve())
            if known := there.get(digest):
                if (of or path.parent.name) in set(kit.labels) - {known.label}:
                    raise BadInput(f'{path}: the same bytes are there as "{known.label}": {known.file}')
                (done.equal if known in done.kept else done.known).append(path)
                continue
            of = of or _label_of(path, kit)
            if of not in kit.labels:
                raise BadInput(f'{path}: "{of}" is no label of {kit.name}')
            changes: list[str] = []
            samples = read_file(path, kit, scale, changes.append)
            entry = Entry("", of, group or path.stem, path.name, digest, "; ".join(changes))
            there[digest] = store.add(of, _plain_name(path.stem), samples, entry)
            done.kept.append(there[digest])
        except (BadInput, OSError) as error:
            done.refused[path] = error.message if isinstance(error, KitError) else f"{path}: {error.strerror}"
    return done


def read_file(path: Path, kit: Kit, scale: Sequence[float] | None, note: Callable[[str], None]) -> np.ndarray:
    """A file as a recording of the kit: sound [n], motion [n, axes], else samples [n, *shape]. What is converted is
    told to ``note``. Raises BadInput when it cannot be."""
    suffix, signal = path.suffix.lower(), kit.signal
    if suffix in PICTURES:
        return read_picture(path, kit, lambda: 255, note)[np.newaxis]
    if suffix in SOUNDS:
        if not isinstance(signal, AudioSettings):
            raise BadInput(f"{path}: {kit.name} takes no sound")
        from toolchain.data.files.sound import cut_short, read_sound, there_of_sound

        there, promised = there_of_sound(path)
        if 2 * there < promised:
            raise BadInput(f"{path}: {cut_short(path)}, less than half")
        blocks = [block for _, block in read_sound(path, signal.rate, note)]
        made = np.concatenate(blocks) if blocks else np.zeros(0, np.int16)
    elif suffix == ".npy":
        made = as_samples(read_npy(path, kit.labels, note)[0], kit, str(path), note)
    else:
        rows = read_rows(path, note)
        if scale is not None:
            note(f"{path.name}: {scaling(scale)}")
        made = of_rows(rows, kit, scale, note)
    if not len(made):
        raise BadInput(f"{path}: there is nothing in it")
    return made


@dataclass(frozen=True, eq=False)
class Rows:
    """What is in a table or an acquisition: ``values`` float64 [n, axes], their ``times`` in seconds [n] and ``lines``
    of the file [n] where it has some."""

    path: Path
    values: np.ndarray
    times: np.ndarray | None
    lines: np.ndarray | None = None


def read_rows(path: Path, note: Callable[[str], None]) -> Rows:
    """A file of `TABLES` or `ACQUISITIONS`. Raises BadInput for what is none, Missing for a package that reads it."""
    if path.suffix.lower() in ACQUISITIONS:
        acquired = read_acquisition(path)
        return Rows(path, acquired.values, np.arange(len(acquired.values)) / acquired.rate)
    names, cells, lines = read_table(path, note)
    times, values = split_times(names, cells)
    if not values.size:
        raise BadInput(f"{path}: nothing in it but times")
    return Rows(path, values, times, lines)


def of_rows(rows: Rows, kit: Kit, scale: Sequence[float] | None, note: Callable[[str], None]) -> np.ndarray:
    """``rows`` as a recording of ``kit``, at its rate, values times ``scale``. Raises BadInput when they cannot be."""
    rate = kit.signal.rate if isinstance(kit.signal, AudioSettings | MotionSettings) else None
    if wrong := "; ".join(_unlike(rows.values, kit, scale)):
        raise BadInput(f"{rows.path}: {wrong}")
    values = scaled(
        at_rate(rows.path, rows.times, rows.values, rows.lines, rate, note), scale, kit.input.dtype, str(rows.path)
    )
    return as_samples(values, kit, str(rows.path), lambda _: None)


def _unlike(values: np.ndarray, kit: Kit, scale: Sequence[float] | None) -> Iterator[str]:
    """All that keeps ``values`` [n, axes] of a table from the kit, in the same words for each file that has it."""
    if isinstance(kit.signal, MotionSettings) and values.shape[1] != kit.signal.axes:
        yield f"{values.shape[1]} columns of values; the kit takes {kit.signal.axes} axes a row"
    if np.dtype(kit.input.dtype).kind in "iu" and scale is None:
        known = values[np.isfinite(values)]
        if (known != np.round(known)).any():
            steps = "give --scale, the raw steps of one unit: 2048 for g of a sensor of ±16 g, or one number a column"
            yield f"values that are no whole numbers; the kit takes {kit.input.dtype}: {steps}"


def _found(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The files to be imported, and those in folders that are of no known type."""
    files: list[Path] = []
    unknown: list[Path] = []
    for path in paths:
        if path.is_dir():
            for p in sorted(path.rglob("*")):
                hidden = any(part.startswith(".") for part in p.relative_to(path).parts)
                if not hidden and p.name not in (LIST, INFO) and p.is_file():
                    (files if p.suffix.lower() in _KNOWN else unknown).append(p)
        elif not path.exists():
            raise BadInput(f"{path}: no such file or folder", "name files, or folders with files in them")
        elif not path.is_file():
            raise BadInput(f"{path}: neither a file nor a folder", "name files, or folders with files in them")
        elif path.name != INFO:
            if path.suffix.lower() not in _KNOWN:
                raise BadInput(f"{path}: of no known type", f"known: {', '.join(_KNOWN)}")
            files.append(path)
    if not files:
        raise BadInput(f"{', '.join(map(str, paths))}: no file in it is known", f"known: {', '.join(_KNOWN)}")
    return files, unknown


def _said_labels(paths: Sequence[Path]) -> dict[Path, str]:
    said: dict[Path, str] = {}
    for path in paths:
        lists: Iterator[Path] = path.rglob(INFO) if path.is_dir() else iter([path] if path.name == INFO else [])
        for one in lists:
            said.update({file.resolve(): label for file, label in read_info(one).items()})
    return said


def _label_of(path: Path, kit: Kit) -> str:
    if path.parent.name in kit.labels:
        return path.parent.name
    for mark in ("._-0123456789", ".", "_", "-"):
        start = path.name
        for character in mark:
            start = start.split(character)[0]
        if start in kit.labels:
            return start
    raise BadInput(f"{path}: of which class is not known", f"--label NAME, or a folder called {', '.join(kit.labels)}")


def _plain_name(stem: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in stem).strip(".")[:80] or "recording"
