"""Builds for real ESP32-S3 boards, started by the chip's own boot ROM: LabWired has a copy of it, and runs it from the
reset vector with a flash chip whose content is a file. Nothing in the firmware knows of the emulator: the ROM reads
header and segments, start-up stops watchdogs, maps flash and sets clock and console. What the emulator has no model of:
the data cache (flash is seen as the MMU's table says at once) and the time that flash takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from test_emulated_models import dense_model

from toolchain.board.build import Identity, build_firmware, build_program
from toolchain.board.compilers import all_compilers
from toolchain.board.descriptor import Board, load_board
from toolchain.board.images import Image, make_images
from toolchain.board.staging import Source
from toolchain.compiler.compile import compile_model
from toolchain.emulate.labwired import LabwiredEmulator
from toolchain.link.port import open_port
from toolchain.link.session import Session
from toolchain.model.reader import read_model
from toolchain.model.runners import reference_runner

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

RESET_VECTOR = 0x40000400
#: Faster than a real line: the emulator lets 200 us pass at once, in which a byte should have left.
BAUD = 2_000_000

Boot = Callable[[Board, Path, Sequence[Image]], LabwiredEmulator]


@pytest.fixture
def boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Boot:
    """Reset a board whose flash chip holds these images; of the ELF only the symbols are used."""

    def reset(board: Board, elf: Path, images: Sequence[Image]) -> LabwiredEmulator:
        flash = bytearray(b"\xff" * (4 << 20))
        for image in images:
            data = image.path.read_bytes()
            flash[image.address : image.address + len(data)] = data
        (tmp_path / "flash.bin").write_bytes(flash)
        symbols = bytearray(elf.read_bytes())
        symbols[24:28] = RESET_VECTOR.to_bytes(4, "little")  # e_entry
        symbols[44:46] = bytes(2)  # e_phnum: nothing is loaded but by the ROM
        (tmp_path / "symbols.elf").write_bytes(symbols)
        monkeypatch.setenv("LABWIRED_ESP32S3_MMU_XIP", "1")  # flash is seen through the MMU's table
        monkeypatch.setenv("LABWIRED_ESP32S3_FLASH", str(tmp_path / "flash.bin"))
        return LabwiredEmulator(board, tmp_path / "symbols.elf")

    return reset


def hardware(name: str) -> Board:
    board = load_board(name)
    if not all_compilers(board):
        pytest.skip(f"no compiler for {name} is installed")
    return board.model_copy(update={"baud": BAUD})


def test_weights_larger_than_ram_come_from_flash_that_start_up_maps(tmp_path: Path, boot: Boot) -> None:
    board, data = hardware("esp32s3"), dense_model((512, 512, 90, 10))
    graph = read_model(data)
    compiled = compile_model(graph, board.target)
    firmware = build_firmware(board, compiled, Identity("a-model", graph.sha256), tmp_path / "build")
    assert firmware.sizes.weights_bytes > max(300_000, board.bytes_of("ram")) and not firmware.board.emulated
    reference, rng = reference_runner(data, graph), np.random.default_rng(1)
    with (
        boot(firmware.board, firmware.elf, firmware.images) as emulator,
        Session.open(emulator.port, BAUD, timeout=120) as session,
    ):
        assert session.hello(wait=600).build_id == firmware.build_id
        for _ in range(2):
            inputs = [rng.integers(-128, 128, tensor.shape, np.int8) for tensor in graph.inputs]
            outputs = session.infer([x.tobytes() for x in inputs]).outputs
            assert [bytes(o) for o in outputs] == [o.tobytes() for o in reference.run(inputs)]


#: Mixes the words of constants that fill three pages and begin a fourth.
PROGRAM = """
#include "chip.h"
static const uint32_t table[3 * 16384 + 9] = {%s};
int main(void) {
    uint32_t mix = 0;
    chip_init();
    for (uint32_t i = 0; i < sizeof table / sizeof *table; i++) {
        mix = mix * 31u + table[i];
    }
    for (int shift = 28; shift >= 0; shift -= 4) {
        chip_putc((uint8_t) "0123456789abcdef"[mix >> shift & 15u]);
    }
    chip_putc('\\n');
    for (;;) {
        chip_wait();
    }
}
"""


def test_the_xiao_starts_from_flash_and_says_on_its_usb_what_is_mapped(tmp_path: Path, boot: Boot) -> None:
    board = hardware("xiao-esp32s3")
    table = np.random.default_rng(2).integers(0, 1 << 32, 3 * 16384 + 9, np.uint32)
    source = Source("app/main.c", PROGRAM % ",".join(f"{word}u" for word in table.tolist()))
    elf = build_program(board, [source], tmp_path / "build").elf
    mix = 0
    for word in table.tolist():
        mix = (mix * 31 + word) & 0xFFFFFFFF
    wanted = f"{mix:08x}\n".encode()
    with boot(board, elf, make_images(elf, board)) as emulator, open_port(emulator.port, timeout=0.05) as line:
        said, limit = bytearray(), time.monotonic() + 300
        while wanted not in said and time.monotonic() < limit:
            emulator.check()
            said += line.read(max(1, line.in_waiting))
    assert b"SPI_FAST_FLASH_BOOT" in said, bytes(said)
    assert said.endswith(wanted), bytes(said)
