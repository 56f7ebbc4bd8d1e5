"""Whole firmware: a real model built for a board, its sizes, and what makes its identity."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.board.build import Identity, build_firmware
from toolchain.board.compilers import all_compilers
from toolchain.board.descriptor import load_board
from toolchain.compiler.compile import compile_model
from toolchain.errors import BadInput
from toolchain.model.reader import load_model

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


BOARDS = ["mps2-an386", "mps3-an547", "hifive1", "esp32", "esp32c3", "nucleo-f401re", "nano33ble", "pico"]


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
