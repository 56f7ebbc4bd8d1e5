"""Programs and packages, and the room to work in."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from toolchain.board.compilers import all_compilers, find_compiler
from toolchain.board.descriptor import Board, list_boards
from toolchain.doctor.finding import Finding, Status
from toolchain.errors import KitError
from toolchain.flash.programs import PROGRAMS, arduino_tool, find_program
from toolchain.resources import resource
from toolchain.workspace import Workspace

DISTRIBUTION = "tinyml-kit"
PYTHON = (3, 11)
LITTLE_BYTES = 500_000_000  # less room than this and a training or an installation ends half-way
SOME_BYTES = 3_000_000_000  # what TensorFlow with its dependencies takes

#: What a group of packages (an extra of pyproject.toml) is for; groups that are for developers of kit are left out.
_EXTRAS = {
    "": "core packages",
    "train": "packages to train",
    "reference": "TFLM, the reference",
    "runtime": "LiteRT, another reference",
    "emulate": "LabWired, an emulator",
    "zig": "a compiler by pip",
}

_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)[^;]*?(?:>=\s*([0-9.]+))?[^;]*(?:;(.*))?$")
_CONDITION = re.compile(r"(\w+)\s*(==|!=)\s*['\"]([^'\"]+)['\"]")


def python() -> Finding:
    """The interpreter that runs this."""
    said = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info < PYTHON:
        wanted = ".".join(map(str, PYTHON))
        return Finding("Python", "problem", f"{said} is older than {wanted}", f"apt install python{wanted}")
    return Finding("Python", "ok", said)


def packages() -> list[Finding]:
    """One finding a group of packages. Only the core is needed by every use."""
    missing: dict[str, list[str]] = {}
    present: dict[str, list[str]] = {}
    for extra, name, least in requirements():
        if extra not in _EXTRAS:
            continue
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.setdefault(extra, []).append(name)
            continue
        if least and _numbers(version) < _numbers(least):
            missing.setdefault(extra, []).append(f"{name} {least} (here is {version})")
        else:
            present.setdefault(extra, []).append(f"{name} {version}")
    found = []
    for extra, title in _EXTRAS.items():
        if extra in missing:
            wanted = f"{DISTRIBUTION}[{extra}]" if extra else DISTRIBUTION
            status: Status = "note" if extra else "problem"
            found.append(
                Finding(title, status, f"not installed: {', '.join(missing[extra])}", f'pip install "{wanted}"')
            )
        elif extra in present:
            names = present[extra]
            found.append(Finding(title, "ok", ", ".join(names) if len(names) < 4 else f"all {len(names)} installed"))
    return found


def requirements() -> Iterator[tuple[str, str, str]]:
    """(extra, name, least version) of every package that this one asks for on this machine, as its metadata says: of
    the installed distribution, or of the checkout's pyproject.toml."""
    try:
        lines = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        project = tomllib.loads((resource("kits").parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        lines = list(project["dependencies"])
        for extra, more in project.get("optional-dependencies", {}).items():
            lines += [f"{line}{' and' if ';' in line else ';'} extra == '{extra}'" for line in more]
    here = {"platform_machine": platform.machine(), "sys_platform": sys.platform}
    for line in lines:
        found = _REQUIREMENT.match(line)
        assert found, line
        conditions = _CONDITION.findall(found[3] or "")
        if all((here.get(key, value) == value) == (sign == "==") for key, sign, value in conditions if key != "extra"):
            extra = next((value for key, _, value in conditions if key == "extra"), "")
            yield extra, found[1], found[2] or ""


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:3]]


def compilers(board: Board | None) -> list[Finding]:
    """The C compilers for ``board``, which needs one; without a board, those for each architecture."""
    if board:
        return [_compiler(board, f"compiler for {board.name}", "problem")]
    examples = {each.architecture: each for each in reversed(list_boards())}
    return [_compiler(each, f"compiler for {name}", "note") for name, each in sorted(examples.items())]


def _compiler(board: Board, name: str, otherwise: Status) -> Finding:
    try:
        chosen = find_compiler(board)
    except KitError as error:
        return Finding(name, otherwise, error.message, error.hint)
    others = [c.version for c in all_compilers(board) if c.command != chosen.command]
    more = f"; also {', '.join(others)}" if others else ""
    return Finding(name, "ok", f"{chosen.version}{more}")


def emulators(board: Board | None, real: bool) -> list[Finding]:
    """The emulator of ``board``, which it needs unless a ``real`` one is attached; without a board, each emulator."""
    from toolchain.emulate import installed_version

    if board:
        boards = [board] if board.emulator else []
        otherwise: Status = "note" if real else "problem"
    else:
        examples = {(b.emulator.name, b.architecture): b for b in reversed(list_boards()) if b.emulator}
        boards, otherwise = [b for (name, _), b in sorted(examples.items()) if name != "host"], "note"
    found = []
    for each in boards:
        assert each.emulator is not None
        name = f"{each.emulator.name} for {each.name if board else f'{each.architecture} boards'}"
        try:
            found.append(Finding(name, "ok", installed_version(each)))
        except KitError as error:
            found.append(Finding(name, otherwise, error.message, error.hint))
    return found


def flashers(board: Board | None, real: bool) -> list[Finding]:
    """The program that flashes ``board``, needed where a ``real`` one is attached or no emulator stands in for it."""
    names = {b.flasher.name for b in ([board] if board else list_boards())}
    needed = board is not None and (real or board.emulator is None)
    found = []
    for name in sorted(names):
        said, mend = _flasher(name)
        if said or mend:
            status: Status = "ok" if not mend else "problem" if needed else "note"
            found.append(Finding(f"flasher {name}", status, said or "not installed", mend))
    return found


def _flasher(name: str) -> tuple[str, str]:
    """What is installed, and what would install it or a better one; both empty for a flasher that needs nothing."""
    if name in ("esptool", "pyocd"):
        try:
            return f"{name} {importlib.metadata.version(name)}", ""
        except importlib.metadata.PackageNotFoundError:
            return "", f"pip install {name}"
    if name in PROGRAMS:
        path, install = find_program(name), PROGRAMS[name].install
        if path and PROGRAMS[name].places and not arduino_tool(name):
            return f"{path}, which is not Arduino's", install
        return (path, "") if path else ("", f"sudo {install}" if install.startswith("apt ") else install)
    return "", ""


def disk() -> list[Finding]:
    """Room where artefacts and temporary files go."""
    found = []
    for name, folder in (("disk for artefacts", Workspace().root), ("disk for temporary files", tempfile.gettempdir())):
        place = Path(folder).absolute()
        while not place.exists():
            place = place.parent
        free = shutil.disk_usage(place).free
        status: Status = "problem" if free < LITTLE_BYTES else "note" if free < SOME_BYTES else "ok"
        said = f"{free / 1e9:,.1f} GB free in {place}"
        mend = "" if status == "ok" else "make room; KIT_BUILD and TMPDIR name other folders"
        found.append(Finding(name, status, said, mend))
    return found
