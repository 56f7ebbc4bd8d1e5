"""Values as C text, and what the kernel headers declare: struct fields and included files."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from toolchain.compiler.step import Constant

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
_STRUCT = re.compile(r"struct\s+(\w+)\s*\{([^{}]*)\}\s*;", re.DOTALL)
_WIDTH = 100


@dataclass(frozen=True)
class Field:
    """One member of a C struct: its name and its type as written (``const int8_t *``, ``struct kit_pad``)."""

    name: str
    type: str


@functools.lru_cache(maxsize=256)
def structs(text: str) -> dict[str, tuple[Field, ...]]:
    """The structs that a header defines, with their members in the order of declaration."""
    found = {}
    for name, body in _STRUCT.findall(_COMMENT.sub(" ", text)):
        fields: list[Field] = []
        for declaration in filter(None, (part.strip() for part in body.split(";"))):
            first, *others = declaration.split(",")
            match = re.fullmatch(r"(.*?[\s*])(\w+)\s*((?:\[[^\]]*\])*)", first.strip(), re.DOTALL)
            assert match, f"struct {name}: cannot read the member '{declaration}'"
            base = " ".join(match.group(1).split())
            fields.append(Field(match.group(2), base))
            for other in others:
                fields.append(Field(re.sub(r"\[.*\]", "", other).strip(" *\n"), base))
        found[name] = tuple(fields)
    return found


@functools.lru_cache(maxsize=256)
def includes(text: str) -> tuple[str, ...]:
    """Names of the files that ``text`` includes with quotes."""
    return tuple(_INCLUDE.findall(text))


def included(folder: Path, name: str) -> dict[str, str]:
    """File ``name`` of ``folder`` and every file that it includes with quotes, by name, in the order found."""
    found: dict[str, str] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop(0)
        if current in found:
            continue
        found[current] = (folder / current).read_text(encoding="utf-8")
        waiting += includes(found[current])
    return found


def integer(value: int) -> str:
    """An integer constant; the smallest int32 and int64 have no literal of their own in C."""
    value = int(value)
    if value == -(1 << 31):
        return "INT32_MIN"
    if value == -(1 << 63):
        return "INT64_MIN"
    if not -(1 << 31) <= value < 1 << 31:
        return f"INT64_C({value})" if value < 1 << 63 else f"UINT64_C({value})"
    return str(value)


def real(value: float, double: bool = False) -> str:
    """A float (or double) constant that reads back as exactly the same number."""
    value = float(value) if double else float(np.float32(value))
    if not np.isfinite(value):
        raise ValueError(f"{value} has no C constant")
    text = repr(value) if double else str(np.float32(value))
    if "e" not in text and "." not in text:
        text += ".0"
    return text if double else f"{text}f"


def string(value: str) -> str:
    """A C string literal, printable ASCII only."""
    out = []
    for byte in value.encode("utf-8"):
        char = chr(byte)
        out.append(f"\\{char}" if char in '"\\' else char if 32 <= byte < 127 and char != "?" else f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def comment(value: str) -> str:
    """Text that cannot end the comment it stands in."""
    printable = "".join(c if " " <= c <= "~" else "?" for c in value)
    return printable.replace("*/", "* /").replace("/*", "/ *")


def _wrapped(parts: Sequence[str], indent: str) -> list[str]:
    lines, line = [], indent
    for part in parts:
        if len(line) + len(part) + 2 > _WIDTH and line != indent:
            lines.append(line.rstrip())
            line = indent
        line += part + ", "
    if line != indent:
        lines.append(line.rstrip())
    return lines


def array_values(array: np.ndarray, indent: str = "    ") -> str:
    """The elements of ``array`` in C order, as lines of an initialiser."""
    flat = array.reshape(-1)
    if array.dtype.kind == "f":
        parts = [real(v, array.dtype.itemsize == 8) for v in flat]
    elif array.dtype.kind == "b" or array.dtype.itemsize <= 2:
        return _joined(flat.astype(np.int64), indent)
    else:
        parts = [integer(v) for v in flat.tolist()]
    return "\n".join(_wrapped(parts, indent))


def _joined(flat: np.ndarray, indent: str, columns: int = 24) -> str:
    """Small integers, a fixed number a line (a model's weights are most of the text, so this is the quick way)."""
    texts = list(map(str, flat.tolist()))
    return "\n".join(indent + ", ".join(texts[i : i + columns]) + "," for i in range(0, len(texts), columns))


_C_TYPES = {"bool": "uint8_t", "float32": "float", "float64": "double"}


def c_type(array: np.ndarray) -> str:
    """C type of one element of ``array``."""
    return _C_TYPES.get(array.dtype.name, f"{array.dtype.name}_t")


@dataclass
class Initializer:
    """Writes params as positional initialisers (C++17 has no designated ones), in the order of the header.

    ``known`` are the structs of the header; ``name_of`` gives the C name of a `Constant`.
    """

    known: Mapping[str, tuple[Field, ...]]
    name_of: Mapping[int, str]

    def value(self, value: Any, c_type: str, indent: str) -> str:
        """``value`` as an initialiser of a member of ``c_type``."""
        if value is None:
            return "NULL"
        if isinstance(value, Constant):
            return self.name_of[id(value)]
        if isinstance(value, str):
            return value
        if isinstance(value, Mapping):
            return self.struct(value, c_type.removeprefix("const ").removeprefix("struct ").strip(), indent)
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if isinstance(value, (list, tuple)):
            return "{" + ", ".join(self.value(v, c_type, indent) for v in value) + "}"
        if isinstance(value, (float, np.floating)) or c_type in ("float", "double"):
            return real(float(value), double=c_type == "double")
        return integer(value)

    def struct(self, values: Mapping[str, Any], name: str, indent: str = "") -> str:
        """``values`` as the initialiser of ``struct name``: every member, in order, each with its name."""
        fields = self.known.get(name)
        assert fields is not None, f"struct {name} is in no header of the kernel"
        names = [f.name for f in fields]
        assert set(names) == set(values), f"struct {name} has members {names}, the lowering gave {list(values)}"
        inner = indent + "    "
        parts = [f"/* {f.name} */ {self.value(values[f.name], f.type, inner)}" for f in fields]
        return "{\n" + "\n".join(_wrapped(parts, inner)) + "\n" + indent + "}"
