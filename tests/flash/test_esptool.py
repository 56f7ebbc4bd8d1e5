"""Flashing against a mock of the ROM's serial loader."""

from __future__ import annotations

from pathlib import Path

import pytest
from esp32_mock_bootloader import mock_bootloader

from toolchain.board.descriptor import Board, Flasher, Region
from toolchain.errors import DeviceError, KitError, Missing
from toolchain.evaluate.results import Memory
from toolchain.flash import flash_board
from toolchain.pipeline import Built
from toolchain.progress import Quiet

pytestmark = pytest.mark.unit


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


def test_a_way_of_flashing_that_is_not_there_yet(built):
    with pytest.raises(Missing, match="uf2"):
        flash_board(board(flasher="uf2"), built, "/dev/ttyNONE", Quiet())


def test_a_board_without_a_flasher_is_taken_as_it_is(built):
    flash_board(board(flasher="none"), built, "/dev/ttyNONE", Quiet())
