"""Programs that flash: their command lines, with fakes that note how they are called."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from toolchain.board.descriptor import Board, Flasher, Region
from toolchain.errors import BadInput, DeviceError, Missing
from toolchain.evaluate.results import Memory
from toolchain.flash import erase_board, flash_board, reset_board
from toolchain.flash.programs import PROGRAMS
from toolchain.pipeline import Built
from toolchain.progress import Quiet

pytestmark = pytest.mark.unit

SETTINGS = {
    "avrdude": {"part": "atmega328p", "programmer": "arduino", "baud": 115200},
    "bossac": {},
    "dfu-util": {"device": "0483:df11", "address": 0x08000000},
    "pyocd": {"target": "nrf52840"},
}
FLASH = {
    "avrdude": "-q -p atmega328p -c arduino -b 115200 -P PORT -D -U flash:w:FILE:i",
    "bossac": "-p PORT -U -i -e -w FILE -R",
    "dfu-util": "-d 0483:df11 -a 0 -s 0x8000000:leave -D FILE",
    "pyocd": "flash -t nrf52840 FILE",
}
ERASE = {
    "dfu-util": "-d 0483:df11 -a 0 -s 0x8000000:mass-erase:force",
    "pyocd": "erase -t nrf52840 --chip",
}


def board(name: str) -> Board:
    ram = Region(name="RAM", kind="ram", address=0x20000000, size=0x10000)
    return Board(
        name="a-board", title="a board", chip="stm32f4", architecture="arm", target="cortex-m4", memory=(ram,),
        flasher=Flasher(name=name, settings=SETTINGS[name]),
    )  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin" if not shutil.which("avrdude") else f"{tmp_path}:/bin")
    return tmp_path


def fake(desk: Path, name: str, script: str = "echo 'Writing | ## | 40%'; echo 'done 100 %'") -> None:
    (desk / name).write_text(f'#!/bin/sh\necho "$*" >> {desk}/calls\n{script}\n')
    (desk / name).chmod(0o755)


def built(desk: Path) -> Built:
    image = desk / "firmware.hex"
    image.write_bytes(b"x")
    return Built(desk, desk / "firmware.elf", ((0, image),), Memory(), "", "", "gcc")


class Watched(Quiet):
    def __init__(self) -> None:
        self.seen: list[float] = []

    def update(self, done: float, total: float, note: str = "") -> None:
        self.seen.append(done / total)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_a_program_is_called_as_its_manual_says(desk: Path, name: str) -> None:
    fake(desk, name)
    watched = Watched()
    flash_board(board(name), built(desk), "PORT", watched)
    calls = (desk / "calls").read_text().splitlines()
    assert calls == [FLASH[name].replace("FILE", str(desk / "firmware.hex"))]
    assert watched.seen == [0.4, 1.0, 1.0]
    if name in ERASE:
        erase_board(board(name), "PORT", Quiet())
        assert (desk / "calls").read_text().splitlines()[1:] == [ERASE[name]]
    else:
        with pytest.raises(BadInput, match="cannot erase"):
            erase_board(board(name), "PORT", Quiet())


def test_reset_is_by_the_program_that_can(desk: Path) -> None:
    fake(desk, "pyocd")
    reset_board(board("pyocd"), "PORT", Quiet())
    assert (desk / "calls").read_text() == "reset -t nrf52840\n"


def test_arduinos_own_program_goes_before_one_on_path(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's bossac does not know the nRF52840."""
    monkeypatch.setenv("HOME", str(desk))
    fake(desk, "bossac", "exit 1")
    for version in ("1.7.0", "1.9.1-arduino2"):
        folder = desk / ".arduino15/packages/arduino/tools/bossac" / version
        folder.mkdir(parents=True)
        fake(folder, "bossac", f"echo {version} >> {desk}/calls")
    flash_board(board("bossac"), built(desk), "PORT", Quiet())
    assert (desk / "calls").read_text().splitlines() == ["1.9.1-arduino2"]


def test_a_failure_is_its_own_words_and_how_to_recover(desk: Path) -> None:
    fake(desk, "dfu-util", "echo 'dfu-util 0.11'; echo 'No DFU capable USB device available'; echo bye; exit 74")
    with pytest.raises(DeviceError, match="No DFU capable USB device available") as error:
        flash_board(board("dfu-util"), built(desk), "", Quiet())
    assert "boot button" in error.value.hint


def test_a_chip_that_starts_before_it_has_answered_is_flashed(desk: Path) -> None:
    fake(
        desk,
        "dfu-util",
        "echo 'File downloaded successfully'; echo 'dfu-util: Error during download get_status'; exit 74",
    )
    watched = Watched()
    flash_board(board("dfu-util"), built(desk), "", watched)
    assert watched.seen[-1] == 1.0
    fake(desk, "dfu-util", "echo 'dfu-util: Error during download get_status'; exit 74")
    with pytest.raises(DeviceError, match="Error during download get_status"):
        flash_board(board("dfu-util"), built(desk), "", Quiet())


@pytest.mark.parametrize(
    ("name", "says", "hint"),
    [
        (
            "dfu-util",
            "Cannot open DFU device 0483:df11 found on devnum 9 (LIBUSB_ERROR_ACCESS)",
            '"df11", TAG+="uaccess"',
        ),
        ("avrdude", "ser_open(): cannot open device /dev/ttyACM0: Permission denied", "usermod -aG dialout"),
        ("avrdude", "stk500_recv(): programmer is not responding", "press RESET"),
    ],
)
def test_what_may_not_be_opened_is_told_with_what_allows_it(desk: Path, name: str, says: str, hint: str) -> None:
    fake(desk, name, f"echo '{says}'; exit 1")
    with pytest.raises(DeviceError) as error:
        flash_board(board(name), built(desk), "/dev/ttyACM0", Quiet())
    assert says in error.value.message and hint in error.value.hint


def test_a_missing_program_is_named_with_what_installs_it(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(desk))
    with pytest.raises(Missing, match="avrdude, which is not installed") as error:
        flash_board(board("avrdude"), built(desk), "PORT", Quiet())
    assert error.value.hint == "apt install avrdude"


@pytest.mark.parametrize(
    ("name", "words"), [("dfu-util", ("--device", "--alt", "--dfuse-address", "--download")),
                        ("bossac", ("--port", "--usb-port", "--info", "--erase", "--write", "--reset")),
                        ("avrdude", ("-p <partno>", "-c <programmer>", "-P <port>", "-D ", "-U <memtype>"))],
)  # fmt: skip
def test_the_real_program_knows_these_options(name: str, words: tuple[str, ...]) -> None:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    said = subprocess.run([path, "--help"], capture_output=True, text=True, check=False)
    for word in words:
        assert word in said.stdout + said.stderr
