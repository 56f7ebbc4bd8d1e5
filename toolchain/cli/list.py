"""`kit list`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.cli.options import command
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.kit import Kit


@command()
def entry(output: Output) -> None:
    """Kits: what can be trained and deployed. The kit of the current folder comes first.

    Example: kit list
    """
    from rich.table import Table

    from toolchain.kit import KIT_FILE, find_default_kit, list_kits

    kits = list_kits()
    here = Path(KIT_FILE).resolve()
    if here.is_file():
        kits = [find_default_kit(), *(kit for kit in kits if kit.path.resolve() != here)]
    table = Table("kit", "what it does", "classes", "input", box=None, header_style="bold")
    for kit in kits:
        mark = " (this folder)" if kit.path.resolve() == here else ""
        table.add_row(f"[cyan]{kit.name}[/]{mark}", kit.title, str(len(kit.labels)), _shape(kit))
    output.result({"kits": [_values(kit) for kit in kits]}, table)


def _shape(kit: Kit) -> str:
    return f"{'×'.join(map(str, kit.input.shape))} {kit.input.dtype}"


def _values(kit: Kit) -> dict[str, object]:
    return {
        "name": kit.name,
        "title": kit.title,
        "description": kit.description,
        "labels": list(kit.labels),
        "input_shape": list(kit.input.shape),
        "folder": str(kit.folder),
    }
