"""`kit boards`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolchain.cli.options import command
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board


@command()
def entry(output: Output) -> None:
    """Boards: chips, memory, and what was verified where.

    Example: kit boards
    """
    from rich.table import Table

    from toolchain.board.descriptor import list_boards

    boards = list_boards()
    table = Table("board", "what it is", "flash", "RAM", "emulator", "seen on emulator", "seen on hardware", box=None)
    for board in boards:
        emulator = board.emulator.name if board.emulator else "–"
        table.add_row(
            f"[cyan]{board.name}[/]", board.title, _kib(board.bytes_of("flash")), _kib(board.bytes_of("ram")),
            emulator, board.verified.emulated, board.verified.hardware,
        )  # fmt: skip
    output.result({"boards": [_values(board) for board in boards]}, table)


def _kib(count: int) -> str:
    return f"{count // 1024:,} KiB" if count else "–"


def _values(board: Board) -> dict[str, object]:
    return {
        "name": board.name,
        "title": board.title,
        "chip": board.chip,
        "target": board.target,
        "flash_bytes": board.bytes_of("flash"),
        "ram_bytes": board.bytes_of("ram"),
        "emulator": board.emulator.name if board.emulator else None,
        "flasher": board.flasher.name,
        "verified": {"emulated": board.verified.emulated, "hardware": board.verified.hardware},
    }
