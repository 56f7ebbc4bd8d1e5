"""`kit profile`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from toolchain.cli.options import (
    NamedPath,
    board_option,
    command,
    compiler_option,
    emulate_option,
    model_or_kit,
    optimize_option,
    port_option,
    write_file,
)
from toolchain.cli.output import Output


@command()
@click.argument("model", required=False, metavar="[KIT|MODEL.tflite]")
@board_option
@emulate_option
@port_option
@click.option("--svg", type=NamedPath(dir_okay=False), metavar="F", help="Write a flame-like picture.")
@click.option("--roofline", type=NamedPath(dir_okay=False), metavar="F", help="Write the roofline as SVG.")
@compiler_option
@optimize_option
def entry(
    output: Output,
    model: str | None,
    board: str,
    emulate: bool,
    port: str | None,
    svg: Path | None,
    roofline: Path | None,
    compiler: str | None,
    optimize: str,
) -> None:
    """Time, MACs and bytes of each layer, measured on a board.

    A board that is attached must run the model already; with --emulate the firmware is built and started. Bytes are
    those of a layer's inputs, outputs and constants. The last column is the share of what the processor could do.

    Example: kit profile model.tflite --board mps2-an386 --emulate --svg flame.svg
    """
    from toolchain.board.descriptor import load_board
    from toolchain.cli import evaluation_tables
    from toolchain.connection import require_answer, where
    from toolchain.evaluate.profile import profile_model
    from toolchain.pipeline import named_model
    from toolchain.workspace import Workspace

    target, workspace = load_board(board), Workspace()
    require_answer(where(target, emulate, port))
    with output.progress() as progress:
        chosen = named_model(model_or_kit(model), workspace, progress)
        result, emulator = profile_model(
            chosen,
            target,
            workspace,
            emulate=emulate,
            port=port,
            compiler=compiler,
            optimize=optimize,
            progress=progress,
        )
    if svg:
        from toolchain.evaluate.flame import flame_svg

        write_file(svg, flame_svg(result))
    if roofline:
        from toolchain.evaluate.charts import on_white
        from toolchain.evaluate.charts import roofline as draw_roofline

        write_file(roofline, on_white(draw_roofline(result)))
    said = {"model": chosen.name, "model_sha256": chosen.sha256, "board": board, "emulator": emulator or None}
    which = f"{board} (emulated by {emulator})" if emulator else board
    output.result({**said, **result.as_json()}, evaluation_tables.profiled(chosen.name, which, result))
