"""Ports that are absent, busy, forbidden, or no ports; a device that goes away."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from native_firmware import expected

from toolchain.emulate.pty_process import PtyProcess
from toolchain.errors import BadInput, DeviceError, Missing
from toolchain.link.port import open_port
from toolchain.link.session import Session

pytestmark = pytest.mark.unit


def test_an_absent_port_is_missing() -> None:
    with pytest.raises(Missing, match="no port /dev/ttyNOWHERE7"):
        open_port("/dev/ttyNOWHERE7")


def test_a_port_in_use_is_said_to_be(device: PtyProcess) -> None:
    with Session.open(device.port), pytest.raises(DeviceError, match="in use"):
        open_port(device.port)
    open_port(device.port).close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="who is connected is read from /proc")
def test_an_emulator_that_another_program_talks_to_is_in_use() -> None:
    client = (
        "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); print(flush=True); input()"
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        command = [sys.executable, "-c", client, str(number)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None and other.stdout.readline()
            with pytest.raises(DeviceError, match="another program holds it, one at a time"):
                open_port(f"socket://127.0.0.1:{number}")
            other.communicate(b"\n", timeout=60)
        open_port(f"socket://127.0.0.1:{number}").close()
        with open_port(f"socket://localhost:{number}"):  # what we hold ourselves is not another program's
            open_port(f"socket://127.0.0.1:{number}").close()


def test_a_file_is_no_port(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(DeviceError, match="no serial port"):
        open_port(str(file))


def test_a_socket_that_nobody_listens_to_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    with pytest.raises(DeviceError, match=str(number)):
        open_port(f"socket://127.0.0.1:{number}")


def test_what_is_said_while_the_port_is_opened_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.create_connection

    def connected_and_greeted(*arguments: object, **options: object) -> socket.socket:
        ours = connect(*arguments, **options)  # type: ignore[call-overload]
        server.accept()[0].sendall(b"hello")
        select.select([ours], [], [], 60)
        return ours

    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(socket, "create_connection", connected_and_greeted)
        with open_port(f"socket://127.0.0.1:{server.getsockname()[1]}", timeout=60) as port:
            assert port.read(5) == b"hello"


@pytest.mark.parametrize("url", ["nonsense://x", "socket://"])
def test_a_url_that_makes_no_sense_is_bad_input(url: str) -> None:
    with pytest.raises((BadInput, DeviceError), match="cannot be opened"):
        open_port(url)


def test_closing_leaves_the_control_lines_alone(device: PtyProcess) -> None:
    port = open_port(device.port)
    assert not termios.tcgetattr(port.fileno())[2] & termios.HUPCL
    port.close()


def test_a_device_that_goes_away_is_an_error_and_one_that_comes_back_is_greeted(firmware: Path) -> None:
    inputs = [bytes(1000), bytes(7)]
    with PtyProcess([firmware]) as first, Session.open(first.port, timeout=2.0) as session:
        session.infer(inputs)
        os.kill(first.pid, signal.SIGKILL)
        start = time.monotonic()
        with pytest.raises(DeviceError):
            session.infer(inputs)
        assert time.monotonic() - start < 30.0
        with pytest.raises(DeviceError, match="status -9"):
            while time.monotonic() - start < 60.0:
                first.check()
                time.sleep(0.01)
    with PtyProcess([firmware]) as second, Session.open(second.port) as session:
        assert session.infer(inputs).outputs == expected(inputs, 1)


def test_a_client_may_come_back_to_the_same_device(device: PtyProcess) -> None:
    for seen in range(3):
        with Session.open(device.port) as session:
            assert session.hello().inferences == seen
            session.infer([bytes(1000), bytes(7)])


def test_a_device_that_stops_is_told_and_may_go_on(device: PtyProcess) -> None:
    inputs = [bytes(1000), bytes(7)]
    with Session.open(device.port, timeout=1.0) as session:
        session.infer(inputs)
        os.kill(device.pid, signal.SIGSTOP)
        with pytest.raises(DeviceError, match="it had answered before"):
            session.infer(inputs)
        os.kill(device.pid, signal.SIGCONT)
        session.hello()
        assert session.infer(inputs).outputs == expected(inputs, 1)


def test_the_native_firmware_sleeps_while_nobody_asks(device: PtyProcess) -> None:
    def ticks_used() -> int:
        fields = Path(f"/proc/{device.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    with Session.open(device.port) as session:
        session.hello()
        before = ticks_used()
        time.sleep(0.5)
        assert ticks_used() - before < 0.1 * os.sysconf("SC_CLK_TCK")


def test_no_firmware_outlives_the_process_that_started_it(firmware: Path) -> None:
    program = (
        "import sys, time\nfrom toolchain.emulate.pty_process import PtyProcess\n"
        "p = PtyProcess([sys.argv[1]])\nprint(p.pid, flush=True)\ntime.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(firmware)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert Path(f"/proc/{pid}").exists()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60.0
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1][:3]:
        assert time.monotonic() < deadline, "the firmware still runs"
        time.sleep(0.02)


def test_a_program_that_cannot_be_run_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="cannot be run"):
        PtyProcess([tmp_path / "nothing"])
