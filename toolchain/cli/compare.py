"""`kit compare`."""

from __future__ import annotations

import rich_click as click

from toolchain.cli.options import command, compiler_option, model_or_kit, optimize_option, port_option
from toolchain.cli.output import Output


@command()
@click.argument("model", required=False, metavar="[KIT|MODEL.tflite]")
@click.option(
    "--inputs", "-n", type=click.IntRange(min=1), default=100, show_default=True, metavar="N", help="How many inputs."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="S", help="Seed of the random inputs."
)
@click.option("--layers", is_flag=True, help="Every intermediate tensor too: finds the first layer that differs.")
@click.option(
    "--target", "-t", default="generic", show_default=True, metavar="NAME", help="Code to run on this machine."
)
@click.option("--board", "-b", metavar="NAME", help="Run on this board instead; emulated unless --port is given.")
@port_option
@compiler_option
@optimize_option
def entry(
    output: Output,
    model: str | None,
    inputs: int,
    seed: int,
    layers: bool,
    target: str,
    board: str | None,
    port: str | None,
    compiler: str | None,
    optimize: str,
) -> int:
    """Generated C against the reference, byte for byte.

    Inputs are random of several widths around the zero point, and the ends of the range. On a board, the tensors
    between layers are compared by a CRC-32 that the board makes, and fetched where it differs.

    Example: kit compare model.tflite --inputs 500 --layers
    """
    from toolchain.board.descriptor import load_board
    from toolchain.cli import tables
    from toolchain.connection import Setup, require_answer
    from toolchain.evaluate.compare import compare_on_board, compare_on_host
    from toolchain.pipeline import named_model
    from toolchain.workspace import Workspace

    setup, workspace = None, Workspace()
    if board:
        setup = Setup(load_board(board), port is None, port or "", compiler, optimize).located()
        require_answer(setup)
    with output.progress() as progress:
        chosen = named_model(model_or_kit(model), workspace, progress)
        if setup:
            result = compare_on_board(
                chosen,
                setup,
                workspace,
                count=inputs,
                seed=seed,
                layers=layers,
                progress=progress,
            )
        else:
            progress.stage("compare", f"{inputs} inputs, code for {target} on this machine")
            result = compare_on_host(chosen, target, count=inputs, seed=seed, layers=layers, optimize=optimize)
    which = board or f"this machine (code for {target})"
    output.result(result.to_json(), tables.compared(chosen.name, which, result))
    return output.checks([] if result.exact else [f"{chosen.name} differs from {result.reference}"])
