"""`kit data import`, `kit data show`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from toolchain.cli.options import NamedPath, command, named_kit, scale_option, write_file
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from rich.console import RenderableType

    from toolchain.data.look.survey import Survey
    from toolchain.data.own.store import Entry

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
@scale_option
def data_import(
    output: Output,
    paths: tuple[Path, ...],
    kit: str | None,
    label: str | None,
    group: str | None,
    scale: tuple[float, ...] | None,
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
    from toolchain.errors import BadInput
    from toolchain.resources import resource
    from toolchain.tomlfile import shortened

    into = named_kit(kit)
    if into.folder.is_relative_to(resource("kits")):
        raise BadInput(
            f"{into.name} is a built-in kit", f"kit new NAME --like {into.name} --own-data makes one of your own"
        )
    with output.progress() as progress:
        done = import_files(into, paths, label, group, scale, progress)
    for what, files in _by_change(done.kept).items():
        output.note(f"{_first(files)}: {what}")
    if done.passed_over:
        output.note(f"passed over, of no known type: {_first(list(map(str, done.passed_over)))}")
    status = output.refused([f"{_first(files)}{why}" for why, files in _by_reason(done.refused).items()])
    if into.data.source != "folder":
        unused = f"{into.name} is trained on {into.data.source}, not on these"
        output.note(f"{unused}: kit new NAME --like {into.name} --own-data makes a kit that is")
    counts = {name: sum(e.label == name for e in done.kept) for name in into.labels}
    by_label = f" ({', '.join(f'{name} {count}' for name, count in counts.items() if count)})" if done.kept else ""
    shown = f"{len(done.kept)} recordings imported into {shortened(into.folder / FOLDER)}{by_label}"
    for count, what in (
        (len(done.known), "were there already"),
        (len(done.equal), "equal to others of them"),
        (len(done.refused), "refused"),
    ):
        shown += f"; {count} {what}" if count else ""
    output.result(
        {
            "kit": into.name,
            "folder": str(into.folder / FOLDER),
            "imported": [asdict(e) for e in done.kept],
            "already_there": [str(path) for path in done.known],
            "equal": [str(path) for path in done.equal],
            "passed_over": [str(path) for path in done.passed_over],
            "refused": [{"file": str(path), "reason": reason} for path, reason in done.refused.items()],
        },
        shown,
    )
    return status


def _by_change(kept: Sequence[Entry]) -> dict[str, list[str]]:
    """The files that each conversion was done to."""
    files: dict[str, list[str]] = {}
    for one in kept:
        for change in filter(None, one.changes.split("; ")):
            files.setdefault(change.removeprefix(f"{one.original}: "), []).append(one.file)
    return files


def _by_reason(refused: Mapping[Path, str]) -> dict[str, list[str]]:
    """The files that were refused for each reason, which begins behind the file's name."""
    files: dict[str, list[str]] = {}
    for path, reason in refused.items():
        why = reason.removeprefix(str(path)) if reason.startswith(str(path)) else f": {reason}"
        files.setdefault(why, []).append(str(path))
    return files


def _first(files: Sequence[str]) -> str:
    return files[0] + (f" and {len(files) - 1} more" if len(files) > 1 else "")


@command()
@click.argument("kit", required=False)
@click.option("--out", type=NamedPath(dir_okay=False), metavar="FILE", help="Draw them: .html or .png.")
def data_show(output: Output, kit: str | None, out: Path | None) -> None:
    """Look at a kit's data: classes, counts, lengths, and what is odd.

    Clipped, silent and doubled recordings, another rate, a class that is empty, single or nearly all of one recording
    or person, very unequal classes, and whether kit train will take them. With --out also a page, or a picture, of
    spectrograms, traces or pictures of each class. What is odd is told; the exit status is 0 all the same.

    Example: kit data show my-words --out data.html
    """
    from toolchain.data.look.survey import survey
    from toolchain.errors import BadInput

    if out is not None and out.suffix.lower() not in (".html", ".png"):
        raise BadInput(f"{out}: neither .html nor .png", "name the file by what it is to be")
    with output.progress() as progress:
        found = survey(named_kit(kit), progress)
        if out is not None:
            progress.stage("draw", str(out))
            _draw(found, out)
    output.result({**found.as_json(), "out": str(out) if out else None}, _shown(found))


def _draw(found: Survey, out: Path) -> None:
    from toolchain.data.look.page import page_html
    from toolchain.data.look.picture import draw

    is_page = out.suffix.lower() == ".html"
    write_file(out, page_html(found) if is_page else draw(found, with_list=True))


def _shown(found: Survey) -> RenderableType:
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table

    from toolchain.data.look.survey import seconds

    table = Table("class", box=None, header_style="bold")
    columns = ("samples", "recordings", "groups", "seconds")
    there = [name for name in columns if any(getattr(c, name) is not None for c in found.classes)]
    for name in there:
        table.add_column(name, justify="right")
    for c in found.classes:
        values = (getattr(c, name) for name in there)
        table.add_row(escape(c.label), *("–" if value is None else f"{value:,.10g}" for value in values))
    length = seconds(found.kit, found.kit.input.shape[0])
    title = f"[bold]{found.kit.name}[/]: {escape(found.source)}" + (f"; a sample is {length:g} s" if length else "")
    odd = [f"[yellow]odd:[/] {escape(one.text)}" for one in found.odd] or ["nothing odd was found"]
    return Group(title, table, *odd)


data_import.name, data_show.name = "import", "show"
entry.add_command(data_import)
entry.add_command(data_show)
