"""The firmware behind a UART with a small FIFO and a slow line, in virtual time (tests/firmware/uart_chip.c)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import native_firmware
import pytest
import streaming

from toolchain.emulate.pty_process import PtyProcess
from toolchain.link import protocol
from toolchain.link.exchange import _Rhythm
from toolchain.link.session import Session

pytestmark = [pytest.mark.unit, pytest.mark.timed]  # a simulated line runs in real time

BAUD = 921_600
FIFOS = (1, 16, 64)


@pytest.fixture(scope="module", params=FIFOS)
def uart(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """FIFO size and the firmware built for it."""
    fifo: int = request.param
    sources = [*native_firmware.APP, native_firmware.HERE / "uart_chip.c", native_firmware.MODEL, *native_firmware.LINK]
    out = tmp_path_factory.mktemp("uart") / f"fifo{fifo}"
    flags = (f"-DFIFO_BYTES={fifo}", f"-DCHIP_BAUD={BAUD}", "-O1", "-D_DEFAULT_SOURCE")
    return fifo, native_firmware.compile_c(out, sources, *flags)


def line_after(firmware: Path, work: Callable[[Session], None]) -> tuple[int, float, int]:
    """Does ``work`` in a session; bytes that the line carried to the device, its seconds, and overruns."""
    texts: list[str] = []
    with PtyProcess([firmware]) as process, Session.open(process.port, on_text=texts.append) as session:
        session._exchange.min_wait = 0.01
        session.hello()
        work(session)
        session.reset()
        for _ in range(20):
            if "uart" in "".join(texts):
                break
            session.listen(0.05)
    found = re.search(r"uart (\d+) (\d+) (\d+)", "".join(texts))
    assert found, texts
    return int(found[1]), int(found[2]) * 1e-9, int(found[3])


def test_bulk_input_takes_85_percent_of_the_line(uart: tuple[int, Path]) -> None:
    fifo, firmware = uart
    room = protocol.MAX_PAYLOAD_BYTES - protocol.INPUT.request.size
    frames = 200

    def work(session: Session) -> None:
        assert session.info.window == (protocol.WINDOW if fifo >= protocol.WINDOW_RX_BYTES else 1)
        part = protocol.INPUT.request.pack(index=0, offset=0, tail=bytes(range(245)) * 2)
        session._exchange.transact([(protocol.INPUT, part)] * frames)
        assert session.statistics.retries == 0

    carried, seconds, overruns = line_after(firmware, work)
    assert overruns == 0
    assert carried > frames * room
    assert frames * room / seconds > 0.85 * BAUD / 10


@pytest.fixture(scope="module", params=FIFOS[1:])
def streaming_uart(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware with a front end for sound."""
    flags = (f"-DFIFO_BYTES={request.param}", f"-DCHIP_BAUD={BAUD}", "-O1", "-D_DEFAULT_SOURCE")
    chip = native_firmware.HERE / "uart_chip.c"
    return streaming.native("audio", tmp_path_factory.mktemp("uart"), *flags, chip=chip)


def test_raw_samples_take_85_percent_of_the_line(streaming_uart: Path) -> None:
    """While the front end computes the features of what came before."""
    streams = 30
    first = streaming.expected("audio", streaming.raw_samples("audio", 1600)).positions[0]
    samples = streaming.raw_samples("audio", first - 1)

    def work(session: Session) -> None:
        session._exchange.min_wait = 5.0  # it is not to ask because this machine is busy
        for _ in range(streams):
            session.stream()
            assert session.samples(samples) == []
        assert session.statistics.retries == 0

    _, seconds, overruns = line_after(streaming_uart, work)
    assert overruns == 0
    assert streams * samples.nbytes / seconds > 0.85 * BAUD / 10


def test_a_device_busy_in_its_layers_is_not_overrun(uart: tuple[int, Path]) -> None:
    """The host, used to short inferences, asks what became of the long ones; a FIFO of 16 bytes holds what it sends
    during a layer, and a smaller one loses nothing but that question."""
    fifo, firmware = uart
    inputs = [bytes(range(250)) * 4, bytes(7)]
    asked = 0

    def work(session: Session) -> None:
        nonlocal asked
        for run in range(1, 4):
            session._exchange._rhythms["run"] = _Rhythm(mean=0.02)
            assert session.infer(inputs).outputs == native_firmware.expected(inputs, run)
        asked = session.statistics.probes
        assert session.statistics.retries == 0

    _, _, overruns = line_after(firmware, work)
    assert asked > 0
    if fifo >= protocol.WINDOW_RX_BYTES:
        assert overruns == 0
