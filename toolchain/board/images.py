"""What a flasher writes: images made from the linked ELF in the form that the chip's boot ROM or loader reads."""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from toolchain.board.descriptor import Board, Region
from toolchain.board.uf2 import to_uf2
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
    name = board.flasher.name
    if name == "esptool":
        return _espressif_images(elf, board)
    if name in ("none", "pyocd"):  # pyOCD takes the ELF itself
        return (Image(elf, 0),) if name == "pyocd" else ()
    address, data = flat(elf)
    if name == "uf2":
        blocks = to_uf2(address, data, int(board.flasher.settings["family"]))
        return (Image(_write(elf.with_suffix(".uf2"), blocks), address),)
    if name in ("drive", "avrdude"):
        return (Image(_write(elf.with_suffix(".hex"), intel_hex(address, data)), address),)
    return (Image(_write(elf.with_suffix(".bin"), data), address),)


def flat(elf: Path) -> tuple[int, bytes]:
    """All that a program stores in flash, and its address; gaps are 0xFF, as erased flash is."""
    with elf.open("rb") as file:
        parts = [(s["p_paddr"], s.data()) for s in ELFFile(file).iter_segments("PT_LOAD") if s["p_filesz"]]
    start = min(address for address, _ in parts)
    data = bytearray(b"\xff" * (max(address + len(part) for address, part in parts) - start))
    for address, part in parts:
        data[address - start : address - start + len(part)] = part
    return start, bytes(data)


def intel_hex(address: int, data: bytes) -> bytes:
    """``data`` in Intel's hexadecimal format: 16 bytes a line, the upper half of the address when it changes."""

    def record(kind: int, low: int, body: bytes) -> str:
        line = bytes([len(body), low >> 8, low & 0xFF, kind]) + body
        return f":{(line + bytes([-sum(line) & 0xFF])).hex().upper()}\n"

    lines, upper = [], -1
    for at in range(address, address + len(data), 16):
        if at >> 16 != upper:
            upper = at >> 16
            lines.append(record(4, 0, upper.to_bytes(2, "big")))
        lines.append(record(0, at & 0xFFFF, data[at - address : at - address + 16]))
    return "".join([*lines, record(1, 0, b"")]).encode()


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
