"""Folders that are made for a result, and gone again when there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path


def make_folder(folder: Path) -> list[Path]:
    """Make ``folder`` and what is missing above it; those that were made, the deepest first. Raises OSError, and has
    then made none."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        remove_empty(made)
        raise
    return made


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove those of ``folders``, the deepest first, in which there is nothing."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """``folder`` is there inside; what had to be made for it is removed again, if empty, when that fails."""
    made = make_folder(folder)
    try:
        yield
    except BaseException:
        remove_empty(made)
        raise
