"""Programs of others, run to their end: their answer as a whole, or every line they say seen as it comes."""

from __future__ import annotations

import errno
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from toolchain.errors import KitError, Missing

#: Seconds in which a program ends that has closed its output.
TIMEOUT = 300
#: What this machine lacks then is no fault of the program.
_TOO_LITTLE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)


def ask_program(command: Sequence[str], seconds: float | None = None) -> subprocess.CompletedProcess[str]:
    """What ``command`` says and its exit status. Bytes that are no text are replaced.

    Raises `Missing` when it cannot be run, `KitError` when it does not end in ``seconds``, if given."""
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=seconds
        )
    except OSError as error:
        if error.errno in _TOO_LITTLE:
            raise
        raise _cannot_be_run(command, error) from error
    except subprocess.TimeoutExpired as error:
        raise KitError(f"{command[0]} has not ended after {seconds:g} s", shlex.join(command)) from error


def _cannot_be_run(command: Sequence[str], error: OSError) -> Missing:
    """A file that may be executed but is none, or one whose interpreter is not here."""
    return Missing(f"{command[0]} cannot be run: {error.strerror}", "install it again")


def run_program(command: Sequence[str], on_line: Callable[[str], None], cwd: Path | None = None) -> int:
    """Run ``command``; each line of its output and errors goes to ``on_line``, stripped. Its exit status.

    Whatever interrupts the wait ends the program and those that it started. Raises `Missing` when it cannot be run."""
    try:
        running = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        if error.errno in _TOO_LITTLE:
            raise
        raise _cannot_be_run(command, error) from error
    with running as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                on_line(line.strip())
            return process.wait(TIMEOUT)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
