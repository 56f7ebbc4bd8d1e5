"""Streams of raw samples through the whole firmware, natively under sanitizers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import native_firmware
import numpy as np
import pytest
import streaming
from faulty_port import FAULTS, FaultyPort

from toolchain.emulate.pty_process import PtyProcess
from toolchain.errors import BadInput, DeviceError
from toolchain.link import protocol
from toolchain.link.port import open_port
from toolchain.link.protocol import Status
from toolchain.link.session import RequestRefused, Session, StreamAnswer

COUNTS = {"audio": 5000, "motion": 300, "raw": 130, "image": 3}


#: To build one takes seconds.
KINDS = [pytest.param(kind, marks=pytest.mark.unit if kind == "audio" else pytest.mark.slow) for kind in COUNTS]


@pytest.fixture(scope="module", params=KINDS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The kind of front end and the firmware with it."""
    folder = tmp_path_factory.mktemp("stream")
    return request.param, streaming.native(request.param, folder, "-O1", *native_firmware.SANITIZE)


@pytest.fixture
def device(built: tuple[str, Path]) -> Iterator[tuple[str, PtyProcess]]:
    with PtyProcess([built[1]]) as process:
        yield built[0], process
        process.check()


def check(answers: list[StreamAnswer], expected: streaming.Answers) -> None:
    assert [a.position for a in answers] == expected.positions
    assert [b"".join(a.outputs) for a in answers] == expected.outputs
    for answer in answers:
        said = np.frombuffer(answer.outputs[0], np.int8).astype(int)
        assert answer.label == said.argmax()
        assert answer.score == (said.max() + 128) / 256


@pytest.mark.slow
def test_a_stream_gives_what_whole_windows_give(device: tuple[str, PtyProcess]) -> None:
    kind, process = device
    settings = streaming.SETTINGS[kind]
    samples = streaming.raw_samples(kind, COUNTS[kind])
    expected = streaming.expected(kind, samples)
    with Session.open(process.port) as session:
        info = session.stream()
        assert (info.first, info.stride) == (expected.positions[0], settings.stride)
        assert info.sample_bytes == settings.sample_bytes
        assert info.rate == round(getattr(settings, "rate", 0) or 0)
        assert info.signal_sha256 == streaming.front_end(kind).sha256
        check(session.samples(samples), expected)
        assert session.info.inferences == 0  # as it was at hello
        assert session.hello().inferences == len(expected.positions)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 13, 245, 246, 247, 1000])
def test_pieces_of_any_size_make_no_difference(device: tuple[str, PtyProcess], size: int) -> None:
    kind, process = device
    samples = streaming.raw_samples(kind, COUNTS[kind] // (6 if size == 1 else 1), size)
    data, step = samples.tobytes(), size * streaming.SETTINGS[kind].sample_bytes
    with Session.open(process.port) as session:
        session.stream()
        answers = [session.samples(data[at : at + step]) for at in range(0, len(data), step)]
    check(list(itertools.chain(*answers)), streaming.expected(kind, samples))


def test_no_fault_of_the_line_goes_unseen(device: tuple[str, PtyProcess]) -> None:
    """Every sample is taken once or the loss is reported: else features and answers would be others."""
    kind, process = device
    samples = streaming.raw_samples(kind, COUNTS[kind])
    expected = streaming.expected(kind, samples)
    data, size = samples.tobytes(), streaming.SETTINGS[kind].sample_bytes
    rng = random.Random(3)
    real = open_port(process.port)
    port = FaultyPort(real, 7, dict.fromkeys(FAULTS, 0.02))
    session = Session(port, timeout=5.0)
    session._exchange.min_wait = 0.004
    whole = reported = 0
    while whole < 5:
        answers: list[StreamAnswer] = []
        try:
            session.hello()
            session.stream()
            at = 0
            while at < len(data):
                step = rng.randint(1, 1500) * size
                answers += session.samples(data[at : at + step])
                at += step
        except DeviceError:
            reported += 1
            continue
        check(answers, expected)
        whole += 1
    real.close()
    assert sum(port.log.values()) > 20
    assert session.statistics.retries > 0
    assert reported < 5


def test_a_stream_opened_again_begins_anew(device: tuple[str, PtyProcess]) -> None:
    kind, process = device
    samples = streaming.raw_samples(kind, COUNTS[kind])
    expected = streaming.expected(kind, samples)
    with Session.open(process.port) as session:
        for before in (1, 2, 3):
            session.stream()
            session.samples(samples[:before].tobytes())
            session.stream()
            check(session.samples(samples), expected)


def test_other_requests_between_samples_disturb_nothing(device: tuple[str, PtyProcess]) -> None:
    kind, process = device
    samples = streaming.raw_samples(kind, COUNTS[kind])
    third, answers = max(1, len(samples) // 3), []
    with Session.open(process.port) as session:
        size = session.info.inputs[0].bytes
        session.stream()
        for at in range(0, len(samples), third):
            answers += session.samples(samples[at : at + third])
            session.infer([bytes(size)])
            session.profile([bytes(size)])
            session.memory()
    check(answers, streaming.expected(kind, samples))


def test_what_does_not_follow_is_refused_and_changes_nothing(device: tuple[str, PtyProcess]) -> None:
    kind, process = device
    size = streaming.SETTINGS[kind].sample_bytes
    samples = streaming.raw_samples(kind, COUNTS[kind])
    with Session.open(process.port) as session:

        def refused(position: int, tail: bytes) -> int:
            with pytest.raises(RequestRefused) as refusal:
                session._ask(protocol.SAMPLES, position=position, tail=tail)
            return refusal.value.status

        assert session.info.labels == streaming.LABELS
        with pytest.raises(BadInput, match="no stream is open"):
            session.samples(bytes(size))
        assert refused(0, bytes(size)) == Status.NOT_READY
        info = session.stream()
        assert refused(0, b"") == Status.LENGTH
        assert refused(1, bytes(size)) == Status.POSITION
        if size > 1:
            assert refused(0, bytes(size + 1)) == Status.LENGTH
            with pytest.raises(BadInput, match="no whole number of samples"):
                session.samples(bytes(size + 1))
        session.samples(samples.tobytes()[: (info.first - 1) * size])
        assert refused(info.first - 1, bytes(2 * size)) == Status.RANGE
        rest = session.samples(samples.tobytes()[(info.first - 1) * size :])
        check(rest, streaming.expected(kind, samples))
        session.hello()
        assert refused(0, bytes(size)) == Status.NOT_READY
