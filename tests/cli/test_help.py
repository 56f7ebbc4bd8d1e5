"""Help: quick, complete, with an example in each."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
import rich_click as click
from click.testing import CliRunner

from tests.timing import least_seconds
from toolchain.cli.app import COMMANDS, kit

pytestmark = pytest.mark.unit


@pytest.mark.timed
def test_help_takes_half_a_second_and_imports_nothing_heavy():
    script = (
        "import sys; from toolchain.cli.app import run; status = run(['--help']);"
        "heavy = {'tensorflow', 'numpy', 'sklearn', 'pydantic', 'esptool', 'serial'} & set(sys.modules);"
        "sys.exit(repr(heavy) if heavy or status else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True
    )  # which compiles, the first time
    assert done.returncode == 0, done.stderr
    assert least_seconds(0.5, lambda: subprocess.run([sys.executable, "-c", script], stdout=subprocess.DEVNULL)) <= 0.5
    for name in COMMANDS:
        assert f" {name} " in done.stdout


def _commands() -> list[tuple[str, ...]]:
    """Every command, those of a group by both words."""
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = importlib.import_module(f"toolchain.cli.{name.replace('-', '_')}").entry
        found += [(name, inner) for inner in command.commands] if isinstance(command, click.Group) else [(name,)]
    return found


@pytest.mark.parametrize("words", _commands(), ids=" ".join)
def test_each_command_has_help_with_an_example(words):
    shown = CliRunner().invoke(kit, [*words, "--help"])
    assert shown.exit_code == 0, shown.output
    assert "Example" in shown.output and f"kit {' '.join(words)}" in shown.output
    assert "--json" in shown.output and "--quiet" in shown.output
