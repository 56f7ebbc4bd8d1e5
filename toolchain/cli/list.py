"""`kit list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolchain.cli.options import command
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.kit import Kit


@command()
def entry(output: Output) -> None:
    """Kits: what can be trained and deployed.

    Example: kit list
    """
    from rich.table import Table

    from toolchain.kit import list_kits

    kits = list_kits()
    table = Table("kit", "what it does", "classes", "input", box=None, header_style="bold")
    for kit in kits:
        table.add_row(f"[cyan]{kit.name}[/]", kit.title, str(len(kit.labels)), _shape(kit))
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
