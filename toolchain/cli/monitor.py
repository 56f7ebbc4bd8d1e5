"""`kit monitor`."""

from __future__ import annotations

from toolchain.cli.options import board_option, command, emulate_option, port_option
from toolchain.cli.output import Output


@command()
@board_option
@emulate_option
@port_option
def entry(output: Output, board: str, emulate: bool, port: str | None) -> None:
    """Show what a board says.

    Who it is, then its text line by line until Ctrl-C. The board is not reset.

    Example: kit monitor --board esp32 --port /dev/ttyUSB0
    """
    raise NotImplementedError
