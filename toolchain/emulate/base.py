"""What an emulated board is to the rest: a serial port, and a process that never outlives us."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from toolchain.board.descriptor import Board
from toolchain.errors import DeviceError, Missing
from toolchain.link.port import open_port

#: Runs a command and kills it as soon as standard input ends, which it does whatever way this process dies.
_LEASH = (
    '"$@" </dev/null 9<&- & child=$!; { cat <&9 >/dev/null; kill -KILL "$child"; } 2>/dev/null & '
    'wait "$child"; status=$?; kill -KILL $! 2>/dev/null; exit "$status"'
)
_FIRST_FREE_DESCRIPTOR = 50  # shells keep the low ones for themselves


class Emulator:
    """A running emulated board; a context manager that ends it. ``port`` is a pyserial URL or the path of a pty,
    ``unit`` what `ticks_to_latency` gives, ``version`` the program that emulates."""

    port: str
    version: str

    def __init__(self, board: Board) -> None:
        assert board.emulator is not None, board.name
        self.board = board
        self.unit = board.emulator.unit

    def ticks_to_latency(self, ticks: int, tick_hz: int) -> float:
        """Ticks of the chip's counter in `unit`: instructions where the emulator counts them, else microseconds."""
        assert self.board.emulator is not None
        if self.unit == "instructions":
            return ticks * self.board.emulator.tick_instructions
        return ticks * 1e6 / tick_hz

    def open_port(self, timeout: float = 0) -> Any:
        """``port``, opened by `toolchain.link.port.open_port` (raises as that does), with a faster way to the firmware
        than the UART where there is one."""
        return open_port(self.port, self.board.baud, timeout)

    def check(self) -> None:
        """Raise `DeviceError` with the emulator's last words when it has ended."""

    def close(self) -> None:
        """End the emulator. Safe to call again."""

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class ProcessEmulator(Emulator):
    """An emulator that is a process of its own, with its UART on a TCP port of this machine.

    The port is bound here and its listening socket handed over, so no other process can take it in between. The process
    runs on a leash: it is killed when we close it and when we die in whatever way.
    """

    def __init__(
        self, board: Board, version: str, command: Callable[[int], Sequence[str]], inherited: Sequence[int] = ()
    ) -> None:
        """``command`` makes the command line from the number of the listening socket that the process inherits, as it
        does those of ``inherited`` (from `inheritable`)."""
        super().__init__(board)
        self.version = version
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the emulator)
        with socket.create_server(("127.0.0.1", 0), backlog=1) as server:
            self.port = f"socket://127.0.0.1:{server.getsockname()[1]}"
            descriptor = inheritable(server.fileno())
            try:
                self._process = subprocess.Popen(
                    ["/bin/sh", "-c", "exec 9<&0; " + _LEASH, "leash", *command(descriptor)],
                    pass_fds=(descriptor, *inherited),
                    stdin=subprocess.PIPE,
                    stdout=self._log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for us; we end it
                )
            finally:
                os.close(descriptor)

    def check(self) -> None:
        if self._log.closed:
            raise DeviceError(f"the emulator ({self.version}) was ended")
        status = self._process.poll()
        if status is not None:
            raise DeviceError(f"the emulator ({self.version}) ended with status {status}: {self._last_words()}")

    def wait_until_running(self, seconds: float, ready: bytes | None = None) -> None:
        """Wait until the process has said ``ready``; without that, give one that cannot start the time to say why.
        Closes it and raises `DeviceError` when it ends, or says nothing in the time."""
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                self.check()
                if ready is not None and ready in self._said():
                    return
                time.sleep(0.01)
            if ready is not None:
                raise DeviceError(f"the emulator ({self.version}) does not start: {self._last_words()}")
        except BaseException:
            self.close()
            raise

    def _said(self) -> bytes:
        return os.pread(self._log.fileno(), 1 << 16, 0)

    def _last_words(self) -> str:
        lines = self._said().decode(errors="replace").strip().splitlines()
        return " ".join(lines[-2:])[-500:] or "it says nothing"

    def close(self) -> None:
        if self._process.stdin is not None and not self._process.stdin.closed:
            with suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
            self._log.close()


def inheritable(descriptor: int) -> int:
    """A copy of a descriptor, with a number that the leash's shell does not use."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE_DESCRIPTOR)
    except OSError as error:  # EINVAL: so few may be open that there is no such number
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) from error


def find_program(name: str, install: str) -> Path:
    """An emulator's program on PATH. Raises `Missing` with the command that installs it."""
    path = shutil.which(name)
    if path is None:
        raise Missing(f"the emulator {name} is not installed", install)
    return Path(path)
