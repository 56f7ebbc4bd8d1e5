"""QEMU: Cortex-M and RISC-V machines whose instructions are counted (https://www.qemu.org/docs/master/system/)."""

from __future__ import annotations

import functools
import re
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from toolchain.board.descriptor import Board
from toolchain.emulate.base import ProcessEmulator, find_program
from toolchain.emulate.mailbox import MailboxPort, SharedRam
from toolchain.errors import Missing
from toolchain.external import ask_program
from toolchain.link.port import open_port

_PROGRAMS = {
    "arm": ("qemu-system-arm", "apt install qemu-system-arm"),
    "riscv": ("qemu-system-riscv32", "apt install qemu-system-misc"),
    "xtensa": ("qemu-system-xtensa", "apt install qemu-system-misc"),
    "avr": ("qemu-system-avr", "apt install qemu-system-misc"),
}

START_SECONDS = 0.05  # in which QEMU would say that it cannot start


class QemuEmulator(ProcessEmulator):
    """A board run by QEMU. ``-icount shift=0`` makes one instruction one nanosecond of the machine's time, so a timer
    counts instructions and counts them alike in every run. The machine starts when the first client connects: no text
    is lost."""

    def __init__(self, board: Board, firmware: Path) -> None:
        assert board.emulator is not None
        machine = board.emulator.machine
        settings = board.emulator.settings
        program = find_qemu(board)
        ram = SharedRam.of(board, firmware)

        def command(descriptor: int) -> list[str]:
            semihosting = ["-semihosting"] if settings.get("semihosting") else []
            others = ["-serial", "null"] * int(settings.get("serial", 0))
            image = ["-bios", str(firmware)] if settings.get("load") == "bios" else ["-kernel", str(firmware)]
            return [
                *(str(program), "-M", machine, *(["-cpu", str(settings["cpu"])] if "cpu" in settings else [])),
                *(ram.arguments if ram else []),
                *("-nodefaults", "-display", "none", "-monitor", "none", "-icount", "shift=0"),
                *others,
                # nodelay: without it small answers wait for the other side's acknowledgement, 40 ms and more
                *(
                    "-chardev",
                    f"socket,id=uart,fd={descriptor},server=on,wait=on,nodelay=on",
                    "-serial",
                    "chardev:uart",
                ),
                *semihosting,
                *image,
            ]

        with ram or nullcontext():  # QEMU and the mailbox keep its memory
            super().__init__(board, qemu_version(program), command, [ram.descriptor] if ram else [])
            self.wait_until_running(START_SECONDS)
        self._mailbox = ram.mailbox if ram else None

    def open_port(self, timeout: float = 0) -> Any:
        if self._mailbox is None:
            return super().open_port(timeout)
        return open_port(self.port, self.board.baud, timeout, partial(MailboxPort, self._mailbox))


def find_qemu(board: Board) -> Path:
    """The program for the board's architecture. Raises `Missing` with the command that installs it."""
    return find_program(*_PROGRAMS[board.architecture])


@functools.cache
def qemu_version(program: Path) -> str:
    """``qemu 7.2``, as board descriptors name it. Raises `Missing` when the program does not run."""
    done = ask_program([str(program), "--version"], 60)
    found = re.search(r"version (\d+\.\d+)", done.stdout)
    if done.returncode != 0 or found is None:
        raise Missing(f"{program} does not run: it does not say its version", "install it again")
    return f"qemu {found[1]}"
