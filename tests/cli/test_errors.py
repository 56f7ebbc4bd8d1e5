"""Bad input: one line, a hint, the right exit status, and the same as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain.cli.app import run

pytestmark = pytest.mark.unit


def kit(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "toolchain", *arguments], capture_output=True, text=True, cwd=cwd)


def test_unknown_command_names_the_nearest(capsys):
    assert run(["deply"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "deploy" in said.err


def test_unknown_option(capsys):
    assert run(["list", "--nonsense"]) == 2
    assert "--nonsense" in capsys.readouterr().err


def test_with_json_an_error_is_one_object_on_stdout():
    done = kit("train", "digitz", "--json")
    assert done.returncode == 2
    answer = json.loads(done.stdout)
    assert set(answer) == {"error", "hint", "exit_status"} and answer["exit_status"] == 2
    assert "digitz" in answer["error"] and "digits" in answer["hint"]


def test_a_fault_is_short_and_leaves_the_traceback_in_a_file(monkeypatch, capsys):
    from toolchain.cli import list as module

    def broken(*_: object) -> None:
        raise RuntimeError("spoon")

    monkeypatch.setattr(module, "_values", broken)
    assert run(["list"]) == 70
    said = capsys.readouterr().err
    assert "RuntimeError: spoon" in said and "Traceback" not in said
    log = Path(said.split("the traceback is in ")[1].strip())
    assert "in broken" in log.read_text()
    log.unlink()


def test_ctrl_c_is_130(monkeypatch, capsys):
    from toolchain.cli import list as module

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_values", interrupted)
    assert run(["list"]) == 130
