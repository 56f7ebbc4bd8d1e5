"""A native program behind a pseudo terminal: what it reads and writes is a serial port to everyone else."""

from __future__ import annotations

import os
import subprocess
import tempfile
import tty
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from toolchain.errors import DeviceError, Missing


class PtyProcess:
    """``command`` with standard input and output on the master side of a pty in raw mode; ``port`` is the other side's
    path.

    The slave side is held open here, so that clients may come and go; when this process ends in whatever way, the
    program reads the end of its line, which is its own end too.
    """

    def __init__(self, command: Sequence[str | Path]) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        master, self._slave = os.openpty()
        try:
            tty.setraw(self._slave)
            self.port = os.ttyname(self._slave)
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdin=master,
                stdout=master,
                stderr=self._log,
                start_new_session=True,  # Ctrl-C is for us; we end it
            )
        except OSError as error:
            os.close(self._slave)
            self._log.close()
            raise Missing(f"{command[0]} cannot be run: {error.strerror}", "build the firmware again") from error
        finally:
            os.close(master)

    @property
    def pid(self) -> int:
        """Process id of the program."""
        return self._process.pid

    def check(self) -> None:
        """Raise DeviceError with the program's last words when it has ended."""
        status = self._process.poll()
        if status is not None and not self._log.closed:
            self._log.seek(0)
            words = self._log.read().decode(errors="replace").strip().splitlines()
            raise DeviceError(
                f"the native firmware ended (status {status}): {' '.join(words[-2:]) or 'silently'}",
                "run it in a debugger: it is an ordinary program",
            )

    def close(self) -> None:
        """End the program. Safe to call again."""
        if self._log.closed:
            return
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        os.close(self._slave)
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
