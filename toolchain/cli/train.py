"""`kit train`."""

from __future__ import annotations

from toolchain.cli.options import command, kit_argument, named_kit
from toolchain.cli.output import Output


@command()
@kit_argument
def entry(output: Output, kit: str | None) -> int:
    """Train a kit's model and convert it to int8.

    Without KIT: the kit of the current folder, else digits. Nothing is done when nothing changed.

    Example: kit train digits
    """
    from toolchain.cli import tables
    from toolchain.pipeline import failed_training_checks, train
    from toolchain.workspace import Workspace

    chosen = named_kit(kit)
    with output.progress() as progress:
        trained = train(chosen, Workspace(), progress)
    values = {"kit": chosen.name, "folder": str(trained.folder), "model": str(trained.int8_tflite), **trained.metrics}
    output.result(values, tables.trained(chosen.name, trained))
    return output.checks(failed_training_checks(chosen, trained))
