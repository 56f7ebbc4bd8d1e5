"""A folder of firmware_templates as a library in this process, and its configuration structs for ctypes and as C text.

What the host computes with it is what the device computes: the same files, and structs made from their own headers.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from toolchain.compiler import c_text
from toolchain.compiler.host_build import load_library
from toolchain.resources import resource

_SCALARS = {"uint32_t": ctypes.c_uint32, "int32_t": ctypes.c_int32}


class CRoom:
    """The C of ``folder``, with the headers ``shared`` of firmware_templates/nn that it includes. The files
    ``device_only`` include a generated header that only firmware has."""

    def __init__(self, folder: str, shared: Sequence[str] = (), device_only: Sequence[str] = ()) -> None:
        self._folder, self._shared, self._device_only = folder, shared, device_only
        self._structures: dict[str, type[ctypes.Structure]] = {}

    @cached_property
    def sources(self) -> dict[str, str]:
        """Every C file by name."""
        templates = resource("firmware_templates")
        paths = [*sorted((templates / self._folder).glob("kit_*.[ch]"))]
        paths += [templates / "nn" / name for name in self._shared]
        return {path.name: path.read_text(encoding="utf-8") for path in paths}

    @cached_property
    def structs(self) -> dict[str, tuple[c_text.Field, ...]]:
        """The structs of the headers by name."""
        return c_text.structs("\n".join(text for name, text in self.sources.items() if name.endswith(".h")))

    @cached_property
    def library(self) -> ctypes.CDLL:
        """The folder built with the host's compiler. Raises `Missing` when there is none."""
        return load_library({n: text for n, text in self.sources.items() if n not in self._device_only})

    def needed(self, *names: str) -> dict[str, str]:
        """The files ``names`` and all that they include, each header with the file that it declares, by name."""
        wanted: dict[str, str] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in wanted or name not in self.sources:
                continue
            wanted[name] = self.sources[name]
            waiting += c_text.includes(wanted[name])
            waiting += [name.replace(".h", ".c")] if name.endswith(".h") else []
        return dict(sorted(wanted.items()))

    def structure(self, name: str) -> type[ctypes.Structure]:
        """``struct name`` of the headers for ctypes."""

        def field_type(declared: str) -> Any:
            if declared.endswith("*"):
                return ctypes.c_void_p
            return _SCALARS[declared] if declared in _SCALARS else self.structure(declared.removeprefix("struct "))

        if name not in self._structures:
            fields = [(field.name, field_type(field.type)) for field in self.structs[name]]
            self._structures[name] = type(name, (ctypes.Structure,), {"_fields_": fields})
        return self._structures[name]

    def fill(self, struct: str, values: Mapping[str, Any]) -> tuple[ctypes.Structure, list[np.ndarray]]:
        """``values`` as a C struct, and the tables that it points into, which must outlive it."""
        members: dict[str, Any] = {}
        kept: list[np.ndarray] = []
        for field in self.structs[struct]:
            value = values[field.name]
            if isinstance(value, Mapping):
                members[field.name], inner = self.fill(field.type.removeprefix("struct "), value)
                kept += inner
            elif isinstance(value, np.ndarray):
                table = np.ascontiguousarray(value)
                assert c_text.c_type(table) in field.type.split(), (struct, field, table.dtype)
                kept.append(table)
                members[field.name] = table.ctypes.data
            else:
                members[field.name] = value
        return self.structure(struct)(**members), kept

    def definition(self, struct: str, name: str, values: Mapping[str, Any], storage: str = "const") -> str:
        """``const struct <struct> <name>`` with ``values``, and the tables that it points into before it."""
        tables: list[str] = []
        body = self._initializer(struct, values, "", tables)
        return "".join(tables) + f"{storage} struct {struct} {name} = {body};\n"

    def _initializer(self, struct: str, values: Mapping[str, Any], prefix: str, tables: list[str]) -> str:
        """``values`` as positional initialisers (C++17 has no designated ones); tables are added to ``tables``."""
        parts = []
        for field in self.structs[struct]:
            value, name = values[field.name], f"{prefix}{field.name}"
            if isinstance(value, Mapping):
                inner = self._initializer(field.type.removeprefix("struct "), value, f"{name}_", tables)
                text = inner.replace("\n", "\n    ")
            elif isinstance(value, np.ndarray) and value.size:
                elements = c_text.array_values(value)
                tables.append(f"static const {c_text.c_type(value)} {name}[{value.size}] = {{\n{elements}\n}};\n\n")
                text = name
            else:
                text = "0" if isinstance(value, np.ndarray) else c_text.integer(value)
            parts.append(f"    /* {field.name} */ {text},\n")
        return "{\n" + "".join(parts) + "}"
