"""simavr: AVR chips, simulated cycle by cycle (https://github.com/buserror/simavr)."""

from __future__ import annotations

import functools
import os
import re
import tempfile
from pathlib import Path

from toolchain.board.descriptor import Board
from toolchain.board.images import flat
from toolchain.compiler.host_build import host_compiler
from toolchain.emulate.base import ProcessEmulator
from toolchain.errors import KitError, Missing
from toolchain.external import ask_program

READY = b"ready"  # what the pump says when the chip is there
START_SECONDS = 30.0
_INSTALL = "apt install libsimavr-dev"


class SimavrEmulator(ProcessEmulator):
    """A board run by simavr, in a process of its own (``simavr_pump.c``) that is compiled for this machine here: the
    library has no program that gives the UART away. Ticks of the chip's timers are cycles of its processor, so times
    are those of the real chip."""

    def __init__(self, board: Board, firmware: Path) -> None:
        assert board.emulator is not None
        machine, clock = board.emulator.machine, board.defines["CHIP_CLOCK_HZ"]
        version = simavr_version()
        self._folder = tempfile.TemporaryDirectory(prefix="kit-simavr-", ignore_cleanup_errors=True)
        try:
            pump = _build_pump(Path(self._folder.name))
            address, data = flat(firmware)
            image = Path(self._folder.name) / "image"
            image.write_bytes(bytes(address) + data)

            def command(descriptor: int) -> list[str]:
                return [str(pump), str(image), machine, str(clock), str(descriptor)]

            super().__init__(board, version, command)
            self.wait_until_running(START_SECONDS, READY)
        except BaseException:
            self._folder.cleanup()
            raise

    def close(self) -> None:
        super().close()
        self._folder.cleanup()


def _build_pump(folder: Path) -> Path:
    program = folder / "pump"
    source = Path(__file__).with_name("simavr_pump.c")
    command = [*host_compiler(), "-std=c11", "-O2", str(source), "-lsimavr", "-o", str(program)]
    done = ask_program(command)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"the compiler ended with status {done.returncode}"]
        raise KitError(f"simavr cannot be used: {said[-1]}", " ".join(command))
    return program


@functools.cache
def simavr_version() -> str:
    """``simavr 1.6``, as board descriptors name it, from what its library tells pkg-config. Raises `Missing` when it is
    not installed."""
    folders = [Path(part) for part in os.environ.get("PKG_CONFIG_PATH", "").split(":") if part]
    folders += [*Path("/usr/lib").glob("*/pkgconfig"), Path("/usr/lib/pkgconfig"), Path("/usr/local/lib/pkgconfig")]
    for folder in folders:
        described = folder / "simavr.pc"
        if described.is_file() and (
            found := re.search(r"^Version: *v?(\d+\.\d+)", described.read_text(errors="replace"), re.MULTILINE)
        ):
            return f"simavr {found[1]}"
    raise Missing("the emulator simavr is not installed", _INSTALL)
