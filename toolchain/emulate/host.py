"""The board ``host``: the same firmware as a native process of this machine, behind a pty."""

from __future__ import annotations

import platform
from pathlib import Path

from toolchain.board.descriptor import Board
from toolchain.emulate.base import Emulator
from toolchain.emulate.pty_process import PtyProcess


class HostEmulator(Emulator):
    """Runs the firmware built for ``host``; ``port`` is the path of a pty."""

    def __init__(self, board: Board, firmware: Path) -> None:
        """Raises Missing when ``firmware`` cannot be run here."""
        super().__init__(board)
        self.version = f"native {platform.machine()}"
        self._program = PtyProcess([firmware])
        self.port = self._program.port

    def check(self) -> None:
        self._program.check()

    def close(self) -> None:
        self._program.close()
