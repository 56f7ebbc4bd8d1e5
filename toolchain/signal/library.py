"""The C of the front ends in this process."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np

from toolchain.compiler.c_room import CRoom
from toolchain.signal.config import Config

ROOM = CRoom("signal", ("kit_const.h", "kit_fixedpoint.h", "kit_simd.h"), device_only=("kit_signal.c",))


@functools.cache
def library() -> ctypes.CDLL:
    """The front ends built with the host's compiler. Raises `Missing` when there is none."""
    built = ROOM.library
    for family in ("audio", "motion"):
        getattr(built, f"kit_{family}_bytes").restype = ctypes.c_size_t
        getattr(built, f"kit_{family}_init").restype = ctypes.c_void_p
        for name in ("whole", "whole_q16", "feed"):
            getattr(built, f"kit_{family}_{name}").restype = ctypes.c_uint32
    return built


class Instance:
    """A configuration and the memory of one stream, as the C has them."""

    def __init__(self, config: Config) -> None:
        self._library, self._prefix = library(), f"kit_{config.family}"
        self._config, self._tables = ROOM.fill(config.struct, config.values)
        self.table_bytes, self.memory_bytes = sum(table.nbytes for table in self._tables), 0
        pointer = ctypes.byref(self._config)
        if config.family == "image":  # keeps nothing from picture to picture
            self._handle: Any = pointer
            return
        self.memory_bytes = int(self._function("bytes")(pointer))
        self._memory = np.zeros(-(-self.memory_bytes // 8), np.uint64)
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
