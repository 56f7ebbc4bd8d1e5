"""`kit deploy` as users and scripts run it, on boards that run here."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Kit, command, environment
from tests.timing import least_seconds
from toolchain.board.descriptor import list_boards, load_board

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

BOARDS = {
    "host": 100,
    "mps2-an386": 100,
    "esp32": 20,
    "esp32c3": 20,
    "esp32s3": 5,
    "xiao-esp32s3": 5,
    "esp32c6": 5,
    "netduinoplus2": 100,
    "pico": 5,
    "hifive1": 10,
    "mps2-an385": 10,
    "mps2-an500": 10,
    "mps3-an547": 10,
    "arduino-uno": 5,
}
#: Boards that are too small for the kit's convolutions.
KITS = {"arduino-uno": "digits:dense"}


def test_every_emulated_board_is_tested():
    assert set(BOARDS) == {board.name for board in list_boards() if board.emulator}


@pytest.mark.parametrize("board", BOARDS)
def test_the_contract_on_each_board(kit, board):
    count, chosen = BOARDS[board], KITS.get(board, "digits")
    said = kit.json("deploy", chosen, "--board", board, "--emulate", "--samples", str(count))
    assert said["kit"] == chosen.replace(":", "-") and said["board"] == board and said["emulated"] is True
    assert said["samples"] == said["parity"]["samples"] == count
    assert said["parity"]["mismatches"] == said["parity"]["max_abs_diff"] == 0
    assert said["parity"]["reference"] in ("tflite-micro", "evaluator")
    assert said["accuracy_device"] == said["accuracy_host"] >= 0.9
    assert said["accuracy_float"] >= 0.9
    assert said["latency"]["unit"] == load_board(board).emulator.unit
    assert 0 < said["latency"]["p50"] <= said["latency"]["p95"]
    memory = said["memory"]
    assert set(memory) == {"flash_bytes", "weights_bytes", "arena_bytes", "static_ram_bytes", "stack_bytes"}
    assert memory["flash_bytes"] > memory["weights_bytes"] > 5000 and 0 < memory["arena_bytes"] < 4096
    assert len(said["model_sha256"]) == len(said["firmware_sha256"]) == 64
    assert said["port"] and said["seconds"]["total"] > 0 and said["failed_checks"] == []


@pytest.mark.timed
def test_the_second_time_takes_seconds(kit):
    arguments = ("deploy", "digits", "--board", "mps2-an386", "--emulate", "--samples", "100")
    first = kit.json(*arguments)
    later: list[dict[str, Any]] = []
    assert least_seconds(6, lambda: later.append(kit.json(*arguments))) <= 6
    second = later[-1]
    for p in ("p50", "p95", "max"):  # a tick of the counter is 40 instructions, and a byte may interrupt an inference
        assert second["latency"].pop(p) == pytest.approx(first["latency"].pop(p), rel=0.02)
    for figures in (first, second):  # what may differ between two runs
        del figures["port"], figures["seconds"], figures["retries"], figures["memory"]["stack_bytes"]
    assert first == second


def test_without_samples_the_answers_stream(kit):
    done = kit("deploy", "digits", "--board", "host", "--answers", "3")
    assert done.returncode == 0, done.stderr
    assert "byte for byte" in done.stdout
    assert [line.split(":")[0] for line in done.stdout.splitlines() if line.startswith("sample ")] == [
        "sample 0",
        "sample 1",
        "sample 2",
    ]


def test_a_mark_for_the_whole_test_set_is_told_where_few_are_tested(kit):
    done = kit("deploy", "digits", "--board", "host", "--samples", "5")
    assert "the kit's mark for the device, 0.965, is for all 360 test samples" in done.stderr


def test_quiet_says_nothing(kit):
    done = kit("deploy", "digits", "--board", "host", "--samples", "5", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_test_checks_the_whole_test_set(kit):
    said = kit.json("test", "digits", "--board", "host")
    assert said["samples"] == 360 and said["accuracy_device"] >= 0.965


@contextmanager
def running_firmware(kit: Kit) -> Iterator[tuple[str, int]]:
    """The firmware of board `host` with the digits model: its port and process id."""
    from toolchain import emulate

    firmware = Path(kit.json("build", "digits", "--board", "host", "--emulate")["elf"])
    with emulate.start(load_board("host").as_emulated(), firmware) as board:
        yield board.port, board._program.pid


def test_a_board_that_is_already_there(kit):
    with running_firmware(kit) as (port, _):
        said = kit.json("test", "digits", "--board", "host", "--port", port, "--samples", "20")
        assert said["emulated"] is False and said["port"] == port and said["parity"]["mismatches"] == 0
        page = kit.json("report", "digits", "--board", "host", "--port", port, "--samples", "20")
        assert page["firmware_sha256"] is None and "Memory over time" in (kit.cwd / "report.html").read_text()
        watched = kit.json("monitor", "--board", "host", "--port", port, "--seconds", "0.2")
        assert watched["device"]["model_sha256"] == said["model_sha256"]
        assert watched["device"]["labels"] == list("0123456789")
        message, hint = kit.refused("test", "digits", "--board", "mps2-an386", "--port", port, status=4)
        assert "'host'" in message and "--board host" in hint


def test_a_device_that_stops_answering(kit):
    with running_firmware(kit) as (port, pid):
        os.kill(pid, signal.SIGSTOP)
        start = time.monotonic()
        message, hint = kit.refused("test", "digits", "--board", "host", "--port", port, status=4)
        assert time.monotonic() - start < 90
        assert port in message or "answer" in message
        assert hint


def test_a_port_in_use(kit):
    import serial

    with running_firmware(kit) as (port, _), serial.Serial(port, exclusive=True):
        message, _ = kit.refused("test", "digits", "--board", "host", "--port", port, status=4)
        assert "in use" in message


def test_a_port_that_is_not_ours(kit):
    master, slave = os.openpty()
    try:
        message, hint = kit.refused("test", "digits", "--board", "host", "--port", os.ttyname(slave), status=4)
        assert "answer" in message and hint
    finally:
        os.close(master)
        os.close(slave)


def test_a_model_too_big_for_the_board(kit, shared_models):
    (kit.cwd / "boards").mkdir()
    text = (Path(load_board.__code__.co_filename).parents[2] / "firmware_templates/boards/mps2-an386.toml").read_text()
    small = text.replace('name = "mps2-an386"', 'name = "small"').replace("0x00400000", "0x00010000")
    (kit.cwd / "boards" / "small.toml").write_text(small)
    message, hint = kit.refused("bench", str(shared_models["ad"]), "--board", "small", status=2)
    assert "65,536" in message or "65536" in message
    assert hint


#: Line of the output at which Ctrl-C comes, seconds after it, more options, exit status.
INTERRUPTIONS = {
    "train": (4.0, (), 130),
    "compile": (0.0, (), 130),
    "build": (0.1, (), 130),
    "start": (0.0, (), 130),
    "test": (0.0, ("--samples", "360"), 130),
    "sample 1": (0.0, (), 0),  # streaming: this is how it ends
}


@pytest.mark.parametrize("stage", INTERRUPTIONS)
def test_ctrl_c_leaves_nothing_half_made(stage, tmp_path, kit):
    delay, options, status = INTERRUPTIONS[stage]
    build = tmp_path / "build"
    if stage != "train":
        kit.apart()
    process = subprocess.Popen(
        command("deploy", "digits", "--board", "mps2-an386", "--emulate", *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(build, PYTHONUNBUFFERED="1"),
        start_new_session=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith(stage):
            time.sleep(delay)
            os.killpg(process.pid, signal.SIGINT)
            break
    rest, _ = process.communicate(timeout=100)
    assert process.returncode == status, "".join(said) + rest
    assert "Traceback" not in rest
    unfinished = [p for p in build.rglob(".*") if not p.name.endswith(".lock")]
    assert unfinished == []
    limit = time.monotonic() + 60
    while left := _processes_with(str(build)):  # an emulator hears of our end as soon as it is scheduled
        assert time.monotonic() < limit, left
        time.sleep(0.05)


def _processes_with(text: str) -> list[str]:
    """Command lines of living processes that name ``text``."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found
