"""Boards that show themselves as a drive that an image is copied to: DAPLink and ST-LINK debug probes, J-Link OB."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.errors import DeviceError, KitError, Missing
from toolchain.link.port import Patience
from toolchain.progress import Progress

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.pipeline import Built

_CHUNK = 16 * 1024
_FAILED = "FAIL.TXT"  # in which a DAPLink or ST-LINK says why an image was refused
_LOOK = 0.1  # seconds between two looks at the drive
_PATIENCE = 2.0  # seconds in which it may appear, or the drive go away
_AWAY = 8.0  # seconds in which a probe that has programmed the chip shows its drive again
_BLOCK_DEVICES = Path("/sys/dev/block")
_RECOVER = "plug the board in again (into its boot loader) and flash it once more; the boot loader itself is unharmed"


def flash(board: Board, built: Built, port: str, progress: Progress) -> None:
    """Copy the image to the drive of ``board``: the folder ``port``, else the one that is mounted.

    Raises Missing when there is no such drive, DeviceError when it goes away or refuses the image."""
    image = image_of(board, built)
    folder = find_drive(board, port)
    before, mounted = _refusal(folder), _is_mounted(folder)
    copy(image, folder, board, progress)
    waited, away = Patience(), False
    while True:
        there = _is_mounted(folder)
        said = _refusal(folder)
        if said is not None and said != before:
            text = said.decode(errors="replace").strip()
            raise DeviceError(f"{board.name} refuses the image: {text}", "is it built for this board? Plug it in again")
        patience = (_AWAY if away else _PATIENCE) if mounted else 0
        if waited.seconds >= patience or (away and there):
            return
        away = away or not there
        time.sleep(_LOOK)
        waited.looked(_LOOK)


def _refusal(folder: Path) -> bytes | None:
    """What the probe says about an image; a drive that has gone away says nothing."""
    try:
        return (folder / _FAILED).read_bytes()
    except OSError:
        return None


def _is_mounted(folder: Path) -> bool:
    try:
        return folder.is_mount()
    except OSError:  # unplugged, and Linux has not noticed yet
        return False


def recover(_board: Board) -> str:
    """What to do when writing was interrupted."""
    return _RECOVER


def image_of(board: Board, built: Built) -> Path:
    """The one image file of ``built``. Raises KitError when there is none."""
    if not built.images:
        raise KitError(f"{board.name}: the build made no image to flash", f"the linked program is {built.elf}")
    return built.images[0][1]


def find_drive(board: Board, port: str) -> Path:
    """Where the drive of ``board`` is mounted. Raises Missing for none or several."""
    if port and Path(port).is_dir():  # an empty one would be the current folder
        return Path(port)
    from toolchain.board.connected import find_connected, mounted_drives

    labels = str(board.flasher.settings.get("label", "")).split()
    found = [Path(d.where) for d in find_connected() if d.kind == "drive" and board.name in d.boards]
    found += [folder for folder in mounted_drives() if folder.name in labels and folder not in found]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(map(str, found))
        raise Missing(f"{len(found)} drives could be the {board.name}", f"choose one with --port: {names}")
    how = str(board.flasher.settings.get("boot", "plug it in"))
    shown = f" ({' or '.join(labels)})" if labels else ""
    raise Missing(f"the drive of {board.name}{shown} is not mounted", f"{how}, and mount it")


def copy(image: Path, folder: Path, board: Board, progress: Progress) -> None:
    """Write ``image`` into ``folder`` and have it leave this machine's caches."""
    data = image.read_bytes()
    free = os.statvfs(folder)
    if free.f_bavail * free.f_frsize < len(data):
        raise DeviceError(f"{folder} has no room for {len(data):,} bytes", f"is it the drive of {board.name}?")
    done, device = 0, folder.stat().st_dev
    try:
        with (folder / image.name).open("wb", buffering=0) as file:
            while done < len(data):
                done += file.write(data[done : done + _CHUNK])
                progress.update(done, len(data))
            os.fsync(file.fileno())
    except OSError as error:
        if done == len(data) and _is_gone(folder, device):
            return  # it has all of it and started: the drive is gone, as it should be
        raise DeviceError(
            f"writing to {folder} failed after {done:,} of {len(data):,} bytes: {error.strerror}",
            _RECOVER,
        ) from error


def _is_gone(folder: Path, device: int) -> bool:
    """Whether the drive that was mounted at ``folder`` has been unplugged: its folder often stays for a while, what
    Linux knows of its block device goes at once."""
    if not folder.is_dir():
        return True
    drive = _BLOCK_DEVICES / f"{os.major(device)}:{os.minor(device)}"
    return _BLOCK_DEVICES.is_dir() and os.major(device) != 0 and not drive.exists()
