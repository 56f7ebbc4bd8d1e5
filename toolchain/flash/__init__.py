"""Getting an image onto a board: one module a way, named by the board's descriptor.

Each has ``flash(board, built, port, progress)``, and ``erase`` and ``reset`` (board, port, progress) where it can.
``port`` is a serial port or URL, the folder a drive is mounted at, or a debug probe's id, as the way needs it.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from toolchain.errors import BadInput
from toolchain.progress import Progress

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.pipeline import Built

#: Ways that are programs of others, all in one module.
_PROGRAMS = ("avrdude", "bossac", "dfu-util", "pyocd")


def flash_board(board: Board, built: Built, port: str, progress: Progress) -> None:
    """Write ``built`` to the board at ``port``. A board whose flasher is ``none`` is taken as it is.

    Raises Missing when the program, port or drive is not there, DeviceError when it fails (with how to recover).
    """
    if board.flasher.name != "none":
        _way(board).flash(board, built, port, progress)


def check_erasable(board: Board) -> None:
    """Raise BadInput where the board's way of flashing cannot erase."""
    name = board.flasher.name
    can = name != "none" and hasattr(_way(board), "erase")
    if name in _PROGRAMS:
        can = bool(_way(board).PROGRAMS[name].erase)
    if not can:
        raise BadInput(f"{board.name}: flashing by {name} cannot erase", "flash it again instead")


def erase_board(board: Board, port: str, progress: Progress) -> None:
    """Erase all of the board's flash. Raises BadInput where its way of flashing cannot, else as `flash_board`."""
    check_erasable(board)
    _way(board).erase(board, port, progress)


def reset_board(board: Board, port: str, progress: Progress) -> None:
    """Restart the board: by its reset line where the way of flashing has one, else by asking the firmware to.

    Raises DeviceError when it does not answer."""
    way = None if board.flasher.name == "none" else _way(board)
    if way is not None and hasattr(way, "reset") and "://" not in port:
        way.reset(board, port, progress)
        return
    from toolchain.link.session import Session

    with Session.open(port, board.baud) as session:
        session.hello()
        session.reset()


def _way(board: Board) -> ModuleType:
    name = board.flasher.name
    return import_module(f"toolchain.flash.{'programs' if name in _PROGRAMS else name}")
