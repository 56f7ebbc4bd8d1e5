"""`kit reset`."""

from __future__ import annotations

from toolchain.cli.options import board_option, command, port_option
from toolchain.cli.output import Output


@command()
@board_option
@port_option
def entry(output: Output, board: str, port: str | None) -> None:
    """Restart a board.

    Example: kit reset --board esp32 --port /dev/ttyUSB0
    """
    from toolchain.board.descriptor import load_board
    from toolchain.connection import find_port
    from toolchain.flash import reset_board

    target = load_board(board)
    place = port or find_port(target)
    with output.progress() as progress:
        progress.stage("reset", f"{target.name} on {place}")
        reset_board(target, place, progress)
    output.result({"board": target.name, "port": place}, f"{target.name} on {place} is restarted")
