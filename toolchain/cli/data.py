"""`kit data import`, `kit data show`."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path

import rich_click as click

from toolchain.cli.options import command, named_kit
from toolchain.cli.output import Output

kit_option = click.option("--kit", "-k", metavar="KIT", help="Kit or its folder; else that of the current folder.")


@click.group(cls=click.RichGroup, name="data")
def entry() -> None:
    """Recordings of your own: import them, look at them.

    Example: kit data import recordings/ --kit my-words
    """


@command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@kit_option
@click.option("--label", metavar="NAME", help="Class of all of them; else by folder, file name or info.labels.")
@click.option("--group", metavar="NAME", help="Person, voice or session of all of them; else each file is its own.")
@click.option("--scale", type=float, metavar="X", help="Multiply real values by X before they are rounded.")
def data_import(
    output: Output,
    paths: tuple[Path, ...],
    kit: str | None,
    label: str | None,
    group: str | None,
    scale: float | None,
) -> int:
    """Bring files into a kit.

    Sounds (WAV, FLAC, OGG, AIFF), tables with time stamps (CSV, Parquet), pictures, .npy and Edge Impulse's JSON, CBOR
    and info.labels; what has another rate, size or number of channels is converted, and that is said. They are copied
    into the kit's folder data; nothing there is ever written over. A file that cannot be read is named, the others are
    imported all the same, and the exit status is 1.

    Example: kit data import recordings/ --kit my-words
    """
    from toolchain.data.own.importing import import_files
    from toolchain.data.own.store import FOLDER
    from toolchain.errors import BadInput, CheckFailed
    from toolchain.resources import resource

    if scale is not None and not (math.isfinite(scale) and scale):
        raise BadInput(f"--scale {scale:g} leaves nothing of the values", "give a number that is not 0")
    into = named_kit(kit)
    if into.folder.is_relative_to(resource("kits")):
        raise BadInput(
            f"{into.name} is a built-in kit", f"kit new NAME --like {into.name} --own-data makes one of your own"
        )
    with output.progress() as progress:
        done = import_files(into, paths, label, group, scale, progress)
    for entry_ in done.kept:
        if entry_.changes:
            output.note(f"{entry_.file}: {entry_.changes}")
    for reason in done.refused.values():
        output.note(f"refused: {reason}")
    counts = {name: sum(e.label == name for e in done.kept) for name in into.labels}
    by_label = f" ({', '.join(f'{name} {count}' for name, count in counts.items() if count)})" if done.kept else ""
    shown = f"{len(done.kept)} recordings imported into {into.folder / FOLDER}{by_label}"
    for count, what in ((len(done.known), "were there already"), (len(done.refused), "refused")):
        shown += f"; {count} {what}" if count else ""
    output.result(
        {
            "kit": into.name,
            "folder": str(into.folder / FOLDER),
            "imported": [asdict(e) for e in done.kept],
            "already_there": [str(path) for path in done.known],
            "refused": [{"file": str(path), "reason": reason} for path, reason in done.refused.items()],
        },
        shown,
    )
    return CheckFailed.exit_status if done.refused else 0


data_import.name = "import"
entry.add_command(data_import)
