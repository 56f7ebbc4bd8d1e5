"""`kit build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolchain.cli.options import command, kit_argument, named_kit, setup_options
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.connection import Setup


@command()
@kit_argument
@setup_options("emulated", "compiler", "optimize")
def entry(output: Output, kit: str | None, setup: Setup) -> None:
    """Build a kit's firmware for a board.

    Example: kit build digits --board esp32
    """
    from toolchain import pipeline
    from toolchain.cli import tables
    from toolchain.workspace import Workspace

    chosen, workspace = named_kit(kit), Workspace()
    with output.progress() as progress:
        model = pipeline.kit_model(chosen, pipeline.train(chosen, workspace, progress))
        built = pipeline.build(model, setup, workspace, progress=progress)
    output.result(built.as_json(), tables.built(built))
