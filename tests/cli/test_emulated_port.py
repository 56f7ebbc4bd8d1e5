"""The port of an emulated board is named only where somebody can use it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from tests.evaluate.example import example_test
from toolchain import connection
from toolchain.cli.app import run
from toolchain.cli.tables import deployment

pytestmark = pytest.mark.unit


def test_the_port_is_shown_while_the_emulator_lives() -> None:
    console, result = Console(width=120), example_test()

    def shown(goes_on: bool) -> str:
        with console.capture() as captured:
            console.print(deployment(result, goes_on))
        return captured.get()

    assert result.emulated and result.port in shown(True)
    assert result.port not in shown(False) and "  port  " not in shown(False)


def test_monitor_says_that_the_board_can_be_emulated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(connection, "attached_ports", lambda: [])
    assert run(["monitor", "--board", "mps2-an386"]) == 3
    assert "or run it with --emulate (qemu)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "which board is to be emulated?"),
        (["--board", "mps2-an386", "--port", "/dev/ttyX"], "--emulate and --port exclude each other"),
        (["--board", "mps2-an386", "--reset"], "--emulate and --reset exclude each other"),
        (["--board", "nano33ble"], "no emulator runs it"),
        (["--board", "mps2-an386"], "no firmware for the emulated mps2-an386 was built here"),
    ],
)
def test_what_monitor_cannot_emulate(
    options: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KIT_BUILD", str(tmp_path))
    assert run(["monitor", "--emulate", *options]) == 2
    assert said in capsys.readouterr().err
