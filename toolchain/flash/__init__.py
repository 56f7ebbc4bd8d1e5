"""Getting an image onto a board: one module a way, named by the board's descriptor."""

from __future__ import annotations

import importlib.util
from importlib import import_module
from typing import TYPE_CHECKING

from toolchain.errors import Missing
from toolchain.progress import Progress

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.pipeline import Built


def flash_board(board: Board, built: Built, port: str, progress: Progress) -> None:
    """Write ``built`` to the board at ``port``. A board whose flasher is ``none`` is taken as it is.

    Raises Missing when this way of flashing is not there yet, DeviceError when it fails.
    """
    name = board.flasher.name
    if name == "none":
        return
    module = f"toolchain.flash.{name.replace('-', '_')}"
    if importlib.util.find_spec(module) is None:
        emulate = f"; or run it with --emulate ({board.emulator.name})" if board.emulator else ""
        raise Missing(
            f"flashing by {name} is not built in",
            f"flash {built.elf} with {name} itself, then kit test --board {board.name} --port {port}{emulate}",
        )
    import_module(module).flash(board, built, port, progress)
