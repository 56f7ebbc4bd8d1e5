"""Where artefacts lie, and when they are made anew: ``build/<kit>/…``, each in a folder keyed by what made it.

An artefact is a folder with a file ``made-from.json`` in it, which holds the inputs it was made from and the hash of
what was made: one with a file that was damaged or lost since is made anew. It is made under a temporary name and
renamed when it is whole, under a lock, so that an interrupted or a second run at the same time never leaves or sees
half of one.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from toolchain.errors import Missing
from toolchain.progress import Progress, Quiet

MADE_FROM = "made-from.json"
_PACKAGE = Path(__file__).resolve().parent


class Workspace:
    """The build folder: ``$KIT_BUILD``, or ``build`` in the current folder."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or Path(os.environ.get("KIT_BUILD") or "build")
        self.made: set[Path] = set()  # the artefacts that were not there already

    def folder(self, kit: str, board: str = "") -> Path:
        """``build/<kit>/<board>``; artefacts that serve every board lie in ``build/<kit>``."""
        return self.root / kit / board if board else self.root / kit

    def artefact(
        self,
        folder: Path,
        made_from: Mapping[str, Any],
        make: Callable[[Path], None],
        progress: Progress | None = None,
    ) -> Path:
        """The folder, as ``make`` fills it from the inputs ``made_from`` (JSON values: hashes, versions, settings).

        Nothing is done when the folder holds what was made from equal inputs. ``make`` gets an empty folder of another
        name; what it leaves there when it raises is removed. Raises `Missing` when the disk is full or write-protected.
        """
        wanted = json.dumps(made_from, sort_keys=True, indent=1)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with _locked(_lock(folder), progress or Quiet()):
                if not _is_whole(folder, wanted):
                    _make(folder, wanted, make)
                    self.made.add(folder)
        except OSError as error:
            if error.filename is None or not Path(error.filename).is_relative_to(self.root):
                raise
            raise Missing(
                f"cannot write {error.filename}: {error.strerror}", "make room or set KIT_BUILD to another folder"
            ) from error
        return folder

    @contextmanager
    def alone(self, folder: Path, progress: Progress | None = None) -> Iterator[None]:
        """Keep other runs away from ``folder``, which is no artefact but kept between runs, as object files are."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(_lock(folder), progress or Quiet()):
            yield


def _lock(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")


def _make(folder: Path, wanted: str, make: Callable[[Path], None]) -> None:
    prefix = f".{folder.name}.making-"  # no other artefact's: `firmware` lies beside `firmware-emulated`
    for left in folder.parent.glob(f"{prefix}*"):  # of a run that was killed; the lock says it is not at work
        shutil.rmtree(left, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        made = temporary / "made"
        made.mkdir()
        make(made)
        (made / MADE_FROM).write_text(_seal(made, wanted))
        if folder.exists():
            folder.rename(temporary / "replaced")
        made.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _is_whole(folder: Path, wanted: str) -> bool:
    """Whether ``folder`` holds what was made from ``wanted``, every byte of it."""
    try:
        said = (folder / MADE_FROM).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return said == _seal(folder, wanted).encode()


def _seal(folder: Path, wanted: str) -> str:
    """The text of ``made-from.json``: the inputs, and the hash of the files that were made from them."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / MADE_FROM)
    made = hashlib.sha256(
        "".join(f"{p.relative_to(folder)}\0{sha256_file(p)}\0" for p in files).encode(errors="surrogateescape")
    ).hexdigest()
    return f"{wanted}\n{json.dumps({'made': made})}\n"


@contextmanager
def _locked(path: Path, progress: Progress) -> Iterator[None]:
    """Hold an advisory lock on ``path``. The operating system gives it up however the process ends."""
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.log(f"another run is making {path.parent.name}; waiting for it")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def sha256_file(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_tree(folder: Path, suffixes: Iterable[str] = ()) -> str:
    """SHA-256 over names and contents of the files below ``folder`` (with one of ``suffixes``, when given), in hex.

    ``folder`` may also be one file."""
    wanted = tuple(suffixes)
    total = hashlib.sha256()
    files = [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if p.is_file())
    for path in files:
        if "__pycache__" not in path.parts and (not wanted or path.suffix in wanted):
            total.update(f"{path.relative_to(folder)}\0{sha256_file(path)}\0".encode(errors="surrogateescape"))
    return total.hexdigest()


@cache
def source_hash(*rooms: str) -> str:
    """SHA-256 over the Python sources of rooms of this package (``compiler``, ``kit.py``): what they make changes when
    they change."""
    return hashlib.sha256(b"".join(sha256_tree(_PACKAGE / r, [".py"]).encode() for r in rooms)).hexdigest()


def versions(*distributions: str) -> dict[str, str]:
    """Versions of the installed distributions that are here, without importing them."""
    found = {}
    for name in distributions:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
