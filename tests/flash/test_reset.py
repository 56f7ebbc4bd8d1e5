"""`kit reset` says that a board was restarted only when something shows it."""

from __future__ import annotations

import os
import pty
import subprocess
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from native_firmware import host_firmware

from toolchain.board.descriptor import load_board
from toolchain.errors import DeviceError
from toolchain.flash import esptool, reset_board
from toolchain.link.session import Session
from toolchain.progress import Quiet

pytestmark = pytest.mark.emulator


class Line:
    """A port whose reset line works, and what the chip says then."""

    def __init__(self, *said: bytes | Exception) -> None:
        self.said = [*said]

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __getattr__(self, _name: str):  # the modem lines
        return lambda *_a, **_k: True

    def read(self, _bytes: int) -> bytes:
        more = self.said.pop(0) if self.said else b""
        if isinstance(more, Exception):
            raise more
        return more


class Logged(Quiet):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, text: str) -> None:
        self.lines.append(text)


@pytest.mark.parametrize(
    ("said", "restarted"),
    [
        ((b"ets Jul 29 2019 12:21:46\r\n\r\n", b"rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"), True),
        ((b"ESP-ROM:esp32c3-api1-20210207\r\n",), True),
        ((serial.SerialException("device reports readiness to read but returned no data"),), True),
        ((), False),
        ((b"\x00\x91 what the firmware sends anyway",), False),
    ],
)
def test_the_boot_rom_shows_it(monkeypatch, said, restarted):
    monkeypatch.setattr(esptool.serial, "serial_for_url", lambda *_a, **_k: Line(*said))
    monkeypatch.setattr(esptool, "_BOOT_SECONDS", 0.1)
    progress = Logged()
    assert esptool.reset(load_board("esp32"), "/dev/ttyUSB0", progress) is restarted
    if restarted and isinstance(said[0], bytes):
        assert progress.lines == [b"".join(said).decode().strip()]


@pytest.fixture
def ends() -> Iterator[tuple[int, str]]:
    """A pseudo terminal, which has no reset line: its near end, and the name of its far one."""
    near, far = pty.openpty()
    tty.setraw(far)
    yield near, os.ttyname(far)
    os.close(near)
    os.close(far)


def test_where_there_is_no_reset_line_the_firmware_is_asked(
    ends: tuple[int, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(esptool, "_BOOT_SECONDS", 0.1)
    near, port = ends
    board = load_board("esp32")
    with subprocess.Popen([host_firmware(tmp_path / "firmware")], stdin=near, stdout=near) as firmware:
        try:
            with Session.open(port, board.baud) as session:
                inputs = [bytes(tensor.bytes) for tensor in session.hello().inputs]
                session.infer(inputs)
                assert session.hello().inferences == 1
            reset_board(board, port, Quiet())
            with Session.open(port, board.baud) as session:
                assert session.hello().inferences == 0
        finally:
            firmware.kill()


@pytest.mark.parametrize("board", ["esp32", "arduino-uno"])
def test_a_board_that_gives_no_sign_is_not_said_to_be_restarted(
    ends: tuple[int, str], monkeypatch: pytest.MonkeyPatch, board: str
) -> None:
    monkeypatch.setattr(esptool, "_BOOT_SECONDS", 0.1)
    monkeypatch.setattr("toolchain.flash._HELLO_SECONDS", 0.3)
    with pytest.raises(DeviceError, match=f"{board} on {ends[1]} gave no sign that it was restarted") as error:
        reset_board(load_board(board), ends[1], Quiet())
    assert "press its reset button" in error.value.hint
