"""`kit bench`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from toolchain.cli.options import board_option, command, compiler_option, optimize_option
from toolchain.cli.output import Output


@command()
@click.argument("model", type=click.Path(path_type=Path), metavar="MODEL.tflite")
@board_option
@click.option("--layers", is_flag=True, help="Time of each layer.")
@compiler_option
@optimize_option
def entry(output: Output, model: Path, board: str, layers: bool, compiler: str | None, optimize: str) -> None:
    """Instructions, flash and RAM of a model on a board.

    The board is emulated; on QEMU, instructions are counted, to a few ticks of its counter (40 instructions
    each).

    Example: kit bench model.tflite --board mps2-an386 --layers
    """
    from toolchain.board.descriptor import load_board
    from toolchain.cli import tables
    from toolchain.evaluate.bench import bench
    from toolchain.workspace import Workspace

    with output.progress() as progress:
        result = bench(model, load_board(board), Workspace(), optimize=optimize, compiler=compiler, progress=progress)
    output.result(result.as_json(), tables.bench(result, layers))
