"""`kit doctor`, `kit export` and `kit boards --connected` as commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.modelgen.networks import random_network
from toolchain.resources import resource

pytestmark = pytest.mark.slow


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.tflite"
    path.write_bytes(random_network(3))
    return path


def test_doctor_says_what_is_missing_for_a_board_by_its_exit_status(kit, tmp_path: Path) -> None:
    said = kit.json("doctor", "--board", "host")
    assert said["ok"] and said["board"] == "host"
    assert {"Python", "core packages", "compiler for host"} <= {f["name"] for f in said["findings"]}
    lacking = kit.json("doctor", "--board", "host", status=3, PATH=str(tmp_path))
    (compiler,) = [f for f in lacking["findings"] if f["name"] == "compiler for host"]
    assert not lacking["ok"] and compiler["status"] == "problem" and compiler["mend"] == "apt install gcc"


def test_doctor_shows_one_line_each(kit) -> None:
    done = kit("doctor", "--board", "mps2-an386")
    lines = done.stdout.splitlines()
    assert len(lines) >= 6 and all(line.split()[0] in "✓–✗" for line in lines), done.stdout


def test_export_writes_a_project_and_says_how_to_build_it(kit, model: Path, tmp_path: Path) -> None:
    shown = kit("export", str(model), "--to", "esp-idf", "--board", "esp32", "--out", "project")
    assert shown.returncode == 0 and shown.stdout.splitlines()[-1].strip() == "idf.py build flash monitor"
    assert (tmp_path / "project" / "components" / "kit_model" / "model" / "model.c").is_file()


def test_export_refuses_before_it_compiles(kit, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    arguments = ("--to", "arduino", "--board", "esp32", "--out", "full")
    message, hint = kit.refused("export", "no-such.tflite", *arguments, status=2)
    assert message == "full is not empty" and "nothing is overwritten" in hint


def test_boards_lists_the_rest_when_a_file_is_broken(kit) -> None:
    (kit.cwd / "boards").mkdir()
    (kit.cwd / "boards" / "mine.toml").write_text('name = "mine"\ntitle = 3\n')
    said = kit.json("boards")
    assert "esp32" in {board["name"] for board in said["boards"]} and len(said["broken"]) == 1
    shown = kit("boards")
    assert shown.returncode == 0 and "esp32c3" in shown.stdout
    assert "not listed: boards/mine.toml:" in shown.stderr


def test_an_empty_path_is_no_path(kit, model: Path) -> None:
    for arguments in (("compile", str(model)), ("export", str(model), "--to", "cmake", "--board", "host")):
        message, _ = kit.refused(*arguments, "--out", "", status=2)
        assert "--out" in message and "it is empty: name a folder" in message
    assert list(kit.cwd.iterdir()) == [model]


def test_the_kit_of_this_folder_is_listed_first(kit) -> None:
    folder = resource("kits") / "digits"
    (kit.cwd / "model.py").write_text((folder / "model.py").read_text())
    (kit.cwd / "kit.toml").write_text((folder / "kit.toml").read_text().replace('name = "digits"', 'name = "mine"'))
    names = [each["name"] for each in kit.json("list")["kits"]]
    assert names[0] == "mine" and "digits" in names
    assert "mine (this folder)" in kit("list").stdout


def test_boards_connected(kit) -> None:
    said = kit.json("boards", "--connected")
    assert list(said) == ["connected"] and isinstance(said["connected"], list)
    message, _ = kit.refused("boards", "--hello", status=2)
    assert "--connected" in message
