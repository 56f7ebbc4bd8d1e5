"""The process behind `LabwiredEmulator`: a TCP port on one side, the simulated chip's UART on the other.

Run as ``labwired_pump.py ELF CHIP STATUS DESCRIPTOR``: the address of the UART's register whose low byte counts what it
has received (0: its model takes any number of bytes), and a listening socket. Imports nothing of this package, so that
it starts fast. Virtual time passes in slices. While the firmware waits for input (it counts that in ``chip_waits``) and
there is none, the process sleeps: an idle board takes no processor time."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
from typing import Any

SLICE = "200us"  # of virtual time: short, so that an answer leaves soon
FIRST_SLICE = "20us"
WAITS_WHEN_IDLE = 3  # calls of chip_wait() in a slice that are enough to call the firmware idle
IDLE_SECONDS = 0.5  # between two slices of an idle firmware, for what it does of its own accord
MAILBOX_SLOTS = 256
FIFO_BYTES = 100  # of 128


class Board:
    """The simulated chip as something that takes and gives bytes."""

    def __init__(self, elf: str, chip: str, status: int) -> None:
        self._elf, self._chip, self._status = elf, chip, status
        self._pending = bytearray()
        self._start()

    def _start(self) -> None:
        import labwired

        self._sim: Any = labwired.Sim(self._elf, chip=self._chip)
        # None where the linker dropped what the program does not use; no mailbox where the UART can be sent to
        self._waits = self._sim.symbol("chip_waits")
        self._reset_asked = self._sim.symbol("chip_reset_asked")
        self._mailbox = self._sim.symbol("chip_mailbox")
        self._last_waits = 0
        self._written = 0
        self._idle = False

    def send(self, data: bytes) -> None:
        self._pending += data

    def run(self) -> bytes:
        """Let a slice of time pass; what the chip sent in it. A fault of the simulated chip is said as text."""
        if self._sim is None:
            return b""
        try:
            self._deliver()
            self._sim.run_for(FIRST_SLICE if self._pending else SLICE)
            output = bytes(self._sim.read_uart_bytes())
            self._look_whether_idle()
            if self._reset_asked is not None and self._sim.read_u32(self._reset_asked):
                self._pending.clear()
                self._start()
        except RuntimeError as error:
            self._sim = None
            return f"\r\npanic: {error}\r\n".encode()
        return output

    @property
    def idle(self) -> bool:
        """Whether nothing happens until something is sent: the firmware waits for input, or has died."""
        return self._sim is None or (self._idle and not self._pending)

    def _look_whether_idle(self) -> None:
        waits = self._sim.read_u32(self._waits) if self._waits is not None else 0
        self._idle = (waits - self._last_waits) % (1 << 32) >= WAITS_WHEN_IDLE
        self._last_waits = waits

    def _deliver(self) -> None:
        """Hand pending bytes to the UART's FIFO, or to the mailbox, as far as there is room; none before the firmware
        has first waited for some, because its start-up clears what came earlier."""
        if self._last_waits == 0:
            return
        if self._mailbox is None:
            held = self._sim.read_u32(self._status) & 0xFF if self._status else 0
            room = FIFO_BYTES - held
            self._sim.send_bytes(bytes(self._pending[:room]))
            del self._pending[:room]
            return
        free = MAILBOX_SLOTS - (self._written - self._sim.read_u32(self._mailbox + 4))
        for byte in self._pending[:free]:
            self._sim.write_u32(self._mailbox + 8 + 4 * (self._written % MAILBOX_SLOTS), byte)
            self._written += 1
        self._sim.write_u32(self._mailbox, self._written)
        del self._pending[:free]


def serve(board: Board, server: socket.socket) -> None:
    """Clients one after the other, as on a serial port, for ever."""
    while True:
        client, _ = server.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, contextlib.suppress(OSError):
            pump(board, client)


def pump(board: Board, client: socket.socket) -> None:
    """Carry bytes both ways until the client goes."""
    idle = False
    while True:
        readable, _, _ = select.select([client], [], [], IDLE_SECONDS if idle else 0)
        if readable:
            data = client.recv(4096)
            if not data:
                return
            board.send(data)
        output = board.run()
        if output:
            client.sendall(output)
        idle = board.idle and not output


if __name__ == "__main__":
    elf, chip, status, descriptor = sys.argv[1:]
    output = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # LabWired writes what the UART sends to standard output too
    board = Board(elf, chip, int(status))
    os.write(output, b"ready\n")
    serve(board, socket.socket(fileno=int(descriptor)))
