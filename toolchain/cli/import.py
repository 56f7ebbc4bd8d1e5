"""`kit import`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from toolchain.cli.options import NamedPath, command
from toolchain.cli.output import Output


@command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--like", required=True, metavar="KIT", help="Kit whose inputs, front end and pass marks it has.")
@click.option("--labels", metavar="A,B,…|FILE", help="Name of each output, in their order; else those of --like.")
@click.option(
    "--name", metavar="NAME", help="Of the new kit; else that of the model's file, or of its folder and -kit."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Recordings to quantise with and to test on; else the data of --like.",
)
@click.option(
    "--in", "place", type=NamedPath(file_okay=False), default=Path("."), metavar="FOLDER", help="Where; else here."
)
def entry(
    output: Output, model: Path, like: str, labels: str | None, name: str | None, data: Path | None, place: Path
) -> None:
    """Make a kit of a model that was trained elsewhere.

    An int8 .tflite is taken as it is. A float one, a Keras file (.keras, .h5) or the folder of a SavedModel is
    quantised here. What
    kit deploy, test and report then say of it is measured; what is not known, such as the accuracy of a float model
    that is not there, is a dash.

    Example: kit import words.tflite --like keyword --labels labels.txt --data recordings
    """
    from toolchain.data.own.new_kit import first_board
    from toolchain.kit import load_kit
    from toolchain.train.importing import import_model, read_labels

    named = read_labels(labels) if labels is not None else []
    with output.progress() as progress:
        made = import_model(model, name or _default_name(model), load_kit(like), place, named, data, progress)
    recordings = made.recordings
    for reason in (recordings.refused if recordings else {}).values():
        output.note(f"refused: {reason}")
    where = place / made.kit.name
    how = "quantised to int8" if made.quantized else "taken as it is"
    first = f"kit deploy {where} --board {first_board(made.kit)} --emulate"
    if made.kit.data.source == "folder" and not any((where / "data").iterdir()):
        first = f"kit data import FOLDER --kit {where}, to have something to test it on, then {first}"
    output.result(
        {
            "kit": made.kit.name,
            "folder": str(where),
            "model": str(made.kit.model_file),
            "quantized": made.quantized,
            "labels": list(made.kit.labels),
            "recordings": len(recordings.kept) if recordings else None,
            "refused": [str(path) for path in recordings.refused] if recordings else [],
        },
        f"{where}: {model.name}, {how}. Next: {first}",
    )


def _default_name(model: Path) -> str:
    """The file's name as that of a kit, as far as it can be; a SavedModel is a folder and leaves its own name taken."""
    stem = f"{model.name}-kit" if model.is_dir() else model.stem
    return "".join(c if (c.isascii() and c.isalnum()) or c in "_-" else "-" for c in stem.lower())[:32]
