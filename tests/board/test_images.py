"""Images as boot ROMs and loaders read them: valid to the vendor's tool, and what runs is what was linked."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from bare import hello
from elftools.elf.elffile import ELFFile
from esptool.bin_image import LoadFirmwareImage
from esptool.targets import CHIP_DEFS

from toolchain.board.build import build_program
from toolchain.board.compilers import all_compilers
from toolchain.board.descriptor import MAPPED_PAGE, Board, list_boards, load_board
from toolchain.board.images import Image, flat, intel_hex, make_images
from toolchain.board.staging import Source

pytestmark = pytest.mark.unit

ESPRESSIF = [board.name for board in list_boards() if board.flasher.name == "esptool"]

#: A program with constants and variables of its own that the linker keeps.
TEXT = (
    '#include "chip.h"\nstatic const uint8_t table[70000] = {1, [65535] = 2, 3, [69999] = 4};\n'
    "static volatile uint32_t start = 0x600DF00D, at;\n"
    "int main(void) { chip_init(); chip_putc(table[at]); start = start + 1u; chip_reset(); return 0; }\n"
)


def build(name: str, sources: list[Source], out: Path) -> tuple[Board, Path, tuple[Image, ...]]:
    board = load_board(name)
    if not all_compilers(board):
        pytest.skip(f"no compiler for {name} is installed")
    elf = build_program(board, sources, out).elf
    return board, elf, make_images(elf, board)


def linked(elf: Path) -> dict[int, bytes]:
    """Address and bytes of every section that must be in memory before `main`."""
    sections = ELFFile(io.BytesIO(elf.read_bytes())).iter_sections()
    wanted = [s for s in sections if s["sh_flags"] & 2 and s["sh_type"] == "SHT_PROGBITS" and s["sh_size"]]  # SHF_ALLOC
    return {s["sh_addr"]: s.data() for s in wanted}


@pytest.mark.parametrize("name", ESPRESSIF)
def test_espressif_images_are_valid_to_their_own_tool(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board, _, images = build(name, hello(), tmp_path)
    assert capsys.readouterr() == ("", ""), "the library prints"
    assert images[0].address == board.flasher.settings["address"]
    loaded = LoadFirmwareImage(str(board.flasher.settings["chip"]), str(images[0].path))
    assert loaded.checksum == loaded.calculate_checksum()
    assert loaded.stored_digest == loaded.calc_digest
    # The ROM reads flash as the header says: mode, size and frequency are codes of the chip (esptool, bin_image).
    settings = board.flasher.settings
    rom = CHIP_DEFS[str(settings["chip"])]
    assert loaded.flash_mode == {"qio": 0, "qout": 1, "dio": 2, "dout": 3}[str(settings["flash_mode"])]
    size, frequency = rom.FLASH_SIZES[settings["flash_size"]], rom.FLASH_FREQUENCY[settings["flash_freq"]]
    assert loaded.flash_size_freq == size + frequency
    if board.chip != "esp32":  # whose first ROMs had no such fields
        assert loaded.chip_id == rom.IMAGE_CHIP_ID
        assert (loaded.min_rev_full, loaded.max_rev_full) == (0, 0xFFFF), "runs on every revision"
    assert loaded.append_digest
    code = next(region for region in board.memory if region.kind in ("code", "ram"))
    assert code.origin <= loaded.entrypoint < code.origin + code.length
    regions = [(r.origin, r.origin + r.length) for r in board.memory if r.mapped_from is None]
    for segment in loaded.segments:
        assert any(low <= segment.addr and segment.addr + len(segment.data) <= high for low, high in regions)


@pytest.mark.parametrize("name", ESPRESSIF)
def test_what_is_flashed_is_in_memory_what_was_linked(name: str, tmp_path: Path) -> None:
    """The flash chip written, then the boot ROM's and the memory management unit's part done by hand."""
    board, elf, images = build(name, [Source("app/main.c", TEXT)], tmp_path)
    flash = bytearray(b"\xff" * (4 << 20))
    for image in images:
        data = image.path.read_bytes()
        assert set(flash[image.address : image.address + len(data)]) == {0xFF}, "two images overlap"
        flash[image.address : image.address + len(data)] = data
    boot = tmp_path / "boot.bin"
    boot.write_bytes(flash[images[0].address :])
    memory = {s.addr: s.data for s in LoadFirmwareImage(str(board.flasher.settings["chip"]), str(boot)).segments}
    if board.mapped:
        assert board.mapped.origin % MAPPED_PAGE == 0
        start = board.mapped.mapped_from or 0
        memory[board.mapped.origin] = bytes(flash[start : start + board.mapped.length])
    for address, data in linked(elf).items():
        base = max(a for a in memory if a <= address)
        assert memory[base][address - base :][: len(data)] == data, hex(address)
    assert any(len(data) >= 70000 for data in linked(elf).values())


@pytest.mark.parametrize("name", ["esp32c3", "esp32c6"])
def test_traps_are_where_espressifs_cores_look_for_them(name: str, tmp_path: Path) -> None:
    """ESP32-C3 Technical Reference Manual v1.1, 1.4.3: mtvec has no bits 7..0."""
    _, elf, _ = build(name, hello(), tmp_path)
    symbols = ELFFile(io.BytesIO(elf.read_bytes())).get_section_by_name(".symtab")
    (trap,) = symbols.get_symbol_by_name("trap")
    assert trap["st_value"] % 256 == 0


#: Where the boot ROM keeps what it works with while it loads an image (ESP-IDF, bootloader.ld of each chip: "Memory
#: Usage of ROM bootloader"; of the ESP32-C6 the second-stage boot loader begins below it).
ROM_DATA = {"esp32": 0x3FFE0000, "esp32c3": 0x3FCCAE00, "esp32c6": 0x4086E000, "esp32s3": 0x3FCD8000}


@pytest.mark.parametrize("name", ESPRESSIF)
def test_no_image_overwrites_the_boot_rom_that_loads_it(name: str) -> None:
    board = load_board(name)
    (ram,) = (region for region in board.memory if region.kind == "ram")
    assert ram.origin + ram.length <= ROM_DATA[board.chip]


BARE_ARM = [board.name for board in list_boards() if board.architecture == "arm" and board.flasher.name != "none"]


@pytest.mark.parametrize("name", BARE_ARM)
def test_a_cortex_m_image_starts_with_its_vector_table(name: str, tmp_path: Path) -> None:
    board, elf, (image,) = build(name, hello(), tmp_path)
    address, data = flat(elf)
    flash = next(region for region in board.memory if region.kind == "flash")
    ram = next(region for region in board.memory if region.kind == "ram")
    table = data[256:] if board.chip == "rp2040" else data  # behind the second stage of its boot
    stack, reset = (int.from_bytes(table[i : i + 4], "little") for i in (0, 4))
    assert address == flash.origin == image.address and address % 512 == 0
    assert ram.origin < stack <= ram.origin + ram.length and stack % 8 == 0
    assert reset & 1 and address < reset < address + len(data) <= flash.origin + flash.length
    if image.path.suffix == ".bin":
        assert image.path.read_bytes() == data
    for part in linked(elf).items():
        if part[0] >= flash.origin and part[0] < flash.origin + flash.length:
            assert data[part[0] - address :][: len(part[1])] == part[1]


def test_intel_hex_is_what_it_says() -> None:
    data = bytes(range(256)) * 300
    lines = intel_hex(0x0800FF00, data).decode().splitlines()
    upper, back = 0, {}
    for line in lines:
        record = bytes.fromhex(line.removeprefix(":"))
        assert sum(record) & 0xFF == 0 and len(record) == record[0] + 5
        low, kind, body = int.from_bytes(record[1:3], "big"), record[3], record[4:-1]
        if kind == 4:
            upper = int.from_bytes(body, "big") << 16
        elif kind == 0:
            assert low + len(body) <= 0x10000
            back |= {upper + low + i: byte for i, byte in enumerate(body)}
    assert back == {0x0800FF00 + i: byte for i, byte in enumerate(data)}
    assert lines[-1] == ":00000001FF"
