"""Every source of every project compiles with the board's cross compiler, warnings as errors, against stubs that
declare only the SDK's functions that the glue calls."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from toolchain.board.descriptor import load_board
from toolchain.resources import resource

pytestmark = pytest.mark.unit

STUBS = Path(__file__).parent / "stubs"
PREFIXES = {"arm": "arm-none-eabi-", "riscv": "riscv64-unknown-elf-", "xtensa": "xtensa-lx106-elf-"}
#: string.h for compilers without a C library; an SDK brings its own.
BARE = resource("firmware_templates") / "chips" / "common" / "include"

CASES = [
    ("arduino", "esp32"),
    ("arduino", "esp32c3"),
    ("arduino", "xiao-nrf52840"),
    ("esp-idf", "esp32"),
    ("esp-idf", "esp32c3"),
    ("mbed", "mps2-an386"),
    ("platformio", "esp32"),
    ("zephyr", "mps2-an385"),
    ("zephyr", "esp32c3"),
]


def units(folder: Path) -> dict[str, list[Path]]:
    """Files to compile, by language."""
    found = [p for p in sorted(folder.rglob("*")) if p.suffix in (".c", ".cpp", ".ino")]
    return {"c": [p for p in found if p.suffix == ".c"], "c++": [p for p in found if p.suffix != ".c"]}


@pytest.mark.parametrize(("sdk", "board_name"), CASES)
def test_sources_compile_for_the_board(export, sdk: str, board_name: str) -> None:
    board = load_board(board_name)
    made = export(sdk, board_name)
    headers = sorted({p.parent for p in made.folder.rglob("*.h")})
    stubs = STUBS / ("arduino" if sdk == "platformio" else sdk)
    for language, files in units(made.folder).items():
        if not files:
            assert sdk in ("esp-idf", "zephyr") and language == "c++"
            continue
        compiler = PREFIXES[board.architecture] + {"c": "gcc", "c++": "g++"}[language]
        if shutil.which(compiler) is None:
            pytest.skip(f"{compiler} is not installed")
        standard = {"c": ["-x", "c", "-std=c11"], "c++": ["-x", "c++", "-std=c++17", "-fno-exceptions", "-include"]}
        first = standard[language] if language == "c" else [*standard["c++"], "stddef.h"]
        core = "USE_TINYUSB" if board.chip == "nrf52840" else "ARDUINO_ARCH_ESP32"
        arduino = [f"-D{core}"] if stubs.name == "arduino" else []
        done = subprocess.run(
            [
                compiler,
                *board.cpu_flags["gcc"],
                *("-O1", "-fsyntax-only", "-ffreestanding", "-Wall", "-Wextra", "-Werror"),
                *arduino,
                *(f"-I{folder}" for folder in headers),
                f"-I{stubs}",
                "-isystem",
                str(BARE),
                *first,
                *map(str, files),
            ],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
