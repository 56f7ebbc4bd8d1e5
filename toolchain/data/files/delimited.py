"""Tables as text: what splits their columns, and numbers with a decimal comma, as spreadsheets write them in much of
Europe."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from toolchain.errors import BadInput

_COMMA = re.compile(r"\s*[+-]?\d*,\d+(e[+-]?\d+)?\s*", re.IGNORECASE)
_POINT = re.compile(r"\s*[+-]?\d*\.\d+(e[+-]?\d+)?\s*", re.IGNORECASE)

#: Lines of a table: the number of each in its file, from 1, and its cells.
Rows = Sequence[tuple[int, list[str]]]


def delimiter_of(first: str) -> str:
    """What splits the columns of a table with this first line: a semicolon or a tab wherever there is one outside of
    quotes, for a comma beside them is a decimal comma."""
    plain = re.sub(r'"[^"]*"', "", first)
    return next((each for each in ";\t" if each in plain), ",")


def with_points(path: Path, rows: Rows, delimiter: str, note: Callable[[str], None]) -> Rows:
    """``rows`` with decimal commas made points, which is told to ``note``. Between commas nothing is done, for there
    nobody can tell. Raises BadInput where a table has numbers of both kinds."""
    if delimiter == "," or not any(_COMMA.fullmatch(cell) for _, row in rows for cell in row):
        return rows
    for line, row in rows:
        for cell in row:
            if _POINT.fullmatch(cell):
                raise BadInput(
                    f"{path}, line {line}: {cell.strip()!r} has a decimal point, other numbers have a decimal comma",
                    "write all with points",
                )
    note(f"{path.name}: decimal commas read as points")
    return [(line, [c.replace(",", ".") if _COMMA.fullmatch(c) else c for c in row]) for line, row in rows]


def columns_differ(path: Path, line: int, found: int, wanted: int, delimiter: str) -> BadInput:
    """The error for a line with another number of columns than the first one."""
    commas = delimiter == "," and found == 2 * wanted
    hint = "are these decimal commas? Write points, or split the columns by semicolons" if commas else ""
    return BadInput(f"{path}, line {line}: {found} columns, the first line has {wanted}", hint)
