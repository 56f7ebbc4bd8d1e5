"""Artefacts: made once, whole or not at all, by one run at a time."""

from __future__ import annotations

import multiprocessing
import threading
import time
from pathlib import Path

import pytest

from toolchain.errors import Missing
from toolchain.workspace import Workspace, sha256_tree, source_hash, versions

pytestmark = pytest.mark.unit


def _writer(text: str, calls: list[str]):
    def make(folder: Path) -> None:
        calls.append(text)
        (folder / "file").write_text(text)

    return make


def test_made_once_and_anew_when_an_input_changes(tmp_path):
    space, calls = Workspace(tmp_path), []
    for text, key in (("a", 1), ("a again", 1), ("b", 2), ("b again", 2)):
        space.made.clear()
        folder = space.artefact(space.folder("k", "b") / "c", {"key": key}, _writer(text, calls))
        assert space.made == ({folder} if text in ("a", "b") else set())
    assert calls == ["a", "b"]
    assert (folder / "file").read_text() == "b"
    assert folder == tmp_path / "k" / "b" / "c"


@pytest.mark.parametrize("damage", [Path.unlink, lambda p: p.write_text(""), lambda p: (p.parent / "other").touch()])
def test_a_damaged_artefact_is_made_anew(tmp_path, damage):
    space, calls = Workspace(tmp_path), []
    for _ in range(2):
        folder = space.artefact(tmp_path / "k" / "c", {}, _writer("text", calls))
        assert (folder / "file").read_text() == "text"
        damage(folder / "file")
    (folder / "made-from.json").write_bytes(b"\xff")
    space.artefact(folder, {}, _writer("text", calls))
    space.artefact(folder, {}, _writer("text", calls))
    assert calls == ["text"] * 3


def test_an_interrupted_run_keeps_the_old_and_leaves_nothing(tmp_path):
    space, calls = Workspace(tmp_path), []
    folder = space.artefact(tmp_path / "k" / "c", {"key": 1}, _writer("whole", calls))

    def interrupted(temporary: Path) -> None:
        (temporary / "file").write_text("ha")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        space.artefact(folder, {"key": 2}, interrupted)
    assert (folder / "file").read_text() == "whole"
    assert sorted(p.name for p in folder.parent.iterdir()) == [".c.lock", "c"]


def test_what_a_killed_run_left_is_removed(tmp_path, monkeypatch):
    space = Workspace(tmp_path)

    def killed(folder: Path) -> None:
        folder.with_name("kept").mkdir()
        raise KeyboardInterrupt

    with monkeypatch.context() as killing, pytest.raises(KeyboardInterrupt):
        killing.setattr("toolchain.workspace.shutil.rmtree", lambda *_, **__: None)
        space.artefact(tmp_path / "k" / "c", {}, killed)
    (left,) = tmp_path.glob("k/.c*/kept")
    space.artefact(tmp_path / "k" / "c-other", {}, _writer("x", []))
    space.artefact(tmp_path / "k" / "other", {}, _writer("x", []))
    assert left.exists()
    space.artefact(tmp_path / "k" / "c", {}, _writer("x", []))
    assert not left.exists()


def test_an_artefact_s_name_may_begin_like_that_of_one_being_made(tmp_path):
    space = Workspace(tmp_path)

    def make(folder: Path) -> None:
        space.artefact(tmp_path / "k" / "firmware", {}, _writer("other", []))
        (folder / "file").write_text("text")

    folder = space.artefact(tmp_path / "k" / "firmware-emulated", {}, make)
    assert (folder / "file").read_text() == "text"


def _slow(root: Path, log: Path) -> None:
    def make(folder: Path) -> None:
        with log.open("a") as stream:
            stream.write("made\n")
        time.sleep(0.3)
        (folder / "file").write_text("x")

    Workspace(root).artefact(root / "k" / "c", {}, make)


def test_two_runs_at_the_same_time_make_it_once(tmp_path):
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    runs = [context.Process(target=_slow, args=(tmp_path, log)) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0, 0]
    assert log.read_text() == "made\n"


def test_one_run_at_a_time_is_alone_with_a_folder(tmp_path):
    inside = []

    def work() -> None:
        with Workspace(tmp_path).alone(tmp_path / "k" / "objects"):
            inside.append("in")
            time.sleep(0.02)
            inside.append("out")

    runs = [threading.Thread(target=work) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert inside == ["in", "out"] * 3


def test_a_build_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "build").write_text("a file")
    with pytest.raises(Missing, match="cannot write") as caught:
        Workspace(tmp_path / "build").artefact(tmp_path / "build" / "k" / "c", {}, _writer("x", []))
    assert "KIT_BUILD" in caught.value.hint


def test_an_empty_variable_is_no_folder(monkeypatch):
    monkeypatch.setenv("KIT_BUILD", "")
    assert Workspace().root == Path("build")


def test_hashes_follow_names_and_contents(tmp_path):
    (tmp_path / "a.py").write_text("1")
    first = sha256_tree(tmp_path)
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    second = sha256_tree(tmp_path)
    (tmp_path / "b.py").write_text("2")
    assert len({first, second, sha256_tree(tmp_path)}) == 3
    assert source_hash("errors.py") != source_hash("progress.py")


def test_versions_of_what_is_installed():
    assert set(versions("numpy", "no-such-distribution")) == {"numpy"}
