"""The RP2040's image: what its boot ROM checks and runs before our vector table is ever looked at."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from bare import hello
from elftools.elf.elffile import ELFFile

from toolchain.board.build import build_program
from toolchain.board.compilers import all_compilers, find_compiler
from toolchain.board.descriptor import load_board
from toolchain.board.images import flat, make_images
from toolchain.board.staging import Source
from toolchain.board.uf2 import from_uf2
from toolchain.emulate.labwired import labwired_version
from toolchain.emulate.run import run_program
from toolchain.errors import Missing

FLASH = 0x10000000
COMPILERS = {compiler.family: compiler for compiler in all_compilers(load_board("pico"))}

#: Does once what the boot ROM does (RP2040 Datasheet, 2.8.1): copies the second stage to the end of RAM and starts it.
#: The second time, which the second stage brought about, it tells how it left the SSI (4.10.13) and the vector table.
BOOT_TWICE = """
#include <string.h>
#include "chip.h"
#define REG(address) (*(volatile uint32_t *)(address))
#define WATCHDOG_SCRATCH0 REG(0x4005800Cu)
static void put_word(uint32_t word) {
    for (int shift = 28; shift >= 0; shift -= 4) {
        chip_putc((uint8_t) "0123456789abcdef"[(word >> shift) & 15u]);
    }
    chip_putc(' ');
}
int main(void) {
    if (WATCHDOG_SCRATCH0 == 0) {
        WATCHDOG_SCRATCH0 = 1;
        REG(0xE000ED08u) = 0;
        memcpy((void *)0x20041F00u, (const void *)0x10000000u, 256);
        ((void (*)(void))0x20041F01u)();
    }
    chip_init();
    put_word(REG(0x18000000u));
    put_word(REG(0x180000F4u));
    put_word(REG(0x18000014u));
    put_word(REG(0x18000008u));
    put_word(REG(0xE000ED08u));
    chip_putc(4);
    return 0;
}
"""


def crc32(data: bytes) -> int:
    """As the boot ROM reckons it: RP2040 Datasheet, 2.8.1.3.1."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
    return crc


def symbols(elf: Path) -> dict[str, int]:
    table = ELFFile(elf.open("rb")).get_section_by_name(".symtab")
    return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}


@pytest.mark.unit
def test_the_checksum_is_the_one_of_the_catalogues() -> None:
    assert crc32(b"123456789") == 0x0376E6E7  # CRC-32/MPEG-2


@pytest.mark.unit
@pytest.mark.parametrize("family", COMPILERS)
def test_the_image_boots(family: str, tmp_path: Path) -> None:
    board = load_board("pico")
    elf = build_program(board, hello(), tmp_path, compiler=COMPILERS[family]).elf
    (image,) = make_images(elf, board)
    text = image.path.read_bytes()
    address, data, family_id = from_uf2(text)
    assert (image.path.suffix, address, family_id) == (".uf2", FLASH, 0xE48BFF56)
    linked_at, linked = flat(elf)
    assert linked_at == FLASH and data[: len(linked)] == linked and len(data) - len(linked) < 256
    assert int.from_bytes(data[252:256], "little") == crc32(data[:252])
    assert any(data[:252]), "an empty second stage has a CRC too"
    names = symbols(elf)
    assert names["__vectors"] == FLASH + 0x100
    stack, reset = (int.from_bytes(data[0x100 + i : 0x104 + i], "little") for i in (0, 4))
    assert stack == names["__stack_top"] and 0x20000000 < stack <= 0x20042000 and stack % 8 == 0
    assert reset == names["chip_reset_handler"] | 1


@pytest.mark.emulator
@pytest.mark.parametrize("family", COMPILERS)
def test_the_second_stage_sets_up_flash_and_starts_the_program(family: str, tmp_path: Path) -> None:
    board = load_board("pico")
    try:
        labwired_version()
    except Missing as error:
        pytest.skip(str(error))
    said = run_program(board, [Source("app/main.c", BOOT_TWICE)], tmp_path, compiler=COMPILERS[family])
    control, command, baud, on, vectors = (int(word, 16) for word in said.split())
    assert control == 31 << 16 | 3 << 8, "32-bit frames, a command then data, one wire"
    assert command == 0x03 << 24 | 2 << 8 | 6 << 2, "command 03h of 8 bits, 24 bits of address"
    assert baud % 2 == 0 and 125 / baud <= 50, "03h is for 50 MHz at most"
    assert (on & 1, vectors) == (1, FLASH + 0x100)


@pytest.mark.emulator
def test_the_uf2_file_runs_from_its_first_byte(tmp_path: Path) -> None:
    """By another emulator, which models the clocks and the baud: needs Node.js and the package rp2040js, looked for in
    the folder that KIT_RP2040JS names."""
    node, package = shutil.which("node"), os.environ.get("KIT_RP2040JS")
    if node is None or package is None:
        pytest.skip("no Node.js here, or KIT_RP2040JS does not name a folder with the package rp2040js")
    board = load_board("pico")
    elf = build_program(board, hello(), tmp_path, compiler=find_compiler(board)).elf
    (image,) = make_images(elf, board)
    script = Path(__file__).with_name("rp2040.mjs")
    command = [node, str(script), str(Path(package).resolve()), str(image.path), "at"]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout)
    greeting, ticks = said["text"].removeprefix("\nhello memory ok hz 1000000\na").split("\n")[:2]
    assert greeting.startswith("ticks ") and ticks == ""
    assert said["clock_hz"] == 125_000_000
    assert abs(said["baud"] - board.baud) <= board.baud // 1000
    once, twice = map(int, greeting.split()[1:])
    assert abs(twice - 2 * once) <= 2
