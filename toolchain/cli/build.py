"""`kit build`."""

from __future__ import annotations

from toolchain.cli.options import (
    board_option,
    command,
    compiler_option,
    emulate_option,
    kit_argument,
    named_kit,
    optimize_option,
)
from toolchain.cli.output import Output


@command()
@kit_argument
@board_option
@emulate_option
@compiler_option
@optimize_option
def entry(output: Output, kit: str | None, board: str, emulate: bool, compiler: str | None, optimize: str) -> None:
    """Build a kit's firmware for a board.

    Example: kit build digits --board esp32
    """
    from toolchain import pipeline
    from toolchain.board.descriptor import load_board
    from toolchain.cli import tables
    from toolchain.workspace import Workspace

    chosen, target = named_kit(kit), load_board(board)
    with output.progress() as progress:
        model = pipeline.kit_model(chosen, pipeline.train(chosen, Workspace(), progress))
        built = pipeline.build(
            model, target, Workspace(), emulate=emulate, compiler=compiler, optimize=optimize, progress=progress
        )
    output.result(built.as_json(), tables.built(built))
