"""`kit bench`."""

from __future__ import annotations

import rich_click as click

from toolchain.cli.options import board_option, command, compiler_option, model_or_kit, optimize_option
from toolchain.cli.output import Output


@command()
@click.argument("model", required=False, metavar="[KIT|MODEL.tflite]")
@board_option
@click.option("--layers", is_flag=True, help="Time of each layer.")
@compiler_option
@optimize_option
def entry(output: Output, model: str | None, board: str, layers: bool, compiler: str | None, optimize: str) -> None:
    """Instructions, flash and RAM of a model on a board.

    The board is emulated; on QEMU, instructions are counted, to a few ticks of its counter (40 instructions
    each).

    Example: kit bench model.tflite --board mps2-an386 --layers
    """
    from toolchain.board.descriptor import load_board
    from toolchain.cli import tables
    from toolchain.evaluate.bench import bench
    from toolchain.pipeline import named_model
    from toolchain.workspace import Workspace

    target, workspace = load_board(board), Workspace()
    with output.progress() as progress:
        chosen = named_model(model_or_kit(model), workspace, progress)
        result = bench(chosen, target, workspace, optimize=optimize, compiler=compiler, progress=progress)
    output.result(result.as_json(), tables.bench(result, layers))
