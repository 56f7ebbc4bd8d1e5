"""Programs of others, run to their end with every line they say seen as it comes."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

#: Seconds in which a program ends that has closed its output.
TIMEOUT = 300


def run_program(command: Sequence[str], on_line: Callable[[str], None], cwd: Path | None = None) -> int:
    """Run ``command``; each line of its output and errors goes to ``on_line``, stripped. Its exit status.

    Whatever interrupts the wait ends the program and those that it started."""
    with subprocess.Popen(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                on_line(line.strip())
            return process.wait(TIMEOUT)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
