"""The baud rate of a board that nobody described: the one at which what it sends is readable."""

from __future__ import annotations

from typing import Any

from toolchain.link.port import DEFAULT_BAUD, Line, Patience

#: The usual ones, most usual first; 74,880 is the ESP8266's boot loader.
COMMON = (DEFAULT_BAUD, 9600, 57600, 230400, 460800, 921600, 38400, 19200, 74880)
_ENOUGH = 24  # bytes that tell text from noise


def find_baud(port: Any, seconds: float = 1.0) -> tuple[int | None, bytes]:
    """Sets ``port`` to the first of `COMMON` at which text arrives; gives it, and that text. At each it listens for at
    most ``seconds``. None and nothing (the port back at the first) when the board says nothing, or nothing readable."""
    line = Line(port)
    for baud in COMMON:
        heard = b""
        if port.baudrate != baud:
            port.baudrate = baud
            line.read(0.02)  # what was received at the rate before
        patience = Patience()
        while len(heard) < _ENOUGH and (left := seconds - patience.seconds) > 0:
            heard += line.read(left)
            patience.looked(left)
        if len(heard) >= _ENOUGH and readable(heard) >= 0.9:
            return baud, heard
    port.baudrate = COMMON[0]
    return None, b""


def readable(data: bytes) -> float:
    """The part of the bytes that text of a board is made of: printable ASCII, line ends, tabs, escape."""
    return sum(32 <= byte < 127 or byte in b"\r\n\t\x1b" for byte in data) / len(data) if data else 0.0
