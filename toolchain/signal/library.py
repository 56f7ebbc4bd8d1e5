"""The C of the front ends in this process: built when first needed, structs made from its own headers."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from toolchain.compiler import c_text
from toolchain.compiler.host_build import load_library
from toolchain.resources import resource
from toolchain.signal.config import Config

_SHARED = ("kit_fixedpoint.h", "kit_simd.h")  # of firmware_templates/nn
_SCALARS = {"uint32_t": ctypes.c_uint32, "int32_t": ctypes.c_int32}


@functools.cache
def sources() -> dict[str, str]:
    """Every C file of the front ends and what they include, by name."""
    templates = resource("firmware_templates")
    paths = [*sorted((templates / "signal").glob("kit_*.[ch]")), *(templates / "nn" / name for name in _SHARED)]
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


@functools.cache
def structs() -> dict[str, tuple[c_text.Field, ...]]:
    """The structs of the headers by name."""
    return c_text.structs("\n".join(text for name, text in sources().items() if name.endswith(".h")))


@functools.cache
def library() -> ctypes.CDLL:
    """The front ends built with the host's compiler. Raises `Missing` when there is none."""
    built = load_library(sources())
    for family in ("audio", "motion"):
        getattr(built, f"kit_{family}_bytes").restype = ctypes.c_size_t
        getattr(built, f"kit_{family}_init").restype = ctypes.c_void_p
        for name in ("whole", "whole_q16", "feed"):
            getattr(built, f"kit_{family}_{name}").restype = ctypes.c_uint32
    return built


@functools.cache
def structure(name: str) -> type[ctypes.Structure]:
    """``struct name`` of the headers for ctypes."""

    def field_type(declared: str) -> Any:
        if declared.endswith("*"):
            return ctypes.c_void_p
        return _SCALARS[declared] if declared in _SCALARS else structure(declared.removeprefix("struct "))

    fields = [(field.name, field_type(field.type)) for field in structs()[name]]
    return type(name, (ctypes.Structure,), {"_fields_": fields})


def fill(struct: str, values: Mapping[str, Any]) -> tuple[ctypes.Structure, list[np.ndarray]]:
    """``values`` as a C struct, and the tables that it points into, which must outlive it."""
    members: dict[str, Any] = {}
    kept: list[np.ndarray] = []
    for field in structs()[struct]:
        value = values[field.name]
        if isinstance(value, Mapping):
            members[field.name], inner = fill(field.type.removeprefix("struct "), value)
            kept += inner
        elif isinstance(value, np.ndarray):
            table = np.ascontiguousarray(value)
            assert c_text.c_type(table) in field.type.split(), (struct, field, table.dtype)
            kept.append(table)
            members[field.name] = table.ctypes.data
        else:
            members[field.name] = value
    return structure(struct)(**members), kept


class Instance:
    """A configuration and the memory of one stream, as the C has them."""

    def __init__(self, config: Config) -> None:
        self._library, self._prefix = library(), f"kit_{config.family}"
        self._config, self._tables = fill(config.struct, config.values)
        pointer = ctypes.byref(self._config)
        if config.family == "image":  # keeps nothing from picture to picture
            self._handle: Any = pointer
            return
        size = int(self._function("bytes")(pointer))
        self._memory = np.zeros(-(-size // 8), np.uint64)
        handle = self._function("init")(
            pointer, ctypes.c_void_p(self._memory.ctypes.data), ctypes.c_size_t(self._memory.nbytes)
        )
        assert handle == self._memory.ctypes.data
        self._handle = ctypes.c_void_p(handle)

    def _function(self, name: str) -> Any:
        return getattr(self._library, f"{self._prefix}_{name}")

    def call(self, name: str, *arguments: np.ndarray | int) -> int:
        """``kit_<family>_<name>(instance, …)``; arrays go as pointers, numbers as uint32."""
        passed = [
            ctypes.c_void_p(a.ctypes.data) if isinstance(a, np.ndarray) else ctypes.c_uint32(a) for a in arguments
        ]
        return int(self._function(name)(self._handle, *passed) or 0)
