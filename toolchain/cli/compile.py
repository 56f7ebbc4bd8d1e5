"""`kit compile`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from toolchain.cli.options import NamedPath, command, optimize_option
from toolchain.cli.output import Output


@command()
@click.argument("model", metavar="MODEL.tflite|KIT")
@click.option(
    "--target",
    "-t",
    default="generic",
    show_default=True,
    metavar="NAME",
    help="Processor: cortex-m4, rv32, xtensa ...; an unknown name lists all.",
)
@click.option("--out", "-o", required=True, type=NamedPath(file_okay=False), help="Folder to write to.")
@click.option(
    "--prefix",
    default="model",
    show_default=True,
    metavar="NAME",
    help="What the C's names begin with: with two prefixes, two models link together.",
)
@optimize_option
def entry(output: Output, model: str, target: str, out: Path, prefix: str, optimize: str) -> None:
    """Turn an int8 .tflite (or a kit's model) into C.

    Writes model.c, model.h, the kernels it uses, model_data.h (the .tflite as a C array), report.json and
    arena.svg (which tensor lies where in memory, over time).

    Example: kit compile model.tflite --target cortex-m4 --out generated
    """
    from toolchain.cli import tables
    from toolchain.pipeline import named_model, write_c
    from toolchain.workspace import Workspace

    with output.progress() as progress:
        chosen = named_model(model, Workspace(), progress)
        progress.stage("compile", f"{chosen.name} for {target}")
        report = write_c(chosen, target, optimize, out, prefix)
    output.result({**report, "folder": str(out)}, tables.compiled(report, out))
