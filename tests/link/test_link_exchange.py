"""What the session does when the device's words are not the ones hoped for: a scripted device at the other end."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from toolchain.errors import BadInput, DeviceError
from toolchain.link import protocol
from toolchain.link.exchange import DeviceRestarted, RequestRefused
from toolchain.link.framing import Frame, Splitter, encode
from toolchain.link.protocol import Status
from toolchain.link.session import Session

pytestmark = pytest.mark.unit

HELLO = protocol.HELLO.answer.pack(
    version_min=2, version_max=2, version=2, window=4, receive_bytes=64, frame_bytes=508, label_count=0,
    layer_count=1, input_count=0, output_count=0, tick_hz=1000, arena_bytes=16, inferences=0, model_sha256=bytes(32),
    tail=b"toy\0kit\0id\0",
)  # fmt: skip
MEMORY = {"arena_bytes": 16, "tick_hz": 1000, "frames": 0, "damaged": 0, "repeated": 0}

Script = Callable[[Frame], list[Frame | bytes]]


def answer(request: Frame, payload: bytes = b"", **changed: int) -> Frame:
    fields = {"type": request.type | 0x80, "sequence": request.sequence, "session": request.session, "status": 0}
    return Frame(payload=payload, **{**fields, **changed})


def memory(request: Frame, stack: int, **changed: int) -> Frame:
    return answer(request, protocol.MEMORY.answer.pack(stack_bytes=stack, **MEMORY), **changed)


class Scripted:
    """A port whose device answers hello, and everything else as ``script`` says."""

    port = "scripted"
    timeout = 0.0
    baudrate = 10_000_000

    def __init__(self, script: Script, first: bytes = b"", hello: Callable[[Frame], Frame] | None = None) -> None:
        self.script = script
        self.hello = hello or (lambda request: answer(request, HELLO))
        self.requests: list[Frame] = []
        self._splitter = Splitter()
        self._out = bytearray(first)

    def write(self, data: bytes) -> None:
        for item in self._splitter.feed(data):
            assert isinstance(item, Frame)
            self.requests.append(item)
            said = [self.hello(item)] if item.type == protocol.HELLO.code else self.script(item)
            for part in said:
                self._out += part if isinstance(part, bytes) else encode(part)

    @property
    def in_waiting(self) -> int:
        return len(self._out)

    def read(self, size: int) -> bytes:
        if not self._out:
            time.sleep(min(self.timeout, 0.005))
        data = bytes(self._out[:size])
        del self._out[:size]
        return data


def opened(script: Script, **more: float) -> tuple[Session, Scripted]:
    port = Scripted(script)
    session = Session(port, **{"timeout": 0.4, **more})
    session._exchange.min_wait = 0.01
    session.hello()
    return session, port


def test_frames_of_an_earlier_session_are_not_believed() -> None:
    session, _ = opened(lambda r: [memory(r, 666, session=r.session ^ 1), memory(r, 5)])
    assert session.memory().stack_bytes == 5
    assert session.statistics.stale == 1


def test_an_answer_to_another_request_is_not_believed() -> None:
    session, _ = opened(
        lambda r: [
            memory(r, 666, sequence=r.sequence - 1),
            memory(r, 666, type=protocol.ARENA.code | 0x80),
            memory(r, 5),
        ]
    )
    assert session.memory().stack_bytes == 5
    assert session.statistics.stale == 2


def test_a_request_sent_back_by_the_line_is_no_answer() -> None:
    session, _ = opened(lambda r: [r, memory(r, 5)])
    assert session.memory().stack_bytes == 5


def test_every_session_has_another_number() -> None:
    session, port = opened(lambda r: [])
    session.hello()
    assert len({r.session for r in port.requests}) == 2


def test_a_device_that_says_busy_is_waited_for() -> None:
    start = time.monotonic()

    def script(r: Frame) -> list[Frame | bytes]:
        done = time.monotonic() - start > 1.0
        return [memory(r, 5, type=protocol.MEMORY.code | 0x80)] if done else [answer(r, status=Status.BUSY)]

    session, port = opened(script, timeout=0.6)
    assert session.memory().stack_bytes == 5
    assert session.statistics.busy > 1
    assert [r.type for r in port.requests].count(protocol.MEMORY.code) == 1


@pytest.mark.parametrize("held_up", ["before the answer is read", "while the answer is waited for"])
def test_time_in_which_this_program_was_held_up_does_not_count(held_up: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that slept: the device answers as fast as ever, though long ago or a moment later."""
    clock, empty = [0.0], iter([True] * held_up.startswith("while"))
    monkeypatch.setattr("toolchain.link.port.now", lambda: clock[0])
    session, port = opened(lambda r: [memory(r, 5)])
    read = port.read

    def slow(size: int) -> bytes:
        clock[0] += 3600.0
        return b"" if next(empty, False) else read(size)

    monkeypatch.setattr(port, "read", slow)
    assert session.memory().stack_bytes == 5


def test_a_lost_request_is_sent_again_when_the_device_says_gap() -> None:
    lost = iter([True])

    def script(r: Frame) -> list[Frame | bytes]:
        if r.type == protocol.SYNC.code:
            return [answer(r, status=Status.GAP)]
        return [] if next(lost, False) else [memory(r, 5)]

    session, _ = opened(script, timeout=3.0)
    assert session.memory().stack_bytes == 5
    assert (session.statistics.probes, session.statistics.retries) == (1, 1)


def test_a_device_that_restarted_is_reported_and_the_session_over() -> None:
    session, _ = opened(lambda r: [answer(r, type=protocol.SYNC.code | 0x80, status=Status.SESSION)])
    with pytest.raises(DeviceRestarted, match="restarted"):
        session.memory()
    with pytest.raises(DeviceRestarted, match="ended"):
        session.memory()
    session.hello()


@pytest.mark.parametrize("status", [s for s in Status if s >= Status.UNKNOWN])
def test_a_refusal_becomes_words_and_the_session_goes_on(status: Status) -> None:
    said = iter([status, Status.OK])
    session, _ = opened(lambda r: [answer(r, status=s) if (s := next(said)) else memory(r, 5)])
    with pytest.raises(RequestRefused) as refusal:
        session.memory()
    assert refusal.value.status == status
    assert protocol.STATUS_WORDS[status] in str(refusal.value)
    assert session.memory().stack_bytes == 5


def test_an_unknown_status_is_named() -> None:
    session, _ = opened(lambda r: [answer(r, status=99)])
    with pytest.raises(RequestRefused, match="status 99"):
        session.memory()


def test_an_answer_of_the_wrong_length_is_an_error() -> None:
    session, _ = opened(lambda r: [answer(r, b"123")])
    with pytest.raises(DeviceError, match="wrong length"):
        session.memory()


def test_another_protocol_version_is_named() -> None:
    bounds = b"\x07\x09" + bytes(protocol.HELLO.answer.size - 2)
    port = Scripted(lambda r: [], hello=lambda r: answer(r, bounds, status=Status.VERSION))
    with pytest.raises(DeviceError, match=r"protocol 7 to 9, this program 2 to 2"):
        Session(port).hello()


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"", "nothing was received"),
        (b"ets Jul 29 2019 12:21:46\r\nrst:0x1\r\n", "rst:0x1"),
        (bytes(range(128, 255)), "fc fd fe"),
    ],
)
def test_silence_is_told_with_what_came_instead(sent: bytes, told: str) -> None:
    texts: list[str] = []
    port = Scripted(lambda r: [], first=sent)
    port.write = lambda data: None  # type: ignore[method-assign]
    start = time.monotonic()
    with pytest.raises(DeviceError, match="scripted") as silence:
        Session(port, on_text=texts.append).hello(wait=0.3)
    assert 0.3 <= time.monotonic() - start < 20.0
    assert told in str(silence.value)
    assert silence.value.hint
    assert "".join(texts) == (sent.decode() if sent.isascii() else "")


def test_text_before_between_and_behind_frames_reaches_the_caller() -> None:
    texts: list[str] = []
    port = Scripted(lambda r: [b"one\n", memory(r, 5), b"two\nthr", b"ee\n"], first=b"boot\r\n")
    session = Session(port, on_text=texts.append)
    session.hello()
    assert session.memory().stack_bytes == 5
    session.listen(0.1)
    session.listen(0.1)
    assert "".join(texts) == "boot\r\none\ntwo\nthree\n"
    assert session.statistics.text_lines == 4


def test_inputs_are_checked_before_they_are_sent() -> None:
    session, port = opened(lambda r: [])
    with pytest.raises(BadInput):
        session.infer([b"x"])
    assert {r.type for r in port.requests} == {protocol.HELLO.code}
