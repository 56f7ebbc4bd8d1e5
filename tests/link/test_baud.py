"""Finding the rate at which a board is readable."""

import pytest

from toolchain.link.baud import COMMON, find_baud, readable

pytestmark = pytest.mark.unit


class Port:
    """Text at one rate, garbage at every other: what a UART makes of bits that it samples at the wrong times."""

    port = "fake"

    def __init__(self, right: int, text: bytes = b"I (301) boot: ESP-IDF v5.1 2nd stage bootloader\r\n") -> None:
        self.right, self.text, self.baudrate, self.timeout = right, text, 115200, 0.0
        self.in_waiting = 16

    def read(self, count: int) -> bytes:
        if not self.text:
            return b""
        if self.baudrate == self.right:
            return self.text[:count]
        return bytes((b * 37 + 129) % 256 for b in self.text[:count])


@pytest.mark.parametrize("right", COMMON)
def test_the_right_one_is_found(right):
    port = Port(right)
    assert find_baud(port, 0.05) == (right, port.text[:16] * 2) and port.baudrate == right


def test_a_silent_or_unreadable_board():
    for port in (Port(115200, b""), Port(31250)):
        assert find_baud(port, 0.01) == (None, b"") and port.baudrate == COMMON[0]


def test_readable():
    assert readable(b"") == 0 and readable(b"abc\r\n") == 1 and readable(b"\x80a") == 0.5
