"""Emulated boards as serial ports: text, input, ticks, stack, reset, and an end without orphans."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from bare import hello

from toolchain.board.build import Program, build_program
from toolchain.board.compilers import all_compilers
from toolchain.board.descriptor import Board, list_boards
from toolchain.board.staging import Source
from toolchain.emulate import Emulator, start
from toolchain.emulate.mailbox import SLOTS, MailboxPort
from toolchain.emulate.run import run_program
from toolchain.errors import DeviceError, Missing
from toolchain.link.port import open_port

pytestmark = pytest.mark.emulator


def has_mailbox(board: Board) -> bool:
    """Whether what is sent to it when it is emulated can go through memory; on this computer, too."""
    return "CHIP_MAILBOX_BASE" in board.defines and sys.platform == "linux" and platform.machine() == "x86_64"


BOARDS = {b.name: b.as_emulated() for b in list_boards(internal=True) if b.emulator and b.architecture != "host"}
PAIRS = [(name, compiler.family) for name, board in BOARDS.items() for compiler in all_compilers(board)]
WAYS = [(*pair, "uart") for pair in PAIRS] + [(*pair, "mailbox") for pair in PAIRS if has_mailbox(BOARDS[pair[0]])]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Program]:
    return {}


@pytest.fixture(params=WAYS, ids="-".join)
def board(
    request: pytest.FixtureRequest,
    built: dict[tuple[str, str], Program],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Emulator, serial.SerialBase]]:
    """Every emulated board with every compiler that builds for it and every way to send to it, running the test
    program."""
    name, family, way = request.param
    if (name, family) not in built:
        (compiler,) = [c for c in all_compilers(BOARDS[name]) if c.family == family]
        out = tmp_path_factory.mktemp(name)
        built[name, family] = build_program(BOARDS[name], hello(), out, compiler=compiler)
    program = built[name, family]
    try:
        emulator = start(program.board, program.elf)
    except Missing as error:
        pytest.skip(str(error))
    with emulator, emulator.open_port(100) if way == "mailbox" else open_port(emulator.port, timeout=100) as line:
        assert isinstance(line, MailboxPort) == (way == "mailbox")
        yield emulator, line


def ask(line: serial.SerialBase, letter: bytes) -> list[int]:
    line.write(letter)
    return [int(word) for word in line.read_until(b"\n").split()[1:]]


def test_a_board_does_all_that_chip_h_says(board: tuple[Emulator, serial.SerialBase]) -> None:
    emulator, line = board
    assert line.read_until(b"hello ") == b"\nhello "
    first = line.read_until(b"\n")
    assert first.startswith(b"memory ok hz "), "data was not copied or memory not zeroed at start"
    hz = int(first.split()[-1])
    assert 1_000_000 <= hz <= 1_000_000_000

    once, twice = ask(line, b"t")
    again = ask(line, b"t")
    assert once > 0 and abs(twice - 2 * once) <= max(3, once // 10)
    assert abs(again[0] - once) <= 1 and abs(again[1] - twice) <= 1, "ticks do not repeat"
    latency = emulator.ticks_to_latency(once, hz)
    if emulator.unit == "instructions":
        assert 30_000 <= latency <= 200_000, "10,000 turns of a loop of several instructions"
    else:
        assert latency == pytest.approx(once * 1e6 / hz)

    before, after = ask(line, b"s")
    assert 0 < before < after < 4096

    sent = bytes(range(0x80, 0x100)) * 8
    assert emulator.board.emulator is not None
    # QEMU's console of simulator calls has no lock: a byte that comes while one is read may be lost
    at_once = 1 if emulator.board.chip == "qemu-xtensa" else len(sent)
    for at in range(0, len(sent), at_once):
        line.write(sent[at : at + at_once])
        assert line.read(at_once) == sent[at : at + at_once]
    if emulator.board.emulator.name == "qemu" and at_once > 1:  # its UARTs wait until the byte before is taken
        line.write(b"w" + sent[:200])  # more than any chip keeps while it is at work
        assert line.read(200) == sent[:200]

    line.write(b"r")
    assert line.read_until(b"hello ").endswith(b"\nhello ")
    assert line.read_until(b"\n") == first

    if emulator.board.architecture == "avr":
        return  # no memory protection: such an overflow ends in the chip's registers
    line.write(b"o")
    assert b"panic: " in line.read_until(b"panic: ")
    # the last where code lies in the same RAM below the stack: what is left of it no longer makes sense
    assert line.read_until(b" at ") in (
        b"stack overflow at ",
        b"exception at ",
        b"Memory access violation at ",
        b"Instruction decoding error at ",
    )


@pytest.mark.parametrize("name", ["mps2-an386", "esp32"])
def test_a_client_may_come_back(name: str, tmp_path: Path) -> None:
    program = build(name, hello(), tmp_path)
    with start(program.board, program.elf) as emulator:
        for letter in (b"a", b"b"):
            with open_port(emulator.port, timeout=100) as line:
                line.write(letter)
                assert line.read_until(letter).endswith(letter)


mailboxes = pytest.mark.parametrize("name", [name for name, board in BOARDS.items() if has_mailbox(board)])
mailbox = pytest.mark.skipif(not has_mailbox(BOARDS["mps2-an386"]), reason="no mailbox on this computer")


@mailboxes
def test_a_mailbox_takes_more_than_it_holds(name: str, tmp_path: Path) -> None:
    """While the firmware is long at work first, and each byte in its place."""
    program = build(name, hello(), tmp_path)
    sent = bytes(0x80 | (n * n >> 8 ^ n) & 0x7F for n in range(SLOTS + 20000))
    with start(program.board, program.elf) as emulator, emulator.open_port(100) as line:
        came = bytearray()
        line.read_until(b"hz ")
        line.read_until(b"\n")
        reader = threading.Thread(target=lambda: came.extend(line.read(len(sent))))
        reader.start()
        line.write_timeout = 100
        line.write(b"w" + sent)
        reader.join()
        assert came == sent


@mailbox
def test_uart_and_mailbox_by_turns(tmp_path: Path) -> None:
    program = build("mps2-an386", hello(), tmp_path)
    with start(program.board, program.elf) as emulator:
        for turn in range(4):
            with emulator.open_port(100) if turn % 2 else open_port(emulator.port, timeout=100) as line:
                sent = bytes([0xF0 + turn]) * 300
                line.write(sent)
                # a last wake-up call to the mailbox may come when it is closed, as an empty frame
                came = line.read_until(sent).replace(b"\0", b"")
                assert came.endswith(sent) and (turn == 0 or came == sent)


@mailbox
def test_a_mailbox_that_the_firmware_writes_over_is_in_order_again(tmp_path: Path) -> None:
    text = (
        '#include "chip.h"\n#include "common/mailbox.h"\nint main(void) {\n  chip_init();\n  for (;;) {\n'
        "    const int byte = chip_getc();\n    if (byte < 0) { chip_wait(); continue; }\n"
        "    if (byte == 't') { MAILBOX->taken += 0x12345678u; }\n"
        "    if (byte == 'w') { MAILBOX->written ^= 0xA5A5A5A5u; }\n    chip_putc((uint8_t)byte);\n  }\n}\n"
    )
    program = build("mps2-an386", [Source("app/main.c", text)], tmp_path)
    with start(program.board, program.elf) as emulator, emulator.open_port(100) as line:
        line.write_timeout, line.timeout = 100, 0.2
        for n, damage in enumerate([b"t", b"w", b"w", b"t"]):
            mark, came = b"<%d>" % n, b""
            line.write(damage)
            for _ in range(100):  # what was in it at that moment is lost
                line.write(mark)
                came += line.read_until(mark)
                if mark in came:
                    break
            assert mark in came


@pytest.mark.parametrize("name", ["mps2-an386", "esp32c3"])
def test_an_idle_board_takes_no_processor_time(name: str, tmp_path: Path) -> None:
    program = build(name, hello(), tmp_path)
    with start(program.board, program.elf) as emulator, emulator.open_port(100) as line:
        line.read_until(b"\n", 200)
        line.write(b"x")
        line.read_until(b"x")
        time.sleep(0.3)
        before = cpu_seconds(processes_with(str(program.elf)))
        time.sleep(1.5)
        assert cpu_seconds(processes_with(str(program.elf))) - before < 0.4


def test_close_ends_the_process_and_may_be_called_twice(tmp_path: Path) -> None:
    program = build("mps2-an386", hello(), tmp_path)
    emulator = start(program.board, program.elf)
    assert processes_with(str(program.elf))
    emulator.close()
    assert gone(str(program.elf))
    emulator.close()
    with pytest.raises(DeviceError, match="was ended"):
        emulator.check()


@pytest.mark.parametrize("name", ["mps2-an386", "esp32"])
def test_no_orphan_stays_when_the_parent_is_killed(name: str, tmp_path: Path) -> None:
    program = build(name, hello(), tmp_path)
    code = (
        "import sys, time; from pathlib import Path\n"
        "from toolchain.board.descriptor import load_board; from toolchain.emulate import start\n"
        f"e = start(load_board({name!r}).as_emulated(), Path({str(program.elf)!r}))\n"
        "print(e.port, flush=True); time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline().startswith(b"socket://")
    assert processes_with(str(program.elf)), "the emulator does not run"
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert gone(str(program.elf))


def test_an_emulator_that_cannot_start_says_why(tmp_path: Path) -> None:
    board = BOARDS["mps2-an386"]
    assert board.emulator is not None
    wrong = board.model_copy(update={"emulator": board.emulator.model_copy(update={"machine": "no-such-machine"})})
    with pytest.raises(DeviceError, match="unsupported machine type"), start(wrong, tmp_path / "none.elf") as emulator:
        for _ in range(600):
            emulator.check()
            time.sleep(0.1)
    esp = BOARDS["esp32"]
    (tmp_path / "bad.elf").write_text("no ELF")
    with pytest.raises(DeviceError, match=r"ended with status 1: .*(?i:elf)"):
        start(esp, tmp_path / "bad.elf")


def test_a_bare_program_is_run_for_its_text_and_counts_alike_each_time(tmp_path: Path) -> None:
    text = (
        '#include "chip.h"\nint main(void) { chip_init(); const uint64_t a = chip_ticks();\n'
        "for (volatile int i = 0; i < 12345; i++) {}\n"
        "uint32_t n = (uint32_t)(chip_ticks() - a); while (n != 0) { chip_putc('0' + n % 10); n /= 10; }\n"
        "chip_putc(4); for (;;) chip_wait(); }\n"
    )
    for name in ("mps2-an386", "mps3-an547", "qemu-virt-rv32"):
        if all_compilers(BOARDS[name]):
            runs = {run_program(BOARDS[name], [Source("app/main.c", text)], tmp_path / name) for _ in range(3)}
            assert len(runs) == 1 and runs.pop().isdigit(), name


@pytest.mark.parametrize("name", ["mps2-an386", "mps3-an547", "netduinoplus2"])
def test_what_a_boot_loader_left_running_does_not_come_to_the_firmware(name: str, tmp_path: Path) -> None:
    """Its timer ticks, its interrupts wait to be taken, all of them held back: start-up makes a clean table of that."""
    board = BOARDS[name]
    if not all_compilers(board):
        pytest.skip("no compiler for Arm is installed")
    (ram,) = (region for region in board.memory if region.kind == "ram")
    text = (
        '#include "chip.h"\nvoid chip_reset_handler(void);\n'
        "#define REG(address) (*(volatile uint32_t *)(address))\n"
        f"#define FIRST REG({ram.origin + ram.length - 4:#x}u)\n"
        "int main(void) {\n"
        "  uint32_t held_back;\n"
        "  if (FIRST != 0xB007u) {\n"
        "    FIRST = 0xB007u;\n"
        '    __asm volatile("cpsid i");\n'
        "    REG(0xE000E014u) = 50; REG(0xE000E018u) = 0; REG(0xE000E010u) = 7;\n"
        "    REG(0xE000E100u) = 0xFFFFFFFFu; REG(0xE000E200u) = 0xFFFFFFF0u;\n"
        "    for (volatile int i = 0; i < 1000; i++) {}\n"
        "    chip_reset_handler();\n"
        "  }\n"
        '  __asm volatile("mrs %0, primask" : "=r"(held_back));\n'
        "  const int clean = (REG(0xE000E010u) & 3u) == 0 && REG(0xE000E200u) == 0 && held_back == 0;\n"
        "  chip_init();\n"
        "  chip_putc(clean ? 'y' : 'n'); chip_putc(4); for (;;) chip_wait();\n}\n"
    )
    assert run_program(board, [Source("app/main.c", text)], tmp_path) == "y"


def test_a_bare_program_that_crashes_or_hangs_is_told(tmp_path: Path) -> None:
    crash = (
        '#include "chip.h"\nint main(void) { chip_init(); chip_putc(65); ((void (*)(void))0x30000000u)(); return 0; }\n'
    )
    hang = '#include "chip.h"\nint main(void) { chip_init(); chip_putc(65); for (;;) chip_wait(); }\n'
    for name in ("mps2-an386", "qemu-virt-rv32", "qemu-lx106"):
        with pytest.raises(DeviceError, match=r"stopped: A\s+panic: (hard fault|trap|exception) at 0x"):
            run_program(BOARDS[name], [Source("app/main.c", crash)], tmp_path / name)
    with pytest.raises(DeviceError, match=r"not ended after 8 s; it said 'A'"):
        run_program(BOARDS["mps2-an386"], [Source("app/main.c", hang)], tmp_path, seconds=8)


def build(name: str, sources: list[Source], out: Path) -> Program:
    if not all_compilers(BOARDS[name]):
        pytest.skip(f"no compiler for {name} is installed")
    return build_program(BOARDS[name], sources, out)


def processes_with(word: str) -> list[int]:
    """Processes other than this one that have ``word`` in their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(folder.name) != os.getpid() and word.encode() in line:
            found.append(int(folder.name))
    return found


def gone(word: str, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while processes_with(word) and time.monotonic() < end:
        time.sleep(0.05)
    return not processes_with(word)


def cpu_seconds(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
