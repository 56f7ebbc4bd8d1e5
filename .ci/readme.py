"""Writes the README's table of boards from their descriptors; with `--check` it only compares."""

from __future__ import annotations

import sys
from pathlib import Path

from toolchain.board.descriptor import Board, list_boards

README = Path(__file__).resolve().parents[1] / "README.md"


def row(board: Board) -> str:
    seen = board.verified
    emulator = board.emulator.name if board.emulator else "none"
    return f"| `{board.name}` | {board.title} | {board.target} | {emulator} | {seen.emulated} | {seen.hardware} |"


def table() -> str:
    head = (
        "| board | what it is | code for | emulator | seen on emulator | seen on hardware |\n|---|---|---|---|---|---|"
    )
    return "\n".join([head, *map(row, list_boards())])


def with_table(text: str) -> str:
    before, _, rest = text.partition("<!-- boards -->\n")
    _, mark, after = rest.partition("<!-- /boards -->")
    return f"{before}<!-- boards -->\n{table()}\n{mark}{after}"


if __name__ == "__main__":
    old = README.read_text(encoding="utf-8")
    new = with_table(old)
    if "--check" in sys.argv and new != old:
        sys.exit("README.md: the table of boards is not that of the descriptors; run python .ci/readme.py")
    README.write_text(new, encoding="utf-8")
