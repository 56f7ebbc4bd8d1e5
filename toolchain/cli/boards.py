"""`kit boards`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from toolchain.cli.options import command
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board


@command()
@click.option("--connected", is_flag=True, help="Only what is plugged in: ports, debug probes, boot loaders' drives.")
@click.option("--hello", is_flag=True, help="With --connected: ask each serial port what it runs.")
@click.option("--chip", is_flag=True, help="With --connected: ask Espressif's boot ROMs for their chip; restarts them.")
def entry(output: Output, connected: bool, hello: bool, chip: bool) -> None:
    """Boards: chips, memory, and what was verified where.

    Then the USB serial ports of this machine, and which boards each may be.

    Example: kit boards --connected --hello
    """
    if (hello or chip) and not connected:
        raise click.UsageError("--hello and --chip go with --connected")
    if connected:
        from toolchain.cli.connected import show_connected

        return show_connected(output, hello, chip)
    from rich.console import Group
    from rich.table import Table

    from toolchain.board.descriptor import list_boards
    from toolchain.connection import attached_ports
    from toolchain.errors import BadInput

    broken: list[BadInput] = []
    boards = list_boards(broken=broken)
    table = Table("board", "what it is", "flash", "RAM", "emulator", "seen on emulator", "seen on hardware", box=None)
    for board in boards:
        emulator = board.emulator.name if board.emulator else "–"
        table.add_row(
            f"[cyan]{board.name}[/]", board.title, _kib(board.flash_bytes), _kib(board.bytes_of("ram")),
            emulator, board.verified.emulated, board.verified.hardware,
        )  # fmt: skip
    ports = [
        {
            "port": port,
            "usb_id": usb_id,
            "serial_number": serial,
            "boards": [b.name for b in boards if usb_id in b.usb_ids],
        }
        for port, usb_id, serial in attached_ports()
    ]
    lines = [f"{p['port']} ({p['usb_id']}): {' or '.join(p['boards']) or 'no board known here'}" for p in ports]
    attached = "\n".join(["", *(lines or ["No USB serial port is attached."])])
    wrong = [{"error": error.message, "hint": error.hint} for error in broken]
    output.result(
        {"boards": [_values(board) for board in boards], "ports": ports, "broken": wrong}, Group(table, attached)
    )
    for error in broken:
        output.note(f"not listed: {error.message}")


def _kib(count: int) -> str:
    return f"{count // 1024:,} KiB" if count else "–"


def _values(board: Board) -> dict[str, object]:
    return {
        "name": board.name,
        "title": board.title,
        "chip": board.chip,
        "target": board.target,
        "flash_bytes": board.flash_bytes,
        "ram_bytes": board.bytes_of("ram"),
        "emulator": board.emulator.name if board.emulator else None,
        "flasher": board.flasher.name,
        "verified": {"emulated": board.verified.emulated, "hardware": board.verified.hardware},
    }
