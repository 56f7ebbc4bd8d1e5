"""Boards that are plugged into this machine: serial ports, debug probes, and the drives that boot loaders show."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from toolchain.board.descriptor import Board, list_boards
from toolchain.errors import KitError

HELLO_SECONDS = 1.5

#: File systems of the drives that boot loaders and debug probes show.
_DRIVE_TYPES = {"vfat", "msdos", "exfat", "fuseblk"}
_MOUNTS = Path("/proc/self/mounts")
_PROBE_BOARD = 4  # first digits of a DAPLink's serial number: which board it sits on


@dataclass(frozen=True)
class Runs:
    """What a device said when it was asked who it is."""

    board: str
    kit: str
    build_id: str
    model_sha256: str


@dataclass(frozen=True)
class Connected:
    """Something that could be a board. ``where`` is a port, the folder a drive is mounted at, or a probe's unique id.

    ``boards`` are the boards that it may be, by its USB id or by what its drive says (none: unknown to us). ``runs`` is
    None unless it was asked and answered; ``problem`` says why it could not be asked. ``chip`` and ``mac`` are what a
    chip's boot ROM said, when that was asked.
    """

    kind: Literal["serial", "probe", "drive"]
    where: str
    boards: tuple[str, ...] = ()
    usb_id: str = ""
    serial_number: str = ""
    description: str = ""
    runs: Runs | None = None
    problem: str = ""
    chip: str = ""
    mac: str = ""


def find_connected(
    *,
    hello: bool = False,
    chip: bool = False,
    wait: float = HELLO_SECONDS,
    boards: Sequence[Board] | None = None,
    drives: Iterable[Path] | None = None,
) -> list[Connected]:
    """Everything that could be a board, serial ports first, each in the order of its name. Equal boards are told apart
    by port and serial number.

    With ``chip`` the boot ROM behind each serial port that an Espressif board may be at is asked which chip it is,
    which restarts that board; others are left alone. With ``hello`` each serial port is opened and asked for at most
    ``wait`` seconds what it runs. ``drives`` are folders to look at instead of what is mounted.
    """
    boards = list_boards() if boards is None else boards
    found = [*_serial_ports(boards), *_probes(boards)]
    found += [drive for folder in (mounted_drives() if drives is None else drives) if (drive := _drive(folder, boards))]
    order = ("serial", "probe", "drive")
    found.sort(key=lambda device: (order.index(device.kind), _natural(device.where)))
    if chip:
        found = [_ask_rom(device, boards) for device in found]
    return [_ask(device, boards, wait) if hello and device.kind == "serial" else device for device in found]


def _serial_ports(boards: Sequence[Board]) -> list[Connected]:
    """Those on USB: a PC's built-in ports are no boards."""
    from serial.tools import list_ports

    found = []
    for port in list_ports.comports():
        if port.vid is None:
            continue
        usb_id = f"{port.vid:04x}:{port.pid:04x}"
        names = tuple(board.name for board in boards if usb_id in board.usb_ids)
        description = " ".join(filter(None, (port.manufacturer, port.product)))
        found.append(Connected("serial", str(port.device), names, usb_id, str(port.serial_number or ""), description))
    return found


def _probes(boards: Sequence[Board]) -> list[Connected]:
    """Debug probes, where pyOCD is installed (https://pyocd.io/docs/api_examples.html)."""
    if importlib.util.find_spec("pyocd") is None:
        return []
    from pyocd.core.helpers import ConnectHelper

    found = []
    for probe in ConnectHelper.get_all_connected_probes(blocking=False, print_wait_message=False):
        unique_id, about = str(probe.unique_id), getattr(probe, "associated_board_info", None)
        names = _boards_of(boards, unique_id[:_PROBE_BOARD].upper(), getattr(about, "target", None))
        found.append(Connected("probe", unique_id, names, "", unique_id, str(probe.description)))
    return found


def _drive(folder: Path, boards: Sequence[Board]) -> Connected | None:
    """A UF2 boot loader's drive, a DAPLink's or an ST-LINK's; None for any other."""
    try:
        if (info := folder / "INFO_UF2.TXT").is_file():
            said = _fields(info)
            return Connected(
                "drive", str(folder), _boards_of(boards, said.get("board-id", "")), description=said.get("model", "UF2")
            )
        if (details := folder / "DETAILS.TXT").is_file() and "unique id" in (said := _fields(details)):
            unique_id = said["unique id"]
            version = said.get("interface version", "")
            names = _boards_of(boards, unique_id[:_PROBE_BOARD].upper())
            return Connected("drive", str(folder), names, "", unique_id, f"DAPLink {version}".strip())
        if (page := folder / "MBED.HTM").is_file():
            code = re.search(r"code=([0-9A-Fa-f]{4})", page.read_text(encoding="utf-8", errors="replace"))
            return Connected(
                "drive", str(folder), _boards_of(boards, code[1].upper() if code else ""), "", "", "ST-LINK"
            )
    except OSError as error:
        return Connected("drive", str(folder), problem=f"cannot be read: {error.strerror}")
    return None


def _boards_of(boards: Sequence[Board], board_id: str, target: str | None = None) -> tuple[str, ...]:
    """Boards whose flasher's settings name this id of a drive or probe, or this target of pyOCD's."""
    found = []
    for board in boards:
        settings: Mapping[str, object] = board.flasher.settings
        if (board_id and board_id in str(settings.get("board_id", "")).split()) or (
            target and settings.get("target") == target
        ):
            found.append(board.name)
    return tuple(found)


def _fields(path: Path) -> dict[str, str]:
    """``Key: value`` lines, keys in lower case."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))
    return {key.strip().lower(): value.strip() for key, value in pairs}


def mounted_drives() -> list[Path]:
    """Folders at which drives are mounted that could be a board's."""
    if sys.platform == "win32":
        return [Path(f"{letter}:/") for letter in "DEFGHIJKLMNOPQRSTUVWXYZ" if os.path.exists(f"{letter}:/")]
    if not _MOUNTS.exists():
        return sorted(Path("/Volumes").glob("*"))
    found = []
    for line in _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        _device, folder, kind = line.split()[:3]
        if kind in _DRIVE_TYPES:  # a space in a name is written as \040
            found.append(Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), folder)))
    return found


def _ask_rom(device: Connected, boards: Sequence[Board]) -> Connected:
    """``device`` with chip and MAC, and only the boards that have that chip, if it may be one of Espressif's."""
    chips = {b.name: str(b.flasher.settings.get("chip")) for b in boards if b.flasher.name == "esptool"}
    if device.kind != "serial" or not chips.keys() & set(device.boards):
        return device
    from toolchain.flash.esptool import identify

    try:
        chip, mac = identify(device.where)
    except KitError as error:
        return replace(device, problem=error.message)
    said = chip.replace("-", "").lower()
    return replace(device, chip=chip, mac=mac, boards=tuple(name for name in device.boards if chips.get(name) == said))


def _ask(device: Connected, boards: Sequence[Board], wait: float) -> Connected:
    """``device`` with what it runs, if it answers at the baud of one of the boards that it may be."""
    from toolchain.link.session import Session

    bauds = dict.fromkeys(board.baud for board in boards if board.name in device.boards) or {115_200: None}
    problem = ""
    for baud in bauds:
        try:
            with Session.open(device.where, baud, timeout=wait) as session:
                said = session.hello(wait)
            return replace(device, runs=Runs(said.board, said.kit, said.build_id, said.model_sha256))
        except KitError as error:
            problem = error.message
    return replace(device, problem=problem)


def _natural(text: str) -> list[Any]:
    """Sort key that puts ttyUSB2 before ttyUSB10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]
