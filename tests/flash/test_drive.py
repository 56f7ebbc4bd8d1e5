"""Boards that are drives, with folders laid out like them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from toolchain.board.descriptor import Board, Flasher, Region, load_board
from toolchain.board.uf2 import from_uf2, to_uf2
from toolchain.errors import BadInput, DeviceError, Missing
from toolchain.evaluate.results import Memory
from toolchain.flash import drive, erase_board, flash_board
from toolchain.pipeline import Built
from toolchain.progress import Quiet

pytestmark = pytest.mark.unit

FAMILY = 0xE48BFF56  # RP2040
UF2 = {"family": FAMILY, "board_id": "RPI-RP2", "label": "RPI-RP2", "boot": "hold BOOTSEL while plugging it in"}


def board(name: str, settings: dict[str, int | str]) -> Board:
    ram = Region(name="RAM", kind="ram", address=0x20000000, size=0x10000)
    return Board(
        name="a-board", title="a board", chip="stm32f4", architecture="arm", target="cortex-m4", memory=(ram,),
        flasher=Flasher(name=name, settings=settings),
    )  # fmt: skip


def built(folder: Path, data: bytes, name: str) -> Built:
    image = folder / name
    image.write_bytes(data)
    return Built(folder, folder / "firmware.elf", ((0, image),), Memory(), "", "", "gcc")


@pytest.fixture
def pico(tmp_path: Path) -> Path:
    folder = tmp_path / "RPI-RP2"
    folder.mkdir()
    (folder / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n")
    return folder


def test_uf2_blocks_carry_the_image() -> None:
    data = os.urandom(1000)
    text = to_uf2(0x10000000, data, FAMILY)
    assert len(text) == 4 * 512
    address, back, family = from_uf2(text)
    assert (address, back[:1000], family) == (0x10000000, data, FAMILY)
    assert set(back[1000:]) == {0xFF}


@pytest.mark.parametrize("at", [0, 4, 12, 20, 508, 512 + 28])
def test_a_damaged_uf2_file_is_refused(at: int) -> None:
    text = bytearray(to_uf2(0x10000000, bytes(1000), FAMILY))
    text[at] ^= 0x40
    with pytest.raises(BadInput, match="UF2 block"):
        from_uf2(bytes(text))


def test_a_uf2_file_lands_whole_on_the_drive(tmp_path: Path, pico: Path) -> None:
    text = to_uf2(0x10000000, os.urandom(70_000), FAMILY)
    flash_board(board("uf2", UF2), built(tmp_path, text, "firmware.uf2"), str(pico), Quiet())
    assert (pico / "firmware.uf2").read_bytes() == text


def test_what_is_for_another_board_is_refused(tmp_path: Path, pico: Path) -> None:
    other = built(tmp_path, to_uf2(0x10000000, bytes(300), 0xADA52840), "other.uf2")
    with pytest.raises(BadInput, match="family 0xada52840"):
        flash_board(board("uf2", UF2), other, str(pico), Quiet())
    (pico / "INFO_UF2.TXT").write_text("Board-ID: nRF52840-SeeedXiao-v1\n")
    right = built(tmp_path, to_uf2(0x10000000, bytes(300), FAMILY), "right.uf2")
    with pytest.raises(DeviceError, match="another board's drive"):
        flash_board(board("uf2", UF2), right, str(pico), Quiet())
    assert not (pico / "right.uf2").exists()


@pytest.mark.parametrize("variant", ["nRF52840-SeeedXiao-v1", "nRF52840-SeeedXiaoSense-v1"])
def test_a_board_may_have_one_of_several_boot_loaders(tmp_path: Path, pico: Path, variant: str) -> None:
    """Many a XIAO nRF52840 carries the boot loader of the Sense."""
    xiao = load_board("xiao-nrf52840")
    data = built(tmp_path, to_uf2(0x27000, bytes(300), int(xiao.flasher.settings["family"])), "firmware.uf2")
    (pico / "INFO_UF2.TXT").write_text(f"Model: Seeed XIAO nRF52840\r\nBoard-ID: {variant}\r\n")
    flash_board(xiao, data, str(pico), Quiet())
    assert (pico / "firmware.uf2").is_file()
    (pico / "INFO_UF2.TXT").write_text("Board-ID: nRF52840-SeeedXiao-v12\r\n")
    with pytest.raises(DeviceError, match="another board's drive"):
        flash_board(xiao, data, str(pico), Quiet())


def test_a_drive_that_is_not_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolchain.board.connected.mounted_drives", list)
    image = built(tmp_path, to_uf2(0x10000000, bytes(300), FAMILY), "a.uf2")
    monkeypatch.chdir(tmp_path)
    for name, port in (("uf2", "/dev/ttyACM0"), ("uf2", ""), ("drive", "")):
        with pytest.raises(Missing, match="the drive of a-board") as error:
            flash_board(board(name, UF2), image, port, Quiet())
        assert "hold BOOTSEL" in error.value.hint
    assert [p.name for p in tmp_path.iterdir()] == ["a.uf2"], "the current folder is no drive"


def test_a_drive_that_goes_away_too_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "NODE"
    folder.mkdir()
    monkeypatch.setattr(drive.os, "fsync", lambda _file: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    with pytest.raises(DeviceError, match="failed after 40,000 of 40,000 bytes: Input/output error") as error:
        flash_board(board("drive", {}), built(tmp_path, bytes(40_000), "a.hex"), str(folder), Quiet())
    assert "boot loader itself is unharmed" in error.value.hint


@pytest.mark.parametrize("lost_at", [1, 2, 3])
def test_a_drive_that_vanishes_while_it_is_written(
    tmp_path: Path, pico: Path, monkeypatch: pytest.MonkeyPatch, lost_at: int
) -> None:
    """Pulled out in the middle: the writes fail. With all of it written the boot loader has started the program: the
    drive's block device is gone although its folder still stands there."""
    text = to_uf2(0x10000000, bytes(8000), FAMILY)
    image = built(tmp_path, text, "firmware.uf2")
    monkeypatch.setattr(drive, "_CHUNK", -(-len(text) // 2))
    monkeypatch.setattr(drive, "_BLOCK_DEVICES", tmp_path / "block")
    monkeypatch.setattr(drive.os, "major", lambda _device: 8)
    (tmp_path / "block").mkdir()
    opened = Path.open

    class Pulled:
        writes = 0

        def __enter__(self) -> Pulled:
            return self

        def __exit__(self, *_error: object) -> None: ...

        def fileno(self) -> int:
            raise OSError(5, "Input/output error")

        def write(self, data: bytes) -> int:
            Pulled.writes += 1
            if Pulled.writes == lost_at:
                raise OSError(5, "Input/output error")
            return len(data)

    monkeypatch.setattr(
        Path, "open", lambda self, mode="r", *a, **k: Pulled() if "w" in mode else opened(self, mode, *a, **k)
    )
    if lost_at == 3:
        flash_board(board("uf2", UF2), image, str(pico), Quiet())
        return
    with pytest.raises(
        DeviceError, match=rf"failed after {(lost_at - 1) * len(text) // 2:,} of {len(text):,}"
    ) as error:
        flash_board(board("uf2", UF2), image, str(pico), Quiet())
    assert "the boot loader itself is unharmed" in error.value.hint


def test_the_probes_own_words_when_it_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "DAPLINK"
    folder.mkdir()
    (folder / "FAIL.TXT").write_text("of an earlier try")
    image = built(tmp_path, b"x", "a.hex")
    flash_board(board("drive", {}), image, str(folder), Quiet())
    copy = drive.copy

    def refused(*arguments: object) -> None:
        copy(*arguments)  # type: ignore[arg-type]
        (folder / "FAIL.TXT").write_text("The hex file cannot be decoded.\r\n")

    monkeypatch.setattr(drive, "copy", refused)
    with pytest.raises(DeviceError, match=r"refuses the image: The hex file cannot be decoded\."):
        flash_board(board("drive", {}), image, str(folder), Quiet())


@pytest.mark.parametrize("refuses", [True, False])
def test_a_probe_goes_away_while_it_programs_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: bool
) -> None:
    """An ST-LINK leaves the bus when it has the file, and says what was wrong on the drive that it shows then."""
    folder = tmp_path / "NOD_F401RE"
    folder.mkdir()
    looks: list[int] = []

    def is_mount(_folder: Path) -> bool:
        looks.append(1)
        if len(looks) in (3, 4):
            raise OSError(errno.EIO, "Input/output error")
        if len(looks) == 6 and refuses:
            (folder / "FAIL.TXT").write_text("The interface firmware FAILED to reset/halt the target MCU")
        return len(looks) not in (3, 4, 5)

    monkeypatch.setattr(Path, "is_mount", is_mount)
    image = built(tmp_path, b"x", "a.hex")
    if refuses:
        with pytest.raises(DeviceError, match="FAILED to reset/halt the target MCU"):
            flash_board(board("drive", {}), image, str(folder), Quiet())
    else:
        flash_board(board("drive", {}), image, str(folder), Quiet())
    assert len(looks) == 6, "it waits until the drive is back, and no longer"


def test_a_drive_cannot_be_erased(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot erase"):
        erase_board(board("drive", {}), str(tmp_path), Quiet())
