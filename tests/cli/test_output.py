"""Progress where stderr is no terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from toolchain.cli.output import Lines, Output
from toolchain.cli.tables import pairs

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("every", "lines"), [(0.0, ["run: kws on esp32", "  1 of 10: slow", "  2 of 10", "  22 %"]), (60.0, 1)]
)
def test_a_long_stage_says_how_far_it_is(monkeypatch, every, lines):
    monkeypatch.setattr(Lines, "EVERY", every)
    text = io.StringIO()
    progress = Lines(Console(file=text))
    progress.stage("run", "kws on esp32")
    progress.update(1, 10, "slow")
    progress.update(2, 10)
    progress.update(2.25, 10)
    said = text.getvalue().splitlines()
    assert said == lines if isinstance(lines, list) else len(said) == lines


def test_a_table_in_a_file_has_no_blanks_at_the_end_of_its_lines():
    text = io.StringIO()
    Output(text, json_wanted=False).result({}, pairs("title", [("long", "x" * 60), ("short", "y")]))
    assert text.getvalue() == f"title\n  long     {'x' * 60}\n  short    y\n"


def test_an_error_moves_no_cursor(capsys):
    """The name of a file, and what a broken program says, can hold whatever a terminal obeys."""
    Output(io.StringIO(), json_wanted=False).error("a\x1b[2J\x07b\n[red]c", "\x9b1Ad", 2)
    assert capsys.readouterr().err == "error: a?[2J?b [red]c\nhint:  ?1Ad\n"
