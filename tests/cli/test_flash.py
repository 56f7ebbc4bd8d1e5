"""`kit flash`, `kit erase`, `kit reset` as users run them."""

from __future__ import annotations

from pathlib import Path

import pytest
from esp32_mock_bootloader import mock_bootloader

from toolchain.board.descriptor import load_board
from toolchain.emulate import start
from toolchain.link.session import Session

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


def test_a_kit_is_flashed_over_the_network(kit):
    with mock_bootloader(chip="esp32c3") as mock:
        said = kit.json("flash", "digits", "--board", "esp32c3", "--port", mock.url())
    assert said["port"].startswith("socket://") and said["images"][0]["address"] == 0


def test_what_cannot_be_flashed_is_refused(kit):
    message, hint = kit.refused("flash", "digits", "--board", "mps2-an386", status=2)
    assert "no board that is flashed" in message and "--emulate" in hint
    for board in ("nucleo-f401re", "nano33ble"):
        message, _ = kit.refused("erase", "--board", board, status=2)
        assert "cannot erase" in message


def test_a_uf2_file_lands_on_the_boot_loaders_drive(kit, tmp_path):
    drive = tmp_path / "RPI-RP2"
    drive.mkdir()
    (drive / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n")
    said = kit.json("flash", "digits", "--board", "pico", "--port", str(drive))
    image = Path(said["images"][0]["file"])
    assert image.suffix == ".uf2" and (drive / image.name).read_bytes() == (kit.cwd / image).read_bytes()


def test_a_board_restarts_when_asked(kit):
    said = kit.json("build", "digits", "--board", "mps2-an386", "--emulate")
    board = load_board("mps2-an386").as_emulated()
    with start(board, said["elf"]) as emulator:
        with Session.open(emulator.port, board.baud) as session:
            session.infer([bytes(64)])
            assert session.hello().inferences == 1
        assert kit.json("reset", "--board", "mps2-an386", "--port", emulator.port)["board"] == "mps2-an386"
        with Session.open(emulator.port, board.baud) as session:
            assert session.info.inferences == 0
