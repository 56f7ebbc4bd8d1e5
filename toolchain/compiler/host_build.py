"""Compiles generated C with the compiler of this machine. Kernels are compiled once and kept between runs."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolchain.compiler import c_text
from toolchain.errors import KitError, Missing
from toolchain.external import ask_program
from toolchain.sealed import is_whole, keep

WARNINGS = ("-Wall", "-Wextra", "-Werror")
LIBRARY_FLAGS = ("-std=c11", "-O2", "-fPIC", *WARNINGS)


def host_compiler() -> list[str]:
    """Command of a C compiler of this machine: $CC, gcc, cc, clang, or zig from the package ``ziglang``.

    Raises Missing when there is none.
    """
    named = os.environ.get("CC")
    for name in (*([named] if named else []), "gcc", "cc", "clang"):
        if name.split() and shutil.which(name.split()[0]):
            return name.split()
    try:
        import ziglang  # noqa: F401
    except ImportError:
        raise Missing("no C compiler on this machine", "install gcc, or the Python package ziglang") from None
    return [sys.executable, "-m", "ziglang", "cc"]


def load_library(files: Mapping[str, str], flags: Sequence[str] = LIBRARY_FLAGS) -> ctypes.CDLL:
    """Every ``.c`` of ``files`` as a library in this process. Raises KitError with the compiler's words."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
        library = Path(work) / "model.so"
        _link(files, flags, ["-shared"], Path(work), library)
        return ctypes.CDLL(str(library))


def build_executable(
    files: Mapping[str, str], flags: Sequence[str], folder: Path, model_flags: Sequence[str] = ()
) -> Path:
    """Every ``.c`` of ``files`` as a program in ``folder``; what is no kernel with ``model_flags``, if given."""
    program = folder / "program"
    _link(files, flags, [], folder, program, model_flags)
    return program


def _link(
    files: Mapping[str, str],
    flags: Sequence[str],
    link: Sequence[str],
    work: Path,
    made: Path,
    model_flags: Sequence[str] = (),
) -> None:
    for name, text in files.items():
        (work / name).write_text(text, encoding="utf-8")
    objects = [
        _object(work, name, (model_flags or flags) if not _is_kernel(name) else flags)
        for name in files
        if name.endswith(".c")
    ]
    _run([*host_compiler(), *flags, *link, *map(str, objects), "-o", str(made)])


def _is_kernel(name: str) -> bool:
    return name.startswith("kit_")


def _object(work: Path, name: str, flags: Sequence[str]) -> Path:
    """Object of file ``name`` of ``work``; a kernel's comes from the cache when it was compiled before."""
    command = [*host_compiler(), *flags, "-c", str(work / name)]
    made = work / f"{name}.o"
    if not _is_kernel(name):
        _run([*command, "-o", str(made)])
        return made
    texts = c_text.included(work, name)
    kept = _cache() / f"{_digest(*host_compiler(), *flags, *texts.keys(), *texts.values())}.o"
    if is_whole(kept):
        return kept
    _run([*command, "-o", str(made)])
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            copy = Path(folder) / "copy.o"
            shutil.copyfile(made, copy)
            keep(copy, kept)
    except OSError:  # a home that cannot be written, a full disk: the next run compiles it again
        return made
    return kept


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(base) / "tinyml-kit" / "kernels"


def _run(command: Sequence[str]) -> None:
    done = ask_program(command)
    if done.returncode:
        said = done.stderr.strip()[:2000] or f"status {done.returncode}"
        raise KitError(f"the host's compiler failed: {said}", " ".join(command))


def _digest(*parts: str) -> str:
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part.encode() + b"\0")
    return sha.hexdigest()[:32]
