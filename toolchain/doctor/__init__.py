"""Is everything here that is needed? One finding a thing looked at, with the command that mends it."""

from __future__ import annotations

from toolchain.board.connected import find_connected
from toolchain.board.descriptor import Board
from toolchain.doctor import ports, software
from toolchain.doctor.finding import Finding, Status

__all__ = ["Finding", "Status", "examine"]


def examine(board: Board | None = None) -> list[Finding]:
    """Look at Python, packages, compilers, emulators, flashers, ports and disk, for ``board`` or for all boards.

    A `Finding` of status ``problem`` stands in the way of the board named; without one, only what every use needs
    is a problem and the rest is noted. Changes nothing and opens no port.
    """
    devices = find_connected()
    real = board is not None and any(board.name in device.boards for device in devices)
    found = [software.python(), *software.packages(), *software.compilers(board)]
    found += [*software.emulators(board, real), *software.flashers(board, real)]
    return [*found, *ports.examine_devices(board, devices), *software.disk()]
