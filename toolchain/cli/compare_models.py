"""`kit compare-models`."""

from __future__ import annotations

import rich_click as click

from toolchain.cli.options import command, kit_argument, named_kit
from toolchain.cli.output import Output


@command()
@kit_argument
@click.option("--board", "-b", default="host", show_default=True, metavar="NAME", help="Emulated board to run on.")
@click.option(
    "--prune",
    type=click.FloatRange(0, 0.95),
    default=0.25,
    show_default=True,
    metavar="PART",
    help="Part of each layer's channels that the pruned models lose.",
)
def entry(output: Output, kit: str | None, board: str, prune: float) -> int:
    """Float, int8, pruned and quantisation-aware in one table.

    Trains the kit, if need be, and goes on from its model: with weights that are rounded while it learns, with the
    least channels of each layer removed, with both. With folds the first one's test samples count.

    Example: kit compare-models digits --board mps2-an386
    """
    from toolchain.board.descriptor import load_board
    from toolchain.cli import evaluation_tables
    from toolchain.evaluate.models import compare_models
    from toolchain.workspace import Workspace

    chosen, target = named_kit(kit), load_board(board)
    with output.progress() as progress:
        result = compare_models(chosen, target, Workspace(), prune=prune, progress=progress)
    output.result(result.as_json(), evaluation_tables.compared_models(result))
    return 0
