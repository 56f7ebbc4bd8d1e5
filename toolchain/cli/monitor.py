"""`kit monitor`."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import rich_click as click

from toolchain.cli.options import NamedPath, command, port_option
from toolchain.cli.output import Output

if TYPE_CHECKING:
    from toolchain.board.backtrace import Symbols
    from toolchain.board.descriptor import Board
    from toolchain.cli.plotter import Plotter
    from toolchain.link.monitor import Event, Monitor
    from toolchain.link.session import DeviceInfo

_ENDS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r", "none": b""}
_LOOK = 0.05  # seconds between two looks at what was typed
_MOST_TEXT = 1_000_000  # characters of what was said that are kept for --json and to be explained


@command()
@click.option("--board", "-b", metavar="NAME", help="Board; it tells the baud rate. Without it both are found out.")
@click.option("--emulate", is_flag=True, help="Start the board's emulator, with what was last built for it or --elf.")
@port_option
@click.option("--baud", type=click.IntRange(min=1), metavar="N", help="Baud rate, instead of the board's.")
@click.option("--seconds", type=click.FloatRange(min=0), metavar="S", help="End after S seconds, not at Ctrl-C.")
@click.option("--hello/--no-hello", default=True, help="Ask first who it is; --no-hello sends nothing unasked.")
@click.option("--timestamps", "-t", is_flag=True, help="The time before each line.")
@click.option("--frames/--no-frames", default=True, help="Show frames of the link, a line each.")
@click.option("--raw", is_flag=True, help="The bytes as they come, nothing else, to stdout.")
@click.option("--send", metavar="TEXT", multiple=True, help="Send this line at the start; typed lines are sent too.")
@click.option("--eol", type=click.Choice(list(_ENDS)), default="lf", show_default=True, help="What ends a sent line.")
@click.option("--reset", is_flag=True, help="Restart the board first; otherwise DTR and RTS are left alone.")
@click.option("--reconnect/--no-reconnect", default=True, help="Wait for a board that was unplugged.")
@click.option("--elf", type=NamedPath(dir_okay=False), metavar="FILE", help="Program of the board, for backtraces.")
@click.option("--log", type=NamedPath(dir_okay=False), metavar="FILE", help="Append every line to FILE, with its time.")
@click.option("--plot", is_flag=True, help="Draw lines of the form name:value.")
def entry(output: Output, board: str | None, emulate: bool, port: str | None, **options: Any) -> None:
    """Show what a board says.

    Who it is, then its text line by line until Ctrl-C; frames of the link are told apart and shown in words, addresses
    of a crash as function and line. A board that is unplugged is waited for. It is neither reset nor flashed; one that
    is emulated begins anew.

    Example: kit monitor --board esp32 --port /dev/ttyUSB0 --timestamps --log esp32.log
    """
    from toolchain.board.boot_text import explain
    from toolchain.board.descriptor import load_board
    from toolchain.errors import BadInput
    from toolchain.link.port import Patience

    if options["raw"] and (output.json_wanted or options["plot"]):
        raise BadInput("--raw excludes --json and --plot", "leave one of them out")
    described = load_board(board) if board else None
    with ExitStack() as stack:
        if emulate:
            described, port = _emulated(output, stack, described, port, options)
        place, opened, heard = _open(output, described, port, options)
        shown = Shown(output, options, stack)
        monitor = _monitor(stack, place, opened, shown, options["reconnect"])
        shown.bytes(heard)
        said = [heard.decode("utf-8", "replace")]
        who = _ask(output, opened, said.append) if options["hello"] and not options["raw"] else None
        shown.symbols = _symbols(options["elf"], who)
        for event in monitor.take("".join(said)):
            shown.event(event)
        typed = _typed_lines()
        for line in options["send"]:
            typed.put(line)
        end = options["seconds"] if options["seconds"] is not None else float("inf")
        patience = Patience()
        try:
            while (left := end - patience.seconds) > 0:
                for event in monitor.events(min(_LOOK, left)):
                    shown.event(event)
                patience.looked(_LOOK)
                shown.draw()
                _send(output, monitor, typed, _ENDS[options["eol"]])
        except KeyboardInterrupt:
            output.note("stopped")
    if meaning := explain(shown.text):
        output.note(meaning)
    if not options["raw"]:
        device = asdict(who) if who else None
        output.result(
            {"port": place, "baud": int(opened.baudrate), "device": device, "text": shown.text, **shown.counts}
        )


class Shown:
    """What is shown of events, kept and counted."""

    def __init__(self, output: Output, options: dict[str, Any], stack: ExitStack) -> None:
        self._output, self._options = output, options
        self.text = ""
        self.counts = {"frames": 0, "noise": 0, "lost": 0}
        self.symbols: Symbols | None = None
        self._log: IO[str] | None = stack.enter_context(_appended(options["log"])) if options["log"] else None
        self._plotter: Plotter | None = None
        self._line_open = False
        if options["plot"]:
            from toolchain.cli.plotter import Plotter

            self._plotter = Plotter()
            self._live = _live_plot(output, stack) if output.console.is_terminal else None
            if self._live is None:
                stack.callback(self._draw_once)

    def bytes(self, data: bytes) -> None:
        """Everything received, for ``--raw``."""
        if self._options["raw"]:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def event(self, event: Event) -> None:
        """Show, log and keep one event."""
        key = {"frame": "frames", "noise": "noise", "lost": "lost"}.get(event.kind)
        if key:
            self.counts[key] += 1
        if event.kind == "text":
            self.text = (self.text + event.text + ("\n" if event.ended else ""))[-_MOST_TEXT:]
        if event.kind == "frame" and not self._options["frames"]:
            return
        self._line(event)
        if event.kind == "text" and self._plotter and self._plotter.add(event.text):
            return
        if event.kind == "text" and self.symbols:
            for meaning in self.symbols.explain(event.text):
                self._say(event.at, f"  {meaning}", "bold")

    def draw(self) -> None:
        """Bring the plot up to date."""
        if self._plotter and self._live:
            from rich.text import Text

            size = self._output.console.size
            picture = self._plotter.draw(size.width - 1, max(8, min(24, size.height - 4)))
            self._live.update(Text.from_ansi(picture) if picture else Text("no name:value line yet", "dim"))

    def _draw_once(self) -> None:
        from rich.text import Text

        if self._plotter and not self._output.json_wanted:
            self._output.console.print(Text.from_ansi(self._plotter.draw(100, 20)))

    def _line(self, event: Event) -> None:
        marks = {"text": "", "frame": "« ", "noise": "? ", "lost": "! ", "back": "! "}
        styles = {"text": "", "frame": "dim", "noise": "yellow", "lost": "bold red", "back": "bold green"}
        if self._log and (event.kind == "text" or not event.continued):
            self._log.write(f"{_time(event.at, date=True)} {marks[event.kind]}{event.text}\n")
            self._log.flush()
        self._say(event.at, marks[event.kind] + event.text, styles[event.kind], event.ended, event.continued)

    def _say(self, at: float, text: str, style: str, ended: bool = True, continued: bool = False) -> None:
        if self._output.json_wanted or self._options["raw"] or self._output.quiet:
            return
        if self._line_open and not continued:
            self._output.console.out("")
        stamp = f"{_time(at)} " if self._options["timestamps"] and not continued else ""
        self._output.console.out(stamp + text, style=style or None, end="\n" if ended else "", highlight=False)
        self._line_open = not ended


def _time(at: float, date: bool = False) -> str:
    moment = datetime.fromtimestamp(at).astimezone()
    return moment.isoformat(timespec="milliseconds") if date else moment.strftime("%H:%M:%S.%f")[:-3]


@contextmanager
def _appended(path: Path) -> Iterator[IO[str]]:
    from toolchain.errors import BadInput

    try:
        stream = path.open("a", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: cannot be written: {error.strerror}", "name another file") from error
    with stream:
        yield stream


def _live_plot(output: Output, stack: ExitStack) -> Any:
    from rich.live import Live

    return stack.enter_context(Live(console=output.console, refresh_per_second=8))


def _emulated(
    output: Output, stack: ExitStack, board: Board | None, port: str | None, options: dict[str, Any]
) -> tuple[Board, str]:
    """The board as its emulator has it, and the port of the emulator, which is started. ``options`` then name what runs
    there."""
    from toolchain.emulate import start
    from toolchain.errors import BadInput
    from toolchain.workspace import Workspace

    if board is None:
        raise BadInput("which board is to be emulated?", "name it with --board NAME (kit boards lists them)")
    if port or options["reset"]:
        which = "--port" if port else "--reset"
        raise BadInput(f"--emulate and {which} exclude each other", "an emulator is started anew, on a port of its own")
    board = board.as_emulated()
    built = Workspace().root.glob(f"*/{board.name}/firmware-emulated/firmware.elf")
    elf = options["elf"] or max(built, key=lambda path: path.stat().st_mtime, default=None)
    if elf is None:
        hint = f"kit build KIT --board {board.name} --emulate builds some, or name a program with --elf"
        raise BadInput(f"no firmware for the emulated {board.name} was built here", hint)
    options |= {"elf": elf, "reconnect": False}
    emulator = stack.enter_context(start(board, elf))
    output.note(f"{elf} on {emulator.version}, which emulates {board.name}")
    return board, emulator.port


def _open(output: Output, board: Board | None, port: str | None, options: dict[str, Any]) -> tuple[str, Any, bytes]:
    """Port, pyserial object at the right baud rate, and what was heard while that was looked for. The board is
    restarted before, if that was asked for."""
    from toolchain.connection import any_port, board_of_port, find_port
    from toolchain.errors import BadInput
    from toolchain.flash import reset_board
    from toolchain.link.baud import find_baud
    from toolchain.link.port import open_port

    instead = f"run it with --emulate ({board.emulator.name})" if board and board.emulator else ""
    place = port or (find_port(board, instead) if board else any_port())
    board = board or board_of_port(place)
    if options["reset"]:
        if board is None:
            raise BadInput("how this board is reset is not known", "name it with --board")
        with output.progress() as progress:
            reset_board(board, place, progress)
    baud = options["baud"] or (board.baud if board else None)
    opened = open_port(place, baud) if baud else open_port(place)
    if baud is None and "://" not in place:
        found, heard = find_baud(opened)
        words = f"text at {found} baud" if found else f"nothing readable yet; listening at {opened.baudrate} baud"
        output.note(words)
        return place, opened, heard
    return place, opened, b""


def _ask(output: Output, opened: Any, on_text: Callable[[str], None]) -> DeviceInfo | None:
    """Who it is, None when it does not speak kit's protocol. What it prints meanwhile goes to ``on_text``."""
    from toolchain.errors import DeviceError
    from toolchain.link.session import Session

    try:
        who = Session(opened, on_text=on_text).hello(wait=3.0)
    except DeviceError:
        output.note("it does not answer in kit's protocol; what it prints follows")
        return None
    output.note(f"{who.board} runs model {who.model_sha256[:12]}, build {who.build_id[:12]}")
    return who


def _symbols(elf: Path | None, who: DeviceInfo | None) -> Symbols | None:
    """Of the ELF file that was named, or that was built here and is what the board says it runs."""
    from toolchain.board.backtrace import Symbols
    from toolchain.workspace import Workspace

    if elf:
        return Symbols(elf)
    if who is None:
        return None
    for built in Workspace().root.glob(f"*/{who.board}/*/firmware.elf"):
        if who.build_id.encode() in built.read_bytes():
            return Symbols(built)
    return None


def _monitor(stack: ExitStack, place: str, opened: Any, shown: Shown, reconnect: bool) -> Monitor:
    from toolchain.connection import same_port
    from toolchain.link.monitor import Monitor
    from toolchain.link.port import open_port

    find = same_port(place)
    monitor = Monitor(opened, lambda: open_port(find(), opened.baudrate), reconnect, shown.bytes)
    stack.callback(monitor.close)
    return monitor


def _typed_lines() -> queue.SimpleQueue[str]:
    """Lines of stdin as they come. A thread: a Windows console is no file that could be selected on."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read(take: Callable[[], str]) -> None:
        while line := take():
            lines.put(line.rstrip("\r\n"))

    if sys.stdin is not None:
        threading.Thread(target=read, args=(sys.stdin.readline,), daemon=True).start()
    return lines


def _send(output: Output, monitor: Monitor, typed: queue.SimpleQueue[str], end: bytes) -> None:
    from toolchain.errors import DeviceError

    while not typed.empty():
        line = typed.get()
        try:
            why = "" if monitor.send(line.encode("utf-8", "surrogateescape") + end) else "the board is away"
        except DeviceError as error:  # what was going on is told by what comes next, if anything
            why = error.message
        if why:
            output.note(f"not sent, {why}: {line}")
