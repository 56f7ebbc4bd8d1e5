"""Progress where stderr is no terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from toolchain.cli.output import Lines

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("every", "lines"), [(0.0, ["run: kws on esp32", "  1 of 10: slow", "  2 of 10"]), (60.0, 1)])
def test_a_long_stage_says_how_far_it_is(monkeypatch, every, lines):
    monkeypatch.setattr(Lines, "EVERY", every)
    text = io.StringIO()
    progress = Lines(Console(file=text))
    progress.stage("run", "kws on esp32")
    progress.update(1, 10, "slow")
    progress.update(2, 10)
    said = text.getvalue().splitlines()
    assert said == lines if isinstance(lines, list) else len(said) == lines
