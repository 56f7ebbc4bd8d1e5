"""The tree of sources that a program is compiled from, and what each file of it depends on."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_INCLUDE = re.compile(rb'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """One text of the program. ``path`` is its place in the staged tree, which also says whose bytes it is counted as
    (its first folder: model, app, link, chip). ``optimize`` is the compiler's level."""

    path: str
    text: str
    optimize: str = "-O2"

    @property
    def compiled(self) -> bool:
        return self.path.endswith((".c", ".S"))


class Stage:
    """The tree ``out/src`` that is compiled, and what each unit in it depends on."""

    def __init__(self, out: Path, texts: Mapping[str, bytes]) -> None:
        self.out = out
        self.texts = texts
        self._folders = folders_with(texts, (".h",))

    def write(self) -> None:
        """Make the tree equal to the texts: write what differs, remove what is no longer part of it."""
        root = self.out / "src"
        (self.out / "obj").mkdir(parents=True, exist_ok=True)
        if root.is_dir():
            for path in [p for p in root.rglob("*") if p.is_file()]:
                if path.relative_to(root).as_posix() not in self.texts:
                    path.unlink()
        for name, text in self.texts.items():
            path = root / name
            if not path.is_file() or path.read_bytes() != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)

    def closure(self, unit: str) -> list[str]:
        """``unit`` and every staged file that it includes, however indirectly."""
        found, todo = [unit], [unit]
        while todo:
            current = todo.pop()
            for raw in _INCLUDE.findall(self.texts[current]):
                included = raw.decode()
                for folder in [os.path.dirname(current), *self._folders]:
                    name = os.path.normpath(os.path.join(folder, included)).replace(os.sep, "/")
                    if name in self.texts:
                        if name not in found:
                            found.append(name)
                            todo.append(name)
                        break
        return found


def folders_with(texts: Mapping[str, bytes], suffixes: tuple[str, ...]) -> list[str]:
    """The folders of the tree that hold files with one of the suffixes."""
    return sorted({os.path.dirname(name) or "." for name in texts if name.endswith(suffixes)})


def sha256_of(*parts: str) -> str:
    """One hash of several texts, each with its length, so that no two lists give the same bytes."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()
