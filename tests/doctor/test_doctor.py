"""What `kit doctor` finds on machines that lack something, made of faked ports, /proc and /sys."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from toolchain.board.connected import Connected
from toolchain.board.descriptor import Board, Flasher, load_board
from toolchain.doctor import Finding, examine, ports, software

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without USB devices and other programs: ``proc`` and ``sys`` in the folder returned."""
    monkeypatch.setattr(list_ports, "comports", list)
    monkeypatch.setattr(ports, "PROC", tmp_path / "proc")
    monkeypatch.setattr(ports, "SYS", tmp_path / "sys")
    return tmp_path


@pytest.fixture
def no_rights(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``no_rights(gid, members)``: nothing may be opened; files belong to that group with those members."""
    grp, pwd = pytest.importorskip("grp"), pytest.importorskip("pwd")

    def set_up(gid: int, members: tuple[str, ...] = ()) -> None:
        forbids = {"access": lambda *_: False, "stat": lambda *_: SimpleNamespace(st_gid=gid)}
        monkeypatch.setattr(ports, "os", SimpleNamespace(**{**vars(os), **forbids}))
        group = SimpleNamespace(gr_name="root" if gid == 0 else "dialout", gr_mem=list(members))
        monkeypatch.setattr(grp, "getgrgid", lambda _: group)
        monkeypatch.setattr(pwd, "getpwuid", lambda _: SimpleNamespace(pw_name="ada"))

    return set_up


def device(where: str = "/dev/ttyUSB0", boards: tuple[str, ...] = ("esp32",), usb_id: str = "10c4:ea60") -> Connected:
    return Connected("serial", where, boards, usb_id, "0001")


def named(found: list[Finding], name: str) -> Finding:
    (one,) = [finding for finding in found if finding.name == name]
    return one


def usb_device(machine: Path, usb_id: str, tty: str = "") -> None:
    folder = machine / "sys" / "bus" / "usb" / "devices" / "1-2"
    (folder / "1-2:1.0" / tty).mkdir(parents=True)
    for part, text in zip(("Vendor", "Product"), usb_id.split(":"), strict=True):
        (folder / f"id{part}").write_text(f"{text}\n")


def process(machine: Path, pid: int, program: str, opened: str = "") -> None:
    folder = machine / "proc" / str(pid)
    (folder / "fd").mkdir(parents=True)
    (folder / "comm").write_text(f"{program}\n")
    if opened:
        (folder / "fd" / "3").symlink_to(opened)


def test_a_port_of_another_group_says_which_to_join(no_rights: Callable[..., None]) -> None:
    no_rights(20)
    (found,) = ports.examine_devices(load_board("esp32"), [device()])
    assert (found.name, found.status) == ("port /dev/ttyUSB0", "problem")
    assert "belongs to the group dialout" in found.said
    assert found.mend == "sudo usermod -aG dialout ada, then log in again"


def test_a_group_joined_after_logging_in_needs_a_new_login(no_rights: Callable[..., None]) -> None:
    no_rights(20, ("ada",))
    (found,) = ports.examine_devices(load_board("esp32"), [device()])
    assert "after you logged in" in found.said and found.mend == "log out and in again"


def test_a_port_of_root_alone_needs_a_udev_rule(no_rights: Callable[..., None]) -> None:
    no_rights(0)
    (found,) = ports.examine_devices(load_board("esp32"), [device()])
    assert "udev rule is missing" in found.said
    assert 'ATTRS{idVendor}=="10c4", ATTRS{idProduct}=="ea60"' in found.mend and "udevadm" in found.mend


def test_anothers_port_is_a_note_only(no_rights: Callable[..., None]) -> None:
    no_rights(20)
    other = device("/dev/ttyUSB1", (), "dead:beef")
    (found,) = ports.examine_devices(load_board("esp32"), [other])
    assert found.status == "note"


def test_a_busy_port_names_the_program_that_has_it(machine: Path) -> None:
    port = machine / "ttyUSB0"
    port.touch()
    process(machine, 41, "bash", opened="/dev/null")
    process(machine, 42, "minicom", opened=str(port))
    process(machine, os.getpid(), "kit", opened=str(port))
    (found,) = ports.examine_devices(load_board("esp32"), [device(str(port))])
    assert found == Finding(f"port {port}", "problem", "in use by minicom (process 42)", "close it, or: kill 42"), (
        "not ourselves"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_real_process_that_holds_a_file_is_found(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "PROC", Path("/proc"))
    port = machine / "port"
    port.touch()
    with port.open() as stream, subprocess.Popen(["sleep", "60"], stdin=stream) as holder:
        try:
            assert list(ports.holders_of(str(port))) == [(holder.pid, "sleep")]
        finally:
            holder.kill()


def test_a_free_port_is_well(machine: Path) -> None:
    port = machine / "ttyUSB0"
    port.touch()
    (found,) = ports.examine_devices(load_board("esp32"), [device(str(port))])
    assert found == Finding(f"port {port}", "ok", "esp32 (10c4:ea60, serial number 0001)")


@pytest.mark.parametrize(
    ("usb_id", "driver"), [("10c4:ea60", "cp210x"), ("1a86:7523", "ch341"), ("1a86:55d4", "cdc_acm")]
)
def test_a_bridge_without_its_driver(machine: Path, usb_id: str, driver: str) -> None:
    usb_device(machine, usb_id)
    (found,) = ports.examine_devices(load_board("esp32"), [])
    assert found.name == f"USB device {usb_id}" and found.status == "problem"
    assert "shows no port" in found.said and found.mend == f"sudo modprobe {driver}"


def test_brltty_takes_bridges(machine: Path) -> None:
    usb_device(machine, "1a86:7523")
    process(machine, 7, "brltty")
    (found,) = ports.examine_devices(load_board("esp32"), [])
    assert "brltty" in found.said and found.mend == "sudo apt remove brltty"


def test_a_device_with_its_port_is_no_finding_of_its_own(machine: Path) -> None:
    usb_device(machine, "10c4:ea60", tty="ttyUSB0")
    (found,) = ports.examine_devices(load_board("esp32"), [])
    assert found.name == "ports"


@pytest.mark.parametrize("allowed", [True, False])
def test_a_board_in_its_boot_loader_needs_a_udev_rule(
    machine: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    """dfu-util opens the USB device itself, of which there is no port."""
    usb_device(machine, "0483:df11")
    folder = next((machine / "sys" / "bus" / "usb" / "devices").iterdir())
    (folder / "busnum").write_text("1\n")
    (folder / "devnum").write_text("12\n")
    asked: list[str] = []
    monkeypatch.setattr(ports.os, "access", lambda path, _mode: asked.append(str(path)) is None and allowed)
    (found,) = ports.examine_devices(load_board("netduinoplus2"), [])
    assert asked == ["/dev/bus/usb/001/012"]
    assert found.status == ("ok" if allowed else "problem")
    assert allowed or 'ATTRS{idProduct}=="df11", TAG+="uaccess"' in found.mend


def test_nothing_attached_is_in_the_way_only_without_an_emulator() -> None:
    board = load_board("esp32")
    (found,) = ports.examine_devices(board, [])
    assert found.status == "note" and "--emulate" in found.mend
    (found,) = ports.examine_devices(board.model_copy(update={"emulator": None}), [])
    assert found.status == "problem" and "--emulate" not in found.mend
    assert ports.examine_devices(load_board("host"), []) == [], "a board without USB"


def test_modem_manager_is_told_of_where_it_disturbs(machine: Path) -> None:
    process(machine, 9, "ModemManager")
    (machine / "ttyACM0").touch()
    acm = device(str(machine / "ttyACM0"), usb_id="303a:1001")
    assert [f.name for f in ports.examine_devices(None, [acm])][-1] == "ModemManager"
    assert [f.name for f in ports.examine_devices(None, [device(str(machine / "ttyACM0"))])] == [
        f"port {machine}/ttyACM0"
    ]


def test_a_missing_compiler_and_emulator_are_problems_of_the_board(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(machine))
    monkeypatch.setenv("HOME", str(machine))
    from toolchain.board import compilers

    monkeypatch.setattr(compilers.importlib.util, "find_spec", lambda _: None)
    found = examine(load_board("mps2-an386"))
    compiler, emulator = named(found, "compiler for mps2-an386"), named(found, "qemu for mps2-an386")
    assert compiler.status == emulator.status == "problem"
    assert "gcc-arm-none-eabi" in compiler.mend and emulator.mend == "apt install qemu-system-arm"
    everything = examine()
    assert named(everything, "compiler for arm").status == "note", "without a board nobody needs it yet"


def test_an_emulator_is_not_needed_where_the_board_is_there(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = ListPortInfo(str(machine / "ttyUSB0"))
    (machine / "ttyUSB0").touch()
    port.vid, port.pid = 0x1366, 0x1051
    monkeypatch.setattr(list_ports, "comports", lambda: [port])
    monkeypatch.setenv("PATH", str(machine))
    assert named(examine(load_board("hifive1")), "qemu for hifive1").status == "note"
    monkeypatch.setattr(list_ports, "comports", list)
    assert named(examine(load_board("hifive1")), "qemu for hifive1").status == "problem"


def board_flashed_by(name: str) -> Board:
    return load_board("esp32").model_copy(update={"flasher": Flasher(name=name)})


def test_flashers(monkeypatch: pytest.MonkeyPatch) -> None:
    (esptool,) = software.flashers(board_flashed_by("esptool"), real=True)
    assert esptool.status == "ok" and esptool.said.startswith("esptool 5")
    assert software.flashers(board_flashed_by("uf2"), real=True) == [], "a drive needs no program"
    monkeypatch.setattr(shutil, "which", lambda _: None)
    (bossac,) = software.flashers(board_flashed_by("bossac"), real=True)
    assert (bossac.name, bossac.status, bossac.said) == ("flasher bossac", "problem", "not installed")
    assert bossac.mend.startswith("arduino-cli core install arduino:mbed_nano")
    monkeypatch.setattr("toolchain.flash.programs.shutil.which", lambda name: f"/usr/bin/{name}")
    (debians,) = software.flashers(board_flashed_by("bossac"), real=True)
    assert debians.status == "problem" and "not Arduino's" in debians.said and debians.mend == bossac.mend
    (unneeded,) = software.flashers(board_flashed_by("bossac"), real=False)
    assert unneeded.status == "note"


def test_packages_that_are_missing_or_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        software,
        "requirements",
        lambda: iter([("", "numpy", "1.26"), ("", "cobs", "99.1"), ("train", "no-such-thing", ""), ("test", "x", "")]),
    )
    core, train = software.packages()
    assert core.status == "problem" and core.mend == 'pip install "tinyml-kit"'
    assert core.said == f"not installed: cobs 99.1 (here is {importlib.metadata.version('cobs')})"
    assert train == Finding(
        "packages to train", "note", "not installed: no-such-thing", 'pip install "tinyml-kit[train]"'
    )


def test_requirements_are_those_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "numpy>=1.26",
        "tensorflow-cpu>=2.18; platform_machine == 'x86_64' and extra == 'train'",
        "tensorflow>=2.18; platform_machine != 'x86_64' and extra == 'train'",
        "tflite-micro; (platform_machine == 'x86_64' and sys_platform == 'linux') and extra == 'reference'",
    ]
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: lines)
    monkeypatch.setattr(software.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(software, "sys", SimpleNamespace(platform="linux"))
    assert list(software.requirements()) == [
        ("", "numpy", "1.26"),
        ("train", "tensorflow-cpu", "2.18"),
        ("reference", "tflite-micro", ""),
    ]
    monkeypatch.setattr(software.platform, "machine", lambda: "arm64")
    assert [name for _, name, _ in software.requirements()] == ["numpy", "tensorflow"]


def test_requirements_of_a_checkout_are_those_of_its_project_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "requires", absent)
    found = list(software.requirements())
    assert ("", "numpy", "1.26") in found and ("emulate", "labwired", "0.25") in found


@pytest.mark.parametrize(("free", "status"), [(1_000_000, "problem"), (10**9, "note"), (10**11, "ok")])
def test_disk(free: int, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    monkeypatch.setenv("KIT_BUILD", "not/there/yet")
    found = software.disk()
    assert len(found) == 2 and all(f.status == status and bool(f.mend) == (status != "ok") for f in found)


def test_an_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    assert software.python().status == "ok"
    monkeypatch.setattr(software, "sys", SimpleNamespace(version_info=(3, 9), executable="python"))
    assert software.python().status == "problem"
