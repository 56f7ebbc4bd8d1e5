"""The firmware above the chip, fuzzed under AddressSanitizer and UndefinedBehaviorSanitizer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import native_firmware
import pytest
import streaming

from toolchain.link import protocol
from toolchain.link.protocol import Status

REACHED = {
    ("hello", Status.OK), ("hello", Status.VERSION), ("hello", Status.LENGTH),
    ("labels", Status.OK), ("labels", Status.INDEX), ("labels", Status.LENGTH),
    ("tensor", Status.OK), ("tensor", Status.INDEX),
    ("input", Status.OK), ("input", Status.INDEX), ("input", Status.RANGE), ("input", Status.LENGTH),
    ("run", Status.OK), ("run", Status.INPUT),
    ("output", Status.OK), ("output", Status.INDEX), ("output", Status.RANGE), ("output", Status.NOT_READY),
    ("profile", Status.OK), ("profile", Status.INDEX), ("profile", Status.NOT_READY),
    ("arena", Status.OK), ("arena", Status.RANGE),
    ("memory", Status.OK), ("init", Status.OK), ("reset", Status.OK), ("reset", Status.LENGTH),
    ("sync", Status.GAP), ("sync", Status.SESSION),
}  # fmt: skip


@pytest.fixture(scope="module")
def fuzzer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fuzz driver with the firmware inside it."""
    parts = [path for path in native_firmware.APP if path.name != "main.c"]
    sources = [native_firmware.FUZZER, *parts, native_firmware.MODEL, *native_firmware.LINK]
    out = tmp_path_factory.mktemp("fuzz") / "fuzz_link"
    return native_firmware.compile_c(out, sources, "-O1", *native_firmware.SANITIZE)


@pytest.mark.slow
@pytest.mark.parametrize(
    "executions", [pytest.param(20_000, marks=pytest.mark.unit), pytest.param(1_200_000, marks=pytest.mark.long)]
)
def test_no_stream_of_bytes_harms_the_firmware(fuzzer: Path, executions: int) -> None:
    done = subprocess.run([fuzzer, str(executions), "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert answered(done.stdout) >= REACHED


@pytest.mark.parametrize("kind", ["audio", "motion", "image"])
@pytest.mark.parametrize("executions", [5_000, pytest.param(200_000, marks=pytest.mark.long)])
@pytest.mark.slow
def test_nor_one_that_has_a_front_end(tmp_path: Path, kind: str, executions: int) -> None:
    program = streaming.native(kind, tmp_path, "-O1", *native_firmware.SANITIZE, chip=native_firmware.FUZZER)
    done = subprocess.run([program, str(executions), "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted = {("stream", Status.OK), ("stream", Status.LENGTH)}
    wanted |= {("samples", s) for s in (Status.OK, Status.NOT_READY, Status.POSITION, Status.RANGE, Status.LENGTH)}
    assert answered(done.stdout) >= (REACHED - {("output", Status.OK)}) | wanted
    assert int(done.stdout.rpartition("inferences ")[2]) >= 10


def answered(printed: str) -> set[tuple[str, Status]]:
    """What the fuzzer says was answered to which request."""
    names = {message.code: message.name for message in protocol.MESSAGES}
    rows = [tuple(map(int, line.split())) for line in printed.splitlines() if line[0].isdigit()]
    return {(names[code], Status(status)) for code, status, _ in rows if code in names}
