"""`kit erase` asks first."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.cli.conftest import command, environment
from toolchain.cli.app import run

pytestmark = pytest.mark.unit


@pytest.fixture
def erased(monkeypatch):
    boards = []
    monkeypatch.setattr("toolchain.flash.erase_board", lambda board, port, _progress: boards.append((board.name, port)))
    return boards


def test_without_a_terminal_it_is_refused_unless_told(erased, capsys):
    assert run(["erase", "--board", "esp32", "--port", "PORT"]) == 2
    assert "all of the flash of esp32 on PORT would be erased" in capsys.readouterr().err
    assert run(["erase", "--board", "esp32", "--port", "PORT", "--json"]) == 2
    assert erased == []
    assert run(["erase", "--board", "esp32", "--port", "PORT", "--yes"]) == 0
    assert erased == [("esp32", "PORT")]


@pytest.mark.parametrize(
    ("answer", "status", "words"), [("n\n", 1, "nothing was erased"), ("y\n", 4, "cannot be opened")]
)
def test_at_a_terminal_it_asks(tmp_path, answer, status, words):
    """The port is nobody's, so that who says yes fails later, at the port."""
    ours, theirs = os.openpty()
    arguments = command("erase", "--board", "esp32", "--port", "socket://127.0.0.1:9")
    kit = subprocess.Popen(arguments, stdin=theirs, stderr=subprocess.PIPE, text=True, env=environment(), cwd=tmp_path)
    os.write(ours, answer.encode())
    _, said = kit.communicate(timeout=300)
    os.close(ours)
    os.close(theirs)
    assert kit.returncode == status and words in said, said
    assert "Erase all of the flash of esp32 on socket://127.0.0.1:9?" in said
