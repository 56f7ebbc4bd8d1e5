"""Reading a FlatBuffer that nobody has verified: every offset and length is checked before it is followed.

(The generated classes trust their input: a wrong offset reads from the end of the file, a wrong length allocates it.)
Source of the layout: FlatBuffers "Internals": a table starts with a signed offset back to its vtable; a vtable is its
own size, the table's size, and one 16-bit offset a slot, 0 for an absent field.
"""

from __future__ import annotations

import struct

import numpy as np


class Malformed(ValueError):
    """The bytes are not a FlatBuffer of the expected form; the text says where."""


class Table:
    """The table at ``position`` of ``data``. Every method raises `Malformed` rather than read out of bounds."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position
        vtable = position - int(self._unpack("<i", position))
        self._vtable = vtable
        size = int(self._unpack("<H", vtable))
        if size < 4 or size % 2 or vtable + size > len(data):
            raise Malformed(f"the table at byte {position} has a vtable of impossible size {size}")
        self._slots = (size - 4) // 2

    @classmethod
    def root(cls, data: bytes) -> Table:
        """The root table of a file."""
        return cls(data, int(_unpack(data, "<I", 0)))

    def _unpack(self, fmt: str, position: int) -> int | float | bool:
        return _unpack(self._data, fmt, position)

    def _field(self, slot: int) -> int:
        """Position of a field's bytes, 0 when absent."""
        if slot >= self._slots:
            return 0
        offset = int(self._unpack("<H", self._vtable + 4 + 2 * slot))
        return self._position + offset if offset else 0

    def _follow(self, position: int) -> int:
        target = position + int(self._unpack("<I", position))
        if not 4 <= target <= len(self._data) - 4:
            raise Malformed(f"the offset at byte {position} points to byte {target}, outside of the file")
        return target

    def has(self, slot: int) -> bool:
        return self._field(slot) != 0

    def scalar(self, slot: int, fmt: str, default: int | float | bool = 0) -> int | float | bool:
        """A number; ``fmt`` as for `struct` (``<i``, ``<b``, ``<B``, ``<I``, ``<Q``, ``<f``, ``<?``)."""
        position = self._field(slot)
        return self._unpack(fmt, position) if position else default

    def integer(self, slot: int, fmt: str = "<i", default: int = 0) -> int:
        return int(self.scalar(slot, fmt, default))

    def table(self, slot: int) -> Table | None:
        position = self._field(slot)
        return Table(self._data, self._follow(position)) if position else None

    def _vector(self, slot: int, item_size: int, most: int | None, what: str) -> tuple[int, int] | None:
        """(first byte, items) of a vector, None when absent."""
        position = self._field(slot)
        if not position:
            return None
        start = self._follow(position)
        length = int(self._unpack("<I", start))
        if length * item_size > len(self._data) - start - 4:
            raise Malformed(f"the vector of {what} at byte {start} claims {length} entries, more than the file holds")
        if most is not None and length > most:
            raise Malformed(f"the vector of {what} at byte {start} has {length} entries; at most {most} make sense")
        return start + 4, length

    def tables(self, slot: int, what: str) -> list[int]:
        """Positions of the tables of a vector, to be opened with `at`. Empty when absent."""
        found = self._vector(slot, 4, None, what)
        if found is None:
            return []
        start, length = found
        offsets = np.frombuffer(self._data, "<u4", length, start).astype(np.int64)
        positions = offsets + start + 4 * np.arange(length, dtype=np.int64)
        if length and int(positions.max()) > len(self._data) - 4:
            raise Malformed(f"the vector of {what} at byte {start - 4} points outside of the file")
        return [int(p) for p in positions]

    def at(self, position: int) -> Table:
        """The table at a position that `tables` gave."""
        return Table(self._data, position)

    def array(self, slot: int, dtype: str, most: int | None, what: str) -> np.ndarray | None:
        """A vector of numbers as a read-only view of the file; ``most``: longest length accepted. None when absent."""
        kind = np.dtype(dtype)
        found = self._vector(slot, kind.itemsize, most, what)
        return None if found is None else np.frombuffer(self._data, kind, found[1], found[0])

    def string(self, slot: int, what: str, most: int = 1024) -> str:
        """A string ("" when absent), control characters replaced so that it can be shown. Behind the first ``most``
        bytes it is cut: TensorFlow joins the names of all layers that it makes one of."""
        raw = self.array(slot, "u1", None, what)
        text = "" if raw is None else raw[:most].tobytes().decode("utf-8", "replace")
        return "".join(c if c.isprintable() else "?" for c in text)


def _unpack(data: bytes, fmt: str, position: int) -> int | float | bool:
    if position < 0 or position + struct.calcsize(fmt) > len(data):
        raise Malformed(f"it ends at byte {len(data)}, where byte {position} should be read")
    value: int | float | bool = struct.unpack_from(fmt, data, position)[0]
    return value
