"""Getting an image onto a board: one module a way, named by the board's descriptor.

Each has ``flash(board, built, port, progress)``, ``recover(board)`` (what to do after an interruption), and ``erase``
and ``reset`` (board, port, progress) where it can; ``reset`` tells whether the board was restarted.
``port`` is a serial port or URL, the folder a drive is mounted at, or a debug probe's id, as the way needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from toolchain.errors import BadInput, DeviceError, Interrupted, KitError
from toolchain.progress import Progress

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.pipeline import Built

#: In which a firmware of ours answers that runs.
_HELLO_SECONDS = 3.0

#: Ways that are programs of others, all in one module.
_PROGRAMS = ("avrdude", "bossac", "dfu-util", "pyocd")


def flash_board(board: Board, built: Built, port: str, progress: Progress) -> None:
    """Write ``built`` to the board at ``port``. A board whose flasher is ``none`` is taken as it is.

    Raises Missing when the program, port or drive is not there, DeviceError when it fails (with how to recover),
    Interrupted by Ctrl-C.
    """
    if board.flasher.name != "none":
        with _interruptible(board, "flashed: it may hold half of a firmware"):
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
    with _interruptible(board, "erased: it may hold half of what it held"):
        _way(board).erase(board, port, progress)


def reset_board(board: Board, port: str, progress: Progress) -> None:
    """Restart the board: by its reset line or debug probe where the way of flashing has one, else by asking the
    firmware to.

    Raises what `open_port` does, DeviceError when nothing shows that it was restarted."""
    way = None if board.flasher.name == "none" else _way(board)
    if way is not None and hasattr(way, "reset") and "://" not in port and way.reset(board, port, progress):
        return
    from toolchain.link.session import Session

    with Session.open(port, board.baud) as session:
        try:
            session.hello(_HELLO_SECONDS)
            session.reset()
        except KitError as error:
            raise DeviceError(
                f"{board.name} on {port} gave no sign that it was restarted: {error.message}",
                "press its reset button; only firmware of ours restarts when it is asked to",
            ) from error


@contextmanager
def _interruptible(board: Board, what: str) -> Iterator[None]:
    """Ctrl-C says what it left behind and how that is mended."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise Interrupted(f"interrupted while {board.name} was {what}", _way(board).recover(board)) from stop


def _way(board: Board) -> ModuleType:
    name = board.flasher.name
    return import_module(f"toolchain.flash.{'programs' if name in _PROGRAMS else name}")
