"""Models in the firmware of emulated boards, against the device reference, byte for byte."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from modelgen.builder import ModelBuilder

from toolchain.board.build import Firmware, Identity, build_firmware
from toolchain.board.compilers import all_compilers
from toolchain.board.descriptor import load_board
from toolchain.compiler.compile import compile_model
from toolchain.emulate import start
from toolchain.link.session import Session
from toolchain.model.reader import read_model
from toolchain.model.runners import reference_runner

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


def mismatches(name: str, data: bytes, out: Path, samples: int) -> tuple[int, Firmware]:
    """Random inputs through the model on the emulated board ``name``: samples that differ from the reference."""
    board = load_board(name).as_emulated()
    if not all_compilers(board):
        pytest.skip(f"no compiler for {name} is installed")
    graph = read_model(data)
    firmware = build_firmware(board, compile_model(graph, board.target), Identity("a-model", graph.sha256), out)
    reference = reference_runner(data, graph)
    rng = np.random.default_rng(1)
    bad = 0
    with start(firmware.board, firmware.elf) as emulator, Session.open(emulator.port, board.baud) as session:
        for _ in range(samples):
            inputs = [rng.integers(-128, 128, tensor.shape, np.int8) for tensor in graph.inputs]
            outputs = session.infer([x.tobytes() for x in inputs]).outputs
            bad += [bytes(o) for o in outputs] != [o.tobytes() for o in reference.run(inputs)]
    return bad, firmware


def dense_model(sizes: tuple[int, ...]) -> bytes:
    """Dense layers of these widths with random weights, whose sums are scaled to about the whole range of int8."""
    rng = np.random.default_rng(7)
    model = ModelBuilder()
    tensor, scale = model.input((1, sizes[0]), 0.05, 3), 0.05
    for inputs, outputs in pairwise(sizes):
        weights = model.constant(rng.integers(-127, 128, (outputs, inputs), np.int8), 0.004)
        bias = model.constant(rng.integers(-9000, 9000, outputs).astype(np.int32), scale * 0.004)
        wider = scale * 0.004 * 73 * float(np.sqrt(inputs))  # the spread of a weight, and of a sum of so many
        tensor_out = model.tensor((1, outputs), wider, -5)
        model.op("FULLY_CONNECTED", [tensor, weights, bias], [tensor_out], fused_activation_function="NONE")
        tensor, scale = tensor_out, wider
    model.output(tensor)
    return model.build()


@pytest.mark.parametrize("name", ["esp32", "esp32c3", "esp32c6", "esp32s3"])
def test_weights_larger_than_ram_are_read_from_flash(name: str, tmp_path: Path) -> None:
    bad, firmware = mismatches(name, dense_model((512, 512, 90, 10)), tmp_path, 3)
    assert firmware.sizes.weights_bytes > 300_000
    assert bad == 0
    mapped = firmware.board.mapped
    assert mapped is not None and firmware.sizes.weights_bytes > firmware.board.bytes_of("ram")
    _, constants = firmware.images
    assert constants.address == mapped.mapped_from
    assert constants.path.stat().st_size > firmware.sizes.weights_bytes
