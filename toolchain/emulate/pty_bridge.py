"""An emulator's port as a device file, for programs that open serial ports by path only."""

from __future__ import annotations

import os
import select
import socket
import threading
import tty
from urllib.parse import urlsplit

from toolchain.errors import DeviceError

_SCHEME = "socket://"


class PtyBridge:
    """A pty whose other end is the TCP port of ``url`` (``socket://host:port``); ``port`` is its path. A path is its
    own bridge. A context manager that takes the pty away; clients may come and go."""

    def __init__(self, url: str) -> None:
        """Raises DeviceError when nobody listens there."""
        self.port = url
        self._thread: threading.Thread | None = None
        if not url.startswith(_SCHEME):
            return
        where = urlsplit(url)
        try:
            self._socket = socket.create_connection((where.hostname or "", where.port or 0), timeout=5)
        except OSError as error:
            raise DeviceError(f"port {url} cannot be opened: {error}", "check that the emulator is running") from error
        self._socket.setblocking(False)
        self._master, self._slave = os.openpty()  # the slave stays open here, or the master ends with its first client
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        to_device, to_client = b"", b""
        while True:
            readers: list[int] = [self._wake]
            readers += [] if to_device else [self._master]
            readers += [] if to_client else [self._socket.fileno()]
            writers = ([self._socket.fileno()] if to_device else []) + ([self._master] if to_client else [])
            readable, writable, _ = select.select(readers, writers, [])
            if self._wake in readable:
                return
            try:
                if self._master in readable:
                    to_device = os.read(self._master, 4096)
                if self._socket.fileno() in readable:
                    to_client = self._socket.recv(4096)
                    if not to_client:
                        return
                if self._socket.fileno() in writable:
                    to_device = to_device[self._socket.send(to_device) :]
                if self._master in writable:
                    to_client = to_client[os.write(self._master, to_client) :]
            except OSError:
                return

    def __enter__(self) -> PtyBridge:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._thread is None:
            return
        os.write(self._waker, b"\0")
        self._thread.join()
        self._socket.close()
        for descriptor in (self._master, self._slave, self._wake, self._waker):
            os.close(descriptor)
        self._thread = None
