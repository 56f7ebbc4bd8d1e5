"""The file format of boot loaders that show a drive (https://github.com/microsoft/uf2)."""

from __future__ import annotations

import struct

from toolchain.errors import BadInput

_BLOCK = struct.Struct("<8I476sI")
_MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
_PAYLOAD = 256
_FAMILY_PRESENT = 0x2000


def to_uf2(address: int, data: bytes, family: int) -> bytes:
    """``data`` for ``address`` as UF2 blocks of 256 bytes."""
    count = -(-len(data) // _PAYLOAD)
    blocks = []
    for n in range(count):
        piece = data[n * _PAYLOAD : (n + 1) * _PAYLOAD].ljust(_PAYLOAD, b"\xff")
        head = (*_MAGIC[:2], _FAMILY_PRESENT, address + n * _PAYLOAD, _PAYLOAD, n, count, family)
        blocks.append(_BLOCK.pack(*head, piece, _MAGIC[2]))
    return b"".join(blocks)


def from_uf2(text: bytes) -> tuple[int, bytes, int]:
    """Address, bytes and family of a UF2 file. Raises BadInput unless every block is whole and in its place."""
    blocks = list(_BLOCK.iter_unpack(text)) if text and len(text) % _BLOCK.size == 0 else []
    data = bytearray()
    for n, (first, second, flags, address, size, number, count, family, piece, end) in enumerate(blocks):
        sound = (first, second, end) == _MAGIC and flags & _FAMILY_PRESENT and size == _PAYLOAD
        if not sound or (number, count) != (n, len(blocks)) or address != blocks[0][3] + len(data):
            raise BadInput(f"UF2 block {n} is damaged", "build the image again")
        if family != blocks[0][7]:
            raise BadInput(f"UF2 block {n} is for another family of chips", "build the image again")
        data += piece[:size]
    if not blocks:
        raise BadInput("this is no UF2 file", "build the image again")
    return blocks[0][3], bytes(data), blocks[0][7]
