"""`kit profile`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from toolchain.cli.options import (
    NamedPath,
    command,
    model_or_kit,
    setup_options,
    write_file,
)
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.connection import Setup


@command()
@click.argument("model", required=False, metavar="[KIT|MODEL.tflite]")
@setup_options("emulated", "port", "compiler", "optimize")
@click.option("--svg", type=NamedPath(dir_okay=False), metavar="F", help="Write a flame-like picture.")
@click.option("--roofline", type=NamedPath(dir_okay=False), metavar="F", help="Write the roofline as SVG.")
def entry(
    output: Output,
    model: str | None,
    setup: Setup,
    svg: Path | None,
    roofline: Path | None,
) -> None:
    """Time, MACs and bytes of each layer, measured on a board.

    A board that is attached must run the model already; with --emulate the firmware is built and started. Bytes are
    those of a layer's inputs, outputs and constants. The last column is the share of what the processor could do.

    Example: kit profile model.tflite --board mps2-an386 --emulate --svg flame.svg
    """
    from toolchain.cli import evaluation_tables
    from toolchain.connection import require_answer
    from toolchain.evaluate.profile import profile_model
    from toolchain.pipeline import named_model
    from toolchain.workspace import Workspace

    setup, workspace = setup.located(), Workspace()
    require_answer(setup)
    with output.progress() as progress:
        chosen = named_model(model_or_kit(model), workspace, progress)
        result, emulator = profile_model(chosen, setup, workspace, progress)
    if svg:
        from toolchain.evaluate.flame import flame_svg

        write_file(svg, flame_svg(result))
    if roofline:
        from toolchain.evaluate.charts import on_white
        from toolchain.evaluate.charts import roofline as draw_roofline

        write_file(roofline, on_white(draw_roofline(result)))
    board = setup.board.name
    said = {"model": chosen.name, "model_sha256": chosen.sha256, "board": board, "emulator": emulator or None}
    which = f"{board} (emulated by {emulator})" if emulator else board
    output.result({**said, **result.as_json()}, evaluation_tables.profiled(chosen.name, which, result))
