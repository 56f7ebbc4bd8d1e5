"""One class an emulator; each gives a serial port, so nothing downstream knows the difference from a real board."""

from __future__ import annotations

from pathlib import Path

from toolchain.board.descriptor import Board
from toolchain.emulate.base import Emulator
from toolchain.errors import BadInput

__all__ = ["Emulator", "installed_version", "start"]


def start(board: Board, firmware: Path) -> Emulator:
    """Run ``firmware`` (the linked ELF) on the emulator of ``board``; use it as a context manager.

    Raises `BadInput` when no emulator runs the board, `Missing` when its program is not installed, `DeviceError` when
    it does not start."""
    if board.emulator is None:
        raise BadInput(f"board {board.name}: no emulator runs it", "kit boards lists those that have one")
    if board.emulator.name == "qemu":
        from toolchain.emulate.qemu import QemuEmulator

        return QemuEmulator(board, firmware)
    if board.emulator.name == "labwired":
        from toolchain.emulate.labwired import LabwiredEmulator

        return LabwiredEmulator(board, firmware)
    if board.emulator.name == "simavr":
        from toolchain.emulate.simavr import SimavrEmulator

        return SimavrEmulator(board, firmware)
    from toolchain.emulate.host import HostEmulator

    return HostEmulator(board, firmware)


def installed_version(board: Board) -> str:
    """The emulator of ``board`` that is installed here (``qemu 7.2``), without starting it. Raises as `start` does."""
    if board.emulator is None:
        raise BadInput(f"board {board.name}: no emulator runs it", "kit boards lists those that have one")
    if board.emulator.name == "qemu":
        from toolchain.emulate.qemu import find_qemu, qemu_version

        return qemu_version(find_qemu(board))
    if board.emulator.name == "labwired":
        from toolchain.emulate.labwired import labwired_version

        return labwired_version()
    if board.emulator.name == "simavr":
        from toolchain.emulate.simavr import simavr_version

        return simavr_version()
    return "this computer itself"
