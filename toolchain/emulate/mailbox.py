"""Bytes to an emulated chip through memory that both sides see, and the port that sends them so.

An emulated UART takes one byte per turn of the emulator's main loop. Where the firmware has a mailbox
(``firmware_templates/chips/common/mailbox.h``) it reads any number of bytes from there; a byte on the UART wakes it."""

from __future__ import annotations

import mmap
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import serial
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from serial.urlhandler import protocol_socket

from toolchain.board.descriptor import Board
from toolchain.emulate.base import inheritable
from toolchain.errors import BadInput

SLOTS = 0x10000
_HEAD_BYTES = 16
BYTES = _HEAD_BYTES + SLOTS
_OPEN, _WRITTEN, _TAKEN = range(3)  # words of the head
_COUNTS = 1 << 32
_WAKE = b"\0"  # outside of the mailbox it would be an empty frame
_FULL_SECONDS = 0.002  # between two looks whether there is room again


class Mailbox:
    """The host's side of a mailbox that begins ``memory``. The host alone writes ``open``, ``written`` and the slots,
    the chip ``taken``. Counts and slots must be seen in the order in which they were written."""

    def __init__(self, memory: Any) -> None:
        """``memory``: at least `BYTES` writable bytes."""
        view = memoryview(memory)
        self._words = view[:_HEAD_BYTES].cast("I")  # a word is stored at once, unlike by struct or slices
        self._slots = view[_HEAD_BYTES:BYTES]
        self._written = self._words[_WRITTEN]

    def use(self, yes: bool) -> None:
        """Whether the UART's bytes are mere wake-up calls from now on."""
        self._words[_OPEN] = int(yes)

    def put(self, data: bytes) -> int:
        """Put in as much of ``data`` as there is room for; the number of bytes.

        There is none when the counts make no sense because the firmware wrote over them: it then gives up what it has
        not taken yet."""
        held = (self._written - self._words[_TAKEN]) % _COUNTS
        part = data[: max(0, SLOTS - held)]
        at = self._written % SLOTS
        first, rest = part[: SLOTS - at], part[SLOTS - at :]
        self._slots[at : at + len(first)] = first
        self._slots[: len(rest)] = rest
        self._written = (self._written + len(part)) % _COUNTS
        self._words[_WRITTEN] = self._written
        return len(part)


class MailboxPort(protocol_socket.Serial):  # type: ignore[misc]
    """A pyserial port whose other side is an emulated UART: what is written goes through the mailbox, the rest is as on
    any ``socket://`` port."""

    def __init__(self, mailbox: Mailbox, url: str, baud: int, timeout: float) -> None:
        """Not opened yet."""
        self._mailbox = mailbox
        super().__init__(None, baudrate=baud, timeout=timeout)
        self.port = url

    def open(self) -> None:
        super().open()
        self._mailbox.use(True)

    def close(self) -> None:
        if self.is_open:
            self._mailbox.use(False)
        super().close()

    def write(self, data: bytes) -> int:
        """Send ``data``. Raises SerialTimeoutException when the firmware takes nothing for ``write_timeout`` seconds,
        SerialException when the emulator is gone."""
        left = bytes(data)
        since = time.monotonic()
        while left:
            count = self._mailbox.put(left)
            left = left[count:]
            super().write(_WAKE)
            if count:
                since = time.monotonic()
            elif self.write_timeout is not None and time.monotonic() - since > self.write_timeout:
                raise serial.SerialTimeoutException("Write timeout")
            if left:
                time.sleep(_FULL_SECONDS)
        return len(data)


class SharedRam:
    """The RAM of an emulated board as memory that QEMU inherits: ``descriptor`` and ``arguments`` are for it,
    ``mailbox`` is ours. It has no name in any file system, so it goes with the last process that holds it. A context
    manager that closes our descriptor; the mailbox keeps the memory."""

    def __init__(self, size: int, offset: int) -> None:
        """``size`` bytes with the mailbox at ``offset``, a multiple of the page size. Raises OSError when the system
        does not give them."""
        with open(os.memfd_create("board-ram"), "r+b") as unnamed:
            os.ftruncate(unnamed.fileno(), size)
            self.mailbox = Mailbox(mmap.mmap(unnamed.fileno(), BYTES, offset=offset))
            self.descriptor = inheritable(unnamed.fileno())
        backend = f"memory-backend-file,id=ram,size={size},mem-path=/proc/self/fd/{self.descriptor},share=on"
        self.arguments = ["-object", backend, "-machine", "memory-backend=ram"]

    @classmethod
    def of(cls, board: Board, firmware: Path) -> SharedRam | None:
        """None where the firmware has no mailbox, the board's emulator does not tell its RAM, or this machine cannot
        share one: it must have memory without a name (Linux), and one processor must see another's stores in their
        order (x86-64). Raises BadInput when the mailbox is not in that RAM."""
        assert board.emulator is not None
        settings = board.emulator.settings
        if sys.platform != "linux" or platform.machine() != "x86_64" or "ram_bytes" not in settings:
            return None
        address = mailbox_address(firmware)
        if address is None:
            return None
        size, offset = int(settings["ram_bytes"]), address - int(settings["ram_address"])
        if not 0 <= offset <= size - BYTES or offset % mmap.ALLOCATIONGRANULARITY:
            raise BadInput(
                f"board {board.name}: its mailbox at {address:#x} is not a page of the emulated RAM",
                "CHIP_MAILBOX_BASE in [defines] must be within ram_address and ram_bytes in [emulator] settings",
            )
        try:
            return cls(size, offset)
        except OSError:  # a limit of this process forbids it
            return None

    def __enter__(self) -> SharedRam:
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self.descriptor)


def mailbox_address(firmware: Path) -> int | None:
    """Where the mailbox of a linked program is, None when it has none (or is no ELF, which the emulator says)."""
    try:
        with firmware.open("rb") as file:
            for section in ELFFile(file).iter_sections():
                if isinstance(section, SymbolTableSection):
                    for symbol in section.get_symbol_by_name("chip_mailbox") or []:
                        return int(symbol["st_value"])
    except Exception:  # of a damaged file: ELFError, ValueError, MemoryError, OverflowError …
        return None
    return None
