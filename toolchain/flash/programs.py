"""Flashing by programs of others: their command lines, as data."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.errors import DeviceError, KitError, Missing
from toolchain.external import run_program
from toolchain.progress import Progress

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.pipeline import Built

Words = tuple[str, ...]

_FORBIDDEN = re.compile(r"LIBUSB_ERROR_ACCESS|permission|access denied", re.IGNORECASE)
_TROUBLE = re.compile(r"error|fail|cannot|can't|^no .*(found|available)", re.IGNORECASE)


@dataclass(frozen=True)
class Program:
    """A program and what it is called with. ``{file}`` is the image, ``{port}`` the port, other names are settings of
    the board's flasher. ``recover`` is what to do when it fails. ``places`` are Arduino's folders, whose newest program
    of that name goes before one on PATH. ``done`` is what it says when the image is in the flash: what it complains of
    afterwards is no failure."""

    install: str
    recover: str
    flash: Words
    erase: Words = ()
    reset: Words = ()
    places: Words = ()
    done: str = ""


PROGRAMS = {
    # No erase: Optiboot, the boot loader, ignores it and says that all is well (optiboot.c, STK_UNIVERSAL).
    "avrdude": Program(
        "apt install avrdude",
        "press RESET just before it starts; close every program that has the port open",
        flash=(
            "-q",
            "-p",
            "{part}",
            "-c",
            "{programmer}",
            "-b",
            "{baud}",
            "-P",
            "{port}",
            "-D",
            "-U",
            "flash:w:{file}:i",
        ),
    ),
    # As the board package calls it: only Arduino's own build knows the nRF52840, whose boot loader adds its size to
    # every address (Zephyr pull request 34947, TinyGo pull request 1959).
    "bossac": Program(
        "arduino-cli core install arduino:mbed_nano, which brings Arduino's bossac: Debian's knows no nRF52840",
        "press RESET twice quickly: the boot loader waits with its light pulsing, mostly at another port",
        flash=("-p", "{port}", "-U", "-i", "-e", "-w", "{file}", "-R"),
        places=("~/.arduino15", "~/Library/Arduino15", "~/AppData/Local/Arduino15"),
    ),
    "dfu-util": Program(
        "apt install dfu-util",
        "hold the boot button while plugging the board in; dfu-util --list must show it",
        flash=("-d", "{device}", "-a", "0", "-s", "{address}:leave", "-D", "{file}"),
        erase=("-d", "{device}", "-a", "0", "-s", "{address}:mass-erase:force"),
        # The chip leaves its loader before it has answered all that it is asked: exit status 74 (device-os issue 599).
        done="File downloaded successfully",
    ),
    "pyocd": Program(
        "pip install pyocd",
        "pyocd list must show the probe; a locked chip is freed by pyocd erase --mass",
        flash=("flash", "-t", "{target}", "{file}"),
        erase=("erase", "-t", "{target}", "--chip"),
        reset=("reset", "-t", "{target}"),
    ),
}


def recover(board: Board) -> str:
    """What to do when the program was interrupted."""
    return f"flash it again; if that fails, {PROGRAMS[board.flasher.name].recover}"


def flash(board: Board, built: Built, port: str, progress: Progress) -> None:
    """Write the image of ``built`` and start it."""
    if not built.images:
        raise KitError(f"{board.name}: the build made no image to flash", f"the linked program is {built.elf}")
    _run(board, PROGRAMS[board.flasher.name].flash, port, progress, file=str(built.images[0][1]))


def erase(board: Board, port: str, progress: Progress) -> None:
    """Erase the chip, where the program can (`Program.erase`)."""
    _run(board, PROGRAMS[board.flasher.name].erase, port, progress)


def reset(board: Board, port: str, progress: Progress) -> bool:
    """Restart by the program; False where it cannot."""
    words = PROGRAMS[board.flasher.name].reset
    if words:
        _run(board, words, port, progress)
    return bool(words)


def command_line(board: Board, words: Words, port: str, file: str = "") -> list[str]:
    """What is run, without the program's own path."""
    settings = board.flasher.settings
    values = {key: hex(int(value)) if key in ("address", "offset") else str(value) for key, value in settings.items()}
    return [word.format(**{"baud": board.baud, **values, "port": port, "file": file}) for word in words]


def udev_rule(usb_id: str) -> str:
    """The commands that let who is logged in open the USB device ``vvvv:pppp``, which belongs to root otherwise."""
    vendor, _, product = usb_id.partition(":")
    rule = f'SUBSYSTEM=="usb", ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}", TAG+="uaccess"'
    return (
        f"echo '{rule}' | sudo tee /etc/udev/rules.d/60-kit-{vendor}-{product}.rules && "
        "sudo udevadm control --reload && sudo udevadm trigger"
    )


def find_program(name: str) -> str | None:
    """The path of a program of `PROGRAMS`; None where it is not installed."""
    return arduino_tool(name) or shutil.which(name)


def arduino_tool(name: str) -> str | None:
    """The newest of a program that Arduino brought (in ``packages/arduino/tools/NAME/VERSION``), where that is the one
    that is wanted."""
    places = (Path(place).expanduser() / "packages" / "arduino" / "tools" / name for place in PROGRAMS[name].places)
    found = [path for place in places for path in place.glob(f"*/{name}*") if path.stem == name]
    return str(max(found, key=lambda path: path.stat().st_mtime)) if found else None


def _run(board: Board, words: Words, port: str, progress: Progress, file: str = "") -> None:
    name = board.flasher.name
    program = PROGRAMS[name]
    path = find_program(name)
    if path is None:
        raise Missing(f"{board.name} is flashed by {name}, which is not installed", program.install)
    command = [path, *command_line(board, words, port, file)]
    progress.log(" ".join([name, *command[1:]]))
    output: list[str] = []

    def see(line: str) -> None:
        output.extend([line] if line else [])
        if percent := re.findall(r"(\d+)\s?%", line):
            progress.update(min(100, int(percent[-1])), 100)

    status = run_program(command, see)
    if status != 0 and not (program.done and program.done in output):
        said = next((line for line in output if _TROUBLE.search(line)), "")
        last = said or (output[-1] if output else f"it ended with status {status}")
        hint = program.recover
        if any(_FORBIDDEN.search(line) for line in output):
            device = str(board.flasher.settings.get("device", ""))
            hint = udev_rule(device) if device else "sudo usermod -aG dialout $USER, then log in again"
        raise DeviceError(f"{name} could not flash {board.name}: {last}", hint)
    progress.update(100, 100)
