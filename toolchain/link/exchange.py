"""Requests and answers over a line that loses, damages, doubles and reorders: the host's side of ``docs/link.md``."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from toolchain.board.boot_text import explain
from toolchain.errors import DeviceError
from toolchain.link import protocol
from toolchain.link.framing import Frame, Splitter, encode
from toolchain.link.port import Line, Patience
from toolchain.link.protocol import HELLO, SYNC, Message, Status

_QUIET = 0.05
"""Seconds without a byte after which what came is shown as text, though no frame has ended it."""
_FIRST_WAIT = 0.5
_HELLO_WAIT = 0.1
_HELLO_WAIT_MAX = 0.5
_WAIT_MAX = 2.0
_RECENT_BYTES = 400


class DeviceRestarted(DeviceError):
    """The device no longer knows our session: it restarted, or another host opened one. Its model's state is new."""


class RequestRefused(DeviceError):
    """The device answered with an error; ``status`` says which."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class LinkStatistics:
    """How the link fared since it was opened."""

    frames_sent: int = 0
    frames_received: int = 0
    retries: int = 0
    """Requests sent again."""
    probes: int = 0
    """Times a request went unanswered for longer than usual and was asked about."""
    damaged: int = 0
    """Segments that were neither frame nor text (CRC errors, noise)."""
    stale: int = 0
    """Whole frames that were not believed: of another session, or answers to requests already answered."""
    busy: int = 0
    text_bytes: int = 0
    text_lines: int = 0


@dataclass
class _Rhythm:
    """How long answers to a kind of request take: mean and deviation as in RFC 6298."""

    mean: float = 0.0
    deviation: float = 0.0

    def add(self, seconds: float) -> None:
        if self.mean == 0.0:
            self.mean, self.deviation = seconds, seconds / 2
        else:
            self.deviation += (abs(seconds - self.mean) - self.deviation) / 4
            self.mean += (seconds - self.mean) / 8

    @property
    def wait(self) -> float:
        return self.mean + 4 * self.deviation


@dataclass
class _Batch:
    """Requests under way; index 0 has sequence number ``first``."""

    requests: Sequence[tuple[Message, bytes]]
    first: int
    base: int = 0  # requests before this one are acknowledged
    next: int = 0  # the next to send
    reached: int = 0  # one past the last that was ever sent
    rewound: float = -1.0  # when the requests from ``base`` on were last sent again
    sent_at: dict[int, float] = field(default_factory=dict)  # absent once sent twice: its time would be ambiguous


class Exchange:
    """Carries requests to the device and brings their answers, each exactly once or an error.

    ``timeout``: seconds without any progress (an answer, or the device saying that it is busy) after which it gives
    up. ``on_text`` gets what the device prints beside the frames.
    """

    min_wait = 0.05

    def __init__(self, line: Line, timeout: float, on_text: Callable[[str], None] | None) -> None:
        self.line = line
        self.timeout = timeout
        self.statistics = LinkStatistics()
        self.window = 1
        self._on_text = on_text
        self._splitter = Splitter()
        self._frames: list[Frame] = []
        self._rhythms: dict[str, _Rhythm] = {}
        self._session = 0
        self._sequence = 0
        self._open = False
        self._recent = bytearray()
        self._patience = Patience()

    def _now(self) -> float:
        """Seconds of a clock that goes on while the line is listened to."""
        return self._patience.seconds

    def open_session(self, payload: bytes, wait: float) -> bytes:
        """Opens a new session within ``wait`` seconds; what `hello` answers."""
        self._session = secrets.randbits(32)
        self._sequence = 0
        self._open = True
        self.window = 1
        return self.transact([(HELLO, payload)], timeout=wait)

    def transact(self, requests: Sequence[tuple[Message, bytes]], timeout: float | None = None) -> bytes:
        """Sends ``requests`` in order, as many at a time as the window lets, and returns the payload of the last one's
        answer. An answer acknowledges the requests before it, so only the last may be one whose answer matters.

        Raises RequestRefused, DeviceRestarted, or DeviceError after ``timeout`` seconds without progress. Only behind a
        refusal of the last request can the session go on; else host and device may have counted differently.
        """
        if not self._open:
            raise DeviceRestarted("the session with the device ended by an earlier error", "say hello again")
        self._open = False
        payload = self._carry(requests, self.timeout if timeout is None else timeout)
        self._open = True
        return payload

    def _carry(self, requests: Sequence[tuple[Message, bytes]], limit: float) -> bytes:
        batch = _Batch(requests, self._sequence)
        self._sequence = (self._sequence + len(requests)) & 0xFFFF
        self._patience.resume()
        progress = self._now()
        backoff = 1.0
        while True:
            while batch.next < len(requests) and batch.next - batch.base < self.window:
                self._send_request(batch)
            message, end = requests[batch.base][0], progress + limit
            frame = self._receive(min(self._now() + self._wait(message, backoff), end))
            if frame is None:
                if self._now() >= end:
                    raise self._silence(message, limit)
                self._ask(batch, message)
                backoff *= 2
                continue
            payload, moved = self._take(batch, frame)
            if payload is not None:
                return payload
            if moved:
                progress = self._now()
                backoff = backoff if frame.status == Status.BUSY else 1.0

    def _wait(self, message: Message, backoff: float) -> float:
        """Seconds until a request that has no answer is asked about."""
        if message is HELLO:
            return min(_HELLO_WAIT * backoff, _HELLO_WAIT_MAX)
        rhythm = self._rhythms.get(message.name)
        if rhythm is None:
            wait = _FIRST_WAIT + (self.window + 1) * protocol.MAX_WIRE_BYTES * self.line.byte_seconds
        else:
            wait = max(self.min_wait, rhythm.wait)
        return min(wait * backoff, max(wait, _WAIT_MAX), self.timeout / 4)

    def _send_request(self, batch: _Batch) -> None:
        index = batch.next
        message, payload = batch.requests[index]
        if index < batch.reached:
            self.statistics.retries += 1
            batch.sent_at.pop(index, None)
        else:
            batch.sent_at[index] = self._now()
        batch.next = index + 1
        batch.reached = max(batch.reached, batch.next)
        self._send(message, (batch.first + index) & 0xFFFF, payload)

    def _send(self, message: Message, sequence: int, payload: bytes = b"") -> None:
        self.statistics.frames_sent += 1
        self.line.write(encode(Frame(message.code, sequence, self._session, payload)))

    def _ask(self, batch: _Batch, message: Message) -> None:
        """Asks what became of the oldest request that has no answer. Small, so that a busy device's FIFO holds it."""
        self.statistics.probes += 1
        batch.rewound = -1.0
        if message is HELLO:
            batch.next = batch.base
        else:
            batch.sent_at.clear()
            self._send(SYNC, (batch.first + batch.base) & 0xFFFF)

    def _take(self, batch: _Batch, frame: Frame) -> tuple[bytes | None, bool]:
        """Acts on a frame: the last request's answer when it is that, and whether things moved forward."""
        index = (frame.sequence - batch.first + 0x8000 & 0xFFFF) - 0x8000
        if frame.status == Status.SESSION:
            raise DeviceRestarted(
                "the device no longer knows this session: it restarted or another program opened one",
                "look at its text above; then run the command again",
            )
        if frame.status == Status.GAP:
            if not batch.base <= index < min(batch.reached + 1, len(batch.requests)):
                self.statistics.stale += 1
                return None, False
            moved = index > batch.base
            batch.base = index
            wait = self._wait(batch.requests[index][0], 1.0)
            if moved or batch.rewound < 0 or self._now() - batch.rewound > wait:
                batch.rewound = self._now()
                batch.next = index
            return None, moved
        if not batch.base <= index < batch.reached or (
            frame.type != batch.requests[index][0].code | protocol.ANSWER_BIT and frame.status != Status.BUSY
        ):
            self.statistics.stale += 1
            return None, False
        if frame.status == Status.BUSY:
            self.statistics.busy += 1
            return None, True
        message = batch.requests[index][0]
        if frame.status != Status.OK:
            self._open = index + 1 == len(batch.requests) and frame.status != Status.VERSION
            raise self._refused(message, frame)
        if index in batch.sent_at:
            self._rhythms.setdefault(message.name, _Rhythm()).add(self._now() - batch.sent_at[index])
        batch.base = index + 1
        batch.next = max(batch.next, batch.base)
        return (frame.payload if batch.base == len(batch.requests) else None), True

    def _refused(self, message: Message, frame: Frame) -> DeviceError:
        if frame.status == Status.VERSION:
            low, high = frame.payload[:2] if len(frame.payload) >= 2 else (0, 0)
            return DeviceError(
                f"the firmware speaks link protocol {low} to {high}, this program "
                f"{protocol.VERSION_MIN} to {protocol.VERSION_MAX}",
                "build and flash the firmware again with this version of kit",
            )
        words = protocol.STATUS_WORDS.get(Status(frame.status)) if frame.status in Status._value2member_map_ else None
        return RequestRefused(
            f"the device refused `{message.name}`: {words or f'unknown status {frame.status}'}", frame.status
        )

    def _receive(self, deadline: float) -> Frame | None:
        """The next frame of our session, None when there is none until ``deadline``."""
        while True:
            while self._frames:
                frame = self._frames.pop(0)
                if frame.session == self._session and frame.type & protocol.ANSWER_BIT:
                    return frame
                self.statistics.stale += 1
            left = deadline - self._now()
            if left <= 0:
                return None
            self.listen(left)

    def listen(self, seconds: float) -> None:
        """Takes in what comes within ``seconds`` (returns after the first bytes): text goes to ``on_text``."""
        data = self.line.read(min(seconds, _QUIET))
        self._patience.looked(min(seconds, _QUIET))
        if data:
            self._recent = (self._recent + data)[-_RECENT_BYTES:]
        for item in self._splitter.feed(data) if data else self._splitter.flush():
            if isinstance(item, Frame):
                self.statistics.frames_received += 1
                self._frames.append(item)
            elif item.damaged:
                self.statistics.damaged += 1
            else:
                self.statistics.text_bytes += len(item.data)
                self.statistics.text_lines += item.data.count(b"\n")
                if self._on_text is not None:
                    self._on_text(item.data.decode("utf-8", "replace"))

    def _silence(self, message: Message, seconds: float) -> DeviceError:
        asked = f"no answer to `{message.name}` from {self.line.name} within {seconds:g} s"
        if not self._recent:
            return DeviceError(
                f"{asked}: nothing was received",
                "check that this is the board's port, that it has power and our firmware; press its reset button",
            )
        received = bytes(self._recent)
        if meaning := explain(received.decode("utf-8", "replace")):
            return DeviceError(f"{asked}: {meaning}", f"it printed {describe(received)}")
        if self.statistics.frames_received:
            return DeviceError(
                f"{asked}; it had answered before (last bytes: {describe(received)})",
                "reset the board; if it happens again, the firmware hangs or the cable is bad",
            )
        return DeviceError(
            f"{asked}; received instead: {describe(received)}",
            "text: another firmware runs there, deploy ours; unreadable bytes: wrong baud rate or wrong port",
        )


def describe(data: bytes, limit: int = 120) -> str:
    """Bytes for a person: as text when most of them are printable, else in hex; the last ``limit`` characters."""
    printable = sum(32 <= b < 127 or b in b"\r\n\t" for b in data)
    if printable >= 0.85 * len(data):
        text = data.decode("ascii", "replace")
        return repr(text[-limit:])
    return data[-limit // 3 :].hex(" ")
