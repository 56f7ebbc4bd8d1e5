"""Ctrl-C in the midst of flashing, for each way: words about how to recover, status 130, and nothing left running."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from esp32_mock_bootloader import mock_bootloader

pytestmark = pytest.mark.emulator

#: `kit flash` of an image that is there already, so that flashing is all that it does.
SCRIPT = """
import sys, time
from pathlib import Path
from toolchain import pipeline
from toolchain.cli.app import run
from toolchain.evaluate.results import Memory
from toolchain.flash import drive
image = Path(sys.argv[1])
built = pipeline.Built(image.parent, image, ((0x1000, image),), Memory(), "0" * 64, "0" * 64, "gcc")
pipeline.train = lambda *_a, **_k: None
pipeline.kit_model = lambda *_a, **_k: None
pipeline.build = lambda *_a, **_k: built
class Slow:  # a drive that takes its time: for what is left of the test
    @staticmethod
    def fsync(number):
        print("WRITING", file=sys.stderr, flush=True)
        time.sleep(600)
    def __getattr__(self, name):
        import os
        return getattr(os, name)
drive.os = Slow()
sys.exit(run(["flash", "digits", "--board", sys.argv[2], "--port", sys.argv[3]]))
"""


def interrupted(tmp_path: Path, image: Path, board: str, port: str, ready: object) -> tuple[int, str]:
    """Exit status and errors of `kit flash` that got Ctrl-C once ``ready()`` was true."""
    script = tmp_path / "flash.py"
    script.write_text(SCRIPT)
    with (tmp_path / "errors").open("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, script, image, board, port],
            stdout=subprocess.DEVNULL, stderr=errors, cwd=tmp_path, start_new_session=True,
            env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), "COLUMNS": "200"},
        )  # fmt: skip
        try:
            until(ready, process)
            process.send_signal(signal.SIGINT)
            status = process.wait(100)
        finally:
            process.kill()
        return status, (tmp_path / "errors").read_text()


def until(ready: object, process: subprocess.Popen[bytes] | None = None, seconds: float = 100.0) -> None:
    assert callable(ready)
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end and (process is None or process.poll() is None)
        time.sleep(0.05)


class Stalling:
    """A line to a boot loader that carries so many bytes to it and then no more."""

    def __init__(self, port: int, limit: int) -> None:
        self.limit, self.carried, self.behind = limit, 0, port
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        near, _ = self.server.accept()
        far = socket.create_connection(("127.0.0.1", self.behind))
        threading.Thread(target=self._back, args=(far, near), daemon=True).start()
        while self.carried < self.limit and (data := near.recv(1024)):
            self.carried += len(data)
            far.sendall(data)

    @staticmethod
    def _back(far: socket.socket, near: socket.socket) -> None:
        while data := far.recv(1024):
            near.sendall(data)


@pytest.fixture
def loader() -> Iterator[Stalling]:
    with mock_bootloader(chip="esp32") as mock:
        yield Stalling(int(mock.url().rsplit(":", 1)[1]), 20_000)


def test_a_boot_rom(tmp_path: Path, loader: Stalling) -> None:
    image = tmp_path / "firmware.bin"
    image.write_bytes(os.urandom(200_000))
    status, said = interrupted(tmp_path, image, "esp32", loader.url, lambda: loader.carried >= loader.limit)
    assert status == 130
    assert "interrupted while esp32 was flashed: it may hold half of a firmware" in said
    assert "flash it again: its boot ROM cannot be overwritten" in said and "hold BOOT" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("board", "program", "word"),
    [
        ("arduino-uno", "avrdude", "press RESET"),
        ("netduinoplus2", "dfu-util", "boot button"),
        ("nano33ble", "bossac", "RESET twice"),
    ],
)
def test_a_program(tmp_path: Path, board: str, program: str, word: str) -> None:
    image = tmp_path / "firmware.hex"
    image.write_bytes(b"x")
    fake = tmp_path / program
    fake.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {tmp_path}/child\necho 'Writing | 40%'\nwait\n")
    fake.chmod(0o755)
    child = tmp_path / "child"
    port = os.ttyname(os.openpty()[1])
    status, said = interrupted(tmp_path, image, board, port, lambda: child.exists() and child.read_text().strip())
    assert status == 130
    assert f"interrupted while {board} was flashed" in said and word in said and "Traceback" not in said
    until(lambda: not running(int(child.read_text())), seconds=60)


@pytest.mark.parametrize(("board", "label"), [("pico", "RPI-RP2"), ("nucleo-f401re", "NODE_F401RE")])
def test_a_drive(tmp_path: Path, board: str, label: str) -> None:
    from toolchain.board.uf2 import to_uf2

    image = tmp_path / "firmware.uf2"
    image.write_bytes(to_uf2(0x10000000, bytes(1000), 0xE48BFF56))
    folder = tmp_path / label
    folder.mkdir()
    (folder / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n")
    errors = tmp_path / "errors"
    status, said = interrupted(
        tmp_path, image, board, str(folder), lambda: errors.exists() and "WRITING" in errors.read_text()
    )
    assert status == 130
    assert f"interrupted while {board} was flashed" in said and "the boot loader itself is unharmed" in said
    assert "Traceback" not in said


def running(number: int) -> bool:
    """Whether a process of this number runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
