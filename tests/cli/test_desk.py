"""What goes wrong at a desk, told in words, with fakes at the port."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from toolchain.board.descriptor import load_board
from toolchain.cli.app import run
from toolchain.connection import check_identity, find_port, open_session, port_of_serial
from toolchain.emulate.pty_process import PtyProcess
from toolchain.errors import DeviceError, Missing
from toolchain.pipeline import Model
from toolchain.progress import Quiet

pytestmark = pytest.mark.slow

BOOT_LOOP = r"rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\nets Jul 29 2019 12:21:46\r\n"


def says(text: str) -> list[str]:
    """A device that prints ``text``, again and again, and listens to nobody."""
    return ["/bin/sh", "-c", f"while :; do printf '{text}'; sleep 0.05; done"]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (BOOT_LOOP, "a watchdog restarts it again and again", "RTCWDT_RTC_RESET"),
        (r"invalid header: 0xffffffff\r\n", "its flash is empty", "invalid header"),
        (r"\371\200\376\340\370\360\200\374", "received instead: ", "wrong baud rate or wrong port"),
        (r"Hello from Arduino\r\n", "Hello from Arduino", "another firmware runs there"),
    ],
)
def test_a_board_that_says_something_else(text: str, message: str, hint: str) -> None:
    with PtyProcess(says(text)) as device, pytest.raises(DeviceError, match=message) as error:
        session = open_session(device.port, load_board("esp32"), Quiet())
        session.hello(2.0)
    assert hint in error.value.hint


@pytest.fixture
def two_boards(monkeypatch):
    ports = []
    for device, serial in (("/dev/ttyUSB0", "0001"), ("/dev/ttyACM0", "7C:DF:A1:00:00:01")):
        port = ListPortInfo(device)
        port.vid, port.pid, port.serial_number = 0x10C4, 0xEA60, serial
        ports.append(port)
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    return ports


def test_two_equal_boards_without_a_choice_are_both_named(two_boards) -> None:
    with pytest.raises(Missing, match="2 devices could be the esp32") as error:
        find_port(load_board("esp32"))
    hint = error.value.hint
    assert "--port" in hint and "--serial" in hint
    assert "/dev/ttyUSB0 (serial number 0001)" in hint and "/dev/ttyACM0 (serial number 7C:DF:A1:00:00:01)" in hint


@pytest.mark.parametrize("command", ["flash", "deploy"])
@pytest.mark.parametrize("board", ["pico", "nucleo-f401re"])
def test_a_drive_that_is_not_mounted_is_told_before_any_work(monkeypatch, capsys, command: str, board: str) -> None:
    monkeypatch.setattr("toolchain.board.connected.mounted_drives", list)
    words = ["--port", "/dev/null"] if command == "deploy" else []
    assert run([command, "digits", "--board", board, *words]) == 3
    said = capsys.readouterr().err
    assert f"the drive of {board}" in said and "train" not in said


def test_a_serial_number_or_mac_chooses(two_boards, monkeypatch, capsys) -> None:
    assert port_of_serial("0001") == "/dev/ttyUSB0"
    assert port_of_serial("7cdfa1000001") == "/dev/ttyACM0"
    resets = []
    monkeypatch.setattr("toolchain.flash.reset_board", lambda board, port, _progress: resets.append(port))
    assert run(["reset", "--board", "esp32", "--serial", "7C:DF:A1:00:00:01"]) == 0
    assert run(["reset", "--board", "esp32", "--port", "/dev/x"]) == 0
    assert resets == ["/dev/ttyACM0", "/dev/x"]
    assert run(["reset", "--board", "esp32", "--serial", "0003"]) == 3
    assert "0001 (/dev/ttyUSB0)" in capsys.readouterr().err
    for both in (("--port", "x", "--serial", "0001"), ("--serial", "0001", "--port", "x")):
        assert run(["reset", "--board", "esp32", *both]) == 2
    assert len(resets) == 2


@pytest.mark.parametrize(
    "command",
    [
        ["test", "digits"],
        ["test", "keyword", "--stream"],
        ["report", "digits"],
        ["stream", "digits"],
        ["deploy", "digits"],
        ["flash", "digits"],
        ["profile", "digits"],
        ["compare", "digits"],
        ["mlperf", "digits"],
    ],
    ids=" ".join,
)
def test_a_port_where_nothing_can_be_is_told_before_training(command, monkeypatch, tmp_path, capsys) -> None:
    """A file takes the place of a device that is no serial port."""
    monkeypatch.setattr("toolchain.pipeline.train", lambda *_, **__: pytest.fail("trained first"))
    (tmp_path / "port").write_text("")
    monkeypatch.chdir(tmp_path)
    assert run([*command, "--board", "esp32", "--port", str(tmp_path / "port")]) == 4
    assert "is no serial port" in capsys.readouterr().err


def test_a_device_that_is_silent_is_told_before_training(monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.setattr("toolchain.pipeline.train", lambda *_, **__: pytest.fail("trained first"))
    monkeypatch.setenv("KIT_BUILD", str(tmp_path / "build"))
    with PtyProcess(["/bin/sleep", "600"]) as device:
        assert run(["test", "digits", "--board", "esp32", "--port", device.port]) == 4
    said = capsys.readouterr().err
    assert "answer" in said and "hint" in said


@pytest.mark.parametrize(
    ("labels", "said"),
    [(("yes", "no"), ""), (("no", "yes"), "labels"), (("yes", "no", "maybe"), "labels"), ((), "labels")],
)
def test_labels_in_another_order_are_refused_though_the_model_is_the_same(labels, said) -> None:
    class Silent:
        info = SimpleNamespace(board="esp32", model_sha256="ab", build_id="cd", labels=labels)

    model = Model("words", Path("model.tflite"), "ab", labels=("yes", "no"))
    if not said:
        check_identity(Silent(), "/dev/x", load_board("esp32"), "", model)
        return
    with pytest.raises(DeviceError, match=r"the labels on the esp32 on /dev/x are .* those of words yes, no") as error:
        check_identity(Silent(), "/dev/x", load_board("esp32"), "", model)
    assert "kit deploy words --board esp32 --port /dev/x" in error.value.hint
