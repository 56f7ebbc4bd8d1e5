"""What a serial port says, as events: lines of text, frames, noise, the port going away and coming back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from toolchain.errors import DeviceError, Missing
from toolchain.link import protocol
from toolchain.link.framing import Frame, Splitter, Text, looks_like_text
from toolchain.link.port import Line, Patience

Kind = Literal["text", "noise", "frame", "lost", "back"]

_QUIET = 0.1  # seconds without a byte after which an unfinished line is shown as it stands
_RETRY = 0.25  # seconds between two looks for a port that is gone
_MESSAGES = {message.code: message for message in protocol.MESSAGES}


@dataclass(frozen=True)
class Event:
    """``at``: seconds since the epoch when it came. ``text``: one line without its end, or what happened in words.

    ``ended`` is False for a line that the board has not finished yet; what follows it comes as ``continued``.
    """

    at: float
    kind: Kind
    text: str
    ended: bool = True
    continued: bool = False


class Monitor:
    """Listens to a port that ``reopen`` opens, again and again when it goes away and ``reconnect`` is set.

    ``on_bytes`` gets everything that is received, as it is. ``port`` is the port that is open at the start.
    """

    def __init__(
        self,
        port: Any,
        reopen: Callable[[], Any],
        reconnect: bool = True,
        on_bytes: Callable[[bytes], None] | None = None,
    ) -> None:
        self._line: Line | None = Line(port)
        self._name = self._line.name
        self._reopen = reopen
        self._reconnect = reconnect
        self._on_bytes = on_bytes
        self._start_over()

    def close(self) -> None:
        """Closes the port."""
        if self._line is not None:
            self._line.port.close()
            self._line = None

    def send(self, data: bytes) -> bool:
        """Writes to the port; False while it is away. Raises DeviceError when it takes nothing."""
        if self._line is None:
            return False
        self._line.write(data)
        return True

    def take(self, text: str) -> Iterator[Event]:
        """Text that was received elsewhere, before anything else is."""
        yield from self._lines(text)

    def events(self, seconds: float) -> Iterator[Event]:
        """What happens within ``seconds``. Raises DeviceError when the port goes away and is not to be waited for."""
        patience = Patience()
        while (left := seconds - patience.seconds) > 0:
            if self._line is None:
                yield from self._look_again(min(left, _RETRY))
                patience.looked(_RETRY)
                continue
            try:
                data = self._line.read(min(left, _QUIET))
                patience.looked(_QUIET)
            except DeviceError as error:
                yield from self._take_text(self._splitter.flush(), quiet=True)
                self.close()
                if not self._reconnect:
                    raise
                yield Event(time.time(), "lost", f"{self._name} is gone ({error.message}); waiting for it")
                continue
            if data and self._on_bytes is not None:
                self._on_bytes(data)
            if data:
                yield from self._take_text(self._splitter.feed(data))
            else:
                yield from self._take_text(self._splitter.flush(), quiet=True)

    def _start_over(self) -> None:
        self._splitter = Splitter()
        self._unfinished = ""
        self._continued = False

    def _look_again(self, seconds: float) -> Iterator[Event]:
        try:
            self._line = Line(self._reopen())
        except (DeviceError, Missing):  # not there yet, or there and not ours yet: udev sets its group a moment later
            time.sleep(seconds)
            return
        self._name = self._line.name
        self._start_over()
        yield Event(time.time(), "back", f"{self._name} is back")

    def _take_text(self, parts: Iterator[Frame | Text] | Iterator[Text], quiet: bool = False) -> Iterator[Event]:
        for part in parts:
            if isinstance(part, Frame):
                yield from self._show_unfinished()
                yield Event(time.time(), "frame", describe(part))
            elif part.damaged:
                yield from self._damaged(part.data)
            else:
                yield from self._lines(part.data.decode("utf-8", "replace"))
        if quiet:
            yield from self._show_unfinished()

    def _damaged(self, data: bytes) -> Iterator[Event]:
        """Noise, and the lines of text that stand in it."""
        for line in data.splitlines(keepends=True):
            if looks_like_text(line):
                yield from self._lines(line.decode("utf-8", "replace"))
            else:
                yield from self._show_unfinished()
                yield Event(time.time(), "noise", f"{len(line)} bytes that are no text: {line[:24].hex(' ')}")

    def _lines(self, text: str) -> Iterator[Event]:
        *whole, rest = re.split(r"\r*\n", self._unfinished + text)
        for line in whole:
            yield Event(time.time(), "text", line, continued=self._continued)
            self._continued = False
        self._unfinished = rest

    def _show_unfinished(self) -> Iterator[Event]:
        if self._unfinished:
            yield Event(time.time(), "text", self._unfinished, ended=False, continued=self._continued)
            self._unfinished, self._continued = "", True


def describe(frame: Frame) -> str:
    """One readable line: what the frame asks or answers, its fields, how many bytes follow them."""
    message = _MESSAGES.get(frame.type & ~protocol.ANSWER_BIT)
    answer = bool(frame.type & protocol.ANSWER_BIT)
    what = f"{message.name if message else f'message {frame.type}'} {'answer' if answer else 'request'}"
    head = f"{what} #{frame.sequence} session {frame.session:08x}"
    if frame.status:
        known = frame.status in list(protocol.Status)
        return f"{head}: {protocol.STATUS_WORDS[protocol.Status(frame.status)] if known else f'status {frame.status}'}"
    if message is None:
        return f"{head}: {_tail(frame.payload)}".rstrip(": ")
    try:
        values = (message.answer if answer else message.request).unpack(frame.payload)
    except ValueError as error:
        return f"{head}: {error}"
    tail = _tail(values.pop("tail"))
    fields = " ".join(f"{name}={_value(value)}" for name, value in values.items())
    return f"{head}: {' '.join(filter(None, [fields, tail]))}".rstrip(": ")


def _value(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()[:12]
    return f"{value:g}" if isinstance(value, float) else str(value).replace(" ", "")


def _tail(data: bytes) -> str:
    if not data:
        return ""
    words = [word.decode("ascii") for word in data.split(b"\0") if word and word.isascii()]
    if data.endswith(b"\0") and words and all(word.isprintable() for word in words):
        return " ".join(words)
    return f"+ {len(data)} bytes {data[:8].hex(' ')}{' …' if len(data) > 8 else ''}"
