"""Addresses of a crash, and ELF files that are damaged."""

import shutil
import subprocess
from pathlib import Path

import pytest

from toolchain.board.backtrace import Symbols, addresses
from toolchain.errors import BadInput

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Backtrace: 0x400D1234:0x3ffb1f30 0x400d5678:0x3FFB1F50  |<-CORRUPTED", [0x400D1234, 0x400D5678]),
        ("PC=0x0800ABCD LR=0x0800EF01", [0x0800ABCD, 0x0800EF01]),
        ("MEPC    : 0x4200FACE  RA      : 0x4200beef  SP      : 0x3fc91d20", [0x4200FACE, 0x4200BEEF]),
        ("panic: stack at 0x4008ABCD", [0x4008ABCD]),
        ("x: 0x1234", []),
    ],
)
def test_addresses_in_either_case(line, expected):
    assert addresses(line) == expected


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler on this machine")
def test_a_damaged_program_is_bad_input_or_explains_less(tmp_path: Path):
    source, elf = tmp_path / "crash.c", tmp_path / "crash.elf"
    source.write_text("int fall(int x) { return x / 3; }\nint main(void) { return fall(4); }\n")
    subprocess.run(["cc", "-g", "-no-pie", source, "-o", elf], check=True)
    whole = Symbols(elf)
    start = next(address for address, _, name in whole._functions if name == "fall")
    line = f"PC=0x{start:08X}"
    assert whole.explain(line) == [f"0x{start:08x}: fall + 0x0 (crash.c:1)"]
    data, outcomes = elf.read_bytes(), set()
    for cut in range(0, len(data), len(data) // 60):
        for changed in (data[:cut], data[:cut] + b"\xff" * 40 + data[cut + 40 :]):
            elf.write_bytes(changed)
            try:
                outcomes.add(len(Symbols(elf).explain(line)))
            except BadInput as error:
                assert "no ELF file" in error.message
                outcomes.add(-1)
    assert {-1, 1} <= outcomes
