"""Start-up and console of chips as they are built for hardware, against models of the registers that behave as the
manuals say: what no emulator here shows. The programs in ``silicon/`` say each what is expected."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from toolchain.board.build import chip_sources
from toolchain.board.descriptor import Board, load_board

pytestmark = pytest.mark.emulator

MODELS = Path(__file__).parent / "silicon"
DOCUMENT = Path(__file__).parents[2] / "docs" / "boards" / "espressif.md"
#: A board and whether its constants lie in mapped flash.
CASES = [
    ("esp32", True),
    ("esp32c3", True),
    ("esp32c6", True),
    ("esp32s3", True),
    ("xiao-esp32s3", True),
    ("nucleo-f401re", False),
    ("nano33ble", False),
    ("xiao-nrf52840", False),
    ("pico", False),
    ("hifive1", False),
    ("mps2-an386", False),
]


@pytest.mark.parametrize(("name", "mapped"), CASES)
def test_a_chip_starts_and_talks_as_its_manual_says(name: str, mapped: bool, tmp_path: Path) -> None:
    run(load_board(name), mapped, tmp_path)


@pytest.mark.parametrize(("name", "base"), [("esp32c3", "0x60043000"), ("esp32c6", "0x6000F000")])
def test_boards_with_no_usb_bridge_are_a_line_in_a_copy_of_the_descriptor(name: str, base: str, tmp_path: Path) -> None:
    assert f"CHIP_USB_SERIAL = {base}" in DOCUMENT.read_text()
    board = load_board(name)
    run(board.model_copy(update={"defines": {**board.defines, "CHIP_USB_SERIAL": int(base, 16)}}), False, tmp_path)


def run(board: Board, mapped: bool, tmp_path: Path) -> None:
    if not (compiler := shutil.which("g++")):
        pytest.skip("no g++ here")
    for source in chip_sources(board):
        text = re.sub(r"#define REG\(address\).*", "#define REG(address) Register((uint32_t)(address))", source.text)
        text = re.sub(r"\(\(void \(\*\)\([^)]*\)\)(0x\w+)\)", r"rom(\1)", text)
        path = tmp_path / source.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    model = "espressif" if board.flasher.name == "esptool" else board.chip
    defines = {**board.defines, "CHIP_BAUD": board.baud}
    if mapped and board.mapped:
        defines |= {"CHIP_MAPPED_AT": board.mapped.origin, "CHIP_MAPPED_FROM": board.mapped.mapped_from or 0}
    folders = ["chips", f"chips/{board.chip}", "chips/common", f"chips/common/{board.architecture}"]
    program = tmp_path / "program"
    subprocess.run(
        [
            *(compiler, "-std=c++17", "-O0", "-no-pie", "-w", "-o", program, MODELS / f"{model}.cpp", f"-I{MODELS}"),
            *(f"-D{key}={value}" for key, value in defines.items()),
            *(f"-iquote{tmp_path / folder}" for folder in reversed(folders)),
            f"-Wl,--defsym,__rodata_end={(board.mapped.origin if board.mapped else 0) + 0x20010:#x}",
        ],
        check=True,
    )
    ran = subprocess.run([program], capture_output=True, text=True, timeout=300, check=False)
    assert (ran.stdout, ran.returncode) == ("", 0)
