"""The Arduino Uno: constants in program memory, an `int` of 16 bits, dense models in 2 kB of RAM."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from modelgen.builder import ModelBuilder

from toolchain.board.build import Firmware, Identity, build_firmware
from toolchain.board.compilers import all_compilers
from toolchain.board.descriptor import Board, load_board
from toolchain.board.staging import Source
from toolchain.compiler.compile import compile_model
from toolchain.emulate import installed_version, start
from toolchain.emulate.run import run_program
from toolchain.errors import DeviceError, Missing
from toolchain.link.session import Session
from toolchain.model.reader import read_model
from toolchain.model.runners import reference_runner

pytestmark = pytest.mark.emulator


@pytest.fixture
def board() -> Board:
    found = load_board("arduino-uno").as_emulated()
    if not all_compilers(found):
        pytest.skip("no compiler for AVR is installed")
    try:
        installed_version(found)
    except Missing as error:
        pytest.skip(str(error))
    return found


def dense_model(widths: tuple[int, ...], seed: int = 3) -> bytes:
    """Dense layers of these widths, each with its activation, then softmax: scales such that nothing saturates."""
    rng = np.random.default_rng(seed)
    model = ModelBuilder()
    scale, zero = 0.05, -7
    tensor = model.input((1, widths[0]), scale, zero)
    for i, (depth, outputs) in enumerate(pairwise(widths)):
        weights = rng.integers(-127, 128, (outputs, depth)).astype(np.int8)
        scales = np.float32(0.004) * rng.uniform(0.5, 2, outputs if i % 2 else 1).astype(np.float32)
        biases = model.constant(rng.integers(-9000, 9000, outputs).astype(np.int32), np.float32(scale) * scales)
        out = float(np.sqrt(depth) * 5400 * scale * scales.mean() / 60)
        made = model.tensor((1, outputs), out, 5 - i)
        fused = "RELU" if i % 2 == 0 and i + 2 < len(widths) else "NONE"
        constants = [model.constant(weights, scales), biases]
        model.op("FULLY_CONNECTED", [tensor, *constants], [made], fused_activation_function=fused)
        tensor, scale, zero = made, out, 5 - i
        if fused == "NONE" and i + 2 < len(widths):
            made = model.tensor((1, outputs), 1 / 128, 0)
            model.op("TANH", [tensor], [made])
            tensor, scale, zero = made, 1 / 128, 0
    made = model.tensor((1, widths[-1]), 1 / 256, -128)
    model.op("SOFTMAX", [tensor], [made], beta=1.0)
    model.output(made)
    return model.build()


def convolutional_model(seed: int = 4) -> bytes:
    """Convolution, depthwise convolution, pointwise convolution, both poolings, a dense layer; odd sizes throughout."""
    rng = np.random.default_rng(seed)
    model = ModelBuilder()

    def layer(kind: str, x: int, before: float, shape: tuple[int, ...], out: tuple[int, ...], **options: int) -> int:
        axis = 3 if kind == "DEPTHWISE_CONV_2D" else 0
        scales = np.float32(0.01) * rng.uniform(0.5, 2, shape[axis]).astype(np.float32)
        weights = model.constant(rng.integers(-127, 128, shape).astype(np.int8), scales, axis=axis)
        bias = model.constant(rng.integers(-2000, 2000, shape[axis]).astype(np.int32), np.float32(before) * scales)
        made = model.tensor(out, 0.1, 3)
        model.op(kind, [x, weights, bias], [made], **options)
        return made

    def window(**options: int | str) -> dict[str, int | str]:
        return {"padding": "SAME", "stride_h": 1, "stride_w": 1, **options}

    x = model.input((1, 9, 8, 2), 0.02, -5)
    x = layer("CONV_2D", x, 0.02, (7, 3, 3, 2), (1, 5, 4, 7), **window(stride_h=2, stride_w=2))
    pooled = model.tensor((1, 4, 3, 7), 0.1, 3)
    model.op("MAX_POOL_2D", [x], [pooled], **window(padding="VALID", filter_height=2, filter_width=2))
    x = layer("DEPTHWISE_CONV_2D", pooled, 0.1, (1, 3, 3, 7), (1, 4, 3, 7), **window(depth_multiplier=1))
    x = layer("CONV_2D", x, 0.1, (6, 1, 1, 7), (1, 4, 3, 6), **window(fused_activation_function="RELU6"))
    pooled = model.tensor((1, 2, 2, 6), 0.1, 3)
    options = window(stride_h=2, stride_w=2, filter_height=2, filter_width=2)
    model.op("AVERAGE_POOL_2D", [x], [pooled], **options)
    model.output(layer("FULLY_CONNECTED", pooled, 0.1, (5, 24), (1, 5)))
    return model.build()


def build(board: Board, data: bytes, out: Path) -> Firmware:
    graph = read_model(data)
    labels = tuple(f"label {i}" for i in range(graph.outputs[0].elements))
    return build_firmware(board, compile_model(graph, board.target), Identity("dense", graph.sha256, labels), out)


def test_dense_models_answer_as_the_reference_does(board: Board, tmp_path: Path) -> None:
    data = dense_model((63, 20, 17, 10))
    firmware = build(board, data, tmp_path)
    graph = read_model(data)
    reference = reference_runner(data, graph)
    rng = np.random.default_rng(1)
    answers = set()
    with start(firmware.board, firmware.elf) as emulator, Session.open(emulator.port, board.baud) as session:
        assert session.info.payload_bytes == board.defines["KIT_MAX_FRAME_BYTES"] - 12
        assert session.info.labels[9] == "label 9"
        session._exchange.min_wait = 5.0  # to be asked because this machine is busy would interrupt an inference
        for i in range(25):
            x = rng.integers(-128, 128, (1, 63), np.int8) if i else np.full((1, 63), -128, np.int8)
            result = session.infer([x.tobytes()])
            assert bytes(result.outputs[0]) == reference.run([x])[0].tobytes()
            answers.add(bytes(result.outputs[0]))
        assert len(answers) > 20
        again = session.infer([x.tobytes()])
        # cycles repeat but for the interrupts that fall into the inference
        assert abs(again.ticks - result.ticks) < 500 < result.ticks / 100
        memory = session.memory()
    assert 100 < memory.stack_bytes <= board.stack_bytes
    assert firmware.sizes.arena_bytes + firmware.sizes.static_ram_bytes + board.stack_bytes <= board.bytes_of("ram")


def test_small_convolutional_models_do_too(board: Board, tmp_path: Path) -> None:
    data = convolutional_model()
    graph = read_model(data)
    firmware = build(board, data, tmp_path)
    reference = reference_runner(data, graph)
    rng = np.random.default_rng(2)
    answers = set()
    with start(firmware.board, firmware.elf) as emulator, Session.open(emulator.port, board.baud) as session:
        for _ in range(8):
            x = rng.integers(-128, 128, graph.inputs[0].shape, np.int8)
            answers.add(bytes(session.infer([x.tobytes()]).outputs[0]))
            assert reference.run([x])[0].tobytes() in answers
    assert len(answers) == 8


def test_inputs_longer_than_a_frame_come_in_pieces(board: Board, tmp_path: Path) -> None:
    data = dense_model((500, 8, 4))
    firmware = build(board, data, tmp_path)
    graph = read_model(data)
    reference = reference_runner(data, graph)
    x = np.random.default_rng(5).integers(-128, 128, (1, 500), np.int8)
    with start(firmware.board, firmware.elf) as emulator, Session.open(emulator.port, board.baud) as session:
        assert bytes(session.infer([x.tobytes()]).outputs[0]) == reference.run([x])[0].tobytes()
        assert len(session.read_arena(0, firmware.sizes.arena_bytes)) == firmware.sizes.arena_bytes
        session.reset()
        assert session.hello().inferences == 0
        assert bytes(session.infer([x.tobytes()]).outputs[0]) == reference.run([x])[0].tobytes()


def test_a_stack_that_has_run_into_the_data_is_told(board: Board, tmp_path: Path) -> None:
    """The chip has no memory protection: the firmware looks at the last word whenever it waits."""
    text = (
        '#include "chip.h"\n#include "start.h"\n'
        "static uint8_t deeper(volatile uint8_t *caller) {\n"
        "    volatile uint8_t here[8] = {caller[0]};\n"
        "    return (uintptr_t)here > (uintptr_t)__stack_bottom ? (uint8_t)(deeper(here) + here[0]) : here[1];\n}\n"
        "int main(void) { volatile uint8_t start[1] = {1}; chip_init(); chip_putc(65); chip_wait(); chip_putc(66);\n"
        "deeper(start); for (;;) chip_wait(); }\n"
    )
    with pytest.raises(DeviceError, match=r"stopped: AB\s+panic: stack overflow at 0x"):
        run_program(board, [Source("app/main.c", text)], tmp_path, seconds=20)
