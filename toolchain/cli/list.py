"""`kit list`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.cli.options import command
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.kit import Kit

_VARIANTS = "A variant is called as fashion:small. Those called small are smoke runs of seconds, not small models."


@command()
def entry(output: Output) -> None:
    """Kits: what can be trained and deployed.

    First the kit of the current folder, then those of its sub-folders, of its folder kits, and those of this package.
    A variant, named KIT:VARIANT, is a kit with some settings changed. Those called small are smoke runs, with so little
    data and training that all is done in seconds: they show that everything works, and are no small models.

    Example: kit list
    """
    from rich.console import Group
    from rich.table import Table

    from toolchain.errors import BadInput
    from toolchain.kit import list_kits

    broken: list[BadInput] = []
    kits = list_kits(broken=broken)
    table = Table("kit", "what it does", "classes", "input", "variants", box=None, header_style="bold")
    for kit in kits:
        variants = ", ".join(f":{name}" for name in kit.variants)
        table.add_row(f"[cyan]{_called(kit)}[/]", kit.title, str(len(kit.labels)), _shape(kit), variants)
    wrong = [{"error": error.message, "hint": error.hint} for error in broken]
    output.result({"kits": [_values(kit) for kit in kits], "broken": wrong}, Group(table, "", _VARIANTS))
    for error in broken:
        output.note(f"not listed: {error.message}")


def _called(kit: Kit) -> str:
    """What a command is given to mean this kit."""
    if kit.folder == Path.cwd():
        return f"{kit.name} (this folder)"
    return f"./{kit.folder.name}" if kit.folder.parent == Path.cwd() else kit.name


def _shape(kit: Kit) -> str:
    return f"{'×'.join(map(str, kit.input.shape))} {kit.input.dtype}"


def _values(kit: Kit) -> dict[str, object]:
    return {
        "name": kit.name,
        "title": kit.title,
        "description": kit.description,
        "labels": list(kit.labels),
        "variants": list(kit.variants),
        "input_shape": list(kit.input.shape),
        "folder": str(kit.folder),
    }
