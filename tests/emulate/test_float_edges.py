"""Models with float inputs and outputs on LabWired's chips."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.cases import cases
from tests.conformance.program import batch, describe, failures, program
from toolchain.board.compilers import all_compilers
from toolchain.board.descriptor import load_board
from toolchain.board.staging import Source
from toolchain.emulate.run import run_program

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


@pytest.mark.parametrize("name", ["esp32", "esp32c3"])
def test_float_edges_are_exact(name: str, tmp_path: Path) -> None:
    board = load_board(name)
    if not all_compilers(board):
        pytest.skip(f"no compiler for {name} is installed")
    made = [*cases("float edges")[:3], *cases("QUANTIZE")[:3], *cases("DEQUANTIZE")[:2]]
    kinds = {kind: [case for case in cases(kind) if case in made] for kind in ("float edges", "QUANTIZE", "DEQUANTIZE")}
    batches = [batch(kind, chosen, board.target, runs=2) for kind, chosen in kinds.items()]
    sources = [Source(f"model/{path}", text) for path, text in program(batches, "board").items()]
    arena = max(one.arena_bytes for one in batches)
    said = run_program(board, sources, tmp_path, defines={"ARENA_BYTES": arena})
    found = failures(said, batches)
    assert not found, describe(found, made)
