"""Files kept between runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain import sealed
from toolchain.sealed import is_whole, keep

pytestmark = pytest.mark.unit


def test_only_what_was_kept_whole_is_whole(tmp_path: Path) -> None:
    made, kept = tmp_path / "made", tmp_path / "kept.o"
    assert not is_whole(kept)
    made.write_bytes(b"object")
    keep(made, kept)
    assert is_whole(kept) and kept.read_bytes() == b"object" and not made.exists()
    for damaged in (b"objec", b"", b"objecT"):
        kept.write_bytes(damaged)
        assert not is_whole(kept)


def test_an_interruption_between_the_two_leaves_nothing_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, kept = tmp_path / "old", tmp_path / "new", tmp_path / "kept.o"
    old.write_bytes(b"old")
    keep(old, kept)
    replace, calls = sealed.os.replace, []

    def interrupted(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(sealed.os, "replace", interrupted)
    new.write_bytes(b"new")
    with pytest.raises(KeyboardInterrupt):
        keep(new, kept)
    assert not is_whole(kept)
