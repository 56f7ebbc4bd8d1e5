"""`kit erase`."""

from __future__ import annotations

import sys

import rich_click as click

from toolchain.cli.options import board_option, command, port_option
from toolchain.cli.output import Output


@command()
@board_option
@port_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def entry(output: Output, board: str, port: str | None, yes: bool) -> int:
    """Erase all of a board's flash: the firmware and whatever else is kept there.

    Example: kit erase --board esp32 --port /dev/ttyUSB0 --yes
    """
    from toolchain.board.descriptor import load_board
    from toolchain.connection import flash_port
    from toolchain.errors import BadInput
    from toolchain.flash import check_erasable, erase_board

    target = load_board(board)
    check_erasable(target)
    place = flash_port(target, port)
    which = f"{target.name} on {place}" if place else target.name
    if not yes:
        if output.json_wanted or not sys.stdin.isatty():
            raise BadInput(f"all of the flash of {which} would be erased", "say so with --yes")
        if not click.confirm(f"Erase all of the flash of {which}?", err=True):
            output.note("nothing was erased")
            return 1
    with output.progress() as progress:
        progress.stage("erase", which)
        erase_board(target, place, progress)
    output.result({"board": target.name, "port": place}, f"{target.name} is erased")
    return 0
