"""Which C compiler builds for a board: an explicit one, Espressif's, the system's GNU cross compilers, or ziglang."""

from __future__ import annotations

import functools
import glob
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from toolchain.board.descriptor import Board
from toolchain.errors import BadInput, Missing

Family = Literal["gcc", "espressif", "zig"]

#: GNU compilers by architecture, in the order in which they are tried.
_GNU = {
    "arm": ("arm-none-eabi-gcc",),
    "riscv": ("riscv64-unknown-elf-gcc", "riscv32-unknown-elf-gcc", "riscv-none-elf-gcc"),
    "xtensa": ("xtensa-lx106-elf-gcc",),
    "avr": ("avr-gcc",),
    "host": ("cc", "gcc", "clang"),
}

#: Espressif's compilers: the unified toolchain of ESP-IDF 5.1 and later, then one a chip as older ones have.
_ESPRESSIF = {
    "xtensa": ("xtensa-{chip}-elf-gcc", "xtensa-esp-elf-gcc"),
    "riscv": ("riscv32-esp-elf-gcc",),
}

_INSTALL = {
    "arm": "apt install gcc-arm-none-eabi, or pip install ziglang",
    "riscv": "apt install gcc-riscv64-unknown-elf, or pip install ziglang",
    "xtensa": "apt install gcc-xtensa-lx106, or ESP-IDF's tools: idf_tools.py install xtensa-esp-elf",
    "avr": "apt install gcc-avr",
    "host": "apt install gcc",
}

#: What every C file is compiled with. Built-in functions stay known (`memcpy` of four bytes is one load), although no C
#: library is linked. Tables of lines are for backtraces: they are in the ELF file only, not in the image.
_COMMON = (
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-common",
    "-g1",
)
#: What one architecture needs besides. On AVR the address space of constants is an extension of C (see kit_const.h).
#: Xtensa's assembler makes 0.5 % more code where lines are told, for it joins no instructions across their bounds.
_BY_ARCHITECTURE: dict[str, tuple[str, ...]] = {"avr": ("-std=gnu11",), "xtensa": ("-g0",)}
_BY_FAMILY: dict[str, tuple[str, ...]] = {
    "gcc": ("-ffreestanding", "-fbuiltin"),
    "espressif": ("-ffreestanding", "-fbuiltin"),
    "zig": ("-fno-sanitize=all", "-fno-stack-protector", "-Wno-unused-command-line-argument"),
}


_BARE_LINK = ("--gc-sections", "--build-id=none")


@dataclass(frozen=True)
class Compiler:
    """A C compiler for one architecture. ``command`` starts its command line; ``family`` chooses the board's flags."""

    family: Family
    architecture: str
    command: tuple[str, ...]
    version: str

    def compile_flags(self, board: Board) -> tuple[str, ...]:
        """Flags for every C file of ``board``'s firmware, without optimisation level, includes and defines."""
        if board.architecture == "host":
            return _COMMON
        own = _BY_ARCHITECTURE.get(board.architecture, ())
        return (*self._machine(board), *_COMMON, *own, *_BY_FAMILY[self.family])

    def link_command(self, board: Board, options: Sequence[str], inputs: Sequence[str]) -> list[str]:
        """The command line that links ``inputs`` with ``options`` of the linker itself (``-T``, ``-Map``)."""
        if self.family == "zig":  # the driver takes no map file and few linker options; the linker itself does
            return [*self.command[:-1], "ld.lld", *_BARE_LINK, "-z", "noexecstack", *options, *inputs]
        passed = [f"-Wl,{option}" for option in options]
        if board.architecture == "host":
            return [*self.command, "-Wl,--gc-sections", *passed, *inputs]
        rwx = ("--no-warn-rwx-segments",) if self._warns_of_rwx else ()  # a small chip's RAM is both
        bare = [f"-Wl,{option}" for option in (*_BARE_LINK, *rwx)]
        # The linker knows its libgcc by the extensions' names before CSR instructions became one of their own.
        machine = [flag.removesuffix("_zicsr") for flag in self._machine(board)]
        return [*self.command, *machine, "-nostdlib", "-static", *bare, *passed, *inputs, "-lgcc"]

    def runtime_command(self, board: Board, source: str, output: str) -> list[str] | None:
        """The command that makes the library of the compiler's run-time functions; None when it brings one (libgcc).

        ``source`` is an empty Zig file: what is wanted is the compiler-rt that goes with it."""
        if self.family != "zig":
            return None
        options = ("-fcompiler-rt", "-OReleaseSmall", "-fstrip", "--name", "compiler_rt", f"-femit-bin={output}")
        machine = [flag for flag in self._machine(board) if not flag.startswith("-f")]  # those are of its C compiler
        return [*self.command[:-1], "build-lib", *machine, *options, source]

    @property
    def _warns_of_rwx(self) -> bool:
        """GNU ld does since binutils 2.39, which is what GCC 12 and later come with."""
        version = re.search(r"\b(\d+)\.\d+\.\d+\b(?!.*\b\d+\.\d+\.\d+\b)", self.version)
        return version is not None and int(version[1]) >= 12

    def _machine(self, board: Board) -> tuple[str, ...]:
        flags = board.cpu_flags
        if self.family == "espressif" and "espressif" not in flags:
            return tuple(flags.get("gcc", ()))
        return tuple(flags.get(self.family, ()))


def find_compiler(board: Board, explicit: str | None = None) -> Compiler:
    """The compiler for ``board``: ``explicit`` (a path or name), else what ``KIT_CC_<ARCHITECTURE>`` names, else the
    first that is found among Espressif's toolchains, the system's GNU cross compilers and ziglang.

    Raises `Missing` naming the command that installs one, `BadInput` when the explicit one cannot be run.
    """
    chosen = explicit or os.environ.get(f"KIT_CC_{board.architecture.upper()}")
    if chosen:
        return _explicit(board, chosen)
    for compiler in all_compilers(board):
        return compiler
    raise Missing(f"no C compiler for {board.name} ({board.architecture}) is installed", _INSTALL[board.architecture])


def all_compilers(board: Board) -> list[Compiler]:
    """Every compiler on this machine that can build for ``board``, the preferred one first."""
    architecture = board.architecture
    candidates: list[tuple[Family, tuple[str, ...]]] = []
    if "espressif" in board.cpu_flags:
        candidates += [("espressif", (path,)) for path in _find_espressif(board)]
    if architecture == "host" or "gcc" in board.cpu_flags:
        candidates += [("gcc", (path,)) for name in _GNU[architecture] if (path := shutil.which(name))]
    if "zig" in board.cpu_flags and (zig := _find_zig()):
        candidates.append(("zig", zig))
    found = []
    for family, command in candidates:
        version = probe_version(command)
        if version:
            found.append(Compiler(family, architecture, command, version))
    return found


@functools.cache
def probe_version(command: tuple[str, ...]) -> str:
    """First line of ``command --version``; empty when it does not run. Asked once a process."""
    try:
        done = subprocess.run(
            [*command, "--version"], capture_output=True, text=True, errors="replace", timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else ""


def _explicit(board: Board, chosen: str) -> Compiler:
    name = Path(chosen).name
    if name in ("zig", "ziglang"):
        command: tuple[str, ...] = _find_zig() or (chosen, "cc") if name == "ziglang" else (chosen, "cc")
        family: Family = "zig"
    else:
        path = shutil.which(chosen)
        if path is None:
            raise BadInput(f"the compiler {chosen} is not there or cannot be run", "give its path or its name on PATH")
        command = (path,)
        family = "espressif" if re.search(r"(-esp[a-z0-9]*-elf)", name) else "gcc"
    version = probe_version(command)
    if not version:
        raise BadInput(f"{chosen} does not answer --version as a compiler does", "is it a C compiler?")
    if family not in board.cpu_flags and board.architecture != "host":
        known = ", ".join(sorted(board.cpu_flags))
        raise BadInput(
            f"board {board.name} has no cpu_flags for a compiler of the family {family!r}", f"it has {known}"
        )
    return Compiler(family, board.architecture, command, version)


def _find_zig() -> tuple[str, ...] | None:
    if importlib.util.find_spec("ziglang") is not None:
        return (sys.executable, "-m", "ziglang", "cc")
    path = shutil.which("zig")
    return (path, "cc") if path else None


def _find_espressif(board: Board) -> list[str]:
    """Espressif's compilers for ``board``: on PATH, then in the folders of ESP-IDF, PlatformIO and Arduino, newest
    first."""
    names = [name.format(chip=board.chip) for name in _ESPRESSIF.get(board.architecture, ())]
    home = Path.home()
    patterns = [
        f"{os.environ.get('IDF_TOOLS_PATH') or home / '.espressif'}/tools/*/*/*/bin",
        f"{os.environ.get('PLATFORMIO_CORE_DIR') or home / '.platformio'}/packages/toolchain-*/bin",
        f"{home}/.arduino15/packages/esp32/tools/*/*/bin",
        f"{home}/.arduino15/packages/esp32/tools/*/*/*/bin",
        f"{home}/Library/Arduino15/packages/esp32/tools/*/*/bin",
    ]
    found = [path for name in names if (path := shutil.which(name))]
    for pattern in patterns:
        for folder in sorted(glob.glob(pattern), key=_natural, reverse=True):
            found += [path for name in names if (path := shutil.which(name, path=folder))]
    return list(dict.fromkeys(found))


def _natural(text: str) -> list[object]:
    """Sort key that puts 12.2 behind 8.4."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]
