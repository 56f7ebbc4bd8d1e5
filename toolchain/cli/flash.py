"""`kit flash`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolchain.cli.options import command, kit_argument, named_kit, setup_options
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.connection import Setup


@command()
@kit_argument
@setup_options("port", "compiler", "optimize")
def entry(output: Output, kit: str | None, setup: Setup) -> None:
    """Build a kit's firmware and write it to a board.

    The port is a serial port, the folder of a boot loader's drive, or a URL such as socket://host:port.

    Example: kit flash digits --board esp32 --port /dev/ttyUSB0
    """
    from toolchain import pipeline
    from toolchain.cli import tables
    from toolchain.connection import flash_port, require_port
    from toolchain.flash import flash_board
    from toolchain.workspace import Workspace

    chosen, board, workspace = named_kit(kit), setup.board, Workspace()
    port = flash_port(board, setup.port)
    require_port(board, port)
    with output.progress() as progress:
        model = pipeline.kit_model(chosen, pipeline.train(chosen, workspace, progress))
        built = pipeline.build(model, setup, workspace, progress=progress)
        progress.stage("flash", f"{board.name} on {port}" if port else board.name)
        flash_board(board, built, port, progress)
    output.result({**built.as_json(), "port": port}, tables.built(built))
