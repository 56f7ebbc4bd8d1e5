"""A command in a real terminal: a pseudo-terminal whose screen is kept by a terminal emulator."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

SECONDS = 300.0


class Terminal:
    """``command`` on a terminal of ``columns`` x ``rows``. A context manager that ends it."""

    def __init__(
        self, command: Sequence[str], cwd: Path, environment: Mapping[str, str], columns: int = 80, rows: int = 24
    ) -> None:
        self._master, self._slave = pty.openpty()
        self.before = termios.tcgetattr(self._slave)
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.said = b""
        self._set_size(columns, rows)
        environment = {k: v for k, v in environment.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
        self.process = subprocess.Popen(
            command, cwd=cwd, env={**environment, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
            stdin=self._slave, stdout=self._slave, stderr=self._slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns: int, rows: int) -> None:
        self._set_size(columns, rows)
        self._screen.resize(rows, columns)

    @property
    def lines(self) -> list[str]:
        """The screen as it is."""
        return [line.rstrip() for line in self._screen.display]

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait(self, until: Callable[[list[str]], object]) -> list[str]:
        """The screen as soon as ``until`` is true of it."""
        end = time.monotonic() + SECONDS
        while not until(self.lines):
            assert time.monotonic() < end, "\n".join(self.lines)
            self._take(0.05)
        return self.lines

    def settled(self, seconds: float = 0.6) -> list[str]:
        """The screen after a while: whole, though it may be drawn in pieces."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._take(0.05)
        return self.lines

    def _take(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], seconds)
        data = os.read(self._master, 65536) if ready else b""
        self.said += data
        self._stream.feed(data)
        return bool(data)

    def end(self) -> int:
        """Wait for the end of the command; its exit status."""
        end = time.monotonic() + SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < end, "\n".join(self.lines)
            self._take(0.05)
        while self._take(0.05):
            pass
        return self.process.returncode

    @property
    def sane(self) -> bool:
        """Whether the terminal is as it was: its modes, its own screen, its cursor."""
        left = self.said.rfind(b"\x1b[?1049l") > self.said.rfind(b"\x1b[?1049h")
        shown = self.said.rfind(b"\x1b[?25h") > self.said.rfind(b"\x1b[?25l")
        alternate = b"\x1b[?1049h" in self.said
        return termios.tcgetattr(self._slave) == self.before and ((left and shown) or not alternate)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._master)
        os.close(self._slave)
