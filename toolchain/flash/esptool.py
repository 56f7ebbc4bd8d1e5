"""Espressif chips by their ROM's serial loader, through the library esptool."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import serial
from esptool import FatalError
from esptool.cmds import attach_flash, detect_chip, erase_flash, reset_chip, run_stub, write_flash
from esptool.logger import TemplateLogger, log
from esptool.reset import HardReset, ResetStrategy

from toolchain.errors import DeviceError, KitError
from toolchain.link.port import Patience, port_error
from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.pipeline import Built

#: Speeds that are tried, fastest first; the loader is found at the slowest.
BAUDS = (921_600, 460_800, 115_200)
CONNECT_BAUD = 115_200

#: What every boot ROM begins with (esptool documentation, "Boot Mode Selection", boot log), and how long it may take.
_BOOT_TEXT = re.compile(rb"rst:0x|ESP-ROM:|ets [A-Z][a-z]{2} ")
_BOOT_SECONDS = 1.5

#: In which a USB device that restarts has gone away, and in which it is back.
_RESTART_SECONDS, _RETURN_SECONDS = 1.0, 5.0
_LOOK = 0.1  # seconds between two looks at the port or its line

_OPENING = "Could not open"  # how esptool begins what it says of a port that it cannot open
_RECOVER = (
    "hold BOOT, press and let go EN (reset), let go BOOT, and try again; use a data cable, not one that only charges"
)


def flash(board: Board, built: Built, port: str, progress: Progress) -> None:
    """Write the images of ``built`` to the chip's flash, let the chip verify them by their MD5, and restart it.

    A port that is a URL has no reset lines: the chip behind it must wait in its loader, and its ROM does the writing.
    Raises Missing when there is no such port, DeviceError when the chip does not answer, is another than the board's,
    or what it holds afterwards is not what was written.
    """
    if not built.images:
        raise KitError(f"{board.name}: the build made no image to flash", f"the linked program is {built.elf}")
    remote = "://" in port
    fastest = int(board.flasher.settings.get("baud", board.baud))
    ladder = [0] if remote else [fastest, *(baud for baud in BAUDS if baud < fastest)]
    for baud, next_baud in zip(ladder, [*ladder[1:], None], strict=True):
        writing = False
        try:
            with _chip(board, port, progress, baud) as chip:
                writing = True
                _write(chip, board, built, no_compress=remote)
            _await_return(board, port)
            return
        except (FatalError, serial.SerialException, OSError) as error:
            if writing and _is_gone(port, error):
                raise DeviceError(
                    f"{port} went away while {board.name} was flashed, which holds half of the firmware now",
                    "plug it in again and flash it once more: its boot ROM cannot be overwritten; use a good cable",
                ) from error
            if next_baud is None or _is_about_the_port(error):
                raise _explain(error, port) from error
            progress.log(f"flashing at {baud:,} baud failed ({error}); again at {next_baud:,}")


def erase(board: Board, port: str, progress: Progress) -> None:
    """Erase the whole flash of the chip. Raises as `flash`."""
    try:
        with _chip(board, port, progress, 0) as chip:
            erase_flash(chip)
    except (FatalError, serial.SerialException, OSError) as error:
        raise _explain(error, port) from error


def recover(_board: Board) -> str:
    """What to do when flashing was interrupted."""
    return f"flash it again: its boot ROM cannot be overwritten; if it does not answer, {_RECOVER}"


def reset(board: Board, port: str, progress: Progress) -> bool:
    """Pull the chip's reset line, and tell whether its boot ROM then said something: not every port has that line, and
    not every adapter's is wired. What it said is logged. Raises Missing or DeviceError when the port cannot be opened.
    """
    try:
        with serial.serial_for_url(port, CONNECT_BAUD, timeout=_LOOK) as line:
            line.reset_input_buffer()
            HardReset(line)()
            try:
                said = _boot_text(line)
            except serial.SerialException:  # the port is the chip's own, and went away with it
                return True
    except (serial.SerialException, OSError) as error:
        raise _explain(error, port) from error
    if said:
        progress.log(said)
    return bool(said)


def _await_return(board: Board, port: str) -> None:
    """A port that is the chip's own USB may go away when the chip restarts; when it is back udev still has to give it
    to its group."""
    if "CHIP_USB_SERIAL" not in board.defines or "://" in port:
        return
    time.sleep(_RESTART_SECONDS)
    patience = Patience()
    while patience.seconds < _RETURN_SECONDS and not os.access(port, os.R_OK | os.W_OK):
        time.sleep(_LOOK)
        patience.looked(_LOOK)


def _boot_text(line: Any) -> str:
    """What the boot ROM says, until it pauses; empty when nothing like that is heard."""
    said = bytearray()
    patience = Patience()
    while patience.seconds < _BOOT_SECONDS:
        more = line.read(256)
        patience.looked(_LOOK)
        said += more
        if not more and _BOOT_TEXT.search(said):
            return said.decode(errors="replace").strip()
    return ""


def identify(port: str) -> tuple[str, str]:
    """Chip and MAC (``ESP32-C3``, ``7c:df:a1:00:00:01``) of what is at ``port``, which restarts it.

    Raises Missing or DeviceError when no chip of Espressif's answers there."""
    _FORWARD.progress = Quiet()
    try:
        chip = detect_chip(port, connect_mode="no-reset" if "://" in port else "default-reset", connect_attempts=2)
        try:
            found = str(chip.CHIP_NAME), ":".join(f"{part:02x}" for part in chip.read_mac())
            if "://" not in port:
                reset_chip(chip, "hard-reset")
            return found
        finally:
            chip._port.close()
    except (FatalError, serial.SerialException, OSError) as error:
        raise _explain(error, port) from error


def _write(chip: Any, board: Board, built: Built, no_compress: bool) -> None:
    settings = board.flasher.settings
    write_flash(
        chip,
        [(address, str(path)) for address, path in built.images],
        flash_freq=str(settings.get("flash_freq", "keep")),
        flash_mode=str(settings.get("flash_mode", "keep")),
        flash_size=str(settings.get("flash_size", "keep")),
        no_compress=no_compress,
    )


@contextmanager
def _chip(board: Board, port: str, progress: Progress, baud: int) -> Iterator[Any]:
    """The chip at ``port`` in its loader, known to be the board's, at ``baud`` (0: as it is); restarted afterwards."""
    remote = "://" in port
    _FORWARD.progress = progress
    chip = detect_chip(port, connect_mode="no-reset" if remote else "default-reset")
    try:
        _check_chip(chip, board, port)
        if not remote:
            chip = run_stub(chip)
            if baud > CONNECT_BAUD:
                chip.change_baud(baud)
        attach_flash(chip)
        yield chip
        if not remote:
            try:
                reset_chip(chip, "hard-reset")
            except (
                serial.SerialException,
                OSError,
            ) as error:  # a chip that is the port itself is gone while it restarts
                progress.log(f"whether it restarted is not known ({error}): if it is silent, press RESET")
    finally:
        chip._port.close()


def _is_about_the_port(error: Exception) -> bool:
    """Whether the port cannot be opened, where a slower line does not help."""
    return _OPENING in str(error) or isinstance(error, FileNotFoundError | PermissionError)


def _is_gone(port: str, error: Exception) -> bool:
    """Whether the port is no longer there: a cable was pulled, a connection closed."""
    if "://" in port:
        return isinstance(error, OSError)
    return port.startswith("/") and not Path(port).exists()


def _check_chip(chip: Any, board: Board, port: str) -> None:
    wanted = str(board.flasher.settings.get("chip", board.chip)).replace("-", "").lower()
    found = str(chip.CHIP_NAME).replace("-", "").lower()
    if found != wanted:
        raise DeviceError(
            f"on {port} is an {chip.CHIP_NAME}, and {board.name} has an {wanted}", "name the right --board"
        )


def _explain(error: Exception, port: str) -> KitError:
    text = " ".join(str(error).split())
    if _is_about_the_port(error):
        numbers = re.findall(r"Errno (\d+)|\((\d+), ", text)
        number = int("".join(numbers[-1])) if numbers else 0
        reason = re.search(r"\((.*)\)", text)
        return port_error(port, OSError(number, reason[1] if reason else text))
    return DeviceError(f"flashing by {port} failed: {text}", _RECOVER)


class _Forward(TemplateLogger):
    """What esptool says, as progress."""

    progress: Progress = Quiet()

    def print(self, *args: Any, **kwargs: Any) -> None:
        pass  # its chatter; what matters comes as notes, warnings and errors

    def note(self, message: str) -> None:
        self.progress.log(message)

    def warning(self, message: str) -> None:
        self.progress.log(message)

    def error(self, message: str) -> None:
        self.progress.log(message)

    def stage(self, finish: bool = False) -> None:
        pass

    def progress_bar(
        self, cur_iter: int, total_iters: int, prefix: str = "", suffix: str = "", bar_length: int = 30
    ) -> None:
        self.progress.update(cur_iter, total_iters)

    def set_verbosity(self, verbosity: str) -> None:
        pass


_FORWARD = _Forward()
log.set_logger(_FORWARD)  # the logger of the whole process, which can be set once only


def _no_reset_line(_strategy: ResetStrategy, _warning: str) -> None:
    """esptool's own words name options that there are none of here, and go past the logger."""
    _FORWARD.progress.log("this port has no reset line: restart the board, and hold BOOT to flash it, by its buttons")


ResetStrategy.print_once = _no_reset_line
