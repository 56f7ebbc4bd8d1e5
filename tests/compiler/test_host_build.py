"""The host's compiler and what is kept of its work."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.compiler.host_build import load_library

pytestmark = pytest.mark.unit

FILES = {"kit_one.c": "int one(void);\nint one(void) { return 1; }\n"}


def test_kernels_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for _ in range(2):
        assert load_library(FILES).one() == 1
        assert len(list(tmp_path.rglob("*.o"))) == 1


@pytest.mark.parametrize("left", [0, 1, 100])
def test_a_kept_kernel_that_was_cut_short_is_compiled_again(tmp_path, monkeypatch, left):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    load_library(FILES)
    (kept,) = tmp_path.rglob("*.o")
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) * left // 100] + bytes(left == 100))
    assert load_library(FILES).one() == 1
    assert kept.read_bytes() == whole


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "HOME"])
def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch, variable):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv(variable, str(tmp_path / "file"))
    Path(tmp_path / "file").write_text("not a folder")
    assert load_library(FILES).one() == 1
