"""Addresses that a crashed program printed, as function, file and line of its ELF file."""

from __future__ import annotations

import bisect
import re
from functools import cached_property
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from toolchain.errors import BadInput

#: Where a line holds addresses of code. ESP-IDF Programming Guide, "Fatal Errors": a backtrace of the Xtensa chips is
#: pairs of program counter and stack pointer, a panic of the RISC-V ones prints registers (MEPC is where it happened,
#: RA who called). ``panic: … at`` is our own firmware, ``PC`` and ``LR`` are what Arm fault handlers print.
_LINES = (
    (re.compile(r"Backtrace:((?:\s*0x[0-9a-fA-F]+:0x[0-9a-fA-F]+)+)"), re.compile(r"(0x[0-9a-fA-F]+):")),
    (
        re.compile(r"(?:MEPC|\bRA|\bPC|\bLR|EXCVADDR)\s*[:=]"),
        re.compile(r"\b(?:MEPC|RA|PC|LR)\s*[:=]\s*(0x[0-9a-fA-F]+)"),
    ),
    (re.compile(r"panic: .* at 0x"), re.compile(r"at (0x[0-9a-fA-F]+)")),
)


def addresses(line: str) -> list[int]:
    """The code addresses in one line of a crash, in its order."""
    for found, each in _LINES:
        if match := found.search(line):
            return [int(text, 16) for text in each.findall(line[match.start() :])]
    return []


class Symbols:
    """Functions and lines of an ELF file. Raises BadInput when it cannot be read as one."""

    def __init__(self, elf: Path) -> None:
        self.path = elf
        try:
            with elf.open("rb") as stream:
                file = ELFFile(stream)
                self._functions = sorted(_functions(file))
        except Exception as error:  # of a damaged file: ELFError, ValueError, MemoryError, OverflowError …
            raise BadInput(f"{elf}: no ELF file: {error}", "name the .elf that the board runs") from error

    def name(self, address: int) -> str:
        """``function + 0x12 (file.c:34)``, empty when no function of the file is at ``address``."""
        at = bisect.bisect_right(self._functions, address, key=lambda function: function[0]) - 1
        if at < 0:
            return ""
        start, size, name = self._functions[at]
        if not start <= address < start + max(size, 1):
            return ""
        place = self._place(address)
        return f"{name} + 0x{address - start:x}{f' ({place})' if place else ''}"

    def explain(self, line: str) -> list[str]:
        """A line for each address in ``line`` that is in the program."""
        return [f"0x{a:08x}: {name}" for a in addresses(line) if (name := self.name(a))]

    def _place(self, address: int) -> str:
        at = bisect.bisect_right(self._lines, address, key=lambda line: line[0]) - 1
        if at < 0:
            return ""
        _, line, file = self._lines[at]
        return f"{file}:{line}" if line else ""

    @cached_property
    def _lines(self) -> list[tuple[int, int, str]]:
        """Address, line, file where a line of source begins; line 0 where a sequence of them ends. Empty when they are
        damaged: functions are told all the same."""
        try:
            return self._read_lines()
        except Exception:  # DWARFError, KeyError, construct's own …
            return []

    def _read_lines(self) -> list[tuple[int, int, str]]:
        lines: list[tuple[int, int, str]] = []
        with self.path.open("rb") as stream:
            file = ELFFile(stream)
            if not file.has_dwarf_info():
                return []
            info = file.get_dwarf_info()
            for unit in info.iter_CUs():
                program = info.line_program_for_CU(unit)
                if program is None:
                    continue
                first = 0 if program["version"] >= 5 else 1
                names = [entry.name.decode("utf-8", "replace") for entry in program["file_entry"]]
                for entry in program.get_entries():
                    state = entry.state
                    if state is not None:
                        number = state.file - first
                        name = names[number] if 0 <= number < len(names) else "?"
                        lines.append((state.address, 0 if state.end_sequence else state.line, name))
        return sorted(lines)


def _functions(file: ELFFile) -> list[tuple[int, int, str]]:
    found = []
    for section in file.iter_sections():
        if isinstance(section, SymbolTableSection):
            for symbol in section.iter_symbols():
                if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_value"]:
                    start = symbol["st_value"] & ~1  # bit 0 of an Arm address says Thumb
                    found.append((start, symbol["st_size"], symbol.name))
    return found
