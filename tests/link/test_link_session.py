"""The session against the real firmware running as a native process."""

from __future__ import annotations

import random
import zlib

import pytest
from native_firmware import expected

from toolchain.emulate.pty_process import PtyProcess
from toolchain.errors import BadInput
from toolchain.link.protocol import Status, TensorKind
from toolchain.link.session import RequestRefused, Session

pytestmark = pytest.mark.unit


def inputs(seed: int) -> list[bytes]:
    random_bytes = random.Random(seed).randbytes
    return [random_bytes(1000), random_bytes(7)]


def test_hello_says_who_the_device_is(device: PtyProcess) -> None:
    with Session.open(device.port) as session:
        info = session.hello()
    assert (info.board, info.kit, info.build_id, info.layer_count) == ("host", "test", "0123456789abcdef", 3)
    assert info.model_sha256 == "00112233445566778899aabbccddeeff" * 2
    assert info.labels == ("null", "eins", "zwei", "fünf")
    assert [(t.name, t.bytes, t.shape, t.scale, t.zero_point) for t in info.inputs] == [
        ("x0", 1000, (1, 1000), 0.5, -3),
        ("x1", 7, (1, 7), 0.25, 4),
    ]
    assert [t.offset for t in info.outputs] == [0, 1024]


def test_inferences_are_right_and_counted_once(device: PtyProcess) -> None:
    with Session.open(device.port) as session:
        session.hello()
        for run in range(1, 101):
            assert session.infer(inputs(run)).outputs == expected(inputs(run), run)
        assert session.statistics.damaged == 0
        assert session.hello().inferences == 100


def test_state_starts_again_when_asked_and_at_hello(device: PtyProcess) -> None:
    with Session.open(device.port) as session:
        session.infer(inputs(0))
        session.infer(inputs(0))
        session.reset_state()
        assert session.infer(inputs(0)).outputs == expected(inputs(0), 1)
        session.hello()
        assert session.infer(inputs(0)).outputs == expected(inputs(0), 1)


def test_profile_has_the_crc_of_every_layer(device: PtyProcess) -> None:
    with Session.open(device.port) as session:
        profile = session.profile(inputs(3))
        x0, _ = inputs(3)
        y0, y1 = expected(inputs(3), 1)
        assert [layer.crc32 for layer in profile.layers] == [
            zlib.crc32(bytes(3 * x & 255 for x in x0)),
            zlib.crc32(y0),
            zlib.crc32(y1),
        ]
        assert sum(layer.ticks for layer in profile.layers) == profile.result.ticks > 0


def test_an_inference_stopped_early_leaves_its_layer_in_the_arena(device: PtyProcess) -> None:
    with Session.open(device.port) as session:
        result = session.infer(inputs(4), stop_after=0)
        assert (result.outputs, result.layers_run) == ([], 1)
        y0 = session.tensor(TensorKind.OUTPUT, 0)
        assert session.read_arena(y0.offset, y0.bytes) == bytes(3 * x & 255 for x in inputs(4)[0])


def test_memory_knows_stack_and_arena(device: PtyProcess) -> None:
    with Session.open(device.port) as session:
        session.infer(inputs(0))
        memory = session.memory()
    assert 500 < memory.stack_bytes < 100_000
    assert (memory.arena_bytes, memory.tick_hz) == (2048, 1_000_000_000)


def test_reset_restarts_the_firmware(device: PtyProcess) -> None:
    with Session.open(device.port) as session:
        session.infer(inputs(0))
        session.reset()
        assert session.hello().inferences == 0
        assert session.infer(inputs(1)).outputs == expected(inputs(1), 1)


@pytest.mark.parametrize(("offset", "length"), [(2048, 1), (0, 2049), (2047, 2), (0xFFFFFFFF, 1), (0xFFFFFFF0, 490)])
def test_reads_beyond_the_arena_are_refused(device: PtyProcess, offset: int, length: int) -> None:
    with Session.open(device.port) as session, pytest.raises(RequestRefused, match="beyond") as refusal:
        session.hello()
        session.read_arena(offset, length)
    assert refusal.value.status == Status.RANGE


def test_an_input_of_the_wrong_length_is_refused_here(device: PtyProcess) -> None:
    with Session.open(device.port) as session, pytest.raises(BadInput, match=r"\[1000, 7\]"):
        session.infer([bytes(999), bytes(7)])
