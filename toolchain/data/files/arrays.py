"""Numbers from files as raw samples of a kit: converted where nothing is lost by it, refused otherwise."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from toolchain.data.files.delimited import Rows, columns_differ, delimiter_of, with_points
from toolchain.errors import BadInput
from toolchain.signal import AudioSettings, MotionSettings

if TYPE_CHECKING:
    from toolchain.kit import Kit

_TIMES = ("time", "timestamp", "t", "seconds", "ms", "index")
_TRUTHS = ("label", "truth", "class")

#: A table [rows, columns] or an array of any shape, and the truth of each row where it has one.
Read = tuple[np.ndarray, list[int | None] | None]


def read_csv(path: Path, labels: Sequence[str], note: Callable[[str], None]) -> Read:
    """Rows of numbers, split by comma, semicolon or tab; a first line of names is taken as such. Decimal commas are
    read where semicolons or tabs split, and said. A column of times is left out and said, one called ``label`` is the
    truth. Raises BadInput with the line that is wrong."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not UTF-8 text", "save it as CSV in UTF-8") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    delimiter = delimiter_of(text.partition("\n")[0])
    try:
        rows: Rows = [
            (n, row) for n, row in enumerate(csv.reader(text.splitlines(), delimiter=delimiter), 1) if any(row)
        ]
    except csv.Error as error:
        raise BadInput(f"{path}: no table: {error}") from None
    rows = with_points(path, rows, delimiter, note)
    names = [cell.strip().lower() for cell in rows[0][1]] if rows and not _number(rows[0][1][-1]) else []
    rows = rows[1:] if names else rows
    if not rows:
        raise BadInput(f"{path}: no numbers in it", "a row of numbers a sample")
    width = len(names or rows[0][1])
    times = [i for i, name in enumerate(names) if name in _TIMES]
    truth = next((i for i, name in enumerate(names) if name in _TRUTHS), None)
    if times:
        note(f"{path.name}: column {', '.join(names[i] for i in times)} left out")
    values, truths = [], []
    for line, row in rows:
        if len(row) != width:
            raise columns_differ(path, line, len(row), width, delimiter)
        numbers = [cell for i, cell in enumerate(row) if i != truth and i not in times]
        wrong = next((cell for cell in numbers if not _number(cell)), None)
        if wrong is not None:
            raise BadInput(f"{path}, line {line}: {wrong!r} is no number")
        values.append([float(cell) for cell in numbers])
        if truth is not None:
            truths.append(labels.index(row[truth].strip()) if row[truth].strip() in labels else None)
    return np.array(values), truths if truth is not None else None


def _number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def read_npy(path: Path, labels: Sequence[str], note: Callable[[str], None]) -> Read:
    """The array of an ``.npy`` file. Raises BadInput when it is none of numbers."""
    try:
        array = np.load(path, allow_pickle=False)
    except Exception as error:  # of a damaged header: TokenError, MemoryError, whatever evaluates it
        raise BadInput(f"{path}: no array of numbers: {error}", "write it with numpy.save") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or not array.size or not array.ndim:
        raise BadInput(f"{path}: no array of numbers", "write it with numpy.save")
    return array, None


def as_samples(array: np.ndarray, kit: Kit, name: str, note: Callable[[str], None]) -> np.ndarray:
    """``array`` as raw samples of ``kit``: sound [n], motion [n, axes], else [n, *shape]. Raises BadInput for another
    shape, or values that the kit's type does not hold."""
    return _shaped(_typed(array, kit.input.dtype, name, note), kit, name, note)


def scaled(values: np.ndarray, scale: Sequence[float] | None, dtype: str, name: str) -> np.ndarray:
    """``values`` [n, columns] times ``scale``, one number or one a column, rounded where ``dtype`` is of whole numbers.
    Raises BadInput for another number of columns."""
    if scale is not None:
        if len(scale) not in (1, values.shape[-1]):
            raise BadInput(f"{name}: {values.shape[-1]} columns of values; --scale has {len(scale)} numbers")
        with np.errstate(over="ignore"):  # infinity is refused by its file's name
            values = values * np.asarray(scale)
    return np.round(values) if np.dtype(dtype).kind in "iu" else values


def _typed(array: np.ndarray, dtype: str, name: str, note: Callable[[str], None]) -> np.ndarray:
    wanted = np.dtype(dtype)
    if array.dtype == wanted:
        return array
    if not np.isfinite(array).all():
        raise BadInput(f"{name}: holds NaN or infinity")
    if wanted.kind in "iu":
        limits = np.iinfo(wanted)
        beyond = (array < limits.min) | (array > limits.max)
        if beyond.any():
            column = f" in column {np.nonzero(beyond)[1][0] + 1}" if array.ndim == 2 else ""
            raise BadInput(
                f"{name}: {array[beyond][0]:g}{column} is beyond {dtype}, which the kit takes",
                "give the raw values, or of a table another --scale: one number, or one a column",
            )
        broken = array[array != np.round(array)]
        if broken.size:
            raise BadInput(
                f"{name}: {broken[0]:g} is no whole number; the kit takes {dtype}",
                "give the raw values, or of a table --scale",
            )
    note(f"{name}: {array.dtype.name} taken as {dtype}")
    return array.astype(wanted)


def _shaped(array: np.ndarray, kit: Kit, name: str, note: Callable[[str], None]) -> np.ndarray:
    shape, signal = kit.input.shape, kit.signal
    if isinstance(signal, AudioSettings):
        if array.ndim and array.size == max(array.shape):
            return array.reshape(-1)
        raise BadInput(f"{name}: of shape {list(array.shape)}, the kit takes one channel", "give one column of samples")
    if isinstance(signal, MotionSettings):
        if array.ndim == 3:  # windows
            array = array.reshape(-1, array.shape[2])
        if array.ndim == 2 and array.shape[1] == signal.axes:
            return array
        raise BadInput(f"{name}: of shape {list(array.shape)}, the kit takes {signal.axes} axes a row")
    size = math.prod(shape)
    if array.shape[1:] == shape or array.shape == shape:
        return array.reshape(-1, *shape)
    if array.ndim == 2 and array.shape[1] == size:  # a row a sample
        return array.reshape(-1, *shape)
    if array.ndim == 2 and array.shape[1:] == shape[1:] and len(shape) == 2 and len(array) >= shape[0]:
        rest = len(array) % shape[0]
        if rest:
            note(f"{name}: the last {rest} rows are no whole window of {shape[0]} and left out")
        return array[: len(array) - rest].reshape(-1, *shape)
    squeezed = tuple(d for d in shape if d != 1)
    if squeezed in (array.shape, array.shape[1:]):
        note(f"{name}: {list(array.shape)} taken as samples of {list(shape)}")
        return array.reshape(-1, *shape)
    raise BadInput(
        f"{name}: of shape {list(array.shape)}, the kit takes samples of {list(shape)}",
        f"give rows of {size} numbers, or an .npy of [n, {', '.join(map(str, shape))}]",
    )
