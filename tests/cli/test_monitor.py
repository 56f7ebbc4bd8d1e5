"""`kit monitor` on a pseudo-terminal: what a board says, and what becomes of it."""

import json
import os
import select
import signal
import subprocess
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import command, environment
from toolchain.link import framing, protocol

pytestmark = pytest.mark.emulator


class FakeBoard:
    """The far end of a serial port that can be unplugged: ``path`` is a link to whichever pty it is now."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plug()

    def plug(self) -> None:
        self.fd, slave = os.openpty()
        name = os.ttyname(slave)
        tty.setraw(slave)
        modes = termios.tcgetattr(slave)
        modes[2] |= termios.HUPCL
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        os.close(slave)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(name)

    def unplug(self) -> None:
        os.close(self.fd)
        self.path.unlink()

    @property
    def heard_by_kit(self) -> bool:
        """Whether the port is open: the last that is done then is to clear this mode."""
        return not termios.tcgetattr(self.fd)[2] & termios.HUPCL

    def say(self, data: bytes) -> None:
        os.write(self.fd, data)

    def heard(self, seconds: float = 60.0) -> bytes:
        ready, _, _ = select.select([self.fd], [], [], seconds)
        return os.read(self.fd, 4096) if ready else b""


@pytest.fixture
def board(tmp_path: Path) -> FakeBoard:
    return FakeBoard(tmp_path / "ttyBOARD")


@contextmanager
def monitor(board: FakeBoard, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The command, listening: it has opened the port."""
    process = subprocess.Popen(
        command("monitor", "--port", str(board.path), "--no-hello", *options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(PYTHONUNBUFFERED="1"),
        cwd=board.path.parent,
    )
    try:
        deadline = time.monotonic() + 300
        while not board.heard_by_kit:
            assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


def stop(process: subprocess.Popen[str], *awaited: str) -> tuple[str, str]:
    """Ctrl-C once each of ``awaited`` was said, one after the other; all that was said."""
    said = "".join(read_until(process, wanted) for wanted in awaited)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    return said + out, err


def read_until(process: subprocess.Popen[str], wanted: str) -> str:
    assert process.stdout is not None
    said = ""
    while wanted not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


BAUD = ("--baud", "115200")


def frame(code: int, payload: bytes, sequence: int = 3) -> bytes:
    return framing.encode(framing.Frame(code | protocol.ANSWER_BIT, sequence, 0x1234, payload))


def test_text_and_frames_are_told_apart(board):
    answer = protocol.RUN.answer.pack(ticks=16352, layers_run=5, stopped=0, label=-1, score=7, tail=b"\x01\x02")
    with monitor(board, *BAUD) as process:
        board.say(b"hello\r\nhalf" + frame(protocol.RUN.code, answer) + b" a line\r\n\xff\xfe\xfd\x00")
        out, _ = stop(process, "? 3 bytes")
    lines = out.splitlines()
    assert lines[:2] == ["hello", "half"]
    assert lines[2].startswith("« run answer #3 session 00001234: ticks=16352 layers_run=5 stopped=0")
    assert lines[2].endswith("label=-1 score=7 + 2 bytes 01 02")
    assert lines[3] == " a line" and lines[4].startswith("? 3 bytes that are no text: ff fe fd")


def test_frames_can_be_hidden_and_lines_stamped(board):
    with monitor(board, *BAUD, "--no-frames", "--timestamps") as process:
        board.say(b"one\n" + frame(protocol.INIT.code, b"") + b"two\n")
        out, _ = stop(process, "two")
    stamps = [line.split(" ", 1)[0] for line in out.splitlines()]
    assert [line.split(" ", 1)[1] for line in out.splitlines()] == ["one", "two"]
    assert all(time.strptime(stamp[:8], "%H:%M:%S") and len(stamp) == 12 for stamp in stamps)


def test_raw_is_every_byte_and_nothing_else(board):
    sent = bytes(range(256)) + frame(protocol.INIT.code, b"")
    with monitor(board, *BAUD, "--raw", "--seconds", "1") as process:
        board.say(sent)
        assert process.wait(100) == 0
        assert process.stdout.buffer.read() == sent


@pytest.mark.parametrize(("eol", "end"), [("lf", b"\n"), ("crlf", b"\r\n"), ("none", b"")])
def test_lines_are_sent(board, eol, end):
    with monitor(board, *BAUD, "--eol", eol, "--send", "reset") as process:
        assert board.heard() == b"reset" + end
        process.stdin.write("led on\n")
        process.stdin.flush()
        assert board.heard() == b"led on" + end


def test_what_is_said_while_the_rate_is_looked_for_is_shown(board):
    with monitor(board, "--seconds", "1.5") as process:
        board.say(b"the first line of a board\nthe second\n")
        out, err = process.communicate(timeout=100)
    assert out.splitlines() == ["the first line of a board", "the second"] and "text at " in err


def test_nothing_is_sent_unasked(board):
    with monitor(board, *BAUD) as process:
        assert board.heard(0.5) == b""
        stop(process)


def test_a_board_that_comes_back(board):
    with monitor(board, *BAUD) as process:
        board.say(b"before\n")
        read_until(process, "before")
        board.unplug()
        read_until(process, "waiting for it")
        board.plug()
        read_until(process, "is back")
        board.say(b"after\n")
        out, _ = stop(process, "after")
    assert out.splitlines() == ["after"]


def test_a_board_that_is_not_waited_for(board):
    with monitor(board, *BAUD, "--no-reconnect") as process:
        board.unplug()
        _, err = process.communicate(timeout=100)
    assert process.returncode == 4 and "was lost" in err and "plug the board in again" in err.replace("\n", " ")


def test_the_log_has_every_line_with_its_time(board, tmp_path):
    for text in (b"one\ntwo\n", b"three\n"):
        with monitor(board, *BAUD, "--log", "board.log") as process:
            board.say(text)
            stop(process, text.decode().split()[-1])
        board.unplug()
        board.plug()
    lines = (tmp_path / "board.log").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["one", "two", "three"]
    assert all(line.startswith("20") and "T" in line.split()[0] for line in lines)


def test_a_log_that_cannot_be_written(board):
    process = subprocess.run(
        command("monitor", "--port", str(board.path), *BAUD, "--log", "no/such/folder.log"),
        capture_output=True, text=True, env=environment(), cwd=board.path.parent,
    )  # fmt: skip
    assert process.returncode == 2 and "no/such/folder.log: cannot be written" in process.stderr


def test_numbers_are_drawn(board):
    with monitor(board, *BAUD, "--plot", "--seconds", "2") as process:
        board.say(b"".join(b"temperature:%d light:%d\n" % (20 + i, 300 - i) for i in range(30)))
        out, _ = process.communicate(timeout=100)
    assert "temperature 49" in out and "light 271" in out and "┤" in out


def test_one_object_for_machines(board):
    with monitor(board, *BAUD, "--json", "--seconds", "1.5") as process:
        board.say(b"rst:0x10 (RTCWDT_RTC_RESET),boot:0x13\n" + frame(protocol.INIT.code, b""))
        out, err = process.communicate(timeout=100)
    said: dict[str, Any] = json.loads(out)
    assert said["text"] == "rst:0x10 (RTCWDT_RTC_RESET),boot:0x13\n" and said["frames"] == 1 and said["device"] is None
    assert "watchdog" in err


def test_a_crash_is_resolved(board, tmp_path):
    source = tmp_path / "crash.c"
    source.write_text("int first(int x) {\n    return x + 1;\n}\nint second(int x) {\n    return first(x) * 2;\n}\n")
    elf = tmp_path / "crash.elf"
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O0", "-g", "-nostdlib", "-Wl,-e,second",
         "-Wl,-Ttext=0x8000", "-o", elf, source],
        check=True,
    )  # fmt: skip
    symbols = subprocess.run(["arm-none-eabi-nm", elf], capture_output=True, text=True, check=True).stdout.splitlines()
    at = {line.split()[2]: int(line.split()[0], 16) for line in symbols if len(line.split()) == 3}
    with monitor(board, *BAUD, "--elf", "crash.elf") as process:
        board.say(f"panic: hard fault at 0x{at['second'] + 2:08x}\r\n".encode())
        board.say(f"Backtrace: 0x{at['first']:08x}:0x3ffb1000 0x{at['second']:08x}:0x3ffb1020\r\n".encode())
        out, _ = stop(process, "crash.c:4", "Backtrace", "crash.c:1", "crash.c:4")
    assert "second + 0x2 (crash.c:4)" in out
    assert "first + 0x0 (crash.c:1)" in out and out.count("crash.c:4") == 2


def test_an_elf_that_is_none(board, tmp_path):
    (tmp_path / "text.elf").write_text("not an ELF file")
    process = subprocess.run(
        command("monitor", "--port", str(board.path), *BAUD, "--no-hello", "--elf", "text.elf"),
        capture_output=True, text=True, env=environment(), cwd=tmp_path,
    )  # fmt: skip
    assert process.returncode == 2 and "text.elf: no ELF file" in process.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("options", ["--log /dev/full", "", "--raw"])
def test_no_room_for_what_the_board_says(tmp_path, options):
    board = FakeBoard(tmp_path / "port")
    monitor = [*command("monitor"), "--port", str(board.path), "--baud", "115200", "--no-hello", *options.split()]
    with open("/dev/full" if "--log" not in options else os.devnull, "wb") as stdout:
        started = subprocess.Popen(
            monitor, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=environment()
        )
        os.set_blocking(board.fd, False)
        while started.poll() is None:
            with suppress(BlockingIOError):
                board.say(b"hello\n")
            time.sleep(0.05)
    said = started.stderr.read().decode()
    assert started.returncode == 3 and "No space left on device" in said and "hint:" in said


def test_lines_that_are_not_utf8_are_sent_as_they_are(tmp_path):
    board = FakeBoard(tmp_path / "port")
    monitor = [*command("monitor"), "--port", str(board.path), "--baud", "115200", "--no-hello", "--seconds", "2"]
    done = subprocess.run(monitor, input=b"caf\xe9\n", capture_output=True, env={**environment(), "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0 and board.heard() == b"caf\xe9\n", done.stderr


def test_an_emulated_board_is_started_with_what_was_built_for_it(kit):
    """Of the program that is named too; its text is that of the board."""
    elf = kit.json("build", "digits", "--board", "host", "--emulate")["elf"]
    for more in ((), ("--elf", elf)):
        said = kit.json("monitor", "--board", "host", "--emulate", "--seconds", "0.2", *more)
        assert said["device"]["board"] == "host" and said["lost"] == 0
