"""`kit erase`."""

from __future__ import annotations

from toolchain.cli.options import board_option, command, port_option
from toolchain.cli.output import Output


@command()
@board_option
@port_option
def entry(output: Output, board: str, port: str | None) -> None:
    """Erase all of a board's flash.

    Example: kit erase --board esp32 --port /dev/ttyUSB0
    """
    from toolchain.board.descriptor import load_board
    from toolchain.connection import where
    from toolchain.flash import erase_board

    target = load_board(board)
    place = where(target, emulate=False, port=port)
    with output.progress() as progress:
        progress.stage("erase", f"{target.name} on {place.port}")
        erase_board(target, place.port, progress)
    output.result({"board": target.name, "port": place.port}, f"{target.name} on {place.port} is erased")
