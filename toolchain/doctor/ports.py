"""Ports: are they there, may we open them, who holds them; and USB devices that should show one and do not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from toolchain.board.connected import Connected
from toolchain.board.descriptor import Board, list_boards
from toolchain.doctor.finding import Finding, Status
from toolchain.flash.programs import udev_rule

PROC = Path("/proc")
SYS = Path("/sys")
USB = Path("/dev/bus/usb")

#: Linux drivers by USB vendor, and by device where the vendor's devices differ; all others speak CDC ACM.
_DRIVERS = {"10c4": "cp210x", "1a86:7523": "ch341", "1a86:5523": "ch341", "0403": "ftdi_sio", "067b": "pl2303"}
_COMMON_DRIVER = "cdc_acm"

_GROUP = "dialout"  # whose ports are on Debian, Ubuntu, Fedora; Arch calls it uucp


def examine_devices(board: Board | None, devices: Sequence[Connected]) -> list[Finding]:
    """One finding a device that is plugged in, then the USB devices without a port, then the programs that get in the
    way.

    What concerns the board named (or, without one, any board that we know) is a problem, the rest is noted."""
    boards = [board] if board else list_boards()
    names = {each.name for each in boards}
    found = [_device(device, "problem" if names & set(device.boards) else "note") for device in devices]
    found += [_without_port(usb_id, may_be) for usb_id, may_be in _devices_without_port(boards, devices)]
    found += [finding for each in boards if (finding := _in_its_loader(each))]
    if not found and (board is None or board.usb_ids):
        found.append(_nothing(board))
    ports = [device for device in devices if device.kind == "serial"]
    if any(_driver(port.usb_id) == _COMMON_DRIVER for port in ports) and _running("ModemManager"):
        said = "it opens new ports for some seconds, to look for a modem"
        found.append(Finding("ModemManager", "note", said, "sudo systemctl disable --now ModemManager"))
    return found


def _device(device: Connected, otherwise: Status) -> Finding:
    name = f"{'port' if device.kind == 'serial' else device.kind} {device.where}"
    about = ", serial number ".join(filter(None, (device.usb_id or device.description, device.serial_number)))
    well = Finding(name, "ok", f"{' or '.join(device.boards) or 'no board known here'} ({about})")
    if device.problem:
        return Finding(name, otherwise, device.problem, "unplug the board and plug it in again")
    if device.kind != "serial":
        return well
    if os.name == "posix" and not os.access(device.where, os.R_OK | os.W_OK):
        said, mend = _permission(device)
        return Finding(name, otherwise, said, mend)
    if holders := list(holders_of(device.where)):
        who = ", ".join(f"{program} (process {pid})" for pid, program in holders)
        kill = " ".join(str(pid) for pid, _ in holders)
        return Finding(name, otherwise, f"in use by {who}", f"close it, or: kill {kill}")
    return well


def _permission(port: Connected) -> tuple[str, str]:
    """Why we may not open it, and what changes that."""
    import grp
    import pwd

    try:
        owner = os.stat(port.where).st_gid
        group = grp.getgrgid(owner).gr_name
    except (OSError, KeyError):
        return "it cannot be looked at", "unplug the board and plug it in again"
    vendor, _, product = port.usb_id.partition(":")
    if owner == 0:
        rule = f'SUBSYSTEM=="tty", ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}", GROUP="{_GROUP}"'
        return "no permission, and it belongs to root alone: a udev rule is missing", (
            f"echo '{rule}, MODE=\"0660\"' | sudo tee /etc/udev/rules.d/60-kit-{vendor}-{product}.rules && "
            "sudo udevadm control --reload && sudo udevadm trigger"
        )
    user = pwd.getpwuid(os.getuid()).pw_name
    if user in grp.getgrgid(owner).gr_mem:
        return f"no permission yet: you joined the group {group} after you logged in", "log out and in again"
    return f"no permission: it belongs to the group {group}", f"sudo usermod -aG {group} {user}, then log in again"


def holders_of(path: str) -> Iterator[tuple[int, str]]:
    """(process id, program) of every other process that has ``path`` open, as far as we may look (Linux)."""
    real = os.path.realpath(path)
    for process in sorted(PROC.glob("[0-9]*"), key=lambda p: int(p.name)):
        if int(process.name) == os.getpid():
            continue
        try:
            if any(os.readlink(link) == real for link in (process / "fd").iterdir()):
                yield int(process.name), _program(process)
        except OSError:  # another user's, or gone meanwhile
            continue


def _program(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "?"


def _running(program: str) -> bool:
    return any(_program(process) == program for process in PROC.glob("[0-9]*"))


def _devices_without_port(boards: Sequence[Board], ports: Sequence[Connected]) -> Iterator[tuple[str, list[str]]]:
    """USB ids of boards that the kernel sees (``/sys/bus/usb/devices``) although there is no port for them."""
    shown = [port.usb_id for port in ports]
    for device in sorted((SYS / "bus" / "usb" / "devices").glob("*")):
        try:
            usb_id = ":".join((device / f"id{part}").read_text().strip() for part in ("Vendor", "Product"))
        except OSError:
            continue
        names = [board.name for board in boards if usb_id in board.usb_ids]
        if names and usb_id not in shown and not any(device.glob("*/tty*")):
            yield usb_id, names


def _without_port(usb_id: str, names: Sequence[str]) -> Finding:
    driver = _driver(usb_id)
    name, said = f"USB device {usb_id}", f"{' or '.join(names)} is plugged in, but shows no port"
    if _running("brltty"):
        return Finding(name, "problem", f"{said}: brltty (for Braille displays) takes it", "sudo apt remove brltty")
    return Finding(name, "problem", f"{said}: its driver {driver} is not loaded", f"sudo modprobe {driver}")


def _driver(usb_id: str) -> str:
    return _DRIVERS.get(usb_id) or _DRIVERS.get(usb_id[:4], _COMMON_DRIVER)


def _in_its_loader(board: Board) -> Finding | None:
    """The USB device without a port that the board is while dfu-util can flash it; None where it is not there."""
    usb_id = str(board.flasher.settings.get("device", ""))
    for device in sorted((SYS / "bus" / "usb" / "devices").glob("*")):
        try:
            if ":".join((device / f"id{part}").read_text().strip() for part in ("Vendor", "Product")) != usb_id:
                continue
            bus, number = (int((device / name).read_text()) for name in ("busnum", "devnum"))
        except (OSError, ValueError):
            continue
        name = f"USB device {usb_id}"
        if os.access(USB / f"{bus:03d}" / f"{number:03d}", os.R_OK | os.W_OK):
            return Finding(name, "ok", f"{board.name} in its boot loader, ready to be flashed")
        return Finding(
            name, "problem", f"{board.name} is in its boot loader, but we may not open it", udev_rule(usb_id)
        )
    return None


def _nothing(board: Board | None) -> Finding:
    """No port at all: in the way only of a board that nothing emulates."""
    what = board.name if board else "board"
    status: Status = "problem" if board and board.emulator is None else "note"
    drivers = "" if sys.platform == "linux" else ", and install the driver of its USB bridge (CP210x, CH340)"
    emulate = " or use --emulate" if board and board.emulator else ""
    return Finding(
        "ports", status, f"no {what} is attached", f"plug it in with a cable that carries data{drivers}{emulate}"
    )
