"""Generated models of every operator on emulated cores, where the SIMD bodies themselves run."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path

import pytest
from conformance.cases import batched, few_cases
from conformance.program import Batch, batch, describe, failures, program
from modelgen.strategy import load_strategies

from toolchain.board.compilers import all_compilers
from toolchain.board.descriptor import Board, load_board
from toolchain.board.staging import Source
from toolchain.emulate.run import run_program
from toolchain.resources import resource

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

BOARDS = ("mps2-an386", "mps3-an547", "qemu-virt-rv32", "qemu-lx106")
RUNS = 4  # inferences a case
#: Most data and weights of one image, so that a machine that hangs is noticed in time.
IMAGE_BYTES = 2_000_000
#: No batch is divided between images.
MOST_IN_A_BATCH = 40
#: Objects are kept here between runs, by the hash of what made them; a folder a test, for tests run side by side.
KEPT = Path(__file__).parents[2] / "build" / "conformance"


@functools.cache
def batches(target: str) -> list[Batch]:
    """Some cases of every operator."""
    return [
        batch(kind, some, target, RUNS, part=first)
        for kind in sorted(load_strategies())
        for first, some in batched(few_cases(kind), MOST_IN_A_BATCH)
    ]


def images(board: Board) -> list[list[Batch]]:
    """Batches that go into one image each: half of what the machine holds is left to the kernels and the arena."""
    most = min(IMAGE_BYTES, (board.bytes_of("flash") or board.bytes_of("ram")) // 2)
    found: list[list[Batch]] = [[]]
    for one in batches(board.target):
        if found[-1] and sum(b.bytes for b in found[-1]) + one.bytes > most:
            found.append([])
        found[-1].append(one)
    return found


def run_on_board(board: Board, group: list[Batch], out: Path) -> dict[str, str]:
    """Build and run one image; `failures`."""
    sources = [
        # The data are most of the text of the models' sources, their code is calls.
        Source(f"model/{name}", text, "-O1" if name.endswith("_cases.c") else "-O2")
        for name, text in sorted(program(group, "board").items())
    ]
    defines = {"ARENA_BYTES": max(one.arena_bytes for one in group)}
    text = run_program(board, sources, out, defines=defines, seconds=300)
    return failures(text, group)


def board_of(name: str) -> Board:
    board = load_board(name)
    if not all_compilers(board):
        pytest.skip(f"no compiler for {name} is installed")
    return board


@pytest.mark.parametrize("name", BOARDS)
def test_operators_are_exact_on(name: str) -> None:
    board = board_of(name)
    for group in images(board):
        found = run_on_board(board, group, KEPT / name)
        made = [case for kind in dict.fromkeys(one.kind for one in group) for case in few_cases(kind)]
        assert not found, f"{name}: {describe(found, made)}"


@pytest.mark.parametrize("name", BOARDS)
def test_a_wrong_answer_is_reported_by(name: str) -> None:
    """One byte of one expected output is changed: this case, and no other, is reported, with the place."""
    board = board_of(name)
    made = few_cases("ADD")[-4:]
    wrong = made[1].mutated(run=2, output=0, byte=0)
    found = run_on_board(board, [batch("ADD", [made[0], wrong, *made[2:]], board.target, RUNS)], KEPT / "wrong" / name)
    assert list(found) == [wrong.name]
    assert f"bad {wrong.name}: run 2 output 0 byte 0: got " in found[wrong.name]


def test_every_kernel_runs_on_a_core() -> None:
    """Each in some cases; those for special instructions in more."""
    runs = Counter(
        kernel
        for name in BOARDS
        for one in batches(load_board(name).target)
        for compiled in one.compiled.values()
        for kernel in compiled.report["kernels"]
    )
    kernels = {path.stem for path in (resource("firmware_templates") / "nn").glob("*.c")}
    kernels -= {kernel for kernel in kernels if kernel.endswith("_narrow")}  # on the Arduino Uno: test_arduino_uno.py
    few = {kernel for kernel in kernels if runs[kernel] < (8 if kernel.endswith(("_dsp", "_mve")) else 4)}
    assert few == set()
