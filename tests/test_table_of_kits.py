"""The README's table of kits, written a kit at a time."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[1] / "benchmarks" / "kits.py"))
HEAD, README, with_lines = SCRIPT["HEAD"], SCRIPT["README"], SCRIPT["with_lines"]


def table(*rows: str) -> str:
    return "\n".join(["before", "<!-- kits -->", *HEAD, *rows, "<!-- /kits -->", "after"])


def test_a_line_takes_the_place_of_the_old_one_or_is_put_in_where_it_belongs() -> None:
    old = table("| `digits` | 1 |", "| `motion` | 2 |")
    new = with_lines(old, {"motion": "| `motion` | 3 |", "fashion": "| `fashion` | 4 |"})
    assert new == table("| `digits` | 1 |", "| `fashion` | 4 |", "| `motion` | 3 |")


def test_the_readme_has_such_a_table() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_lines(text, {}) == text
    assert with_lines(text, {"digits": "| `digits` | x |"}).count("| `digits` | x |") == 1
