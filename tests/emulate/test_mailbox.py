"""The mailbox of emulated boards: both sides of it, the firmware's C on this machine, and the port over it."""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import native_firmware
import pytest
import serial
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.board.descriptor import list_boards, load_board
from toolchain.emulate import mailbox as module
from toolchain.emulate.mailbox import BYTES, SLOTS, Mailbox, MailboxPort, SharedRam, mailbox_address
from toolchain.errors import BadInput, DeviceError
from toolchain.link.port import Line, open_port

pytestmark = pytest.mark.unit

OPEN, WRITTEN, TAKEN = range(3)
DRIVER = """
#include <stdint.h>
uintptr_t place;
#define CHIP_EMULATED
#define CHIP_MAILBOX_BASE place
#include "common/mailbox.h"
_Static_assert(sizeof(struct chip_mailbox) == BYTES, "as the host has it");
void use(void *memory) { place = (uintptr_t)memory; }
int is_open(void) { return mailbox_is_open(); }
int has_some(void) { return mailbox_has_some(); }
unsigned take(uint8_t *to, unsigned most) {
    unsigned count = 0;
    int byte;
    while (count < most && (byte = mailbox_take()) >= 0) to[count++] = (uint8_t)byte;
    return count;
}
"""


class Chip:
    """The firmware's side, on this machine's memory."""

    def __init__(self, library: ctypes.CDLL, first: int = 0) -> None:
        self.memory = bytearray(BYTES)
        self._there = (ctypes.c_char * BYTES).from_buffer(self.memory)
        self.words = memoryview(self.memory)[:16].cast("I")
        self.words[WRITTEN] = self.words[TAKEN] = first
        self._library = library
        library.use(self._there)

    def take(self, most: int) -> bytes:
        to = (ctypes.c_uint8 * most)()
        return bytes(to[: self._library.take(to, most)])

    @property
    def is_open(self) -> bool:
        return bool(self._library.is_open())

    @property
    def has_some(self) -> bool:
        return bool(self._library.has_some())


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("mailbox")
    driver = folder / "driver.c"
    driver.write_text(DRIVER)
    flags = ("-shared", "-fPIC", "-O2", f"-DBYTES={BYTES}")
    return ctypes.CDLL(str(native_firmware.compile_c(folder / "mailbox.so", [driver], *flags)))


steps = st.lists(st.tuples(st.booleans(), st.integers(1, SLOTS + 9)), max_size=12)


@settings(deadline=None, max_examples=60)
@given(steps, st.sampled_from([0, 1, SLOTS - 3, 2**32 - 5, 2**31]))
def test_what_is_put_in_is_taken_in_order(library: ctypes.CDLL, steps: list[tuple[bool, int]], first: int) -> None:
    """In any pattern of full, empty and wrapped around, also where the counts begin anew."""
    chip = Chip(library, first)
    host, held, count = Mailbox(chip.memory), b"", 0
    for put, size in steps:
        if put:
            data = bytes((count + n) * 31 >> 3 & 0xFF for n in range(size))
            taken = host.put(data)
            assert taken == min(size, SLOTS - len(held))
            held, count = held + data[:taken], count + taken
        else:
            assert chip.take(size) == held[:size]
            held = held[size:]
        assert chip.has_some == bool(held)
    assert chip.take(SLOTS + 1) == held


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([WRITTEN, TAKEN]), st.integers(0, 2**32 - 1), st.integers(0, 2 * SLOTS))
def test_damaged_counts_mend(library: ctypes.CDLL, word: int, value: int, before: int) -> None:
    """What had come is lost or read again, no more than fits; then all is as before."""
    chip = Chip(library, 77)
    host = Mailbox(chip.memory)
    host.put(bytes(before))
    chip.words[word] = value
    for _ in range(3):
        host.put(b"")
        assert len(chip.take(SLOTS + 1)) <= SLOTS
    assert host.put(b"as before") == 9 and chip.take(SLOTS) == b"as before"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="elsewhere no mailbox is used")
def test_both_sides_at_once(library: ctypes.CDLL) -> None:
    chip = Chip(library, 2**32 - 100_000)
    host, came = Mailbox(chip.memory), bytearray()
    sent = os.urandom(999_983)

    def take() -> None:
        while len(came) < len(sent):
            came.extend(chip.take(5000))

    taker = threading.Thread(target=take)
    taker.start()
    at = 0
    while at < len(sent):
        at += host.put(sent[at : at + 3001])
    taker.join()
    assert came == sent


class Emulator:
    """A listening socket in the place of an emulator."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"

    def accept(self) -> socket.socket:
        return self._server.accept()[0]

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    made = Emulator()
    yield made
    made.close()


def opened(emulator: Emulator, chip: Chip) -> MailboxPort:
    mailbox = Mailbox(chip.memory)
    port = open_port(emulator.url, 115200, 0, lambda *arguments: MailboxPort(mailbox, *arguments))
    assert isinstance(port, MailboxPort)
    return port


def test_a_port_writes_to_the_mailbox_and_wakes_the_chip(library: ctypes.CDLL, emulator: Emulator) -> None:
    chip = Chip(library)
    assert not chip.is_open
    port = opened(emulator, chip)
    with port, emulator.accept() as uart:
        line = Line(port)
        assert chip.is_open
        line.write(b"\1\2\3")
        assert uart.recv(10) == b"\0" and chip.take(10) == b"\1\2\3"
        uart.sendall(b"answer")
        assert line.read(10) == b"answer"
    assert not chip.is_open


def test_a_chip_that_takes_nothing_more_is_told(library: ctypes.CDLL, emulator: Emulator) -> None:
    with opened(emulator, Chip(library)) as port, emulator.accept():
        line = Line(port, write_timeout=0.1)
        line.write(bytes(SLOTS))
        with pytest.raises(DeviceError, match="takes no more bytes"):
            line.write(b"x")
        with pytest.raises(serial.SerialTimeoutException):
            port.write(b"x")


def test_an_emulator_that_is_gone_is_told(library: ctypes.CDLL, emulator: Emulator) -> None:
    port = opened(emulator, Chip(library))
    with port:
        emulator.accept().close()
        with pytest.raises(DeviceError, match="lost"):
            for _ in range(100):
                Line(port).write(b"x")


def test_only_a_program_with_a_mailbox_has_an_address(tmp_path: Path) -> None:
    (tmp_path / "no.elf").write_bytes(b"\x7fELF no more")
    for path in (tmp_path / "no.elf", tmp_path / "absent.elf", Path("/bin/true")):
        assert mailbox_address(path) is None


def test_mailboxes_lie_in_the_emulated_ram_and_in_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    boards = [board for board in list_boards(internal=True) if "CHIP_MAILBOX_BASE" in board.defines]
    assert len(boards) >= 4
    for board in boards:
        assert board.emulator is not None
        start, ram = int(board.defines["CHIP_MAILBOX_BASE"]), board.emulator.settings
        assert int(ram["ram_address"]) <= start
        assert start + BYTES <= int(ram["ram_address"]) + int(ram["ram_bytes"])
        for region in board.memory:
            assert start + BYTES <= region.address or region.address + region.size <= start
    monkeypatch.setattr(module.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(module.sys, "platform", "linux")
    for address in (0x20FF0000, 0x22000000, 0x21FF1000, 0x21000010):
        monkeypatch.setattr(module, "mailbox_address", lambda firmware, address=address: address)
        with pytest.raises(BadInput, match=f"{address:#x}"):
            SharedRam.of(load_board("mps2-an386"), tmp_path)


def test_without_what_it_needs_everything_goes_through_the_uart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(name: str) -> int:
        raise OSError("not allowed")

    board = load_board("mps2-an386")
    monkeypatch.setattr(module, "mailbox_address", lambda firmware: None)
    assert SharedRam.of(board, tmp_path) is None
    monkeypatch.setattr(module, "mailbox_address", lambda firmware: 0x21FE0000)
    assert SharedRam.of(load_board("hifive1"), tmp_path) is None
    monkeypatch.setattr(module.os, "memfd_create", refuse, raising=False)
    assert SharedRam.of(board, tmp_path) is None
    monkeypatch.setattr(module.platform, "machine", lambda: "aarch64")
    assert SharedRam.of(board, tmp_path) is None
