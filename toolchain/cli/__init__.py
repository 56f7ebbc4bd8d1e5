"""The command `kit`: one thin module a command. Everything it does is a function of the library."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Entry point of the installed command."""
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # while modules load, as `run` has it later
    try:
        from toolchain.cli.app import run

        status = run()
    except KeyboardInterrupt:  # before `run` or behind it: nothing was begun, or all is done
        sys.stderr.write("error: interrupted\n")
        status = 130
    for number in (signal.SIGINT, signal.SIGTERM):  # what is left is the interpreter's own end
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(status)
