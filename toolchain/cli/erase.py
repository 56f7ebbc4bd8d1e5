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
    from toolchain.connection import flash_port
    from toolchain.flash import erase_board

    target = load_board(board)
    place = flash_port(target, port)
    with output.progress() as progress:
        progress.stage("erase", f"{target.name} on {place}" if place else target.name)
        erase_board(target, place, progress)
    output.result({"board": target.name, "port": place}, f"{target.name} is erased")
