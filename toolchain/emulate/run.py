"""Bare programs on an emulated board: built, run, and their text taken, as checks and benches of generated code do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import serial

from toolchain.board.build import build_program
from toolchain.board.compilers import Compiler
from toolchain.board.descriptor import Board
from toolchain.board.staging import Source
from toolchain.emulate import start
from toolchain.errors import DeviceError
from toolchain.link.port import Patience, open_port

#: What a program prints last; the panic of the start-up code ends a run too.
END = "\x04"
_PANIC = b"panic: "
_LOOK = 0.05  # seconds


def run_program(
    board: Board,
    sources: Sequence[Source],
    out: Path,
    *,
    defines: Mapping[str, int | str] | None = None,
    compiler: Compiler | None = None,
    seconds: float = 60.0,
) -> str:
    """Build ``sources`` (with a ``main`` that calls ``chip_init()``) for ``board`` and run them on its emulator; what
    they printed before `END`.

    On QEMU nothing is sent to the program, so two runs count the same ticks. Raises `DeviceError` when it panics (with
    the text so far) or has not printed `END` after ``seconds``; what `build_program` and `start` raise.
    """
    program = build_program(board.as_emulated(), sources, out, defines=defines, compiler=compiler)
    with start(program.board, program.elf) as emulator, open_port(emulator.port, timeout=_LOOK) as line:
        text = bytearray()
        patience = Patience()
        while END.encode() not in text:
            try:
                text += line.read(max(1, line.in_waiting))
            except serial.SerialException:
                emulator.check()
                raise
            patience.looked(_LOOK)
            panic = text.find(_PANIC)
            if panic >= 0 and b"\n" in text[panic:]:
                raise DeviceError(f"the program on {board.name} stopped: {text.decode(errors='replace').strip()}")
            if patience.seconds > seconds:
                emulator.check()
                said = text.decode(errors="replace")[-200:]
                raise DeviceError(f"the program on {board.name} has not ended after {seconds:g} s; it said {said!r}")
    return text.decode(errors="replace").split(END)[0]
