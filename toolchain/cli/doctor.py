"""`kit doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import rich_click as click

from toolchain.cli.options import command
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from rich.table import Table

    from toolchain.doctor import Finding

_SIGNS = {"ok": "[green]✓[/]", "note": "[yellow]–[/]", "problem": "[red]✗[/]"}


@command()
@click.option("--board", "-b", metavar="NAME", help="Only what this board needs.")
def entry(output: Output, board: str | None) -> int:
    """Is everything here: Python, packages, compilers, emulators, ports and the right to open them, disk.

    One line each, with the command that mends it. Exit status 3 when something stands in the way of the board
    (without --board: of every use).

    Example: kit doctor --board esp32
    """
    from toolchain.board.descriptor import load_board
    from toolchain.doctor import examine
    from toolchain.errors import Missing

    found = examine(load_board(board) if board else None)
    problems = [finding for finding in found if finding.status == "problem"]
    output.result(
        {"board": board, "ok": not problems, "findings": [asdict(finding) for finding in found]}, _table(found)
    )
    return Missing.exit_status if problems else 0


def _table(found: Sequence[Finding]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(show_header=False, box=None, padding=(0, 1))
    for finding in found:
        mend = f"  [dim]→[/] {escape(finding.mend)}" if finding.mend else ""
        table.add_row(_SIGNS[finding.status], finding.name, f"{escape(finding.said)}{mend}")
    return table
