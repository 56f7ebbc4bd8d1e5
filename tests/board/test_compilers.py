"""Which compiler is taken: order of preference with fakes on a PATH of their own, and words for what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.board import compilers
from toolchain.board.compilers import all_compilers, find_compiler
from toolchain.board.descriptor import load_board
from toolchain.errors import BadInput, Missing

pytestmark = pytest.mark.unit


def fake(path: Path, version: str, works: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{path.name} {version}'\n" if works else "#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any compiler: its home and PATH are empty folders, and ziglang is not installed."""
    for name in ("IDF_TOOLS_PATH", "PLATFORMIO_CORE_DIR", "KIT_CC_ARM", "KIT_CC_RISCV", "KIT_CC_XTENSA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(compilers.importlib.util, "find_spec", lambda _name: None)
    compilers.probe_version.cache_clear()
    return tmp_path


@pytest.mark.parametrize(
    ("board", "install"),
    [
        ("mps2-an386", "apt install gcc-arm-none-eabi, or pip install ziglang"),
        ("esp32c3", "apt install gcc-riscv64-unknown-elf, or pip install ziglang"),
        ("esp32", "apt install gcc-xtensa-lx106, or ESP-IDF"),
        ("host", "apt install gcc"),
    ],
)
def test_a_missing_compiler_is_named_with_what_installs_it(desk: Path, board: str, install: str) -> None:
    with pytest.raises(Missing) as error:
        find_compiler(load_board(board))
    assert board in error.value.message
    assert install in error.value.hint


@pytest.mark.parametrize(
    "place",
    [
        "bin/xtensa-esp32-elf-gcc",
        ".espressif/tools/xtensa-esp-elf/esp-13.2.0_20240530/xtensa-esp-elf/bin/xtensa-esp32-elf-gcc",
        ".platformio/packages/toolchain-xtensa-esp32/bin/xtensa-esp32-elf-gcc",
        ".arduino15/packages/esp32/tools/xtensa-esp32-elf-gcc/esp-2021r2/bin/xtensa-esp32-elf-gcc",
    ],
)
def test_espressifs_compiler_is_preferred_wherever_it_is(desk: Path, place: str) -> None:
    fake(desk / "bin" / "xtensa-lx106-elf-gcc", "12.2.0")
    board = load_board("esp32")
    assert find_compiler(board).family == "gcc"
    expected = fake(desk / place, "13.2.0")
    found = find_compiler(board)
    assert found.family == "espressif"
    assert found.command == (str(expected),)
    assert "-mabi=call0" in found.compile_flags(board)


def test_the_newest_of_several_versions_is_taken(desk: Path) -> None:
    tools = desk / ".espressif/tools/riscv32-esp-elf"
    fake(tools / "esp-8.4.0/riscv32-esp-elf/bin/riscv32-esp-elf-gcc", "8.4.0")
    newest = fake(tools / "esp-12.2.0/riscv32-esp-elf/bin/riscv32-esp-elf-gcc", "12.2.0")
    assert find_compiler(load_board("esp32c3")).command == (str(newest),)


def test_idf_tools_path_is_looked_into(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = fake(desk / "idf/tools/riscv32-esp-elf/esp-14/riscv32-esp-elf/bin/riscv32-esp-elf-gcc", "14.2.0")
    monkeypatch.setenv("IDF_TOOLS_PATH", str(desk / "idf"))
    assert find_compiler(load_board("esp32c3")).command == (str(place),)


def test_a_compiler_that_does_not_run_is_passed_over(desk: Path) -> None:
    fake(desk / "bin" / "riscv64-unknown-elf-gcc", "", works=False)
    works = fake(desk / "bin" / "riscv32-unknown-elf-gcc", "13.1.0")
    assert [c.command for c in all_compilers(load_board("esp32c3"))] == [(str(works),)]


def test_an_explicit_compiler_wins_over_all(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(desk / "bin" / "arm-none-eabi-gcc", "12.2.1")
    other = fake(desk / "opt" / "arm-none-eabi-gcc", "14.1.0")
    third = fake(desk / "env" / "arm-none-eabi-gcc", "15.1.0")
    board = load_board("mps2-an386")
    assert find_compiler(board, str(other)).version == "arm-none-eabi-gcc 14.1.0"
    monkeypatch.setenv("KIT_CC_ARM", str(third))
    assert find_compiler(board).version == "arm-none-eabi-gcc 15.1.0"
    assert find_compiler(board, str(other)).version == "arm-none-eabi-gcc 14.1.0"


def test_an_explicit_compiler_that_is_none_is_refused(desk: Path) -> None:
    board = load_board("mps2-an386")
    with pytest.raises(BadInput, match="nowhere is not there or cannot be run"):
        find_compiler(board, "nowhere")
    silent = fake(desk / "bin" / "silent-gcc", "", works=False)
    with pytest.raises(BadInput, match="does not answer --version"):
        find_compiler(board, str(silent))
    espressif = fake(desk / "bin" / "xtensa-esp32-elf-gcc", "13.2.0")
    with pytest.raises(BadInput, match="has no cpu_flags for a compiler of the family 'espressif'"):
        find_compiler(board, str(espressif))


@pytest.mark.parametrize(
    ("version", "warns"), [("gcc (Debian 12.2.0-14) 12.2.0", True), ("arm-none-eabi-gcc (x) 10.3.1 2021", False)]
)
def test_old_linkers_are_not_asked_about_writable_code(version: str, warns: bool) -> None:
    compiler = compilers.Compiler("gcc", "arm", ("gcc",), version)
    command = compiler.link_command(load_board("mps2-an386"), [], [])
    assert ("-Wl,--no-warn-rwx-segments" in command) == warns


def test_the_library_is_that_of_the_core() -> None:
    compiler = compilers.Compiler("gcc", "riscv", ("riscv64-unknown-elf-gcc",), "gcc 12.2.0")
    board = load_board("esp32c3")
    assert "-march=rv32imc_zicsr" in compiler.compile_flags(board)
    assert "-march=rv32imc" in compiler.link_command(board, [], [])
