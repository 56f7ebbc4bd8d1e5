"""A front end on an emulated board: built with the board's compiler, run on given samples."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toolchain.board.build import build_program
from toolchain.board.descriptor import load_board
from toolchain.board.staging import Source
from toolchain.compiler import c_text
from toolchain.emulate import start
from toolchain.link.port import open_port
from toolchain.signal import AudioSettings, FrontEnd

PROGRAM = Path(__file__).with_name("device.c")
SECONDS = 120.0


@dataclass(frozen=True)
class Ran:
    """What the device said. ``cost`` is in the unit of its emulator."""

    whole: np.ndarray
    stream: np.ndarray | None
    cost: float


def run(front: FrontEnd, samples: np.ndarray, board_name: str, out: Path) -> Ran:
    board = load_board(board_name).as_emulated()
    settings = front.settings
    step = settings.columns if isinstance(settings, AudioSettings) else int(np.prod(front.shape))
    macros = {
        "FAMILY": settings.type,
        "SAMPLES": len(samples),
        "AXES": samples.shape[1] if samples.ndim > 1 else 1,
        "STEP": step,
        "FEATURES": front.quantized(samples).size,
    }
    header = "".join(f"#define DEVICE_{name} {value}\n" for name, value in macros.items())
    flat = samples.reshape(-1)
    header += f"static const {c_text.c_type(flat)} device_samples[] = {{\n{c_text.array_values(flat)}\n}};\n"
    sources = [Source(f"signal/{name}", text) for name, text in front.c_files().items()]
    sources += [Source("app/device.c", PROGRAM.read_text()), Source("app/device_samples.h", header)]
    program = build_program(board, sources, out)
    found: dict[str, str] = {}
    with start(board, program.elf) as emulator, open_port(emulator.port, timeout=1) as port:
        text, end = b"", time.monotonic() + SECONDS
        while "ticks" not in found:
            emulator.check()
            assert time.monotonic() < end, text[-200:]
            text += port.read(4096)
            lines = text.decode("ascii", "replace").split("\n")[:-1]
            found = dict(line.split(" ") for line in lines if line.count(" ") == 1)
        cost = emulator.ticks_to_latency(int(found["ticks"], 16), int(found["hz"], 16))

    def values(name: str) -> np.ndarray:
        return np.frombuffer(bytes.fromhex(found[name]), np.int8)

    return Ran(values("whole"), values("stream") if "stream" in found else None, cost)
