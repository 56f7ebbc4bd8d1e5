"""`kit train`."""

from __future__ import annotations

from pathlib import Path

from toolchain.cli.options import command, evaluate_option, kit_argument, named_kit
from toolchain.cli.output import Output


@command()
@kit_argument
@evaluate_option
def entry(output: Output, kit: str | None, evaluate: Path | None) -> int:
    """Train a kit's model and convert it to int8.

    Without KIT: the kit of the current folder, else digits. Nothing is done when nothing changed.

    Example: kit train keyword --evaluate recordings
    """
    from toolchain.cli import evaluation_tables, tables
    from toolchain.evaluate.folder import evaluate_folder
    from toolchain.pipeline import failed_training_checks, train
    from toolchain.workspace import Workspace

    chosen, workspace = named_kit(kit), Workspace()
    with output.progress() as progress:
        trained = train(chosen, workspace, progress)
        recorded = evaluate_folder(chosen, trained, evaluate, progress) if evaluate else None
    values = {"kit": chosen.name, "folder": str(trained.folder), "model": str(trained.int8_tflite), **trained.metrics}
    if recorded:
        values["evaluated"] = recorded.as_json()
    output.result(values, evaluation_tables.beside(tables.trained(chosen.name, trained), recorded))
    if trained.folder not in workspace.made:
        output.note("nothing was done: nothing changed since it was trained")
    refused = output.refused(recorded.refused if recorded else ())
    return output.checks(failed_training_checks(chosen, trained)) or refused
