"""LabWired: Espressif's chips, simulated in virtual time that passes only while it is asked to."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from pathlib import Path

from toolchain.board.descriptor import Board
from toolchain.emulate.base import ProcessEmulator
from toolchain.errors import Missing

READY = b"ready"  # what the pump says when the chip is there
START_SECONDS = 30.0


class LabwiredEmulator(ProcessEmulator):
    """A board run by LabWired, in a process of its own (`toolchain.emulate.labwired_pump`)."""

    def __init__(self, board: Board, firmware: Path) -> None:
        assert board.emulator is not None
        machine = board.emulator.machine
        status = int(board.emulator.settings.get("uart_status", 0))
        version = labwired_version()

        def command(descriptor: int) -> list[str]:
            pump = Path(__file__).with_name("labwired_pump.py")
            # -P: its own folder is not searched for modules, where labwired is this file
            return [sys.executable, "-P", str(pump), str(firmware.resolve()), machine, str(status), str(descriptor)]

        super().__init__(board, version, command)
        self.wait_until_running(START_SECONDS, READY)


def labwired_version() -> str:
    """``labwired 0.25``, as board descriptors name it. Raises `Missing` when it is not installed."""
    if importlib.util.find_spec("labwired") is None:
        raise Missing("the emulator LabWired is not installed", "pip install labwired")
    return "labwired " + ".".join(importlib.metadata.version("labwired").split(".")[:2])
