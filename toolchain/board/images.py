"""What a flasher writes: images made from the linked ELF in the form that the chip's boot ROM or loader reads."""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from toolchain.board.descriptor import Board, Region
from toolchain.errors import CheckFailed

_NOBITS = 8  # SHT_NOBITS: a section without bytes in the file


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
        return _espressif_images(elf, board)
    return ()


def _espressif_images(elf: Path, board: Board) -> tuple[Image, ...]:
    """What the boot ROM of Espressif's chips loads: header, segments, checksum, SHA-256 (esptool documentation,
    "Firmware Image Format"); and, apart from it, what start-up maps from flash, which the ROM would refuse to load.
    Settings of the flasher: chip, address, flash_mode, flash_freq, flash_size.
    """
    from esptool.cmds import elf2image  # takes a third of a second to import

    settings = board.flasher.settings
    loaded, constants = _split(elf.read_bytes(), board.mapped)
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            image = elf2image(
                loaded,
                str(settings["chip"]),
                flash_freq=str(settings["flash_freq"]),
                flash_mode=str(settings["flash_mode"]),
                flash_size=str(settings["flash_size"]),
            )
    except Exception as error:  # esptool has its own FatalError and lets others through
        raise CheckFailed(f"esptool makes no image of {elf.name}: {error}") from error
    assert isinstance(image, bytes)
    address = int(settings["address"])
    images = [Image(_write(elf.with_suffix(".bin"), image), address)]
    if board.mapped and constants:
        assert board.mapped.mapped_from is not None and address + len(image) <= board.mapped.mapped_from
        images.append(Image(_write(elf.with_suffix(".constants.bin"), constants), board.mapped.mapped_from))
    return tuple(images)


def _split(elf: bytes, mapped: Region | None) -> tuple[bytes, bytes]:
    """The ELF without the bytes of its sections in ``mapped``, and those bytes from the start of the region on."""
    if mapped is None:
        return elf, b""
    rest, constants = bytearray(elf), bytearray()
    file = ELFFile(io.BytesIO(elf))
    for index, section in enumerate(file.iter_sections()):
        at = section["sh_addr"] - mapped.origin
        if section["sh_type"] == "SHT_PROGBITS" and 0 <= at < mapped.length:
            data = section.data()
            constants[len(constants) :] = bytes(max(0, at + len(data) - len(constants)))
            constants[at : at + len(data)] = data
            header = file["e_shoff"] + index * file["e_shentsize"]
            rest[header + 4 : header + 8] = _NOBITS.to_bytes(4, "little")  # sh_type
    return bytes(rest), bytes(constants)


def _write(path: Path, data: bytes) -> Path:
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    temporary.write_bytes(data)
    os.replace(temporary, path)
    return path
