"""`kit new`."""

from __future__ import annotations

import shlex
from pathlib import Path

import rich_click as click

from toolchain.cli.options import NamedPath, command
from toolchain.cli.output import Output


@command()
@click.argument("name")
@click.option("--like", metavar="KIT", default="digits", show_default=True, help="Kit that it starts as.")
@click.option("--own-data", is_flag=True, help="Train on what kit data import puts into its folder.")
@click.option("--labels", metavar="A,B,…", help="Classes of the new kit; with --own-data.")
@click.option(
    "--in", "place", type=NamedPath(file_okay=False), default=Path("."), metavar="FOLDER", help="Where; else here."
)
def entry(output: Output, name: str, like: str, own_data: bool, labels: str | None, place: Path) -> None:
    """Make a kit of your own.

    A folder with kit.toml, model.py, README.md and a place for data, made like another kit. It trains at once.

    Example: kit new my-words --like keyword --own-data --labels silence,unknown,lumos,nox
    """
    from toolchain.data.own.new_kit import first_board, new_kit
    from toolchain.errors import BadInput
    from toolchain.kit import load_kit

    if labels is not None and not own_data:
        raise BadInput("--labels needs --own-data", f"the data of {like} have its own labels")
    named = [label.strip() for label in (labels or "").split(",") if label.strip()]
    if labels is not None and len(named) < 2:
        raise BadInput(f"--labels names {len(named) or 'none'}", "at least two, such as --labels silence,unknown,yes")
    made = new_kit(name, load_kit(like), place, own_data, named)
    where = place / name
    said = shlex.quote(str(where))
    first = f"kit data import FOLDER --kit {said}" if own_data else f"kit train {said}"
    output.result(
        {"kit": made.name, "folder": str(where), "like": like, "own_data": own_data},
        f"{where} is made like {like}. Next: {first}, then kit deploy {said} --board {first_board(made)} --emulate",
    )
