"""What is plugged in: a faked list of USB ports, folders laid out like boot loaders' drives, a real session."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import native_firmware
import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from toolchain.board import connected
from toolchain.board.connected import find_connected, mounted_drives
from toolchain.board.descriptor import Board, Flasher, load_board
from toolchain.emulate.pty_process import PtyProcess
from toolchain.errors import DeviceError

pytestmark = pytest.mark.unit


def port(device: str, usb_id: str = "", serial_number: str | None = None) -> ListPortInfo:
    info = ListPortInfo(device)
    if usb_id:
        info.vid, info.pid = (int(part, 16) for part in usb_id.split(":"))
    info.serial_number, info.manufacturer, info.product = serial_number, "Silicon Labs", "CP2102"
    return info


def board(name: str, **changes: object) -> Board:
    return load_board("esp32").model_copy(update={"name": name, **changes})


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> list[ListPortInfo]:
    """The USB ports of the machine, to be filled in."""
    found: list[ListPortInfo] = []
    monkeypatch.setattr(list_ports, "comports", lambda: found)
    return found


def test_two_equal_boards_are_both_listed_by_port_and_serial_number(ports: list[ListPortInfo]) -> None:
    ports += [port("/dev/ttyUSB10", "10c4:ea60", "0002"), port("/dev/ttyUSB2", "10c4:ea60", "0001"), port("/dev/ttyS0")]
    found = find_connected(drives=[])
    assert [(f.kind, f.where, f.serial_number) for f in found] == [
        ("serial", "/dev/ttyUSB2", "0001"),
        ("serial", "/dev/ttyUSB10", "0002"),
    ]
    assert all({"esp32", "esp32c3"} <= set(f.boards) and f.usb_id == "10c4:ea60" for f in found)
    assert found[0].description == "Silicon Labs CP2102" and found[0].runs is None and found[0].problem == ""


def test_the_chip_is_asked_only_of_what_may_be_one_of_espressifs(
    ports: list[ListPortInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def identify(where: str) -> tuple[str, str]:
        asked.append(where)
        if where.endswith("1"):
            raise DeviceError("flashing by /dev/ttyUSB1 failed: no answer")
        return "ESP32-C3", "7c:df:a1:00:00:01"

    monkeypatch.setattr("toolchain.flash.esptool.identify", identify)
    ports += [port("/dev/ttyUSB0", "10c4:ea60"), port("/dev/ttyUSB1", "10c4:ea60"), port("/dev/ttyACM0", "0483:374b")]
    assert all(f.chip == "" for f in find_connected(drives=[])) and asked == [], "it restarts the board"
    found = {f.where: f for f in find_connected(chip=True, drives=[])}
    assert asked == ["/dev/ttyUSB0", "/dev/ttyUSB1"]
    assert (found["/dev/ttyUSB0"].chip, found["/dev/ttyUSB0"].mac) == ("ESP32-C3", "7c:df:a1:00:00:01")
    assert found["/dev/ttyUSB0"].boards == ("esp32c3",)
    assert "no answer" in found["/dev/ttyUSB1"].problem and "esp32" in found["/dev/ttyUSB1"].boards


def test_an_unknown_usb_device_is_listed_as_no_board_of_ours(ports: list[ListPortInfo]) -> None:
    ports.append(port("COM7", "dead:beef"))
    (found,) = find_connected(drives=[])
    assert (found.where, found.boards, found.serial_number) == ("COM7", (), "")


def test_drives_of_boot_loaders_and_probes(ports: list[ListPortInfo], tmp_path: Path) -> None:
    texts = {
        "RPI-RP2/INFO_UF2.TXT": "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n",
        "MICROBIT/DETAILS.TXT": "# DAPLink Firmware\nUnique ID: 9904360258434e45003e400e0000005900\nHIC ID: 9796990b\n"
        "Interface Version: 0255\n",
        "NOD_F401RE/MBED.HTM": '<meta http-equiv="refresh" content="0; url=http://mbed.org/?code=07200221066">',
        "NOD_F401RE/DETAILS.TXT": "Version: 0221\nBuild: Mar 10 2015",
        "XIAO-SENSE/INFO_UF2.TXT": "UF2 Bootloader 0.6.1\r\nModel: Seeed XIAO nRF52840\r\n"
        "Board-ID: nRF52840-SeeedXiaoSense-v1\r\n",
        "PHOTOS/readme.txt": "holiday",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    boards = [
        board("rp", flasher=Flasher(name="uf2", settings={"board_id": "RPI-RP2"})),
        board("bit", flasher=Flasher(name="drive", settings={"board_id": "9904"})),
        load_board("nucleo-f401re"),
        load_board("xiao-nrf52840"),
        board("other"),
    ]
    found = find_connected(boards=boards, drives=sorted(tmp_path.iterdir()))
    assert [(f.kind, Path(f.where).name, f.boards, f.description) for f in found] == [
        ("drive", "MICROBIT", ("bit",), "DAPLink 0255"),
        ("drive", "NOD_F401RE", ("nucleo-f401re",), "ST-LINK"),
        ("drive", "RPI-RP2", ("rp",), "Raspberry Pi RP2"),
        ("drive", "XIAO-SENSE", ("xiao-nrf52840",), "Seeed XIAO nRF52840"),
    ]
    assert found[0].serial_number.startswith("9904")


def test_a_drive_that_goes_away_is_a_problem_not_a_crash(
    ports: list[ListPortInfo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "INFO_UF2.TXT").write_text("Board-ID: X")

    def gone(*_: object, **__: object) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_text", gone)
    (found,) = find_connected(boards=[], drives=[tmp_path])
    assert found.problem == "cannot be read: Input/output error"


def test_mounted_drives_are_those_of_fat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /media/me/RPI-RP2 vfat rw 0 0\n"
        "/dev/sdc1 /media/me/NO\\040NAME vfat rw 0 0\n"
    )
    monkeypatch.setattr(connected, "_MOUNTS", mounts)
    assert mounted_drives() == [Path("/media/me/RPI-RP2"), Path("/media/me/NO NAME")]


def test_debug_probes_where_pyocd_is_installed(ports: list[ListPortInfo], monkeypatch: pytest.MonkeyPatch) -> None:
    about = SimpleNamespace(target="stm32f401retx")
    probes = [
        SimpleNamespace(unique_id="0720ABCD", description="DAPLink", associated_board_info=None),
        SimpleNamespace(unique_id="066FFF30", description="STLink", associated_board_info=about),
    ]
    helpers = ModuleType("pyocd.core.helpers")
    helpers.ConnectHelper = SimpleNamespace(get_all_connected_probes=lambda **_: probes)  # type: ignore[attr-defined]
    root = ModuleType("pyocd")
    root.__spec__ = SimpleNamespace()  # type: ignore[assignment]
    for name, module in {"pyocd": root, "pyocd.core": ModuleType("pyocd.core"), "pyocd.core.helpers": helpers}.items():
        monkeypatch.setitem(sys.modules, name, module)
    boards = [
        board("dap", flasher=Flasher(name="drive", settings={"board_id": "0720"})),
        board("st", flasher=Flasher(name="pyocd", settings={"target": "stm32f401retx"})),
    ]
    found = find_connected(boards=boards, drives=[])
    assert [(f.kind, f.where, f.boards) for f in found] == [
        ("probe", "066FFF30", ("st",)),
        ("probe", "0720ABCD", ("dap",)),
    ]


def test_hello_says_what_runs_and_why_not(ports: list[ListPortInfo], tmp_path: Path) -> None:
    firmware = native_firmware.host_firmware(tmp_path / "firmware")
    with PtyProcess([firmware]) as device, PtyProcess(["sleep", "60"]) as silent:
        ports += [
            port(device.port, "10c4:ea60", "1"),
            port(silent.port, "dead:beef"),
            port("/dev/ttyGONE0", "1a86:7523"),
        ]
        assert all(f.runs is None and f.problem == "" for f in find_connected(drives=[])), "only when it is asked"
        found = {f.where: f for f in find_connected(hello=True, wait=1.5, drives=[])}
    runs = found[device.port].runs
    assert runs is not None and runs.board == "host" and len(runs.model_sha256) == 64
    assert found[silent.port].runs is None and found[silent.port].problem
    assert found["/dev/ttyGONE0"].problem == "there is no port /dev/ttyGONE0"
