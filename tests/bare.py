"""Bare test programs for boards: sources and where they are."""

from __future__ import annotations

from pathlib import Path

from toolchain.board.staging import Source

_HELLO = Path(__file__).parent / "board" / "hello.c"


def hello() -> list[Source]:
    """A program that uses every function of chip.h: says hello, then answers one letter at a time."""
    return [Source("app/main.c", _HELLO.read_text(encoding="utf-8"))]
