"""Folders made for a result."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.folders import in_folder, make_folder

pytestmark = pytest.mark.unit


def test_what_was_made_for_a_failure_is_gone(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    with pytest.raises(ValueError), in_folder(there / "a" / "b"):
        assert (there / "a" / "b").is_dir()
        raise ValueError
    assert there.is_dir() and not list(there.iterdir())


def test_what_holds_something_stays(tmp_path: Path) -> None:
    with pytest.raises(ValueError), in_folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "x").touch()
        raise ValueError
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        make_folder(tmp_path / "file" / "a")
    with pytest.raises(OSError, match="File name too long"):
        make_folder(tmp_path / "a" / ("x" * 300))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
