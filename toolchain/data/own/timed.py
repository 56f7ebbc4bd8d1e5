"""Rows with time stamps to rows at a fixed rate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from toolchain.data.files.delimited import columns_differ, delimiter_of, with_points
from toolchain.errors import BadInput, Missing

_TIMES = {"time": 0.0, "timestamp": 0.0, "t": 0.0, "seconds": 1.0, "s": 1.0, "ms": 1e-3, "time_ms": 1e-3, "us": 1e-6}
_LARGEST_GAP = 10  # usual steps of time: over that the recording has a hole in it
_SLOWEST, _FASTEST = 0.05, 2000.0  # times the wanted rate: beyond, the unit of the times is another one


def read_table(path: Path, note: Callable[[str], None]) -> tuple[list[str], np.ndarray, np.ndarray | None]:
    """Names of the columns (lower case) and rows of a CSV or Parquet file, float64, text as NaN; the line of each row
    of a CSV. Decimal commas are told to ``note``.

    Raises BadInput for what is no table, Missing without pyarrow for Parquet."""
    if path.suffix.lower() == ".parquet":
        try:
            from pyarrow import ArrowException, parquet
        except ImportError:
            raise Missing("Parquet files need pyarrow, which is not installed", "pip install pyarrow") from None
        try:
            table = parquet.read_table(path)
            columns = [_parquet_column(c) for c in table.columns]
        except (ArrowException, OSError, TypeError, ValueError) as error:
            raise BadInput(f"{path}: no table of numbers: {error}") from None
        for name, column in zip(table.column_names, columns, strict=True):
            if column.ndim != 1:
                raise BadInput(f"{path}: column {name!r} holds lists", "write a column for each of their values")
        if not columns:
            raise BadInput(f"{path}: no numbers in it")
        return [name.lower() for name in table.column_names], np.stack(columns, axis=1), None
    try:
        text = path.read_bytes().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not UTF-8 text", "save it as CSV in UTF-8") from None
    lines = [(number, line) for number, line in enumerate(text, 1) if line.strip()]
    if not lines:
        raise BadInput(f"{path}: it is empty")
    delimiter = delimiter_of(lines[0][1])
    table = with_points(path, [(number, _cells(line, delimiter)) for number, line in lines], delimiter, note)
    first = table[0][1]
    has_names = any(np.isnan(_numbers(first)))
    rows = table[1:] if has_names else table
    for number, row in rows:
        if len(row) != len(first):
            raise columns_differ(path, number, len(row), len(first), delimiter)
    names = [name.lower() for name in first] if has_names else [f"column {i}" for i in range(1, len(first) + 1)]
    if not rows:
        raise BadInput(f"{path}: no numbers in it")
    numbers = np.array([_numbers(row) for _, row in rows])
    return names, numbers, np.array([number for number, _ in rows])


def _parquet_column(column: Any) -> np.ndarray:
    """As float64; points in time as microseconds from the first."""
    from pyarrow import int64, timestamp, types

    if types.is_timestamp(column.type) and len(column):
        column = column.cast(timestamp("us", column.type.tz), safe=False).cast(int64())
        start = column[0].as_py() or 0
        return np.asarray([np.nan if v is None else v - start for v in column.to_pylist()], np.float64)
    return np.asarray(column.to_pylist(), np.float64)


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(delimiter)]


def _numbers(cells: list[str]) -> list[float]:
    made = []
    for cell in cells:
        try:
            made.append(float(cell))
        except ValueError:
            made.append(np.nan)
    return made


def split_times(names: list[str], rows: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Seconds [n] of the column of times, None without one, and the other columns [n, axes]."""
    column = next((i for i, name in enumerate(names) if name in _TIMES), None)
    if column is None:
        return None, rows
    times, unit = rows[:, column], _TIMES[names[column]]
    if not unit:  # "time" may be anything: a step of a whole number or more is of milli- or microseconds
        usual = float(np.median(np.abs(np.diff(times)))) if len(times) > 1 else 0.0
        unit = 1.0 if usual < 0.5 else 1e-3 if usual < 1000 else 1e-6
    return times * unit, np.delete(rows, column, axis=1)


def at_rate(
    path: Path,
    times: np.ndarray | None,
    values: np.ndarray,
    lines: np.ndarray | None,
    rate: float | None,
    note: Callable[[str], None],
) -> np.ndarray:
    """``values`` [n, axes] at ``rate`` samples a second, where ``times`` in seconds and the rate are known. ``lines``
    [n] are those of the file where it has some.

    Single missing values are interpolated, equal times averaged, both told to ``note``. Raises BadInput, with the line,
    for a time that goes back, a hole of more than `_LARGEST_GAP` steps, times of another unit, or more than one value
    in a hundred missing.
    """
    values = _mended(path, values, lines, note)
    if times is None:
        return values
    if rate is None:
        note(f"{path.name}: the kit names no rate, so the times are left out")
        return values
    bad = np.flatnonzero(~np.isfinite(times))
    if len(bad):
        raise BadInput(f"{path}, {_place(lines, bad[0])}: no time")
    steps = np.diff(times)
    back = np.flatnonzero(steps < 0)
    if len(back):
        raise BadInput(f"{path}, {_place(lines, back[0] + 1)}: the time goes back", "split the file there, or sort it")
    times, values = _without_equal(path, times, values, steps, note)
    if len(times) < 2:
        raise BadInput(f"{path}: fewer than two times")
    usual = float(np.median(np.diff(times)))
    hole = np.flatnonzero(np.diff(times) > _LARGEST_GAP * usual)
    if len(hole):
        raise BadInput(
            f"{path}: a hole of {np.diff(times)[hole[0]]:.2f} s at {times[hole[0]] - times[0]:.2f} s", "split it there"
        )
    if not _SLOWEST <= 1 / (usual * rate) <= _FASTEST:
        raise BadInput(
            f"{path}: {1 / usual:.4g} samples a second, where the kit takes {rate:g}",
            "name the column of the times by its unit: seconds, ms or us",
        )
    if abs(usual * rate - 1) > 0.01 or np.abs(np.diff(times) * rate - 1).max() > 0.05:
        note(f"{path.name}: {1 / usual:.4g} samples a second, resampled to {rate:g}")
    wanted = times[0] + np.arange(int((times[-1] - times[0]) * rate + 1e-6) + 1) / rate
    return _resampled(times, values, wanted, usual, rate)


def _resampled(times: np.ndarray, values: np.ndarray, wanted: np.ndarray, usual: float, rate: float) -> np.ndarray:
    """By a low pass below half the lower rate where the rate falls, then linear interpolation at ``wanted`` times."""
    if 1 / usual > 1.05 * rate:
        from scipy.signal import butter, sosfiltfilt

        even = np.arange(times[0], times[-1] + usual / 2, usual)
        values = np.stack([np.interp(even, times, column) for column in values.T], axis=1)
        times = even
        low_pass = butter(4, 0.8 * rate * usual, output="sos")  # 0.4 of the new rate, in halves of the old one
        if len(values) > 30:
            values = sosfiltfilt(low_pass, values, axis=0)
    return np.stack([np.interp(wanted, times, column) for column in values.T], axis=1)


def _place(lines: np.ndarray | None, row: int) -> str:
    return f"sample {row + 1}" if lines is None else f"line {lines[row]}"


def _mended(path: Path, values: np.ndarray, lines: np.ndarray | None, note: Callable[[str], None]) -> np.ndarray:
    missing = ~np.isfinite(values)
    if not missing.any():
        return values
    place = _place(lines, int(np.flatnonzero(missing.any(axis=1))[0]))
    if missing.mean() > 0.01 or missing.all(axis=0).any():
        raise BadInput(f"{path}, {place}: {missing.sum()} values are missing or no numbers", "mend the file")
    note(f"{path.name}: {missing.sum()} missing values interpolated, the first in {place}")
    mended, at = values.copy(), np.arange(len(values))
    for column, gaps in zip(mended.T, missing.T, strict=True):
        column[gaps] = np.interp(at[gaps], at[~gaps], column[~gaps])
    return mended


def _without_equal(
    path: Path, times: np.ndarray, values: np.ndarray, steps: np.ndarray, note: Callable[[str], None]
) -> tuple[np.ndarray, np.ndarray]:
    if not (steps == 0).any():
        return times, values
    note(f"{path.name}: {(steps == 0).sum()} rows have the time of the row before; averaged")
    different, number = np.unique(times, return_inverse=True)
    counts = np.bincount(number)[:, np.newaxis]
    return different, np.stack([np.bincount(number, column) for column in values.T], axis=1) / counts
