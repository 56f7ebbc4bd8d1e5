"""Writes the README's table of boards from their descriptors, and the tables of keys in docs from the models that read
them; with `--check` it only compares."""

from __future__ import annotations

import sys
from pathlib import Path

from key_tables import with_tables

from toolchain.board.descriptor import Board, list_boards

TOP = Path(__file__).resolve().parents[1]
README = TOP / "README.md"


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


def stale() -> dict[Path, str]:
    """The new text of every document whose tables are not those of the descriptors and models."""
    made = {README: with_table(README.read_text(encoding="utf-8"))}
    made.update({page: with_tables(page.read_text(encoding="utf-8")) for page in sorted((TOP / "docs").glob("*.md"))})
    return {page: text for page, text in made.items() if text != page.read_text(encoding="utf-8")}


if __name__ == "__main__":
    changed = stale()
    if "--check" in sys.argv and changed:
        names = ", ".join(page.relative_to(TOP).as_posix() for page in changed)
        sys.exit(f"{names}: the tables are not those of the descriptors and models; run python .ci/readme.py")
    for page, text in changed.items():
        page.write_text(text, encoding="utf-8")
