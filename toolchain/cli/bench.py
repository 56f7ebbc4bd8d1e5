"""`kit bench`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from toolchain.cli.options import command, model_or_kit, setup_options
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.connection import Setup


@command()
@click.argument("model", required=False, metavar="[KIT|MODEL.tflite]")
@setup_options("compiler", "optimize")
@click.option("--layers", is_flag=True, help="Time of each layer.")
def entry(output: Output, model: str | None, setup: Setup, layers: bool) -> None:
    """Instructions, flash and RAM of a model on a board.

    The board is emulated; on QEMU, instructions are counted, to a few ticks of its counter (40 instructions
    each).

    Example: kit bench model.tflite --board mps2-an386 --layers
    """
    from toolchain.cli import tables
    from toolchain.evaluate.bench import bench
    from toolchain.pipeline import named_model
    from toolchain.workspace import Workspace

    workspace = Workspace()
    with output.progress() as progress:
        chosen = named_model(model_or_kit(model), workspace, progress)
        result = bench(chosen, setup, workspace, progress)
    output.result(result.as_json(), tables.bench(result, layers))
