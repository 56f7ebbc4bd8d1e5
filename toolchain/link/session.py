"""A conversation with the firmware: who it is, inferences, profiles, memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from toolchain.errors import BadInput, DeviceError
from toolchain.link import protocol
from toolchain.link.exchange import DeviceRestarted, Exchange, LinkStatistics, RequestRefused
from toolchain.link.port import DEFAULT_BAUD, Line, open_port
from toolchain.link.protocol import Message, TensorKind

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "DeviceInfo",
    "DeviceRestarted",
    "InferResult",
    "LayerProfile",
    "LinkStatistics",
    "MemoryInfo",
    "ProfileResult",
    "RequestRefused",
    "Session",
    "StreamAnswer",
    "StreamInfo",
    "TensorInfo",
]


@dataclass(frozen=True)
class TensorInfo:
    """A tensor on the device: ``offset`` and ``bytes`` in the arena, ``type`` a number of ``enum kit_type``."""

    name: str
    offset: int
    bytes: int
    scale: float
    zero_point: int
    type: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class DeviceInfo:
    """Who answered hello."""

    board: str
    kit: str
    build_id: str
    model_sha256: str
    labels: tuple[str, ...]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    layer_count: int
    tick_hz: int
    arena_bytes: int
    inferences: int
    version: int
    window: int
    receive_bytes: int
    payload_bytes: int
    """Most bytes of payload in a frame to or from the device."""


@dataclass(frozen=True)
class InferResult:
    """``outputs`` as raw bytes in the order of the model (none when it was stopped early); ``ticks`` of the device's
    counter, ``tick_hz`` a second. ``label`` is the number of the label that post-processing decided for, None for none;
    ``score`` that of the label that won, decided or not (1 is certain)."""

    outputs: list[bytes]
    ticks: int
    layers_run: int
    label: int | None = None
    score: float = 0.0


@dataclass(frozen=True)
class LayerProfile:
    """One layer of a profiled run: its ticks and the CRC-32 of its output (``zlib.crc32``)."""

    ticks: int
    crc32: int


@dataclass(frozen=True)
class ProfileResult:
    """A profiled run."""

    result: InferResult
    layers: list[LayerProfile]


@dataclass(frozen=True)
class MemoryInfo:
    """What the firmware uses, in bytes (``stack_bytes`` 0 when unknown), and its side's link counters."""

    stack_bytes: int
    arena_bytes: int
    tick_hz: int
    frames: int
    damaged: int
    repeated: int


@dataclass(frozen=True)
class StreamInfo:
    """A stream as the device opened it: bytes of a sample, samples a second (0: not known), samples before the first
    inference and from one to the next, SHA-256 (hex) of the front end's configuration."""

    sample_bytes: int
    rate: int
    first: int
    stride: int
    signal_sha256: str


@dataclass(frozen=True)
class StreamAnswer:
    """One inference of a stream, on the samples up to number ``position``.

    ``front_ticks``: time of the front end since the inference before (or the start). ``label`` is the number of the
    label that post-processing decided for, None for none, with its ``score`` (1 is certain). ``outputs`` are those of
    the model, raw.
    """

    position: int
    front_ticks: int
    model_ticks: int
    label: int | None
    score: float
    outputs: list[bytes]


@dataclass
class _Stream:
    """Where an open stream stands, in samples."""

    sample_bytes: int
    due: int
    position: int = 0


class Session:
    """The host's end of the link. A context manager; closes the port if it opened it, or was given it (``owns_port``).

    ``port`` is a pyserial-like object, opened. ``timeout``: seconds without progress after which an operation fails;
    an inference whose slowest layer takes longer than that needs a greater one. Every operation may raise DeviceError
    (silence, loss of the port, ``RequestRefused``, ``DeviceRestarted``).
    """

    def __init__(
        self,
        port: Any,
        timeout: float = 10.0,
        on_text: Callable[[str], None] | None = None,
        owns_port: bool = False,
    ) -> None:
        self._exchange = Exchange(Line(port), timeout, on_text)
        self._port = port
        self._owns_port = owns_port
        self._info: DeviceInfo | None = None
        self._stream: _Stream | None = None

    @classmethod
    def open(
        cls,
        url: str,
        baud: int = DEFAULT_BAUD,
        timeout: float = 10.0,
        on_text: Callable[[str], None] | None = None,
    ) -> Self:
        """A session over the port ``url`` (see ``open_port`` for what it may be and what is raised)."""
        return cls(open_port(url, baud), timeout, on_text, owns_port=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the port if it is this session's."""
        if self._owns_port:
            self._port.close()

    @property
    def statistics(self) -> LinkStatistics:
        """How the link fared since it was opened."""
        return self._exchange.statistics

    @property
    def info(self) -> DeviceInfo:
        """What the device said at hello (which is said first, when it was not)."""
        return self._info or self.hello()

    def hello(self, wait: float = 10.0) -> DeviceInfo:
        """Opens a session, waiting at most ``wait`` seconds for the device to start, and asks who it is. The model's
        state is reset."""
        self._info = self._stream = None
        payload = self._exchange.open_session(
            protocol.HELLO.request.pack(version_min=protocol.VERSION_MIN, version_max=protocol.VERSION_MAX), wait
        )
        said = _unpack(protocol.HELLO, payload)
        names = said["tail"].split(b"\0")
        sound = protocol.VERSION_MIN <= said["version"] <= protocol.VERSION_MAX and said["window"] > 0
        if len(names) < 4 or not sound or said["frame_bytes"] < protocol.MIN_FRAME_BYTES:
            raise DeviceError("the device's hello makes no sense", "build and flash the firmware again")
        self._exchange.window = said["window"]
        payload_bytes = said["frame_bytes"] - protocol.HEADER.size - protocol.CRC_BYTES
        self._info = DeviceInfo(
            board=names[0].decode("utf-8", "replace"),
            kit=names[1].decode("utf-8", "replace"),
            build_id=names[2].decode("utf-8", "replace"),
            model_sha256=said["model_sha256"].hex(),
            labels=self._labels(said["label_count"]),
            inputs=tuple(self.tensor(TensorKind.INPUT, i) for i in range(said["input_count"])),
            outputs=tuple(self.tensor(TensorKind.OUTPUT, i) for i in range(said["output_count"])),
            layer_count=said["layer_count"],
            tick_hz=said["tick_hz"],
            arena_bytes=said["arena_bytes"],
            inferences=said["inferences"],
            version=said["version"],
            window=said["window"],
            receive_bytes=said["receive_bytes"],
            payload_bytes=min(payload_bytes, protocol.MAX_PAYLOAD_BYTES),
        )
        return self._info

    def _labels(self, count: int) -> tuple[str, ...]:
        labels: list[str] = []
        while len(labels) < count:
            said = self._ask(protocol.LABELS, first=len(labels))
            part = said["tail"].split(b"\0")[:-1]
            if said["first"] != len(labels) or len(part) != said["count"] or not part:
                raise DeviceError("the device's labels make no sense", "build and flash the firmware again")
            labels += [label.decode("utf-8", "replace") for label in part]
        return tuple(labels)

    def tensor(self, kind: TensorKind, index: int) -> TensorInfo:
        """Input or output ``index``."""
        said = self._ask(protocol.TENSOR, kind=kind, index=index)
        return TensorInfo(
            name=said["tail"].split(b"\0")[0].decode("utf-8", "replace"),
            offset=said["offset"],
            bytes=said["bytes"],
            scale=said["scale"],
            zero_point=said["zero_point"],
            type=said["type"],
            shape=said["shape"][: said["rank"]],
        )

    def infer(self, inputs: Sequence[bytes], stop_after: int | None = None) -> InferResult:
        """One inference on raw ``inputs`` (the bytes of each input tensor); stops behind layer ``stop_after``.

        Raises BadInput when number or length of the inputs is not the model's.
        """
        return self._run(inputs, protocol.NO_LAYER if stop_after is None else stop_after, profile=False)

    def profile(self, inputs: Sequence[bytes]) -> ProfileResult:
        """One inference that keeps time and output CRC of every layer."""
        result = self._run(inputs, protocol.NO_LAYER, profile=True)
        layers: list[LayerProfile] = []
        while len(layers) < result.layers_run:
            said = self._ask(protocol.PROFILE, first=len(layers))
            size = protocol.PROFILE_ENTRY.size
            if said["first"] != len(layers) or not said["count"] or len(said["tail"]) != said["count"] * size:
                raise DeviceError("the device's profile makes no sense", "build and flash the firmware again")
            for at in range(0, len(said["tail"]), size):
                entry = protocol.PROFILE_ENTRY.unpack(said["tail"][at : at + size])
                layers.append(LayerProfile(entry["ticks"], entry["crc"]))
        return ProfileResult(result, layers)

    def _run(self, inputs: Sequence[bytes], stop_after: int, profile: bool) -> InferResult:
        info = self.info
        sizes = [t.bytes for t in info.inputs]
        if [len(x) for x in inputs] != sizes:
            raise BadInput(
                f"the model on the device takes inputs of {sizes} bytes, not {[len(x) for x in inputs]}",
                "the firmware is of another model: deploy this one",
            )
        batch: list[tuple[Message, bytes]] = []
        room = info.payload_bytes - protocol.INPUT.request.size
        crc = 0
        for index, data in enumerate(inputs):
            crc = zlib.crc32(data, crc)
            for at in range(0, len(data), room):
                chunk = bytes(data[at : at + room])
                batch.append((protocol.INPUT, protocol.INPUT.request.pack(index=index, offset=at, tail=chunk)))
        run = protocol.RUN.request.pack(stop_after=stop_after, profile=int(profile), input_crc=crc)
        said = _unpack(protocol.RUN, self._exchange.transact([*batch, (protocol.RUN, run)]))
        return InferResult(
            [] if said["stopped"] else self._outputs(info, said["tail"]),
            said["ticks"],
            said["layers_run"],
            *_decision(said),
        )

    def _outputs(self, info: DeviceInfo, tail: bytes) -> list[bytes]:
        """The outputs, from the run's answer when it had them, else read one after another."""
        outputs: list[bytes] = []
        at = 0
        for index, tensor in enumerate(info.outputs):
            if tail:
                outputs.append(tail[at : at + tensor.bytes])
                at += tensor.bytes
            else:
                outputs.append(self._read(protocol.OUTPUT, 0, tensor.bytes, index=index))
        if at != len(tail):
            raise DeviceError("the device's outputs have the wrong length", "build and flash the firmware again")
        return outputs

    def stream(self) -> StreamInfo:
        """Opens a stream of raw samples: front end, model and post-processing begin anew.

        Raises RequestRefused (`Status.UNKNOWN`) when the firmware has no front end.
        """
        assert self.info  # says hello when it was not
        said = self._ask(protocol.STREAM)
        if not said["sample_bytes"] or not said["due"]:
            raise DeviceError("the device's stream makes no sense", "build and flash the firmware again")
        self._stream = _Stream(said["sample_bytes"], said["due"])
        return StreamInfo(said["sample_bytes"], said["rate"], said["due"], said["stride"], said["signal_sha256"].hex())

    def samples(self, samples: np.ndarray | bytes) -> list[StreamAnswer]:
        """The next samples of the stream, any number of them (int16 or uint8 as the front end takes them, or their
        bytes); the answers of the inferences that they complete.

        Raises BadInput when they are no whole number of samples, or `stream` was not called.
        """
        stream, info = self._stream, self.info
        if stream is None:
            raise BadInput("no stream is open", "call stream() first")
        data = samples if isinstance(samples, bytes) else _little_endian(samples)
        if len(data) % stream.sample_bytes:
            raise BadInput(f"{len(data)} bytes are no whole number of samples of {stream.sample_bytes} bytes")
        answers: list[StreamAnswer] = []
        at = 0
        while at < len(data):
            part = data[at : at + stream.due * stream.sample_bytes]
            at += len(part)
            said = self._send_samples(stream, part)
            if said["ran"]:
                outputs = self._outputs(info, said["tail"])
                answers.append(
                    StreamAnswer(
                        stream.position,
                        said["front_ticks"],
                        said["model_ticks"],
                        *_decision(said),
                        outputs,
                    )
                )
        return answers

    def _send_samples(self, stream: _Stream, data: bytes) -> dict[str, Any]:
        """Samples up to the next inference at most; what the last of them is answered with."""
        layout, size = protocol.SAMPLES.request, stream.sample_bytes
        room = (self.info.payload_bytes - layout.size) // size * size
        count, batch = len(data) // size, []
        for at in range(0, len(data), room):
            position = (stream.position + at // size) & 0xFFFFFFFF
            batch.append((protocol.SAMPLES, layout.pack(position=position, tail=data[at : at + room])))
        said = _unpack(protocol.SAMPLES, self._exchange.transact(batch))
        stream.position += count
        if said["position"] != stream.position & 0xFFFFFFFF or not said["due"] or said["ran"] != (count == stream.due):
            raise DeviceError("the device's stream makes no sense", "build and flash the firmware again")
        stream.due = said["due"]
        return said

    def read_arena(self, offset: int, length: int) -> bytes:
        """``length`` bytes of the model's arena from ``offset``. RequestRefused when they are not all in it."""
        return self._read(protocol.ARENA, offset, length)

    def _read(self, message: Message, offset: int, length: int, **more: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            part = min(length - len(data), self.info.payload_bytes)
            got = self._ask(message, offset=offset + len(data), length=part, **more)["tail"]
            if len(got) != part:
                raise DeviceError(f"the device sent {len(got)} bytes for {part}", "build and flash the firmware again")
            data += got
        return bytes(data)

    def memory(self) -> MemoryInfo:
        """What the firmware uses now."""
        said = self._ask(protocol.MEMORY)
        said.pop("tail")
        return MemoryInfo(**said)

    def reset_state(self) -> None:
        """Puts the state of the model (variables kept between inferences) and of post-processing back to its start."""
        self._ask(protocol.INIT)

    def reset(self) -> None:
        """Restarts the firmware; call ``hello`` afterwards."""
        self._ask(protocol.RESET)
        self._info = None

    def listen(self, seconds: float) -> None:
        """Takes in what the device prints, for at most ``seconds`` (returns after the first bytes)."""
        self._exchange.listen(seconds)

    def _ask(self, message: Message, **values: Any) -> dict[str, Any]:
        return _unpack(message, self._exchange.transact([(message, message.request.pack(**values))]))


def _decision(said: dict[str, Any]) -> tuple[int | None, float]:
    """Number of the label that post-processing decided for, None for none; score of the label that won."""
    return int(said["label"]) if said["label"] >= 0 else None, said["score"] / 65536


def _little_endian(samples: np.ndarray) -> bytes:
    return samples.astype(samples.dtype.newbyteorder("<"), copy=False).tobytes()


def _unpack(message: Message, payload: bytes) -> dict[str, Any]:
    try:
        return message.answer.unpack(payload)
    except ValueError as error:
        raise DeviceError(
            f"the device's answer has the wrong length ({error})", "build and flash the firmware again"
        ) from error
