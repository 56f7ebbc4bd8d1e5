"""Flashing against a mock of the ROM's serial loader."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import serial
from esp32_mock_bootloader import mock_bootloader
from esp32_mock_bootloader.process import start_pty
from esptool import FatalError
from esptool.cmds import attach_flash, detect_chip, read_flash

from toolchain.board.descriptor import Board, Flasher, Region, load_board
from toolchain.errors import DeviceError, KitError, Missing
from toolchain.evaluate.results import Memory
from toolchain.flash import erase_board, esptool, flash_board
from toolchain.link.port import open_port
from toolchain.pipeline import Built
from toolchain.progress import Quiet

pytestmark = pytest.mark.slow


def board(chip: str = "esp32", flasher: str = "esptool") -> Board:
    ram = Region(name="RAM", kind="ram", address=0x3FFB0000, size=0x10000)
    return Board(
        name="a-board",
        title="a board",
        chip="esp32",
        architecture="xtensa",
        target="xtensa",
        memory=(ram,),
        flasher=Flasher(name=flasher, settings={"chip": chip}),
    )


@pytest.fixture
def built(tmp_path: Path) -> Built:
    image = tmp_path / "firmware.bin"
    image.write_bytes(bytes(range(256)) * 80)
    return Built(tmp_path, tmp_path / "firmware.elf", ((0x10000, image),), Memory(), "0" * 64, "0" * 64, "gcc")


class Watched(Quiet):
    def __init__(self) -> None:
        self.done = 0.0
        self.lines: list[str] = []

    def log(self, text: str) -> None:
        self.lines.append(text)

    def update(self, done: float, total: float, note: str = "") -> None:
        self.done = done / total


@pytest.fixture
def loader():
    with mock_bootloader(chip="esp32") as mock:
        yield mock.url()


def test_an_image_is_written_and_verified(built, loader):
    watched = Watched()
    flash_board(board(), built, loader, watched)
    assert watched.done == 1.0


def test_another_chip_is_refused(built, loader):
    with pytest.raises(DeviceError, match="ESP32, and a-board has an esp32c3"):
        flash_board(board("esp32c3"), built, loader, Quiet())


def test_a_port_that_is_absent(built):
    with pytest.raises(Missing, match="there is no port /dev/ttyNONE"):
        flash_board(board(), built, "/dev/ttyNONE", Quiet())


def test_nothing_to_flash(built):
    empty = Built(built.folder, built.elf, (), Memory(), "", "", "")
    with pytest.raises(KitError, match="no image"):
        flash_board(board(), empty, "/dev/ttyNONE", Quiet())


@pytest.mark.parametrize("chip", ["esp32", "esp32s3", "esp32c3", "esp32c6"])
def test_what_the_chip_holds_is_what_was_flashed(built, chip):
    written = built.images[0][1].read_bytes()
    with mock_bootloader(chip=chip) as mock:
        flash_board(board(chip), built, mock.url(), Quiet())
        device = detect_chip(mock.url(), connect_mode="no-reset")
        try:
            attach_flash(device)
            assert read_flash(device, 0x10000, len(written), output=None, flash_size="4MB") == written
        finally:
            device._port.close()


def held(port: str, count: int, tries: int = 8) -> bytes:
    """What the chip at ``port`` has from 0x10000 on; the session before may have left it in the midst of things."""
    try:
        device = detect_chip(port, connect_mode="no-reset")
        try:
            attach_flash(device)
            return read_flash(device, 0x10000, count, output=None, flash_size="4MB")
        finally:
            device._port.close()
    except FatalError:
        if tries == 1:
            raise
        return held(port, count, tries - 1)


@pytest.mark.parametrize("chip", ["esp32", "esp32s3", "esp32c3", "esp32c6"])
def test_a_pseudo_terminal_is_a_port_like_any_other(built, chip, capfd):
    """Its loader is sent esptool's faster one, as a real chip is."""
    written = built.images[0][1].read_bytes()
    process, port = start_pty(chip=chip)
    watched = Watched()
    try:
        flash_board(board(chip), built, port, watched)
        assert held(port, len(written)) == written
    finally:
        process.kill()
        process.communicate()
    assert watched.done == 1.0 and any("no reset line" in line for line in watched.lines)
    assert capfd.readouterr() == ("", ""), "the library prints"


class Chip:
    """A chip whose line carries only up to a baud."""

    CHIP_NAME = "ESP32"

    def __init__(self, limit: int) -> None:
        self.limit, self.baud, self._port = limit, 115_200, self

    def change_baud(self, baud: int) -> None:
        self.baud = baud

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("limit", "tried"), [(921_600, [921_600]), (460_800, [921_600, 460_800])])
def test_the_baud_steps_down(built, monkeypatch, tmp_path, limit, tried):
    bauds = []
    port = tmp_path / "ttyUSB0"
    port.touch()

    def write(chip, *_images, **_settings):
        bauds.append(chip.baud)
        if chip.baud > chip.limit:
            raise FatalError("Serial data stream stopped: Possible serial noise or corruption.")

    monkeypatch.setattr(esptool, "detect_chip", lambda *_a, **_k: Chip(limit))
    monkeypatch.setattr(esptool, "run_stub", lambda chip: chip)
    monkeypatch.setattr(esptool, "attach_flash", lambda chip: None)
    monkeypatch.setattr(esptool, "reset_chip", lambda chip, how: None)
    monkeypatch.setattr(esptool, "write_flash", write)
    fast = board().model_copy(update={"flasher": Flasher(name="esptool", settings={"chip": "esp32", "baud": 921_600})})
    flash_board(fast, built, str(port), Quiet())
    assert bauds == tried
    monkeypatch.setattr(esptool, "detect_chip", lambda *_a, **_k: Chip(0))
    with pytest.raises(DeviceError, match="stopped") as error:
        flash_board(fast, built, str(port), Quiet())
    assert bauds[len(tried) :] == [921_600, 460_800, 115_200]
    assert "hold BOOT" in error.value.hint


@pytest.mark.parametrize(("name", "looks"), [("xiao-esp32s3", 3), ("esp32s3", 0)])
def test_a_port_that_is_the_chips_own_is_waited_for(built, monkeypatch, name, looks):
    seen = []
    monkeypatch.setattr(esptool, "detect_chip", lambda *_a, **_k: Chip(921_600))
    monkeypatch.setattr(esptool, "_check_chip", lambda *_a: None)
    for call in ("run_stub", "attach_flash", "reset_chip", "write_flash"):
        monkeypatch.setattr(esptool, call, lambda chip, *_a, **_k: chip)
    monkeypatch.setattr(esptool, "_RESTART_SECONDS", 0)
    monkeypatch.setattr(esptool.os, "access", lambda *_a: seen.append(1) is None and len(seen) == 3)
    flash_board(load_board(name), built, "/dev/ttyACM0", Quiet())
    assert len(seen) == looks


def test_a_port_that_goes_away_with_the_restart_is_no_failure(built, monkeypatch, tmp_path):
    """All was written and verified by then."""
    port = tmp_path / "ttyACM0"
    port.touch()

    def restart(_chip, _how):
        port.unlink()
        raise serial.SerialException("could not open port: No such file or directory")

    monkeypatch.setattr(esptool, "detect_chip", lambda *_a, **_k: Chip(921_600))
    for call in ("run_stub", "attach_flash", "write_flash"):
        monkeypatch.setattr(esptool, call, lambda chip, *_a, **_k: chip)
    monkeypatch.setattr(esptool, "reset_chip", restart)
    watched = Watched()
    flash_board(board(), built, str(port), watched)
    assert any("press RESET" in line for line in watched.lines)


def test_a_port_that_vanishes_while_it_is_flashed(built, monkeypatch, tmp_path):
    port = tmp_path / "ttyUSB0"
    port.touch()
    tries = []

    def pulled(chip, *_images, **_settings):
        tries.append(chip.baud)
        port.unlink()
        raise serial.SerialException("device reports readiness to read but returned no data (device disconnected?)")

    monkeypatch.setattr(esptool, "detect_chip", lambda *_a, **_k: Chip(921_600))
    monkeypatch.setattr(esptool, "run_stub", lambda chip: chip)
    monkeypatch.setattr(esptool, "attach_flash", lambda chip: None)
    monkeypatch.setattr(esptool, "write_flash", pulled)
    with pytest.raises(DeviceError, match=r"ttyUSB0 went away while a-board was flashed") as error:
        flash_board(board(), built, str(port), Quiet())
    assert len(tries) == 1, "no other baud can help"
    assert "plug it in again" in error.value.hint


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (13, Missing, "no permission for port /dev/ttyUSB0"),
        (16, DeviceError, "port /dev/ttyUSB0 is in use"),
        (2, Missing, "there is no port /dev/ttyUSB0"),
    ],
)
def test_a_port_that_cannot_be_opened_is_told_as_everywhere(built, monkeypatch, number, kind, said):
    """pyserial's errors at opening, as esptool passes them on."""

    def refuse(*_arguments, **_options):
        raise OSError(number, os.strerror(number), "/dev/ttyUSB0")

    monkeypatch.setattr("serial.serialposix.os.open", refuse)
    with pytest.raises(kind, match=said):
        flash_board(board(), built, "/dev/ttyUSB0", Quiet())
    with pytest.raises(kind, match=said):
        open_port("/dev/ttyUSB0")


@pytest.mark.parametrize("chip", ["esp32", "esp32c3"])
def test_the_boot_rom_says_which_chip_it_is(chip):
    with mock_bootloader(chip=chip) as mock:
        found, mac = esptool.identify(mock.url())
    assert found.replace("-", "").lower() == chip and len(bytes.fromhex(mac.replace(":", ""))) in (6, 8)


def test_a_wrong_chip_is_refused_before_anything_is_erased(monkeypatch):
    erased = []
    monkeypatch.setattr(esptool, "detect_chip", lambda *_a, **_k: Chip(0))
    monkeypatch.setattr(esptool, "erase_flash", erased.append)
    with pytest.raises(DeviceError, match="ESP32, and a-board has an esp32s3"):
        erase_board(board("esp32s3"), "/dev/ttyUSB0", Quiet())
    assert erased == []


def test_a_remote_chip_is_erased_by_its_rom_or_says_why(loader):
    with pytest.raises(DeviceError, match="failed"):
        erase_board(board(), loader, Quiet())


def test_a_board_without_a_flasher_is_taken_as_it_is(built):
    flash_board(board(flasher="none"), built, "/dev/ttyNONE", Quiet())
