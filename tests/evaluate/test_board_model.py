"""Tensors of a firmware compared by CRC: what is right is found equal, what was planted is found where it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from modelgen.builder import ModelBuilder
from modelgen.planted import with_changed

from toolchain.board.build import Identity, build_firmware
from toolchain.board.compilers import all_compilers
from toolchain.board.descriptor import load_board
from toolchain.compiler.compare import CompareResult, compare, input_set
from toolchain.compiler.compile import compile_model
from toolchain.compiler.native import NativeModel
from toolchain.emulate import start
from toolchain.evaluate.board_model import BoardModel
from toolchain.link.session import Session
from toolchain.model.graph import Graph
from toolchain.model.reader import read_model
from toolchain.model.runners import reference_runner

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

INPUTS = 6


def branches() -> bytes:
    """Two convolutions that write into their concatenation, a third, and a dense layer behind a reshape."""
    rng = np.random.default_rng(5)
    m = ModelBuilder()
    x = m.input((1, 6, 6, 4), 0.05, -3)

    def conv(source: int, inputs: int, outputs: int) -> int:
        weights = m.constant(rng.integers(-127, 128, (outputs, 3, 3, inputs)).astype(np.int8), [0.01] * outputs)
        bias = m.constant(rng.integers(-900, 900, outputs).astype(np.int32), [0.0005] * outputs)
        made = m.tensor((1, 6, 6, outputs), 0.05, 4)
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "fused_activation_function": "NONE"}
        m.op("CONV_2D", [source, weights, bias], [made], **options)
        return made

    parts = [conv(x, 4, 8), conv(x, 4, 8)]
    joined = m.tensor((2, 6, 6, 8), 0.05, 4)
    m.op("CONCATENATION", parts, [joined], axis=0)
    flat, y = m.tensor((1, 576), 0.05, 4), m.tensor((1, 5), 0.5, 0)
    m.op("RESHAPE", [joined, m.constant(np.array([1, 576], np.int32))], [flat])
    dense = m.constant(rng.integers(-127, 128, (5, 576)).astype(np.int8), 0.01)
    bias = m.constant(np.zeros(5, np.int32), 0.0005)
    m.op("FULLY_CONNECTED", [flat, dense, bias], [y], fused_activation_function="NONE")
    m.output(y)
    return m.build()


def streaming() -> bytes:
    """A dense layer over the last three inputs, which a variable keeps."""
    rng = np.random.default_rng(6)
    m = ModelBuilder()
    init = m.subgraph("init")
    m.op("CALL_ONCE", [], [], init_subgraph_index=init.number)
    init.op("ASSIGN_VARIABLE", [init.variable("rows"), init.constant(np.zeros((1, 2, 8), np.int8), 0.05, 0)], [])
    x = m.input((1, 1, 8), 0.05, 0)
    handle = m.variable("rows")
    old, joined, kept = (m.tensor((1, n, 8), 0.05, 0) for n in (2, 3, 2))
    m.op("READ_VARIABLE", [handle], [old])
    m.op("CONCATENATION", [old, x], [joined], axis=1)
    ends = [m.constant(np.array(v, np.int32)) for v in ((0, 1, 0), (0, 3, 0), (1, 1, 1))]
    m.op("STRIDED_SLICE", [joined, *ends], [kept], begin_mask=5, end_mask=5)
    m.op("ASSIGN_VARIABLE", [handle, kept], [])
    flat, y = m.tensor((1, 24), 0.05, 0), m.tensor((1, 6), 0.2, 0)
    m.op("RESHAPE", [joined, m.constant(np.array([1, 24], np.int32))], [flat])
    weights = m.constant(rng.integers(-127, 128, (6, 24)).astype(np.int8), 0.01)
    m.op("FULLY_CONNECTED", [flat, weights, m.constant(np.zeros(6, np.int32), 0.0005)], [y])
    m.output(y)
    return m.build()


def compared(board_name: str, data: bytes, built: Graph, out: Path) -> tuple[CompareResult, CompareResult]:
    """Firmware of the graph ``built``, and the same as native code byte by byte, against the reference of ``data``."""
    board = load_board(board_name).as_emulated()
    if not all_compilers(board):
        pytest.skip(f"no compiler for {board_name} is installed")
    graph = read_model(data)
    reference = reference_runner(data, graph)
    inputs = input_set(graph, INPUTS, 1, reference)
    code = compile_model(built, board.target)
    by_bytes = compare(graph, NativeModel(code), reference, inputs, layers=True)
    firmware = build_firmware(board, code, Identity("a-model", graph.sha256), out)
    with start(firmware.board, firmware.elf) as emulator, Session.open(emulator.port, board.baud) as session:
        session.hello()
        tested = BoardModel(session, compile_model(graph, board.target), layers=True)
        by_crc = compare(graph, tested, reference, inputs, layers=True)
    assert "CRC-32" in by_crc.compared
    return replace(by_crc, compared=by_bytes.compared), by_bytes


@pytest.mark.parametrize("board", ["host", "mps2-an386"])
@pytest.mark.parametrize("model", [branches, streaming])
def test_a_right_firmware_is_exact(model, board: str, tmp_path: Path) -> None:
    data = model()
    by_crc, by_bytes = compared(board, data, read_model(data), tmp_path)
    assert by_crc == by_bytes and by_crc.exact
    assert by_crc.tensors >= 5 and by_crc.unsaturated > 0


@pytest.mark.parametrize("board", ["host", "mps2-an386"])
@pytest.mark.parametrize(
    "kind, number, where",
    [("CONV_2D", 0, (3, 1, 1, 2)), ("CONV_2D", 1, (5, 0, 2, 1)), ("FULLY_CONNECTED", 0, (2, 300))],
)
def test_one_changed_weight_is_found_in_its_layer(
    kind: str, number: int, where: tuple[int, ...], board: str, tmp_path: Path
) -> None:
    data = branches()
    graph = read_model(data)
    at = [i for i, op in enumerate(graph.operators) if op.kind == kind][number]
    by_crc, by_bytes = compared(board, data, with_changed(graph, at, 1, where, 127), tmp_path)
    assert by_crc == by_bytes
    assert by_crc.first_difference is not None and by_crc.mismatches > 0
    assert by_crc.first_difference.tensor == graph.operators[at].output.index
    assert by_crc.first_difference.where[-1] == where[0]


@pytest.mark.parametrize("board", ["host", "mps2-an386"])
def test_a_weight_that_only_old_inputs_meet_is_found_with_its_state(board: str, tmp_path: Path) -> None:
    """The oldest row is zero until the third inference: the state is there again when the tensor is fetched."""
    data = streaming()
    graph = read_model(data)
    at = next(i for i, op in enumerate(graph.operators) if op.kind == "FULLY_CONNECTED")
    by_crc, by_bytes = compared(board, data, with_changed(graph, at, 1, (4, 0), -127), tmp_path)
    assert by_crc == by_bytes
    assert by_crc.first_difference is not None
    assert by_crc.first_difference.input >= 2 and by_crc.first_difference.tensor == graph.outputs[0].index
