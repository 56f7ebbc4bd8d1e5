"""What a flasher writes: images made from the linked ELF in the form that the chip's boot ROM or loader reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from toolchain.board.descriptor import Board


@dataclass(frozen=True)
class Image:
    """A file and the flash address (an offset in bytes) at which it is written."""

    path: Path
    address: int


def make_images(elf: Path, board: Board) -> tuple[Image, ...]:
    """The images of ``board`` from ``elf``, beside it; none for a board whose ELF is loaded as it is."""
    return ()
