"""What is plugged in, as a table: part of `kit boards`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table

from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.board.connected import Connected


def show_connected(output: Output, hello: bool, chip: bool) -> None:
    """The result of ``kit boards --connected``."""
    from toolchain.board.connected import find_connected

    found = find_connected(hello=hello, chip=chip)
    output.result({"connected": [asdict(device) for device in found]}, _table(found, hello, chip))


def _table(found: Sequence[Connected], hello: bool, chip: bool) -> RenderableType:
    if not found:
        return "Nothing that could be a board is plugged in. A cable that only charges shows nothing: try another."
    table = Table("kind", "where", "may be", "USB id", "serial number", "what it says of itself", box=None)
    if chip:
        table.add_column("chip")
    if hello:
        table.add_column("runs")
    for device in found:
        row = [
            device.kind, device.where, " or ".join(device.boards) or "no board known here", device.usb_id or "–",
            device.serial_number or "–", device.description or "–",
        ]  # fmt: skip
        if chip:
            row.append(f"{device.chip} ({device.mac})" if device.chip else device.problem or "–")
        if hello:
            runs = device.runs
            row.append(f"{runs.kit} on {runs.board} (build {runs.build_id[:12]})" if runs else device.problem or "–")
        table.add_row(*row)
    return table
