"""Files kept between runs, each with the hash of its bytes beside it: what was cut short or changed is not used."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def keep(made: Path, kept: Path) -> None:
    """Move ``made`` to ``kept``, on the same file system, and seal it. Whatever interrupts it leaves nothing that
    `is_whole`."""
    seal = _seal(kept)
    temporary = seal.with_name(f".{os.getpid()}.{seal.name}")
    temporary.write_text(_digest(made))
    os.replace(temporary, seal)
    os.replace(made, kept)


def is_whole(kept: Path) -> bool:
    """Whether ``kept`` is there with every byte that it had when it was sealed."""
    try:
        return _seal(kept).read_text() == _digest(kept)
    except (OSError, UnicodeDecodeError):
        return False


def _seal(kept: Path) -> Path:
    return kept.with_name(f"{kept.name}.sha256")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
