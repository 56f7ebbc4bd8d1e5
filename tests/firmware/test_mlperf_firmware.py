"""The benchmark's firmware as a native program under sanitizers: its words byte for byte, its bounds, and noise."""

from __future__ import annotations

import random
import re
import time

import numpy as np
import pytest
import serial

from tests import native_firmware
from toolchain.emulate.pty_process import PtyProcess
from toolchain.resources import resource

pytestmark = pytest.mark.emulator

SOURCE = resource("firmware_templates") / "mlperf" / "mlperf.c"
BYTES = 1000  # of an input of the test model


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    sources = [SOURCE, native_firmware.HOST_CHIP, native_firmware.MODEL]
    return native_firmware.compile_c(
        tmp_path_factory.mktemp("mlperf") / "firmware", sources, "-O1", *native_firmware.SANITIZE
    )


@pytest.fixture
def device(program):
    with PtyProcess([program]) as running, serial.Serial(running.port, timeout=60) as line:
        line.write(b"name%")  # opening the port threw away what had come by then, the greeting or a part of it
        assert line.read_until(b"m-name-dut-[host]\r\nm-ready\r\n").endswith(b"m-ready\r\n")
        yield line
        running.check()


def ask(line: serial.Serial, text: str) -> bytes:
    """What comes back, without the last line, which is ``m-ready``."""
    line.write(text.encode())
    got = line.read_until(b"m-ready\r\n")
    assert got.endswith(b"m-ready\r\n"), got
    return got.removesuffix(b"m-ready\r\n")


def fill(line: serial.Serial, data: bytes) -> None:
    """As the benchmark's host program does it: 31 bytes a line."""
    assert ask(line, f"db load {len(data)}%") == f"m-[Expecting {len(data)} bytes]\r\n".encode()
    lines = [data[at : at + 31] for at in range(0, len(data), 31)]
    for part in lines[:-1]:
        assert ask(line, f"db {part.hex()}%") == b""
    assert ask(line, f"db {lines[-1].hex()}%") == b"m-load-done\r\n"


def printed(data: bytes) -> bytes:
    """The test model's first output for ``data``, as the device prints it (its second input is 0)."""
    steps = (3 * np.frombuffer(data, np.uint8)).astype(np.int8).astype(int)
    return b"m-results-[" + b",".join(b"%.3f" % (0.5 * (q + 3)) for q in steps) + b"]\r\n"


def test_it_greets(program):
    said = b""
    with PtyProcess([program]) as running, open(running.port, "rb", buffering=0) as line:
        while not said.endswith(b"m-ready\r\n"):
            said += line.read(1)
    assert re.fullmatch(rb"m-timestamp-mode-performance\r\nm-lap-us-\d+\r\nm-init-done\r\nm-ready\r\n", said)


def test_a_whole_conversation(device):
    assert ask(device, "name%") == b"m-name-dut-[host]\r\n"
    assert ask(device, "profile%") == b"m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[test01]\r\n"
    start = time.monotonic()
    first = re.fullmatch(rb"m-lap-us-(\d+)\r\n", ask(device, "timestamp%"))
    time.sleep(0.05)
    second = re.fullmatch(rb"m-lap-us-(\d+)\r\n", ask(device, "timestamp%"))
    assert 50_000 <= int(second[1]) - int(first[1]) <= 1e6 * (time.monotonic() - start)
    assert ask(device, "results%") == b"e-[No inference has been run]\r\n"
    for seed in range(3):
        data = random.Random(seed).randbytes(BYTES)
        fill(device, data)
        said = ask(device, "infer 7 2%")
        laps = re.fullmatch(
            rb"m-warmup-start-2\r\nm-warmup-done\r\nm-infer-start-7\r\nm-lap-us-(\d+)\r\nm-lap-us-(\d+)\r\n"
            rb"m-infer-done\r\n(m-results-\[[^]]*\]\r\n)",
            said,
        )
        assert laps and int(laps[1]) <= int(laps[2]) and laps[3] == printed(data)
        assert ask(device, "results%") == printed(data)
    assert b"m-warmup-start-10\r\n" in ask(device, "infer 1%")
    assert ask(device, "help%").startswith(b"ULPMark for tinyML Firmware V0.0.1\r\n")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("%", b""),
        ("\r\nname\r\n%", b"m-name-dut-[host]\r\n"),
        ("nonsense 1 2%", b"e-[Unknown command: nonsense]\r\n"),
        ("db%", b"e-[Command 'db' requires a subcommand]\r\n"),
        ("db load%", b"e-[Command 'db load' requires the # of bytes]\r\n"),
        ("db load 0%", b"e-[Command 'db load' must be >0 bytes]\r\n"),
        ("db load -5%", b"e-[Command 'db load' must be >0 bytes]\r\n"),
        ("db load 1001%", b"e-[Supplied buffer size 1001 exceeds maximum of 1000]\r\n"),
        ("db load 4294967296%", b"e-[Command 'db load' must be >0 bytes]\r\n"),
        ("db 00%", b"e-[Command 'db' requires 'db load' first]\r\n"),
        ("db 0g%", b"e-[Invalid hex digit]\r\n"),
        ("db 012%", b"e-[Insufficient number of hex digits]\r\n"),
        ("infer 0%", b"e-[Inference iterations must be >0]\r\n"),
        ("infer x%", b"e-[Inference iterations must be >0]\r\n"),
        ("infer 1 -1%", b"e-[Inference warmup must be >=0]\r\n"),
        ("infer 1 0%", b"e-[Input db has 0 bytes, expected 1000]\r\n"),
        ("x" * 80 + "%", b"e-[Unknown command: " + b"x" * 80 + b"]\r\n"),
        ("x" * 81 + "%", b"e-[Command too long]\r\n"),
        ("x" * 100_000 + "%", b"e-[Command too long]\r\n"),
    ],
)
def test_refusals(device, command, answer):
    assert ask(device, command) == answer
    assert ask(device, "name%") == b"m-name-dut-[host]\r\n"


def test_the_buffer_keeps_to_its_bounds(device):
    assert ask(device, "db load 9%") == b"m-[Expecting 9 bytes]\r\n"
    assert ask(device, "db 0102Ff%") == b""
    assert ask(device, "db 04zz%") == b"e-[Invalid hex digit]\r\n"
    assert ask(device, "db print%") == b"m-buffer-01-02-ff\r\n"
    assert ask(device, "infer 1 0%") == b"e-[Input db has 3 bytes, expected 1000]\r\n"
    assert ask(device, "db " + "aa" * 31 + "%") == b"m-load-done\r\n"  # what is beyond the nine is dropped
    assert ask(device, "db 00%") == b"e-[Command 'db' requires 'db load' first]\r\n"
    assert ask(device, "db print%") == b"m-buffer-01-02-ff-aa-aa-aa-aa-aa\r\nm-buffer-aa\r\n"
    fill(device, bytes(BYTES))
    assert ask(device, "infer 1 0%").endswith(printed(bytes(BYTES)))
    assert ask(device, "db load 5%") == b"m-[Expecting 5 bytes]\r\n"
    assert ask(device, "results%") == b"e-[No inference has been run]\r\n"


def test_noise_is_survived(device):
    noise = random.Random(5)
    words = [
        b"db",
        b"load",
        b"print",
        b"infer",
        b"results",
        b"name",
        b" ",
        b"%",
        b"99999999999",
        b"1",
        b"ff",
        b"\0",
        b"g",
    ]
    for _ in range(200):
        parts = [noise.choice(words) if noise.random() < 0.8 else noise.randbytes(9) for _ in range(12)]
        sent = b" ".join(parts).replace(b"infer", b"infex") + b"%"
        device.write(sent)
        for _ in range(sent.count(b"%")):
            assert device.read_until(b"m-ready\r\n").endswith(b"m-ready\r\n")
    assert ask(device, "name%") == b"m-name-dut-[host]\r\n"
