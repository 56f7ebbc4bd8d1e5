"""Whole firmware: a real model built for a board, its sizes, and what makes its identity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from modelgen.builder import ModelBuilder

from toolchain.board.build import Identity, build_firmware
from toolchain.board.compilers import all_compilers
from toolchain.board.descriptor import list_boards, load_board
from toolchain.compiler.compile import compile_model
from toolchain.errors import BadInput
from toolchain.model.reader import load_model, read_model

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


NOT_EMULATED = [board.name for board in list_boards() if board.emulator is None]
BOARDS = ["mps2-an386", "mps3-an547", "hifive1", "esp32", "esp32c3", "pico", *NOT_EMULATED]


@pytest.mark.parametrize("name", BOARDS)
def test_a_model_builds_with_every_compiler(name: str, tmp_path: Path, shared_models: dict[str, Path]) -> None:
    board = load_board(name)
    graph = load_model(shared_models["kws"])
    compiled = compile_model(graph, board.target)
    for compiler in all_compilers(board):
        who = Identity("kws", graph.sha256, ("yes", "no"))
        out = tmp_path / compiler.family
        firmware = build_firmware(board, compiled, who, out, compiler=compiler)
        again = build_firmware(board, compiled, who, tmp_path / "again" / compiler.family, compiler=compiler)
        assert (firmware.firmware_sha256, firmware.build_id) == (again.firmware_sha256, again.build_id)
        sizes = firmware.sizes
        assert sum(sizes.parts.values()) == sizes.image_bytes
        assert compiled.weights_bytes <= sizes.parts["model"] < sizes.flash_bytes < sizes.image_bytes
        assert sizes.static_ram_bytes < 4096 or firmware.board.bytes_of("flash") == 0
        other = build_firmware(board, compiled, Identity("kws", graph.sha256, ("no", "yes")), out, compiler=compiler)
        assert other.build_id != firmware.build_id and other.firmware_sha256 != firmware.firmware_sha256


def test_a_model_larger_than_the_board_is_refused_before_a_file_is_written(
    tmp_path: Path, shared_models: dict[str, Path]
) -> None:
    board = load_board("hifive1")
    graph = load_model(shared_models["ic"])
    compiled = compile_model(graph, board.target)
    with pytest.raises(BadInput, match=r"need [\d,]+ bytes of RAM, 16,384 are there; layer \d+ \("):
        build_firmware(board, compiled, Identity("ic", graph.sha256), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def dense(outputs: int, inputs: int) -> bytes:
    model = ModelBuilder()
    weights = np.random.default_rng(1).integers(-127, 128, (outputs, inputs)).astype(np.int8)
    scales = np.full(1, 0.004, np.float32)
    constants = [model.constant(weights, scales), model.constant(np.zeros(outputs, np.int32), 0.05 * scales)]
    made = model.tensor((1, outputs), 1.0, 0)
    model.op("FULLY_CONNECTED", [model.input((1, inputs), 0.05, 0), *constants], [made])
    model.output(made)
    return model.build()


def picture(rows: int) -> bytes:
    model = ModelBuilder()
    made = model.tensor((1, rows, 300, 3), 0.1, 0)
    x = model.input((1, rows, 300, 3), 0.05, 0)
    model.op("ADD", [x, x], [made])
    model.output(made)
    return model.build()


@pytest.mark.parametrize(
    ("data", "flash", "said"),
    [
        (lambda: dense(1400, 1500), 0x200000, r"weights need 2,1\d\d,\d{3} bytes of flash, 2,097,152 are there; layer"),
        (
            lambda: dense(100, 630),
            0x10000,
            r"the firmware does not fit pico: FLASH has 65,536 bytes, \d\d,\d{3} are need",
        ),
        (lambda: picture(300), 0x200000, r"arena and stack need \d{3},\d{3} bytes of RAM, 270,336 are there; layer 0 "),
    ],
    ids=["weights", "by a few bytes, which the linker finds", "arena"],
)
def test_a_pico_refuses_what_is_too_big_for_it(
    data: Callable[[], bytes], flash: int, said: str, tmp_path: Path
) -> None:
    board = load_board("pico")
    if not all_compilers(board):
        pytest.skip("no compiler for the pico is installed")
    memory = tuple(
        region.model_copy(update={"size": flash}) if region.name == "FLASH" else region for region in board.memory
    )
    board = board.model_copy(update={"memory": memory})
    graph = read_model(data())
    with pytest.raises(BadInput, match=said) as error:
        build_firmware(board, compile_model(graph, board.target), Identity("big", graph.sha256), tmp_path)
    assert "board" in error.value.hint and not list(tmp_path.glob("*.uf2"))
