"""Serial ports: a device file, a pty, a COM port or ``socket://host:port``, opened for one user at a time."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import serial
from serial.urlhandler import protocol_socket

from toolchain.errors import BadInput, DeviceError, Missing

DEFAULT_BAUD = 115200
_ESTABLISHED = "01"


def _new(url: str, baud: int, timeout: float) -> Any:
    return serial.serial_for_url(url, baudrate=baud, do_not_open=True, timeout=timeout)


def open_port(
    url: str, baud: int = DEFAULT_BAUD, timeout: float = 0, new: Callable[[str, int, float], Any] = _new
) -> Any:
    """A pyserial port that nobody else may open meanwhile; a read of it waits for ``timeout`` seconds. DTR and RTS stay
    as the system sets them, also at closing (on many boards a change of theirs is a reset). Nothing that an emulator
    says from its first moment on is lost. ``new`` makes the port of the other arguments, not yet opened.

    Raises Missing when there is no such port or no permission, DeviceError when it is in use or fails, BadInput when
    ``url`` or ``baud`` makes no sense.
    """
    try:
        port = new(url, baud, timeout)
        if os.name == "posix" and "://" not in url:
            port.exclusive = True
        if _is_held(url):
            raise _in_use(url)
        _open(port)
    except ValueError as error:
        raise BadInput(f"{url} at {baud} baud cannot be opened: {error}", "give a port as in `kit boards`") from error
    except (serial.SerialException, OSError) as error:
        raise port_error(url, error) from error
    if os.name == "posix" and "://" not in url:
        _keep_control_lines(port.fileno())
    elif isinstance(connection := getattr(port, "_socket", None), socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return port


def _open(port: Any) -> None:
    """``port.open()``, which for a socket would throw away what has come since it was connected: an emulated machine
    starts at that moment."""
    if not isinstance(port, protocol_socket.Serial):
        port.open()
        return
    port.reset_input_buffer = lambda: None
    try:
        port.open()
    finally:
        del port.reset_input_buffer


def _is_held(url: str) -> bool:
    """Whether another program is connected to a TCP port of this machine. An emulator serves one client at a time: a
    second one is let in by the system, and nobody answers it. False where that cannot be known.

    A line of the table is an end of a connection, its addresses hexadecimal, the IPv4 one as the machine stores it
    (proc_pid_net(5), Linux)."""
    where = urlsplit(url)
    if where.scheme != "socket" or where.hostname not in ("127.0.0.1", "localhost") or not where.port:
        return False
    address = f"{struct.unpack('=I', socket.inet_aton('127.0.0.1'))[0]:08X}:{where.port:04X}"
    try:
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        clients = {f"socket:[{row[9]}]" for row in rows if row[2] == address and row[3] == _ESTABLISHED}
        if clients:
            clients -= {os.readlink(file) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()}
    except OSError:
        return False
    return bool(clients)


def _keep_control_lines(fd: int) -> None:
    """Takes the port for us alone, and stops the driver from dropping DTR when it is closed."""
    import fcntl
    import termios

    with contextlib.suppress(OSError, termios.error):
        fcntl.ioctl(fd, termios.TIOCEXCL)
        attributes = termios.tcgetattr(fd)
        attributes[2] &= ~termios.HUPCL
        termios.tcsetattr(fd, termios.TCSANOW, attributes)


def no_port(url: str) -> Missing:
    """The error for a port that this machine does not have."""
    return Missing(f"there is no port {url}", "plug the board in with a data cable; `kit boards` lists the ports")


def _in_use(url: str) -> DeviceError:
    return DeviceError(
        f"port {url} is in use: another program holds it, one at a time",
        "close the other program (monitor, IDE, another kit) and try again",
    )


def port_error(url: str, error: OSError) -> Missing | DeviceError:
    """What the system's error at opening ``url`` means."""
    number = error.errno
    text = str(error).lower()
    if number == errno.ENOENT or "no such file" in text or "filenotfounderror" in text:
        return no_port(url)
    if number in (errno.EACCES, errno.EPERM) and os.name == "posix":
        return Missing(
            f"no permission for port {url}", "add yourself to the group that owns it (dialout), then log in again"
        )
    if number in (errno.EBUSY, errno.EAGAIN) or "lock" in text or "permissionerror" in text:
        return _in_use(url)
    if number in (errno.ENOTTY, errno.EINVAL) or "could not configure port" in text:
        return DeviceError(f"{url} is no serial port", "give a serial port; `kit boards` lists them")
    return DeviceError(f"port {url} cannot be opened: {error}", "check that the emulator or board is running")


class Line:
    """Reads and writes of a port with time-outs, its failures as DeviceError. ``bytes_in`` counts what was received."""

    def __init__(self, port: Any, write_timeout: float = 10.0) -> None:
        self.port = port
        self.name = str(getattr(port, "port", None) or getattr(port, "name", None) or "port")
        self.bytes_in = 0
        self._fd: int | None = None
        if os.name == "posix":
            with contextlib.suppress(Exception):
                self._fd = port.fileno()
        with contextlib.suppress(Exception):
            port.write_timeout = write_timeout

    def read(self, seconds: float) -> bytes:
        """What has come, after at most ``seconds``; empty when nothing has."""
        try:
            data = self._read(max(0.0, seconds))
        except (serial.SerialException, OSError, TypeError, ValueError) as error:  # pyserial's ways of saying "gone"
            raise self._gone(error) from error
        self.bytes_in += len(data)
        return data

    def _read(self, seconds: float) -> bytes:
        if self._fd is None:
            self.port.timeout = seconds
            return bytes(self.port.read(max(1, self.port.in_waiting)))
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return b""
        try:
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return b""
        if not data:
            raise OSError("end of file")
        return data

    def write(self, data: bytes) -> None:
        """Sends all of ``data``."""
        try:
            self.port.write(data)
        except serial.SerialTimeoutException as error:
            raise DeviceError(
                f"{self.name} takes no more bytes", "the device or emulator has stopped: reset it and try again"
            ) from error
        except (serial.SerialException, OSError, TypeError, ValueError) as error:
            raise self._gone(error) from error

    def _gone(self, error: Exception) -> DeviceError:
        return DeviceError(
            f"the connection to {self.name} was lost ({error})", "plug the board in again (or restart the emulator)"
        )

    @property
    def byte_seconds(self) -> float:
        """Time of a byte on the wire: 8 data bits, start and stop."""
        return 10.0 / (getattr(self.port, "baudrate", None) or DEFAULT_BAUD)


def now() -> float:
    """Seconds of a clock that only goes forward."""
    return time.monotonic()


class Patience:
    """``seconds`` in which something was really waited for. Each look counts as little more than it was to last: when
    this process is held up (a suspended or overloaded machine), nobody else was slow."""

    _LATE = 0.05  # seconds that a look may take longer than it was to

    def __init__(self) -> None:
        self.seconds = 0.0
        self.resume()

    def resume(self) -> None:
        """What went by until now does not count."""
        self._last = now()

    def looked(self, seconds: float) -> None:
        """Count a look that was to last ``seconds``."""
        moment = now()
        self.seconds += min(moment - self._last, seconds + self._LATE)
        self._last = moment
