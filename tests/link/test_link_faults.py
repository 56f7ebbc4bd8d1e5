"""Every fault of the line between the session and the real firmware: no wrong answer, none lost without a report."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from faulty_port import FAULTS, FaultyPort
from native_firmware import expected

from tests.timing import TRIES
from toolchain.emulate.pty_process import PtyProcess
from toolchain.errors import DeviceError
from toolchain.link.port import open_port
from toolchain.link.session import LinkStatistics, Session


def infer_through_faults(
    firmware: Path, rates: dict[str, float], frames: int, seed: int
) -> tuple[LinkStatistics, dict[str, int], int]:
    """Inferences until ``frames`` frames were sent or received. Each answer is compared, also with the count of runs
    that the model keeps: a request carried out twice or not at all would show. Returns statistics, the faults injected
    and the number of errors reported."""
    rng = random.Random(seed)
    errors = 0
    with PtyProcess([firmware]) as device:
        real = open_port(device.port)
        port = FaultyPort(real, seed, rates)
        session = Session(port, timeout=5.0)
        session._exchange.min_wait = 0.004
        session.hello()
        run = 0
        while session.statistics.frames_sent + session.statistics.frames_received < frames:
            inputs = [rng.randbytes(1000), rng.randbytes(7)]
            if run == 40:  # so that replayed frames are of earlier sessions too
                session.hello()
                run = 0
            try:
                outputs = session.infer(inputs).outputs
            except DeviceError:
                errors += 1
                session.hello()
                run = 0
                continue
            run += 1
            assert outputs == expected(inputs, run)
        device.check()
        real.close()
    return session.statistics, port.log, errors


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_one_kind_of_fault(firmware: Path, fault: str) -> None:
    rates = {fault: 0.04}
    statistics, injected, errors = infer_through_faults(firmware, rates, 700, seed=FAULTS.index(fault))
    assert injected[fault] > 8
    assert errors <= 2 * (fault == "replay")  # a hello of an earlier session ends ours, and is reported
    if fault in ("drop", "flip", "cut"):
        assert statistics.retries + statistics.probes > 0
    if fault == "text":
        assert statistics.text_lines > 2


@pytest.mark.slow
def test_all_faults_together(firmware: Path) -> None:
    statistics, injected, errors = infer_through_faults(firmware, dict.fromkeys(FAULTS, 0.01), 3000, seed=99)
    assert min(injected.values()) > 5
    assert statistics.stale > 0
    assert errors <= 2  # again hellos of earlier sessions


@pytest.mark.long
def test_a_hundred_thousand_frames_through_every_fault(firmware: Path) -> None:
    statistics, injected, errors = infer_through_faults(firmware, dict.fromkeys(FAULTS, 0.01), 100_000, seed=7)
    assert min(injected.values()) > 300
    assert errors <= 10
    assert statistics.frames_received > 30_000


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(50_000, marks=[pytest.mark.slow, pytest.mark.timed]),
        pytest.param(1_000_000, marks=pytest.mark.long),
    ],
)
def test_noise_first_then_an_answer_within_a_second(firmware: Path, size: int) -> None:
    """Noise towards the device and towards the host, then hello: less than a second after the last byte of it."""
    noise = random.Random(size).randbytes(size)
    with PtyProcess([firmware]) as device:
        real = open_port(device.port)
        port = FaultyPort(real, 0, {})
        session = Session(port)
        for _ in range(TRIES):
            for at in range(0, size, 2000):
                real.write(noise[at : at + 2000])
                time.sleep(0.0005)
            port._ready += noise
            start = time.monotonic()
            assert session.hello().board == "host"
            if (seconds := time.monotonic() - start) < 1.0:
                break
        assert seconds < 1.0
        assert session.statistics.damaged > size // 1000
        assert session.memory().damaged > size // 1000
        inputs = [bytes(1000), bytes(7)]
        assert session.infer(inputs).outputs == expected(inputs, 1)
        real.close()
