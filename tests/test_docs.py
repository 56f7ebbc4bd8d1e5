"""Every `kit …` line of the documents is a command that kit takes, for boards and kits that there are."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import rich_click as click

from toolchain.board.descriptor import list_boards, load_board
from toolchain.cli.app import COMMANDS
from toolchain.cli.app import kit as program
from toolchain.export import load_sdk
from toolchain.kit import find_kits

pytestmark = pytest.mark.unit

TOP = Path(__file__).resolve().parents[1]
DOCUMENTS = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]
#: A line of an indented block, or code in a line of prose; what stands behind a # is a remark.
BLOCK = re.compile(r"^ {4}(?:\$ |\.venv/bin/)?(kit .*)$", re.MULTILINE)
INLINE = re.compile(r"`(kit [^`]+)`")


def commands() -> Iterator[tuple[str, str]]:
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for line in [*BLOCK.findall(text), *INLINE.findall(text)]:
            line = re.sub(r"\s+#.*", "", line)
            if not re.search(r"[…|{\[]", line):  # a pattern, not a command
                yield path.relative_to(TOP).as_posix(), line


SAID = list(dict.fromkeys(commands()))


def test_there_are_commands_to_check() -> None:
    assert len(SAID) > 40 and len({path for path, _ in SAID}) >= 6


@pytest.mark.parametrize(("path", "line"), SAID, ids=[f"{path}: {line}" for path, line in SAID])
def test_a_documented_command_is_taken(path: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolchain.connection.port_of_serial", lambda number: f"/dev/{number}")
    name, *words = shlex.split(line)[1:]
    if name.startswith("-"):
        return
    assert name in COMMANDS, f"{path}: there is no command {name}"
    command = program.get_command(click.Context(program), name)
    assert command is not None
    required = [parameter for parameter in command.params if parameter.required]
    if not words and required:  # prose that names the command only
        return
    values = command.make_context(name, words).params  # parses, and calls nothing
    if board := values.get("board"):
        load_board(board)
    if sdk := values.get("sdk"):
        load_sdk(sdk)
    for key in ("kit", "model"):
        given = values.get(key)
        if given and re.fullmatch(r"[a-z0-9-]+", str(given)):
            assert str(given) in find_kits(TOP), f"{path}: there is no kit {given}"


def test_every_board_that_is_flashed_has_a_page() -> None:
    pages = "".join(
        page.read_text(encoding="utf-8").split("\n", 1)[0] for page in (TOP / "docs" / "boards").glob("*.md")
    )
    for board in list_boards():
        if board.flasher.name != "none":
            assert re.search(rf"\b{board.name}\b", pages), f"docs/boards has no page for {board.name}"


def test_every_page_is_linked_from_the_readme() -> None:
    readme = DOCUMENTS[0].read_text(encoding="utf-8")
    for page in DOCUMENTS[1:]:
        name = page.relative_to(TOP).as_posix()
        assert f"]({name})" in readme, f"README.md does not link {name}"


def test_links_lead_somewhere() -> None:
    for page in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(TOP)}: {target}"
