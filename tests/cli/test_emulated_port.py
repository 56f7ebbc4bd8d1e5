"""The port of an emulated board is named only where somebody can use it."""

from __future__ import annotations

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


def test_monitor_names_what_shows_an_emulated_board_s_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(connection, "attached_ports", lambda: [])
    assert run(["monitor", "--board", "mps2-an386"]) == 3
    assert "see what an emulated one prints: kit deploy --board mps2-an386 --emulate" in capsys.readouterr().err
