"""Frames to bytes, and a stream of bytes back to frames and text."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from cobs import cobs

from toolchain.link import protocol

_MAX_SEGMENT = protocol.MAX_WIRE_BYTES - 2


@dataclass(frozen=True)
class Frame:
    """One frame, CRC taken off. ``type`` has ``protocol.ANSWER_BIT`` set when the device sent it."""

    type: int
    sequence: int
    session: int
    payload: bytes = b""
    status: int = 0


@dataclass(frozen=True)
class Text:
    """Bytes that stood between frames: what the device printed, or a damaged frame when ``damaged``."""

    data: bytes
    damaged: bool


def encode(frame: Frame) -> bytes:
    """The frame as it goes over the wire, both zeros included."""
    if len(frame.payload) > protocol.MAX_PAYLOAD_BYTES:
        raise ValueError(f"a payload of {len(frame.payload)} bytes is over {protocol.MAX_PAYLOAD_BYTES}")
    body = (
        protocol.HEADER.pack(type=frame.type, status=frame.status, sequence=frame.sequence, session=frame.session)
        + frame.payload
    )
    return b"\0" + cobs.encode(body + zlib.crc32(body).to_bytes(protocol.CRC_BYTES, "little")) + b"\0"


def decode(segment: bytes) -> Frame | None:
    """The frame that the bytes between two zeros are, None when they are none (text, noise, damage)."""
    if not protocol.HEADER.size + protocol.CRC_BYTES < len(segment) <= _MAX_SEGMENT:
        return None
    try:
        body = cobs.decode(segment)
    except cobs.DecodeError:
        return None
    end = len(body) - protocol.CRC_BYTES
    if end < protocol.HEADER.size or zlib.crc32(body[:end]) != int.from_bytes(body[end:], "little"):
        return None
    head = protocol.HEADER.unpack(body[: protocol.HEADER.size])
    return Frame(head["type"], head["sequence"], head["session"], body[protocol.HEADER.size : end], head["status"])


def looks_like_text(data: bytes) -> bool:
    """Whether these bytes are meant for a person: UTF-8 without control codes but for layout and colour."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":  # a character cut at the end of what has come so far is fine
            return False
        text = data[: error.start].decode("utf-8")
    return all(c.isprintable() or c in "\r\n\t\b\f\x1b" for c in text)


class Splitter:
    """Splits what a device sends into frames and text. Feed it bytes as they come; it never loses any.

    Text without a frame behind it is given out by ``flush`` (call it when the line has been quiet for a moment); should
    those bytes then turn out to be the start of a frame after all, the frame is still believed.
    """

    def __init__(self) -> None:
        self._segment = bytearray()
        self._shown = 0
        self._overlong = False

    def feed(self, data: bytes) -> Iterator[Frame | Text]:
        """What ``data`` completes."""
        *ended, rest = data.split(b"\0")
        for part in ended:
            self._segment += part
            yield from self._end()
        self._segment += rest
        if len(self._segment) > _MAX_SEGMENT:  # longer than any frame: nothing to wait for
            self._overlong = True
            yield from self.flush()
            self._segment.clear()
            self._shown = 0

    def flush(self) -> Iterator[Text]:
        """Text that has come since the last zero, if it looks like text or is too long to become a frame."""
        fresh = bytes(self._segment[self._shown :])
        readable = looks_like_text(fresh)
        if fresh and (readable or self._overlong):
            self._shown = len(self._segment)
            yield Text(fresh, damaged=not readable)

    def _end(self) -> Iterator[Frame | Text]:
        segment, fresh, overlong = bytes(self._segment), bytes(self._segment[self._shown :]), self._overlong
        self._segment.clear()
        self._shown = 0
        self._overlong = False
        frame = None if overlong or not segment else decode(segment)
        if frame is not None:
            yield frame
        elif fresh:
            yield Text(fresh, damaged=not looks_like_text(fresh))
