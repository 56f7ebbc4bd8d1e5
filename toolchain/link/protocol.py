"""The one declaration of what goes over the serial link between host and firmware.

Everything else is made from this module: ``header`` renders ``firmware_templates/link/kit_protocol.h``, ``document``
renders ``docs/link.md``, ``framing`` and ``session`` read it at run time.

A frame on the wire is ``00 COBS(header payload crc) 00``. The zero in front ends whatever came before it (boot text,
``printf``, noise), so text and frames share the line. All numbers are little-endian. The CRC is CRC-32 (IEEE 802.3, as
``zlib.crc32``) over header and payload: a 16-bit CRC would let one in 65,536 damaged segments pass, which a megabyte of
noise reaches; 32 bits make that one in four thousand million for two more bytes a frame.
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

VERSION_MIN = 2
VERSION_MAX = 2

MAX_WIRE_BYTES = 512
"""Greatest length of a frame on the wire, both zeros included."""
COBS_BLOCK = 254
CRC_BYTES = 4
MAX_FRAME_BYTES = 508
"""Header + payload + CRC: the most that COBS (one byte in 254) and the two zeros leave within MAX_WIRE_BYTES. A device
that is short of RAM takes and sends less (`hello`'s ``frame_bytes``), but never less than MIN_FRAME_BYTES."""
MIN_FRAME_BYTES = 160
"""What the longest answer to `hello` needs."""
ANSWER_BIT = 0x80
"""Set in the type of every frame that the device sends."""
MAX_RANK = 6
NO_LAYER = 0xFFFF
"""``run.stop_after`` that stops nowhere."""
WINDOW = 4
"""Most requests outstanding to a device whose UART keeps at least WINDOW_RX_BYTES; otherwise 1."""
WINDOW_RX_BYTES = 16

_FORMATS = {"uint8_t": "B", "uint16_t": "H", "uint32_t": "I", "uint64_t": "Q", "int32_t": "i", "float": "f"}


@dataclass(frozen=True)
class Field:
    """One number (or fixed array, ``count`` > 0) of a message; ``ctype`` as C writes it."""

    name: str
    ctype: str
    doc: str
    count: int = 0

    @property
    def format(self) -> str:
        code = _FORMATS[self.ctype]
        return f"{self.count}{'s' if code == 'B' else code}" if self.count else code

    @property
    def size(self) -> int:
        return struct.calcsize("<" + self.format)


@dataclass(frozen=True)
class Layout:
    """Fields one after another without padding, then possibly a tail of bytes; the frame's length gives its length."""

    name: str
    fields: tuple[Field, ...] = ()
    tail: str = ""
    """What the tail holds; empty when there is none (then extra bytes are an error)."""

    @cached_property
    def _struct(self) -> struct.Struct:
        return struct.Struct("<" + "".join(f.format for f in self.fields))

    @property
    def size(self) -> int:
        """Bytes of the fixed fields."""
        return self._struct.size

    def pack(self, *, tail: bytes = b"", **values: Any) -> bytes:
        """The payload. ``values`` has every field by name; arrays of bytes as bytes, others as sequences."""
        flat: list[Any] = []
        for f in self.fields:
            value = values.pop(f.name)
            if f.count and f.ctype != "uint8_t":
                flat.extend(value)
            else:
                flat.append(value)
        if values or (tail and not self.tail):
            raise TypeError(f"{self.name} has no {', '.join(values) or 'tail'}")
        return self._struct.pack(*flat) + tail

    def unpack(self, payload: bytes) -> dict[str, Any]:
        """Fields by name and ``tail``. ValueError when the length is not that of this layout."""
        if len(payload) < self.size or (not self.tail and len(payload) != self.size):
            raise ValueError(f"{self.name}: {len(payload)} bytes, {self.size} expected")
        flat = list(self._struct.unpack_from(payload))
        values: dict[str, Any] = {}
        for f in self.fields:
            if f.count and f.ctype != "uint8_t":
                values[f.name] = tuple(flat[: f.count])
                del flat[: f.count]
            else:
                values[f.name] = flat.pop(0)
        values["tail"] = payload[self.size :]
        return values


HEADER = Layout(
    "header",
    (
        Field("type", "uint8_t", "message type; bit 7 set in answers"),
        Field("status", "uint8_t", "0 in requests"),
        Field(
            "sequence",
            "uint16_t",
            "the request's number in its session, modulo 65,536; an answer has its request's",
        ),
        Field("session", "uint32_t", "drawn by the host at hello; frames of any other session are not believed"),
    ),
)
MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES - HEADER.size - CRC_BYTES


class Status(enum.IntEnum):
    """``status`` of an answer."""

    OK = 0
    BUSY = 1
    GAP = 2
    SESSION = 3
    VERSION = 4
    UNKNOWN = 5
    LENGTH = 6
    INDEX = 7
    RANGE = 8
    INPUT = 9
    MODEL = 10
    NOT_READY = 11
    POSITION = 12


STATUS_WORDS: dict[Status, str] = {
    Status.OK: "done",
    Status.BUSY: "the request is still running",
    Status.GAP: "a request before this one did not arrive; `sequence` is the one expected",
    Status.SESSION: "the device knows no such session: it restarted or another host took it over",
    Status.VERSION: "the device speaks none of the protocol versions offered",
    Status.UNKNOWN: "the device knows no such request",
    Status.LENGTH: "the request has the wrong length",
    Status.INDEX: "there is no input, output, layer or label of that number",
    Status.RANGE: "offset and length reach beyond the tensor or the arena",
    Status.INPUT: "the inputs in the device's memory are not the ones sent (their CRC differs)",
    Status.MODEL: "the model's own code reported an error",
    Status.NOT_READY: "there is no result yet: run the model first, or open the stream",
    Status.POSITION: "the samples do not follow those that the stream had before",
}


@dataclass(frozen=True)
class Message:
    """A request, its answer, and what they are for."""

    name: str
    code: int
    doc: str
    request: Layout = field(default=Layout(""))
    answer: Layout = field(default=Layout(""))


def _message(
    name: str,
    code: int,
    doc: str,
    request: tuple[Field, ...] = (),
    answer: tuple[Field, ...] = (),
    request_tail: str = "",
    answer_tail: str = "",
) -> Message:
    return Message(
        name, code, doc, Layout(f"{name}_request", request, request_tail), Layout(f"{name}_answer", answer, answer_tail)
    )


#: What post-processing made of an inference.
_DECISION = (
    Field("label", "int32_t", "number of the label that post-processing decided for, -1 for none"),
    Field("score", "int32_t", "score of the label that won, decided or not; 65536 is 1"),
)

HELLO = _message(
    "hello",
    1,
    "Opens a session: the device forgets any earlier one, puts its state back to its start (as `init`) and says who "
    "it is. The device takes the highest protocol version both know; with none it answers `version` (its own bounds in "
    "the first two fields) and opens nothing.",
    request=(
        Field("version_min", "uint8_t", "lowest protocol version the host speaks"),
        Field("version_max", "uint8_t", "highest protocol version the host speaks"),
    ),
    answer=(
        Field("version_min", "uint8_t", "lowest protocol version the device speaks"),
        Field("version_max", "uint8_t", "highest protocol version the device speaks"),
        Field("version", "uint8_t", "the version of this session"),
        Field("window", "uint8_t", "requests that may be outstanding at a time"),
        Field("receive_bytes", "uint16_t", "bytes that the UART keeps while the firmware is busy"),
        Field("frame_bytes", "uint16_t", "longest frame that the device takes or sends: header, payload and CRC"),
        Field("label_count", "uint16_t", "labels of the model's classes"),
        Field("layer_count", "uint16_t", "layers of the model"),
        Field("input_count", "uint8_t", "inputs of the model"),
        Field("output_count", "uint8_t", "outputs of the model"),
        Field("tick_hz", "uint32_t", "ticks a second of every time in this protocol"),
        Field("arena_bytes", "uint32_t", "size of the model's arena"),
        Field("inferences", "uint32_t", "inferences since start; a smaller number than before tells of a restart"),
        Field("model_sha256", "uint8_t", "SHA-256 of the .tflite file", 32),
    ),
    answer_tail="names of board and kit, then the build id, each ended by a zero byte",
)
LABELS = _message(
    "labels",
    2,
    "Labels in the order of the model's output, from number `first`, as many as fit.",
    request=(Field("first", "uint16_t", "number of the first label wanted"),),
    answer=(Field("first", "uint16_t", "as asked"), Field("count", "uint16_t", "labels in this answer")),
    answer_tail="`count` labels in UTF-8, each ended by a zero byte",
)
TENSOR = _message(
    "tensor",
    3,
    "Where a tensor lies in the arena and what it means: real = scale * (q - zero_point).",
    request=(
        Field("kind", "uint8_t", "0 input, 1 output"),
        Field("index", "uint16_t", "number of the input or output"),
    ),
    answer=(
        Field("offset", "uint32_t", "bytes from the start of the arena"),
        Field("bytes", "uint32_t", "length in bytes"),
        Field("scale", "float", "quantisation scale"),
        Field("zero_point", "int32_t", "quantisation zero point"),
        Field("type", "uint8_t", "enum kit_type of kit_nn.h"),
        Field("rank", "uint8_t", "dimensions used of `shape`"),
        Field("shape", "int32_t", "dimensions, the rest 0", MAX_RANK),
    ),
    answer_tail="name, ended by a zero byte (nothing when it is too long)",
)
INPUT = _message(
    "input",
    4,
    "Writes a part of an input. Several may be outstanding; an answer also acknowledges every input frame before it.",
    request=(
        Field("index", "uint16_t", "number of the input"),
        Field("offset", "uint32_t", "bytes from the start of the input"),
    ),
    request_tail="the bytes",
)
RUN = _message(
    "run",
    5,
    "Runs the model once on the inputs written since the last run. `input_crc` proves end to end that they are the "
    "right ones. Answered `busy` between layers when asked again meanwhile.",
    request=(
        Field("stop_after", "uint16_t", "stop after this layer; 0xffff: run all"),
        Field("profile", "uint8_t", "1: keep ticks and CRC of each layer for `profile`"),
        Field("input_crc", "uint32_t", "CRC-32 over all inputs, one after another"),
    ),
    answer=(
        Field("ticks", "uint64_t", "time of the inference, time in the layer hook left out"),
        Field("layers_run", "uint16_t", "layers that ran"),
        Field("stopped", "uint8_t", "1 when a later layer did not run"),
        *_DECISION,
    ),
    answer_tail="all outputs one after another when they fit and all layers ran; otherwise nothing: ask by `output`",
)
OUTPUT = _message(
    "output",
    6,
    "Reads a part of an output of the last run.",
    request=(
        Field("index", "uint16_t", "number of the output"),
        Field("offset", "uint32_t", "bytes from the start of the output"),
        Field("length", "uint16_t", "bytes wanted"),
    ),
    answer_tail="the bytes",
)
PROFILE = _message(
    "profile",
    7,
    "What each layer of the last profiled run took and gave, from layer `first`, as many as fit.",
    request=(Field("first", "uint16_t", "number of the first layer wanted"),),
    answer=(Field("first", "uint16_t", "as asked"), Field("count", "uint16_t", "layers in this answer")),
    answer_tail="`count` times: ticks (uint32_t, 0xffffffff when more), CRC-32 of the layer's output (uint32_t)",
)
PROFILE_ENTRY = Layout(
    "profile_entry",
    (Field("ticks", "uint32_t", "time of the layer"), Field("crc", "uint32_t", "CRC-32 of the layer's output")),
)
ARENA = _message(
    "arena",
    8,
    "Reads a part of the arena.",
    request=(
        Field("offset", "uint32_t", "bytes from the start of the arena"),
        Field("length", "uint16_t", "bytes wanted"),
    ),
    answer_tail="the bytes",
)
MEMORY = _message(
    "memory",
    9,
    "What the firmware uses, and the health of its side of the link.",
    answer=(
        Field("stack_bytes", "uint32_t", "greatest number of stack bytes used since start, 0 when unknown"),
        Field("arena_bytes", "uint32_t", "size of the model's arena"),
        Field("tick_hz", "uint32_t", "ticks a second"),
        Field("frames", "uint32_t", "whole frames received since start"),
        Field("damaged", "uint32_t", "segments between zeros that were no frame (text, noise, damage)"),
        Field("repeated", "uint32_t", "requests received again and answered from memory"),
    ),
)
INIT = _message(
    "init",
    10,
    "Puts the state of the model (variables kept between inferences) and of post-processing back to its start.",
)
RESET = _message("reset", 11, "Answers, then restarts the firmware.")
SYNC = _message(
    "sync",
    12,
    "Asks what became of the request with this frame's sequence number; takes no number of its own. If it was carried "
    "out, its answer (or that of the latest request) comes again; if it runs, `busy`; if it never came, `gap`.",
)
STREAM = _message(
    "stream",
    13,
    "Opens a stream of raw samples, of which the firmware's front end makes the model's input: front end, model and "
    "post-processing are put back to their start. Firmware without a front end answers `unknown`.",
    answer=(
        Field("sample_bytes", "uint16_t", "bytes of a sample: of all axes of a motion, one of a picture"),
        Field("rate", "uint32_t", "samples a second, 0 when the front end does not know"),
        Field("due", "uint32_t", "samples until the first inference"),
        Field("stride", "uint32_t", "samples from one inference to the next"),
        Field("signal_sha256", "uint8_t", "SHA-256 of the front end's configuration", 32),
    ),
)
SAMPLES = _message(
    "samples",
    14,
    "The next samples of the stream, no further than to the next inference (`due`), which runs when they complete its "
    "input. Several may be outstanding up to there; an answer also acknowledges every one before it.",
    request=(Field("position", "uint32_t", "samples before these since the stream began, modulo 2^32"),),
    request_tail="the samples, int16_t each value (pictures: bytes)",
    answer=(
        Field("position", "uint32_t", "samples taken since the stream began, modulo 2^32"),
        Field("due", "uint32_t", "samples until the next inference"),
        Field("front_ticks", "uint64_t", "time of the front end since the inference before"),
        Field("model_ticks", "uint64_t", "time of the inference, 0 when there was none"),
        *_DECISION,
        Field("ran", "uint8_t", "1 when there was an inference"),
    ),
    answer_tail="all outputs one after another when there was an inference and they fit; else ask by `output`",
)

MESSAGES: tuple[Message, ...] = (
    HELLO, LABELS, TENSOR, INPUT, RUN, OUTPUT, PROFILE, ARENA, MEMORY, INIT, RESET, SYNC,
    STREAM, SAMPLES,
)  # fmt: skip


class TensorKind(enum.IntEnum):
    """``kind`` of a `tensor` request."""

    INPUT = 0
    OUTPUT = 1
