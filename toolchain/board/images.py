"""What a flasher writes: images made from the linked ELF in the form that the chip's boot ROM or loader reads."""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

from toolchain.board.descriptor import Board
from toolchain.errors import CheckFailed


@dataclass(frozen=True)
class Image:
    """A file and the flash address (an offset in bytes) at which it is written."""

    path: Path
    address: int


def make_images(elf: Path, board: Board) -> tuple[Image, ...]:
    """The images of ``board`` from ``elf``, beside it; none for a board whose ELF is loaded as it is.

    Raises `CheckFailed` when the vendor's tool refuses the ELF.
    """
    if board.flasher.name == "esptool":
        return (_espressif_image(elf, board),)
    return ()


def _espressif_image(elf: Path, board: Board) -> Image:
    """An image as the boot ROM of Espressif's chips loads it: header, segments to load, checksum, SHA-256 (esptool
    documentation, "Firmware Image Format"). Settings of the flasher: chip, address, flash_mode, flash_freq, flash_size.
    """
    from esptool.cmds import elf2image  # takes a third of a second to import

    settings = board.flasher.settings
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            image = elf2image(
                elf.read_bytes(),
                str(settings["chip"]),
                flash_freq=str(settings["flash_freq"]),
                flash_mode=str(settings["flash_mode"]),
                flash_size=str(settings["flash_size"]),
            )
    except Exception as error:  # esptool has its own FatalError and lets others through
        raise CheckFailed(f"esptool makes no image of {elf.name}: {error}") from error
    assert isinstance(image, bytes)
    path = elf.with_suffix(".bin")
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    temporary.write_bytes(image)
    os.replace(temporary, path)
    return Image(path, int(settings["address"]))
