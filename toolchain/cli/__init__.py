"""The command `kit`: one thin module a command. Everything it does is a function of the library."""

from __future__ import annotations


def main() -> None:
    """Entry point of the installed command."""
    from toolchain.cli.app import run

    raise SystemExit(run())
