"""Targets of 8 bits: what their kernels cannot do is refused by name, and all that they read is in program memory."""

from __future__ import annotations

import re

import numpy as np
import pytest
from modelgen.builder import ModelBuilder

from toolchain.board.descriptor import load_board
from toolchain.board.size import check_fits
from toolchain.compiler.compile import compile_model
from toolchain.compiler.step import NARROW_KERNELS, TARGETS
from toolchain.errors import BadInput
from toolchain.model.reader import read_model
from toolchain.resources import resource

pytestmark = pytest.mark.unit


def dense(weights: np.ndarray) -> bytes:
    outputs, depth = weights.shape
    model = ModelBuilder()
    x, y = model.input((1, depth), 0.05, 3), model.tensor((1, outputs), 0.2, -4)
    model.op("FULLY_CONNECTED", [x, model.constant(weights.astype(np.int8), 0.01)], [y])
    model.output(y)
    return model.build()


def test_an_operator_whose_kernel_is_not_ported_is_named() -> None:
    model = ModelBuilder()
    x, y = model.input((1, 8), 0.05, 3), model.tensor((1, 8), 0.1, 0)
    model.op("ADD", [x, x], [y])
    model.output(y)
    with pytest.raises(BadInput, match=r"layer 0 \(ADD\), tensor 't0_1': its kernel kit_add_s8 is not made for avr"):
        compile_model(read_model(model.build()), "avr")


def test_two_weights_whose_products_could_overflow_are_refused() -> None:
    weights = np.zeros((2, 5))
    weights[1, 1:3] = -128  # not a pair: the first is the second of another
    weights[1, 4] = -128
    compile_model(read_model(dense(weights)), "avr")
    weights[0, 2:4] = -128
    with pytest.raises(BadInput, match="two weights side by side are -128"):
        compile_model(read_model(dense(weights)), "avr")


def test_every_constant_of_the_generated_code_is_in_program_memory() -> None:
    compiled = compile_model(read_model(dense(np.eye(6) * 100)), "avr")
    constants = re.findall(
        r"^(?:KIT_ALIGN\(\d+\) )?(?:static |extern )?const .*", compiled.files["model.c"], re.MULTILINE
    )
    constants += re.findall(r"static const .*", compiled.files["model.c"])
    assert len(constants) > 10
    assert [line for line in constants if "KIT_CONST" not in line and "void *model_output" not in line] == []


@pytest.mark.parametrize("kernel", sorted(NARROW_KERNELS))
def test_ported_kernels_read_their_parameters_from_program_memory(kernel: str) -> None:
    text = (resource("firmware_templates") / "nn" / f"{kernel}.c").read_text()
    assert re.search(rf"void {kernel}\(const KIT_CONST struct \w+ \*p,", text)
    assert kernel in TARGETS["avr"].kernels


def test_a_model_that_needs_more_ram_than_the_uno_has_is_refused_with_the_numbers() -> None:
    board = load_board("arduino-uno")
    compiled = compile_model(read_model(dense(np.ones((4, 1500)))), board.target)
    need = compiled.arena_bytes + board.stack_bytes + board.firmware_ram_bytes
    words = f"arena, stack and firmware need {need:,} bytes of RAM, 2,048 are there; layer 0 (FULLY_CONNECTED"
    with pytest.raises(BadInput, match=re.escape(words)):
        check_fits(board, compiled)
