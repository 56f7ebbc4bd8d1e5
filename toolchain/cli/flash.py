"""`kit flash`."""

from __future__ import annotations

from toolchain.cli.options import (
    board_option,
    command,
    compiler_option,
    kit_argument,
    named_kit,
    optimize_option,
    port_option,
)
from toolchain.cli.output import Output


@command()
@kit_argument
@board_option
@port_option
@compiler_option
@optimize_option
def entry(output: Output, kit: str | None, board: str, port: str | None, compiler: str | None, optimize: str) -> None:
    """Build a kit's firmware and write it to a board.

    The port is a serial port, the folder of a boot loader's drive, or a URL such as socket://host:port.

    Example: kit flash digits --board esp32 --port /dev/ttyUSB0
    """
    from toolchain import pipeline
    from toolchain.board.descriptor import load_board
    from toolchain.cli import tables
    from toolchain.connection import flash_port, require_port
    from toolchain.flash import flash_board
    from toolchain.workspace import Workspace

    chosen, target = named_kit(kit), load_board(board)
    place = flash_port(target, port)
    require_port(target, place)
    with output.progress() as progress:
        model = pipeline.kit_model(chosen, pipeline.train(chosen, Workspace(), progress))
        built = pipeline.build(model, target, Workspace(), compiler=compiler, optimize=optimize, progress=progress)
        progress.stage("flash", f"{target.name} on {place}" if place else target.name)
        flash_board(target, built, place, progress)
    output.result({**built.as_json(), "port": place}, tables.built(built))
