"""A board to talk to: on a serial port or in an emulator, flashed, and known to be who it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from toolchain.errors import BadInput, DeviceError, Missing
from toolchain.link.port import no_port, open_port
from toolchain.progress import Progress, Quiet

if TYPE_CHECKING:
    from toolchain.board.descriptor import Board
    from toolchain.emulate.base import Emulator
    from toolchain.link.session import Session
    from toolchain.pipeline import Built, Model


class WrongModel(DeviceError):
    """The device runs another model than it should."""


#: Seconds without an answer after which a device is given up. An emulator may compute at a hundredth of a chip's speed.
_TIMEOUT, _EMULATOR_TIMEOUT = 10.0, 120.0


@dataclass(frozen=True)
class Setup:
    """A board that a model is to run on: in its emulator, or at ``port`` (a device or a pyserial URL; empty: where its
    USB id is found), and how its firmware is built: by which C compiler (None: one that is found), ``optimize`` being
    what the generated code saves first."""

    board: Board
    emulated: bool = False
    port: str = ""
    compiler: str | None = None
    optimize: str = "default"

    def located(self) -> Setup:
        """With its port, or as its emulator wants the board; to be asked for before any work is done.

        Raises BadInput when no emulator runs it, Missing when the named port does not exist, or none is named and none
        with the board's USB id is found.
        """
        board = self.board
        if self.emulated and self.port:
            raise BadInput("--emulate and --port exclude each other", "take one of them")
        if self.port:
            if self.port.startswith("/dev/") and not Path(self.port).exists():
                raise no_port(self.port)
            return self
        if self.emulated or board.architecture == "host":
            return replace(self, board=board.as_emulated(), emulated=True)
        instead = f"run it with --emulate ({board.emulator.name})" if board.emulator else ""
        return replace(self, port=find_port(board, instead))


class Inference(NamedTuple):
    """One answer of a device: the first output's bytes, the ticks of the model, and those of the front end if any."""

    output: bytes
    ticks: int
    front_ticks: int | None = None


@dataclass(frozen=True)
class Connection:
    """An open session with a board. One tick of its counter is ``per_tick`` of ``unit`` (``instructions``, ``us``);
    ``emulator`` is the program and version that emulates it, empty for a real board. ``streams``: its front end makes
    the model's input of raw samples."""

    port: str
    unit: str
    per_tick: float
    session: Session
    emulator: str = ""
    streams: bool = False

    def infer(self, data: bytes) -> Inference:
        """Run the model on one sample: on raw samples from the first on where there is a front end, else on the
        model's input."""
        if not self.streams:
            result = self.session.infer([data])
            return Inference(result.outputs[0], result.ticks)
        stream = self.session.stream()
        answers = self.session.samples(data[: stream.first * stream.sample_bytes])
        if len(answers) != 1:
            raise BadInput(f"{len(data)} bytes of raw samples are too few for the device's front end")
        return Inference(answers[0].outputs[0], answers[0].model_ticks, answers[0].front_ticks)

    def memory(self) -> dict[str, int | None]:
        """What only the running firmware can say: the size of its arena, and the greatest number of stack bytes it has
        used (None where the chip cannot tell)."""
        said = self.session.memory()
        return {"arena_bytes": said.arena_bytes, "stack_bytes": said.stack_bytes or None}


def attached_ports() -> list[tuple[str, str, str]]:
    """USB serial ports of this machine: device, USB id (``vvvv:pppp``), serial number (may be empty)."""
    from serial.tools import list_ports

    ports = [p for p in list_ports.comports() if p.vid is not None]
    return [(str(p.device), f"{p.vid:04x}:{p.pid:04x}", str(p.serial_number or "")) for p in ports]


def find_port(board: Board, instead: str = "") -> str:
    """The serial port of the one attached device that has a USB id of ``board``.

    Raises Missing for none or several; ``instead`` is what else the user can do when there is none.
    """
    ports = [port for port in attached_ports() if port[1] in board.usb_ids]
    if len(ports) == 1:
        return ports[0][0]
    if not ports:
        remedies = ["plug it in", "name its port with --port", *filter(None, [instead])]
        remedy = f"{', '.join(remedies[:-1])}, or {remedies[-1]}"
        raise Missing(f"no {board.name} is attached to this machine", remedy)
    names = ", ".join(f"{device} (serial number {serial or 'none'})" for device, _, serial in ports)
    raise Missing(f"{len(ports)} devices could be the {board.name}", f"choose one with --port or --serial: {names}")


def any_port() -> str:
    """The port of the one attached device, whatever it is. Raises Missing for none or several."""
    ports = attached_ports()
    if len(ports) == 1:
        return ports[0][0]
    if not ports:
        raise Missing("no serial device is attached to this machine", "plug it in, or name its port with --port")
    names = ", ".join(f"{device} (serial number {serial or 'none'})" for device, _, serial in ports)
    raise Missing(f"{len(ports)} serial devices are attached", f"choose one with --port or --serial: {names}")


def board_of_port(port: str) -> Board | None:
    """The one board with the USB id of what is at ``port``; None when no board has it, or several at unlike rates."""
    from toolchain.board.descriptor import list_boards

    usb_id = next((usb for device, usb, _ in attached_ports() if device == port), None)
    boards = [board for board in list_boards() if usb_id is not None and usb_id in board.usb_ids]
    return boards[0] if len({board.baud for board in boards}) == 1 else None


def same_port(port: str) -> Callable[[], str]:
    """What finds ``port`` again after it was unplugged: by the serial number it has now, for its name may change."""
    number = next((serial for device, _, serial in attached_ports() if device == port), "")

    def find() -> str:
        return port_of_serial(number) if number else port

    return find


def port_of_serial(number: str) -> str:
    """The port of the attached device with this serial number (or MAC, with or without its colons).

    Raises Missing when there is none."""

    def plain(text: str) -> str:
        return text.replace(":", "").lower()

    ports = attached_ports()
    for device, _, serial in ports:
        if serial and plain(serial) == plain(number):
            return device
    names = ", ".join(f"{serial or 'none'} ({device})" for device, _, serial in ports)
    raise Missing(
        f"no device with the serial number {number} is attached", f"there are: {names}" if ports else "plug it in"
    )


def flash_port(board: Board, port: str | None) -> str:
    """Where ``board`` is flashed: ``port``, else its serial port or its drive; empty for ways that find the board
    themselves.

    Raises BadInput for a board that is not flashed, Missing as `find_port` and `flash.drive.find_drive`."""
    if board.flasher.name == "none":
        raise BadInput(
            f"{board.name} is no board that is flashed", f"kit deploy --board {board.name} --emulate runs it"
        )
    if board.flasher.name in ("drive", "uf2"):
        from toolchain.flash.drive import find_drive

        return str(find_drive(board, port or ""))
    if port or board.flasher.name in ("dfu-util", "pyocd"):
        return port or ""
    return find_port(board)


def require_answer(setup: Setup) -> None:
    """Before long work for a board that is taken as it is: it must answer now, and be the board that was named. One in
    an emulator is started later. ``setup`` is `Setup.located`, here and below.

    Raises what `open_port` does, DeviceError when nothing of ours answers or another board does."""
    if not setup.emulated:
        with open_session(setup.port, setup.board, Quiet()) as session:
            _check_board(session, setup.port, setup.board)


def require_port(board: Board, port: str) -> None:
    """Before long work for a board that is flashed at ``port``, as `flash_port` gave it: a serial port of this machine
    must open. Raises what `open_port` does."""
    by_serial = board.flasher.name not in ("none", "drive", "uf2", "dfu-util", "pyocd")
    if by_serial and port and "://" not in port:  # of a URL opening may count: a boot loader's first guest
        open_port(port, board.baud).close()


@contextmanager
def connected(
    setup: Setup,
    built: Built | None,
    model: Model,
    progress: Progress | None = None,
    build_id: str = "",
    by_uart: bool = False,
) -> Iterator[Connection]:
    """Start the emulator with ``built``, or flash the board with it (None: take it as it is), open a session, and check
    that the device runs ``model``, in the firmware with ``build_id`` where one is given. ``by_uart``: an emulated board
    is sent everything by its UART, so that no interrupt comes in the middle of what is measured; its mailbox is faster.

    Raises DeviceError when it does not answer or is another than it should be.
    """
    progress = progress or Quiet()
    board, emulator = setup.board, None
    with ExitStack() as stack:
        if setup.emulated:
            from toolchain import emulate

            assert board.emulator is not None and built is not None
            progress.stage("start", f"{board.name} on {board.emulator.name}")
            emulator = stack.enter_context(emulate.start(board, built.elf))
        elif built is not None:
            from toolchain.flash import flash_board

            progress.stage("flash", f"{board.name} on {setup.port}")
            flash_board(board, built, setup.port, progress)
        port = emulator.port if emulator else setup.port
        try:
            timeout = _EMULATOR_TIMEOUT if emulator else _TIMEOUT
            session = stack.enter_context(open_session(port, board, progress, timeout, None if by_uart else emulator))
            check_identity(session, port, board, built.build_id if built else build_id, model)
            unit = emulator.unit if emulator else "us"
            tick_hz = session.info.tick_hz
            per_tick = emulator.ticks_to_latency(1, tick_hz) if emulator else 1e6 / tick_hz
            yield Connection(
                port, unit, per_tick, session, emulator.version if emulator else "", streams=model.signal is not None
            )
        except DeviceError:
            if emulator:
                emulator.check()  # its last words say more than our time-out
            raise


def open_session(
    port: str, board: Board, progress: Progress, timeout: float = _TIMEOUT, emulator: Emulator | None = None
) -> Session:
    """A session at the board's baud, or with its ``emulator``, that waits ``timeout`` seconds for an answer; what the
    device prints goes to ``progress`` line by line."""
    from toolchain.link.session import Session

    def show(text: str) -> None:
        for line in text.splitlines():
            if line.strip():
                progress.log(f"{board.name}: {line.rstrip()}")

    line = emulator.open_port() if emulator else open_port(port, board.baud)
    return Session(line, timeout, show, owns_port=True)


def _check_board(session: Session, port: str, board: Board) -> None:
    found = session.info.board
    if found != board.name:
        raise DeviceError(f"on {port} is {found!r}, not {board.name!r}", f"name it: --board {found}")


def check_identity(session: Session, port: str, board: Board, build_id: str, model: Model) -> None:
    """Raise DeviceError unless the device is ``board``, runs ``model``, and (when given) is just what was built."""
    info = session.info
    flash = f"flash it first: kit deploy {model.name} --board {board.name} --port {port}"
    _check_board(session, port, board)
    if info.model_sha256 != model.sha256:
        raise WrongModel(
            f"the {board.name} on {port} runs another model ({info.model_sha256[:12]}, not {model.sha256[:12]})", flash
        )
    if build_id and info.build_id != build_id:
        raise DeviceError(
            f"the {board.name} on {port} still runs other firmware ({info.build_id[:12]}, not {build_id[:12]})",
            "reset the board; if that does not help, flash it by its boot button",
        )
    if model.labels and info.labels != model.labels:
        raise DeviceError(
            f"the labels on the {board.name} on {port} are {_few(info.labels)}, those of {model.name}"
            f" {_few(model.labels)}",
            flash,
        )
    if not build_id and model.signal is not None:
        _check_front_end(session, f"the {board.name} on {port}", model, flash)


def _check_front_end(session: Session, which: str, model: Model, flash: str) -> None:
    """Raise DeviceError unless the device makes the model's input of raw samples just as training did."""
    from toolchain.link.session import RequestRefused
    from toolchain.model.reader import load_model
    from toolchain.signal import FrontEnd

    assert model.signal is not None
    wanted = FrontEnd(model.signal, load_model(model.path).inputs[0].quantization).sha256
    try:
        found = session.stream().signal_sha256
    except RequestRefused as error:
        raise DeviceError(f"{which} has no front end for raw samples", flash) from error
    if found != wanted:
        raise DeviceError(
            f"{which} has a front end with other settings of [signal] ({found[:12]}, not {wanted[:12]})", flash
        )


def _few(labels: tuple[str, ...]) -> str:
    return ", ".join(labels[:5]) + (f" … ({len(labels)})" if len(labels) > 5 else "")
