"""`kit monitor`."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import rich_click as click

from toolchain.cli.options import board_option, command, port_option
from toolchain.cli.output import Output


@command()
@board_option
@port_option
@click.option("--seconds", type=click.FloatRange(min=0), metavar="S", help="End after S seconds, not at Ctrl-C.")
def entry(output: Output, board: str, port: str | None, seconds: float | None) -> None:
    """Show what a board says.

    Who it is, then its text line by line until Ctrl-C. The board is neither reset nor flashed.

    Example: kit monitor --board esp32 --port /dev/ttyUSB0
    """
    from toolchain.board.boot_text import explain
    from toolchain.board.descriptor import load_board
    from toolchain.connection import find_port
    from toolchain.errors import DeviceError
    from toolchain.link.session import Session

    described = load_board(board)
    place = port or find_port(described, "give the port that kit deploy shows of an emulated one")
    said: list[str] = []

    def show(text: str) -> None:
        said.append(text)
        if not output.json_wanted:
            output.console.out(text, end="")

    end = time.monotonic() + seconds if seconds is not None else float("inf")
    who: dict[str, Any] = {}
    with ExitStack() as stack:
        session = stack.enter_context(Session.open(place, described.baud, on_text=show))
        try:
            who = asdict(session.hello(wait=3.0))
            output.note(f"{who['board']} runs model {who['model_sha256'][:12]}, build {who['build_id'][:12]}")
        except DeviceError:
            output.note("it does not answer in kit's protocol; what it prints follows")
        try:
            while time.monotonic() < end:
                session.listen(min(0.5, end - time.monotonic()))
        except KeyboardInterrupt:
            output.note("stopped")
        if meaning := explain("".join(said)):
            output.note(meaning)
    output.result({"port": place, "device": who or None, "text": "".join(said)})
