"""Emulators that are not installed, and boards that none runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.board.descriptor import load_board
from toolchain.emulate import labwired, start
from toolchain.errors import BadInput, Missing

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("board", "message", "install"),
    [
        ("mps2-an386", "qemu-system-arm is not installed", "apt install qemu-system-arm"),
        ("hifive1", "qemu-system-riscv32 is not installed", "apt install qemu-system-misc"),
        ("esp32", "LabWired is not installed", "pip install labwired"),
    ],
)
def test_a_missing_emulator_is_named_with_what_installs_it(
    board: str, message: str, install: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(labwired.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(Missing, match=message) as error:
        start(load_board(board), tmp_path / "firmware.elf")
    assert error.value.hint == install


def test_a_board_that_no_emulator_runs_is_refused(tmp_path: Path) -> None:
    board = load_board("mps2-an386").model_copy(update={"emulator": None})
    with pytest.raises(BadInput, match="no emulator runs it"):
        start(board, tmp_path / "firmware.elf")


def test_ticks_become_the_emulators_unit() -> None:
    from toolchain.emulate.base import Emulator

    assert Emulator(load_board("mps2-an386")).ticks_to_latency(3, 25_000_000) == 120
    assert Emulator(load_board("esp32")).ticks_to_latency(80, 40_000_000) == 2
