"""Boot loaders that show a drive and take UF2 files (https://github.com/microsoft/uf2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toolchain.board.uf2 import from_uf2
from toolchain.errors import BadInput, DeviceError
from toolchain.flash import drive
from toolchain.progress import Progress

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.pipeline import Built


recover = drive.recover


def flash(board: Board, built: Built, port: str, progress: Progress) -> None:
    """Copy the UF2 file to the boot loader's drive: the folder ``port``, else the one that is mounted.

    Raises Missing when there is no such drive, BadInput when the file is not for the board's family of chips,
    DeviceError when the drive is another board's or goes away too early."""
    image = drive.image_of(board, built)
    _, _, family = from_uf2(image.read_bytes())
    if family != board.flasher.settings["family"]:
        raise BadInput(f"{image} is for the family {family:#x}, {board.name} is another", "build it for this board")
    folder = drive.find_drive(board, port)
    info = folder / "INFO_UF2.TXT"
    if not info.is_file():
        raise DeviceError(f"{folder} is no UF2 boot loader's drive", str(board.flasher.settings.get("boot", "")))
    said = info.read_text(encoding="utf-8", errors="replace")
    wanted = str(board.flasher.settings["board_id"])
    if not any(re.search(rf"^Board-ID: {re.escape(name)}\s*$", said, re.MULTILINE) for name in wanted.split()):
        raise DeviceError(
            f"{folder} is another board's drive, not that of {board.name} ({wanted})", "name the right one"
        )
    drive.copy(image, folder, board, progress)
